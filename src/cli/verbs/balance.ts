/** `esim-lab balance`: what a subscriber has, until when, and how much of it may be given. */

import type { Command } from 'commander'
import { amountText, lotTexts, type BalanceAnswer } from '../balance.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { gigabyteOf, msisdnOf } from '../subscriber.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

export function balanceVerb(output: Output): Command {
  return phoneVerb({
    name: 'balance',
    summary: 'show what a phone or a number has left',
    examples: ['balance', 'balance --phone p2', 'balance 999010000001 --json'],
  })
    .argument('[msisdn]', 'a number, in place of a phone')
    .action((msisdn: string | undefined, options: CommonOptions & PhoneOption) =>
      balance(msisdn, { options, output }),
    )
}

async function balance(
  msisdn: string | undefined,
  run: { readonly options: CommonOptions & PhoneOption; readonly output: Output },
): Promise<void> {
  const { options, output } = run
  const lab = await openLab(options.data)
  const number = await msisdnOf(lab, msisdn ?? options.phone)
  const answer = await lab.get<BalanceAnswer>(`/api/accounts/${number}/balance`)
  const gigabyteBytes = await gigabyteOf(lab, number)
  const lines = [
    `${number} has ${amountText(answer.totalBytes, gigabyteBytes)}.`,
    ...lotTexts(answer, gigabyteBytes).map((lot) => `  ${lot}`),
    answer.giftable.text,
  ]
  output.result(answer, lines.join('\n'))
}
