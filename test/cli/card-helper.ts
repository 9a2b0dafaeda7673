/** Cards of the command as others use them: a served lab, and the two ways to speak to a card from a test. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ExecutionContext } from 'ava'
import { fromHex, hex, toHex } from '../../src/base/octets.ts'
import { writeService } from '../../src/cli/service.ts'
import type { ApduCard } from '../../src/euicc/apdu/types.ts'
import { serveLab, type ServedLab } from '../../src/http/serve.ts'
import { createLab, type Lab, type LabOptions } from '../../src/lab.ts'
import { BIN, temporaryDirectory } from './helper.ts'

export interface LabForCards {
  readonly directory: string
  readonly lab: Lab
  readonly served: ServedLab
  /** Ends it before the test does. */
  close(): Promise<void>
}

/** A lab that is served from a directory, for commands in processes of their own. */
export async function labForCards(
  t: ExecutionContext,
  options: LabOptions = {},
): Promise<LabForCards> {
  const directory = temporaryDirectory(t)
  const lab = await createLab({ stock: 4, ...options, dataDirectory: directory })
  const served = await serveLab(lab)
  writeService(directory, { ...served, pid: process.pid })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= served.close().then(() => lab.close()))
  t.teardown(close)
  return { directory, lab, served, close }
}

export interface CardCommand {
  readonly child: ChildProcessWithoutNullStreams
  /** What it has said on stderr so far. */
  errors(): string
  /** The next line on stdout. */
  line(): Promise<string>
  /** Its exit code. */
  readonly ended: Promise<number | null>
}

/** `esim-lab card`, with its streams. */
export function startCard(t: ExecutionContext, ...args: readonly string[]): CardCommand {
  const child = spawn(process.execPath, [BIN, 'card', '--json', ...args])
  t.teardown(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    errors: () => errors,
    line: async () => ((await lines.next()) as IteratorResult<string, string>).value,
    ended: once(child, 'exit').then(([exitCode]) => exitCode as number | null),
  }
}

export interface StdioCard extends ApduCard {
  /** Asks the card's host for something, as an LPA does, and reads the payload of its answer. */
  ask(type: 'apdu' | 'http', payload: object): Promise<Readonly<Record<string, unknown>>>
}

/** A card behind lpac's stdio protocol. */
export function overStdio({ child, line }: Pick<CardCommand, 'child' | 'line'>): StdioCard {
  const ask: StdioCard['ask'] = async (type, payload) => {
    child.stdin.write(`${JSON.stringify({ type, payload })}\n`)
    return (JSON.parse(await line()) as { readonly payload: Record<string, unknown> }).payload
  }
  return {
    ask,
    atr: hex(''),
    powerOn: () => hex(''),
    reset: () => hex(''),
    powerOff: () => {},
    async transmit(command) {
      const { data } = await ask('apdu', { func: 'transmit', param: toHex(command) })
      return fromHex(String(data)) ?? hex('')
    },
  }
}
