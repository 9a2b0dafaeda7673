#!/usr/bin/env node
/** Starts the command with a Node that is new enough. Plain JavaScript, so that an old one can read it and say so. */

import { spawn } from 'child_process'
import { existsSync } from 'fs'
import * as module from 'module'
import { dirname, join } from 'path'
import { fileURLToPath, pathToFileURL } from 'url'
import { broughtNode, isNewEnough, tooOld } from './node-choice.js'

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..')

if (isNewEnough(process.version)) start()
else startWithAnother(broughtNode(packageRoot))

function start() {
  if (module.enableCompileCache) module.enableCompileCache()
  const source = join(packageRoot, 'src', 'cli', 'main.ts')
  const built = join(packageRoot, 'dist', 'cli', 'main.js')
  import(pathToFileURL(existsSync(source) ? source : built).href)
    .then((command) => command.main(process.argv.slice(2)))
    .then((exitCode) => {
      process.exitCode = exitCode
    })
}

function startWithAnother(node) {
  if (node === undefined) {
    process.stderr.write(tooOld(process.version) + '\n')
    process.exitCode = 1
    return
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write('cannot start ' + node + ': ' + error.message + '\n')
    process.exitCode = 1
  })
  child.on('exit', (exitCode, signal) => {
    if (signal === null) {
      process.exitCode = exitCode
      return
    }
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
