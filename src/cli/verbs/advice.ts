/** `esim-lab advice`: what a subscriber wastes, and what may be done about it. */

import type { Command } from 'commander'
import type { JsonAmount } from '../../operator/amount.ts'
import { amountText } from '../balance.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { gigabyteOf, msisdnOf } from '../subscriber.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface AdviceOptions extends CommonOptions, PhoneOption {
  readonly language?: string
}

export function adviceVerb(output: Output): Command {
  return phoneVerb({
    name: 'advice',
    summary: 'show what a phone or a number wastes, and what may be done about it',
    examples: ['advice', 'advice --phone p2 --language zh', 'advice 999010000001 --json'],
  })
    .argument('[msisdn]', 'a number, in place of a phone')
    .option('--language <tag>', "such as ru, en or zh; the subscriber's unless told")
    .action((msisdn: string | undefined, options: AdviceOptions) =>
      advise({ msisdn, options }, output),
    )
}

interface AdviceAnswer {
  readonly msisdn: string
  readonly historyDays: number
  readonly usedBytes: JsonAmount
  readonly expiredBytes: JsonAmount
  readonly wifiBytes: JsonAmount
  readonly advice: readonly { readonly text: string }[]
}

async function advise(
  asked: { readonly msisdn: string | undefined; readonly options: AdviceOptions },
  output: Output,
): Promise<void> {
  const { options } = asked
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, asked.msisdn ?? options.phone)
  const query = options.language ? `?language=${encodeURIComponent(options.language)}` : ''
  const answer = await lab.get<AdviceAnswer>(`/api/subscribers/${msisdn}/advice${query}`)
  const { historyDays, usedBytes, expiredBytes, wifiBytes } = answer
  const gigabyteBytes = await gigabyteOf(lab, msisdn)
  const amount = (bytes: JsonAmount) => amountText(bytes, gigabyteBytes)
  const sums = `${amount(usedBytes)} used, ${amount(expiredBytes)} expired, ${amount(wifiBytes)} over Wi-Fi`
  const lines = [
    `${msisdn}, ${historyDays} days: ${sums}.`,
    ...answer.advice.map(({ text }) => `- ${text}`),
  ]
  output.result(answer, lines.join('\n'))
}
