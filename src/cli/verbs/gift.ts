/** `esim-lab gift`: one subscriber gives data to another, makes a code for it, or asks how much may be given. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { amountToJson, type JsonAmount } from '../../operator/amount.ts'
import { amountOf } from '../amounts.ts'
import { amountText } from '../balance.ts'
import { giftText, type GiftAnswer } from '../gifts.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { postOnce } from '../repeatable.ts'
import { gigabyteOf, measuresOf, msisdnOf, type Measures } from '../subscriber.ts'
import { labVerb, type CommonOptions } from '../verb.ts'

interface GiftOptions extends CommonOptions {
  readonly from: string
  readonly to?: string
  readonly code?: true
  readonly howMuch?: true
  readonly pin?: string
  readonly key?: string
}

export function giftVerb(output: Output): Command {
  return labVerb({
    name: 'gift',
    summary: 'give data from one phone or number to another',
    examples: [
      'gift 5GB --from p1 --to p2',
      'gift 300MB --from 999010000001 --to p2 --key birthday-2026 --json',
      'gift 1GB --from p1 --code',
      'gift --how-much --from p1 --to p2',
    ],
  })
    .argument('[amount]', 'such as 5GB, 300MB, 1GiB, or bytes')
    .requiredOption('--from <who>', 'a phone or a number')
    .option('--to <who>', 'a phone or a number')
    .option('--code', 'in place of --to: make a code that its bearer turns into data')
    .option('--how-much', 'give nothing, and show how much may be given, and why not more')
    .option('--pin <pin>', "the giver's PIN, where the operator wants one")
    .option('--key <key>', 'idempotency key: the same one never gives twice')
    .action((amount: string | undefined, options: GiftOptions) =>
      options.howMuch ? howMuch({ amount, options }, output) : gift({ amount, options }, output),
    )
}

interface Asked {
  readonly amount: string | undefined
  readonly options: GiftOptions
}

async function gift({ amount, options }: Asked, output: Output): Promise<void> {
  const { to, code, pin, key } = options
  if (amount === undefined) throw usage('say how much, or --how-much', 'amount')
  if ((to === undefined) === (code === undefined)) throw usage('say --to or --code', 'to')
  // What cannot be read at all is refused before anybody is asked.
  amountOf(amount)
  const lab = await openLab(options.data)
  const from = await msisdnOf(lab, options.from)
  const measures = await measuresOf(lab, from)
  const { gigabyteBytes } = measures
  const amountBytes = amountToJson(amountOf(amount, { gigabyteBytes }))
  const body = { from, amountBytes, ...(pin !== undefined && { pin }) }
  if (to === undefined) return makeCode(lab, { body, key, output, measures })
  const request = {
    path: '/api/gifts',
    body: { ...body, to: await msisdnOf(lab, to, { beside: from }) },
    key,
  }
  const given = await postOnce<GiftAnswer>(lab, request)
  output.result(given, giftText(given, { ...lab, measures }))
}

async function makeCode(
  lab: LabClient,
  asked: {
    readonly body: object
    readonly key: string | undefined
    readonly output: Output
    readonly measures: Measures
  },
): Promise<void> {
  const { body, key, output, measures } = asked
  const request = { path: '/api/gift-codes', body, key }
  const made = await postOnce<{ readonly code: string; readonly gift: GiftAnswer }>(lab, request)
  const text = giftText(made.gift, { ...lab, measures }).replace('claim CODE', `claim ${made.code}`)
  output.result(made, `The code is ${made.code}.\n${text}`)
}

interface GiftableAnswer {
  readonly amountBytes: JsonAmount
  readonly text: string
  readonly binding: readonly { readonly code: string; readonly text: string }[]
}

async function howMuch({ amount, options }: Asked, output: Output): Promise<void> {
  if (amount !== undefined) throw usage('--how-much takes no amount', 'amount')
  if (options.code) throw usage('--how-much does not make a code', 'code')
  const lab = await openLab(options.data)
  const from = await msisdnOf(lab, options.from)
  const to =
    options.to === undefined ? undefined : await msisdnOf(lab, options.to, { beside: from })
  const query = to === undefined ? '' : `?to=${to}`
  const most = await lab.get<GiftableAnswer>(`/api/accounts/${from}/giftable${query}`)
  const rules = most.binding.map(({ code, text }) => `  ${code}: ${text}`)
  const receiver = to === undefined ? '' : ` to ${to}`
  const head = `${from} may give ${amountText(most.amountBytes, await gigabyteOf(lab, from))}${receiver}.`
  output.result(most, [head, most.text, ...rules].join('\n'))
}

function usage(text: string, field: string): LabError {
  return new LabError('usage', `${text}. "esim-lab gift --help" shows how.`, { field })
}
