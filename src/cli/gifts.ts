/** Gifts as the operator's API gives them, and as people read them. */

import { receiptNumberOf } from '../base/ordered-ids.ts'
import type { JsonAmount } from '../operator/amount.ts'
import { amountText, zonedText } from './balance.ts'
import type { Measures } from './subscriber.ts'
import { commandLine } from './verb.ts'

/** A gift of the API, as far as the command shows it. */
export interface GiftAnswer {
  readonly id: string
  readonly state: string
  readonly awaits: AwaitedAnswer | null
  readonly from: string
  /** Empty while nobody has claimed it. */
  readonly to: string
  readonly amountBytes: JsonAmount
  readonly at: string
  readonly changedAt: string
  readonly channel: string
  readonly lots: readonly {
    readonly fromLotId: number
    readonly lotId: number
    readonly amountBytes: JsonAmount
    readonly validUntil: string
  }[]
  /** Absent until the data has moved. */
  readonly validUntil?: string
  readonly reason: string | null
}

interface AwaitedAnswer {
  readonly what: 'confirmation' | 'acceptance' | 'claim'
  readonly by: string | null
  readonly until: string | null
  readonly pin: boolean
}

/** A gift in a sentence; one that waits with what to do next, as lines to copy. */
export function giftText(
  gift: GiftAnswer,
  lab: { readonly directory: string; readonly measures: Measures },
): string {
  const { id, from, awaits, validUntil } = gift
  const { gigabyteBytes, timeZone } = lab.measures
  const amount = amountText(gift.amountBytes, gigabyteBytes)
  if (awaits) {
    const head = `${from} gives ${amount} to ${receiverOf(gift)}: ${waitText(awaits, timeZone)}.`
    return [head, ...nextSteps(gift).map((step) => `  ${commandLine(step, lab)}`)].join('\n')
  }
  if (gift.state === 'completed' && validUntil !== undefined)
    return `${from} has given ${amount} to ${gift.to}, to be used until ${zonedText(validUntil, timeZone)}.`
  const why = gift.reason === null ? '' : ` (${gift.reason})`
  return `The gift ${id} of ${amount} from ${from} to ${receiverOf(gift)} is ${stateText(gift.state)}${why}.`
}

/** A gift in a line of a list. */
export function giftLine(gift: GiftAnswer, { gigabyteBytes, timeZone }: Measures): string {
  const { id, awaits, from, at } = gift
  const until = awaits?.until ? `, until ${zonedText(awaits.until, timeZone)}` : ''
  const amount = amountText(gift.amountBytes, gigabyteBytes)
  return `  ${id}  ${zonedText(at, timeZone)}  ${amount} from ${from} to ${receiverOf(gift)}: ${stateText(gift.state)}${until}`
}

/** A gift with everything that a question about it needs. */
export function giftDetails(
  gift: GiftAnswer,
  lab: { readonly directory: string; readonly measures: Measures },
): string {
  const { id, state, channel, at, changedAt, lots } = gift
  const { gigabyteBytes, timeZone } = lab.measures
  const amount = (bytes: JsonAmount) => amountText(bytes, gigabyteBytes)
  const time = (instant: string) => zonedText(instant, timeZone)
  const parts = lots.map(
    (part) =>
      `  part       ${amount(part.amountBytes)} of lot ${part.fromLotId} as lot ${part.lotId}, until ${time(part.validUntil)}`,
  )
  const lines = [
    giftText(gift, lab),
    `  operation  ${receiptNumberOf(id)} (${id})`,
    `  state      ${stateText(state)} since ${time(changedAt)}`,
    `  asked for  ${time(at)}, by ${channel}`,
    ...parts,
  ]
  return lines.join('\n')
}

function receiverOf({ to }: GiftAnswer): string {
  return to || 'whoever has the code'
}

function waitText({ what, by, until }: AwaitedAnswer, timeZone: string): string {
  const limit = until === null ? '' : ` until ${zonedText(until, timeZone)}`
  if (what === 'claim') return `the code may be claimed${limit}`
  return `${by} has to ${what === 'confirmation' ? 'confirm' : 'accept'} it${limit}`
}

function nextSteps({ id, awaits }: GiftAnswer): readonly string[] {
  if (awaits?.what === 'confirmation') {
    const pin = awaits.pin ? ' --pin PIN' : ''
    return [`gifts confirm ${id}${pin}`, `gifts cancel ${id}`]
  }
  if (awaits?.what === 'acceptance') return [`gifts accept ${id}`, `gifts decline ${id}`]
  return ['gifts claim CODE', `gifts cancel ${id}`]
}

/** `awaitingConfirmation` as `awaiting confirmation`. */
function stateText(state: string): string {
  return state.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
