/** The runtime that esim-lab needs. */

import { readFileSync } from 'node:fs'
import { LabError } from './errors.ts'

export const NODE_MINIMUM = { major: 22, minor: 18 } as const

/** Refuses a Node that would crash later and say nothing. @throws {LabError} usage */
export function requireNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isEnough =
    major > NODE_MINIMUM.major || (major === NODE_MINIMUM.major && minor >= NODE_MINIMUM.minor)
  if (isEnough) return
  throw new LabError(
    'usage',
    `esim-lab needs Node ${NODE_MINIMUM.major}.${NODE_MINIMUM.minor} or newer; this is ${version}. Install a newer Node, or run it through npm in its checkout, which brings one.`,
  )
}

/** The version of esim-lab, of its package.json. */
export function labVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}
