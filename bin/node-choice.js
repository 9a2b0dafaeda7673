/** Which Node runs esim-lab. Plain JavaScript that Node 12 can read, since it is here to turn old ones away. */

import { existsSync, realpathSync } from 'fs'
import { join } from 'path'

const NEEDED = [22, 18]

/** Whether esim-lab runs with a version such as `v22.18.0`. */
export function isNewEnough(version) {
  const parts = /^v?(\d+)\.(\d+)/.exec(version)
  if (!parts) return false
  const major = Number(parts[1])
  return major > NEEDED[0] || (major === NEEDED[0] && Number(parts[2]) >= NEEDED[1])
}

/** The Node that npm brought, inside the package or beside it; `undefined` when there is none but the running one. */
export function broughtNode(packageRoot) {
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const candidates = [
    join(packageRoot, 'node_modules', 'node', 'bin', file),
    join(packageRoot, '..', 'node', 'bin', file),
  ]
  return candidates.find((path) => existsSync(path) && !isRunning(path))
}

/** What a user reads whose Node is too old. */
export function tooOld(version) {
  return `esim-lab needs Node ${NEEDED.join('.')} or newer, and this is ${version}: install it from https://nodejs.org, or run "npm ci" in a checkout, which brings one.`
}

function isRunning(path) {
  return realpathSync(path) === realpathSync(process.execPath)
}
