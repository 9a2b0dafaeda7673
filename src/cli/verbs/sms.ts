/** `esim-lab sms`: a phone sends an SMS to its operator. */

import type { Command } from 'commander'
import { systemRandom } from '../../base/environment.ts'
import { toHex } from '../../base/octets.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { msisdnOf } from '../subscriber.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface SmsOptions extends CommonOptions, PhoneOption {
  readonly to?: string
  readonly id?: string
}

export function smsVerb(output: Output): Command {
  return phoneVerb({
    name: 'sms',
    summary: 'send an SMS of a phone to its operator, and show what comes back',
    examples: [
      'sms "GIVE 500MB 999010000002"',
      'sms --phone p2 "PASADATA 09170000001 50" --to 808',
      'sms YES --id 4711 --json',
    ],
  })
    .argument('<text>', 'what the SMS says')
    .option('--to <number>', "the number that it goes to; the operator's own unless told")
    .option('--id <id>', "the SMS centre's name of it: the same one is answered as the first time")
    .action((text: string, options: SmsOptions) => send({ text, options }, output))
}

interface SmsAnswer {
  readonly messages: readonly string[]
  readonly replayed: boolean
}

async function send(
  asked: { readonly text: string; readonly options: SmsOptions },
  output: Output,
): Promise<void> {
  const { options, text } = asked
  const lab = await openLab(options.data)
  const from = await msisdnOf(lab, options.phone)
  const messageId = options.id ?? toHex(systemRandom().unique(12))
  const body = { from, to: options.to, text, messageId, sentAt: lab.now.toISOString() }
  const answer = await lab.post<SmsAnswer>('/api/sms', { body })
  output.result({ from, messageId, ...answer }, answer.messages.join('\n'))
}
