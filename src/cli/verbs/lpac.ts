/** `esim-lab lpac`: an lpac that is installed here, with the card of a phone in place of a reader. */

import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { Command } from 'commander'
import { LabError, messageOf } from '../../base/errors.ts'
import { ask, firstLineOfInput, type Output } from '../output.ts'
import {
  asksForDecision,
  serveLpa,
  slotVerb,
  withSlot,
  type Slot,
  type SlotOptions,
} from '../slot.ts'
import { ExitCode } from '../verb.ts'

export function lpacVerb(output: Output): Command {
  return slotVerb({
    name: 'lpac',
    summary: 'run lpac, if it is installed, with the card of a phone',
    examples: [
      'lpac -- chip info',
      "lpac -- profile download -a 'LPA:1$localhost:8443$ABCD-EFGH-IJKL-MNOP'",
      'lpac --phone p2 -- notification list',
    ],
  })
    .argument('<arguments...>', "lpac's own arguments, after --")
    .action((words: string[], options: SlotOptions) =>
      withSlot({ options, output }, (slot) => runLpac(slot, { words, output })),
    )
}

interface Running {
  readonly words: readonly string[]
  readonly output: Output
}

type Lpac = ChildProcessByStdio<Writable, Readable, null>

/** Its result lines pass through as they come, and its exit code is ours. */
async function runLpac(slot: Slot, { words, output }: Running): Promise<void> {
  const lpac = await start(words)
  // An interrupt reaches lpac as well, which then ends its session properly: the card stays for that.
  const end = (): void => void lpac.kill('SIGTERM')
  process.on('SIGINT', stay).on('SIGTERM', end)
  const ended = once(lpac, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  await serveLpa(slot, {
    input: lpac.stdout,
    output: lpac.stdin,
    report: output.warn,
    async onOther(line) {
      output.help(line)
      return asksForDecision(line) ? decision(output) : undefined
    },
  })
  lpac.stdin.end()
  const [exitCode, signal] = await ended
  process.off('SIGINT', stay).off('SIGTERM', end)
  if (exitCode === null) throw endedBy(signal)
  if (exitCode !== 0) throw new ExitCode(exitCode)
}

function stay(): void {}

async function start(words: readonly string[]): Promise<Lpac> {
  const program = process.env.LPAC_BIN ?? 'lpac'
  const lpac = spawn(program, words, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, LPAC_APDU: 'stdio', LPAC_HTTP: 'stdio' },
  })
  try {
    await once(lpac, 'spawn')
    return lpac
  } catch (error) {
    throw notStarted(program, error)
  }
}

function notStarted(program: string, error: unknown): LabError {
  const detail = `cannot start ${program}: ${messageOf(error)}. Install lpac (https://github.com/estkme-group/lpac), or name the program in LPAC_BIN.`
  return new LabError('notFound', detail, { reason: 'lpacNotFound', cause: error })
}

function endedBy(signal: NodeJS.Signals | null): LabError {
  return new LabError('unavailable', `lpac was ended by ${signal}.`, { reason: 'lpacEnded' })
}

async function decision(output: Output): Promise<string> {
  const question = 'Download this profile? (y/n)'
  const typed = output.interactive ? await ask(question) : await firstLineOfInput()
  return typed?.trim().toLowerCase().startsWith('y') ? 'y' : 'n'
}
