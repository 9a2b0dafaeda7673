/** `esim-lab ussd`: a phone dials a code, and enters what its screens ask for. */

import type { Command } from 'commander'
import { systemRandom } from '../../base/environment.ts'
import { toHex } from '../../base/octets.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import { ask, type Output } from '../output.ts'
import { msisdnOf } from '../subscriber.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface UssdOptions extends CommonOptions, PhoneOption {
  readonly session?: string
}

export function ussdVerb(output: Output): Command {
  return phoneVerb({
    name: 'ussd',
    summary: 'dial a code on a phone, and answer its screens',
    examples: [
      'ussd "*974*70002200001*5#"',
      'ussd "*974#" 2 70002200001 5GB 1 --phone p2',
      'ussd 1 --session 4711',
    ],
  })
    .argument('<entries...>', 'the code, then what is entered on each screen')
    .option('--session <id>', 'go on with a session, or give a new one this name')
    .action((entries: string[], options: UssdOptions) => dial({ entries, options }, output))
}

interface UssdAnswer {
  readonly text: string
  readonly isOpen: boolean
  readonly step: number
  readonly replayed: boolean
}

async function dial(
  asked: { readonly entries: readonly string[]; readonly options: UssdOptions },
  output: Output,
): Promise<void> {
  const { options } = asked
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, options.phone)
  const sessionId = options.session ?? toHex(systemRandom().unique(8))
  const session = { lab, output, msisdn, sessionId }
  let last: UssdAnswer | undefined
  for (const text of asked.entries) last = await enter(session, { text, step: last?.step })
  while (last?.isOpen && output.interactive) {
    const text = await ask('>')
    if (text === undefined) return
    last = await enter(session, { text, step: last.step })
  }
  if (last?.isOpen)
    output.note(`The session ${sessionId} is open: go on with --session ${sessionId}`)
}

async function enter(
  session: {
    readonly lab: LabClient
    readonly output: Output
    readonly msisdn: string
    readonly sessionId: string
  },
  entry: { readonly text: string; readonly step: number | undefined },
): Promise<UssdAnswer> {
  const { lab, output, msisdn, sessionId } = session
  const body = { msisdn, sessionId, ...entry }
  const answer = await lab.post<UssdAnswer>('/api/ussd', { body })
  output.result({ msisdn, sessionId, ...answer }, answer.text)
  return answer
}
