/** `esim-lab gift`: one subscriber gives data to another. */

import type { Command } from 'commander'
import { amountFromText, amountToJson, type JsonAmount } from '../../operator/amount.ts'
import { amountText, instantText } from '../balance.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { postOnce } from '../repeatable.ts'
import { msisdnOf } from '../subscriber.ts'
import { labVerb, type CommonOptions } from '../verb.ts'

interface GiftOptions extends CommonOptions {
  readonly from: string
  readonly to: string
  readonly key?: string
}

export function giftVerb(output: Output): Command {
  return labVerb({
    name: 'gift',
    summary: 'give data from one phone or number to another',
    examples: [
      'gift 5GB --from p1 --to p2',
      'gift 300MB --from 999010000001 --to p2 --key birthday-2026 --json',
    ],
  })
    .argument('<amount>', 'such as 5GB, 300MB, 1GiB, or bytes')
    .requiredOption('--from <who>', 'a phone or a number')
    .requiredOption('--to <who>', 'a phone or a number')
    .option('--key <key>', 'idempotency key: the same one never gives twice')
    .action((amount: string, options: GiftOptions) => gift({ amount, options }, output))
}

interface GiftAnswer {
  readonly from: string
  readonly to: string
  readonly amountBytes: JsonAmount
  readonly state: string
  /** Absent until the data has moved. */
  readonly validUntil?: string
}

async function gift(
  asked: { readonly amount: string; readonly options: GiftOptions },
  output: Output,
): Promise<void> {
  const { options } = asked
  const amountBytes = amountToJson(amountFromText(asked.amount))
  const lab = await openLab(options.data)
  const from = await msisdnOf(lab, options.from)
  const to = await msisdnOf(lab, options.to)
  const given = await postOnce<GiftAnswer>(lab, {
    path: '/api/gifts',
    body: { from, to, amountBytes },
    key: options.key,
  })
  output.result(given, giftText(given))
}

function giftText({ from, to, amountBytes, state, validUntil }: GiftAnswer): string {
  const amount = amountText(amountBytes)
  if (validUntil !== undefined)
    return `${from} has given ${amount} to ${to}, to be used until ${instantText(validUntil)}.`
  const waits: Readonly<Record<string, string>> = {
    awaitingConfirmation: `${from} has to confirm it`,
    awaitingAcceptance: `${to} has to accept it`,
  }
  return `${from} gives ${amount} to ${to}: ${waits[state] ?? state}.`
}
