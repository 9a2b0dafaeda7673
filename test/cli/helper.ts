/** The command as users run it: a process of its own. */

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

export const BIN = fileURLToPath(new URL('../../bin/esim-lab.js', import.meta.url))

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command to its end. */
export function run(...args: readonly string[]): Promise<Ran> {
  return runNode(BIN, ...args)
}

export function runNode(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      const exitCode = typeof error?.code === 'number' ? error.code : error ? -1 : 0
      resolve({ exitCode, stdout, stderr })
    })
  })
}

/** Runs a verb with `--json` that must succeed, and reads its lines. */
export async function runJson(
  t: ExecutionContext,
  args: readonly string[],
): Promise<Record<string, unknown>[]> {
  const { exitCode, stdout, stderr } = await run(...args, '--json')
  t.is(exitCode, 0, stderr)
  return jsonLines(stdout)
}

/** The fields of an error under `--json`. */
export function errorOf(ran: Ran): Record<string, unknown> {
  const [line] = jsonLines(ran.stderr)
  return line?.error as Record<string, unknown>
}

export function jsonLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** A directory that is gone after the test. */
export function temporaryDirectory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'esim-lab-test-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export interface Ready {
  readonly rspAddress: string
  readonly rspUrl: string
  readonly rootDsAddress: string
  readonly alternativeDsAddress: string
  readonly operatorUrl: string
  readonly tokenFile: string
  readonly ciCertificate: string
  readonly dataDirectory: string
  readonly activationCode: string
  readonly pid: number
  readonly readyMs: number
}

export interface ServedCommand {
  readonly ready: Ready
  readonly child: ChildProcess
  /** Ends it as a user would, and answers with its exit code. */
  stop(): Promise<number | null>
}

/** `esim-lab serve --json` on free ports, up to its ready line. It ends with the test at the latest. */
export async function serve(
  t: ExecutionContext,
  ...args: readonly string[]
): Promise<ServedCommand> {
  const child = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  return {
    ready: JSON.parse(line) as Ready,
    child,
    async stop() {
      child.kill('SIGTERM')
      const [exitCode] = await ended
      return exitCode
    },
  }
}
