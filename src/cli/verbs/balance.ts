/** `esim-lab balance`: what a subscriber has, until when, and how much of it may be given. */

import type { Command } from 'commander'
import { balancePage, type BalanceAnswer } from '../balance.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { msisdnOf } from '../subscriber.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

export function balanceVerb(output: Output): Command {
  return phoneVerb({
    name: 'balance',
    summary: 'show what a phone or a number has left, in the order of use',
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
  output.result(answer, balancePage(answer))
}
