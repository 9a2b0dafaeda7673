/** Asking for a gift, once for each key: directly, or by a code that its bearer turns into data. */

import type { Connection } from '../../store/engine.ts'
import { findGiftRequest, type GiftState } from '../../store/gift-requests.ts'
import { findByNumber, type Account } from '../accounts.ts'
import { answerOnce, type Answer } from '../idempotency.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Refused } from '../refused.ts'
import type { GiftFacts } from '../rules/facts.ts'
import { mostThatMayBeGiven, type MaximumGift } from '../rules/maximum.ts'
import type { GiftRefusal, GiftRefusalCode, GiftRefused, LimitReason } from '../rules/refusals.ts'
import type { ChannelKind } from '../rules/types.ts'
import { noteApprovalWaits } from './approvals.ts'
import { gatherFacts } from './gather.ts'
import { claimCodeOf, claimDigest, PIN_REFUSALS, tryPin, type PinRefusal } from './pins.ts'
import { expireOverdue } from './overdue.ts'
import {
  beginGift,
  openCase,
  suspendIfTold,
  type GiftCase,
  type GiftParties,
  type StepContext,
} from './steps.ts'
import { findGift, type Gift } from './view.ts'

/** A gift as asked for: the numbers are normalised, the amount is not negative. */
export interface GiftRequest {
  readonly caller: string
  readonly idempotencyKey: string
  readonly from: string
  /** Absent for a gift to whoever brings the code. */
  readonly to: string | undefined
  readonly amountBytes: bigint
  readonly channel?: ChannelKind
  /** Confirms at once, where the operator confirms by PIN. */
  readonly pin?: string | undefined
  /** Whether the sender has confirmed otherwise: by setting up a gift that makes itself, or by answering a question. */
  readonly isConfirmed?: boolean
}

/** Refusals that are not about the gift but about how it is asked for. */
export const REQUEST_REFUSALS = {
  ...PIN_REFUSALS,
  claimCodesNotOffered: 'This operator has no codes for gifts.',
} as const

export type RequestRefusal = PinRefusal | keyof typeof REQUEST_REFUSALS

export type GiftRefusedAnswer = GiftRefused<GiftRefusalCode | RequestRefusal>

/** The answer to a gift request; `replayed` when it was given to an earlier request with the same key. */
export type GiftOutcome =
  | { readonly replayed: boolean; readonly gift: Gift; readonly refusal?: never }
  | { readonly replayed: boolean; readonly refusal: GiftRefusedAnswer; readonly gift?: never }

/** How much a subscriber may give away now, and why not more. */
export interface GiftLimit {
  readonly giftableBytes: bigint
  readonly availableBytes: bigint
  readonly reason: LimitReason
  readonly text: string
}

interface GiftInput {
  readonly request: GiftRequest
  /** The id of the gift, should there be one. */
  readonly giftId: string
  readonly context: StepContext
  secret(): Uint8Array
}

/** Judges a gift and begins it, or repeats the answer of its key. Runs within one command of the store. */
export function giveOnce(db: Connection, input: GiftInput): GiftOutcome {
  const { request, context } = input
  const { atMs } = context
  let made: Gift | undefined
  const { answer, replayed } = answerOnce(db, {
    caller: request.caller,
    operation: 'giveData',
    key: request.idempotencyKey,
    fingerprint: `${request.from} ${request.to ?? '*'} ${request.amountBytes}`,
    atMs,
    decide() {
      const decision = decide(db, input)
      if ('refusal' in decision) return decision
      made = decision.gift
      return { transferId: made.id, asThen: writeBeginning(made) } satisfies Answer
    },
  })
  if (answer.refusal) return { replayed, refusal: asGiftRefused(answer.refusal) }
  return { replayed, gift: made ?? giftAsBegun(db, { ...answer, atMs }) }
}

/** How much may be given now, and why not more: the same facts and rules as `giveOnce`. */
export function maximumOf(
  db: Connection,
  of: Pick<StepContext, 'atMs'> & {
    readonly account: Account
    /** The number of the receiver, who need not be there. */
    readonly to?: string | undefined
    readonly receiver?: Account | undefined
    readonly file: OperatorFile
    readonly fileOf?: (account: Account) => OperatorFile
    readonly channel?: ChannelKind
  },
): MaximumGift & { readonly availableBytes: bigint } {
  const { account, receiver, file } = of
  const facts = gatherFacts(db, {
    file,
    fileOf: of.fileOf ?? (() => file),
    from: account.msisdn,
    to: receiver?.msisdn ?? of.to,
    giver: account,
    receiver,
    amountBytes: 0n,
    atMs: of.atMs,
    channel: of.channel ?? 'api',
    isWhole: true,
  })
  return { ...mostThatMayBeGiven(facts, file.gifting), availableBytes: availableIn(facts) }
}

/** The same, in short. */
export function limitOf(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): GiftLimit {
  const { bytes, because, text, availableBytes } = maximumOf(db, of)
  return { giftableBytes: bytes, availableBytes, reason: because, text }
}

/** All broken rules as one answer. */
export function refusedBy(refusals: readonly [GiftRefusal, ...GiftRefusal[]]): GiftRefused {
  const [first] = refusals
  return { allowed: false, reason: first.code, text: first.text, refusals }
}

/** The state in which a gift began, where that was not its completion; everything else stays in the books. */
function writeBeginning({ state, deadline }: Gift): string | undefined {
  if (state === 'completed') return undefined
  return JSON.stringify({ state, deadlineMs: deadline?.getTime() } satisfies Beginning)
}

interface Beginning {
  readonly state: GiftState
  readonly deadlineMs?: number | undefined
}

/** A gift as its request was answered the first time, whatever has become of it. */
function giftAsBegun(
  db: Connection,
  of: {
    readonly transferId: string
    readonly asThen?: string | undefined
    readonly atMs: number
  },
): Gift {
  const gift = findGift(db, { id: of.transferId, atMs: of.atMs }) as Gift
  const begun = { ...gift, changedAt: gift.at, deadline: undefined, reason: undefined }
  if (of.asThen === undefined) return { ...begun, state: 'completed' }
  const { state, deadlineMs } = JSON.parse(of.asThen) as Beginning
  const deadline = deadlineMs === undefined ? undefined : new Date(deadlineMs)
  const { receiverNumber: to = '' } = findGiftRequest(db, of.transferId) ?? {}
  return { ...begun, to, state, deadline, validUntil: undefined, lots: [] }
}

type Decision = { readonly gift: Gift } | { readonly refusal: GiftRefusedAnswer }

function decide(db: Connection, input: GiftInput): Decision {
  const { request, context, giftId: id } = input
  const { from, to, amountBytes, channel = 'api' } = request
  const isClaim = to === undefined
  const asked = { id, from, to, amountBytes, channel, isClaim }
  const one = openCase(db, { asked, parties: partiesOf(db, input), context })
  if (!one.verdict.allowed) {
    const { refusals } = one.verdict
    suspendIfTold(db, { one, refusals, atMs: context.atMs })
    noteApprovalWaits(db, { giver: one.giver, refusals, atMs: context.atMs })
    return { refusal: refusedBy(refusals) }
  }
  if (isClaim && !one.file.gifting.claimCodes) return refused('claimCodesNotOffered')
  const confirmed = confirmationOf(db, { one, input })
  if (confirmed.refusal) return refused(confirmed.refusal)
  const { isConfirmed } = confirmed
  const claimHash = isClaim ? claimHashOf(input) : undefined
  return { gift: beginGift(db, { one, isConfirmed, claimHash, context }) }
}

/** Both sides, with nothing on its way that is over. */
function partiesOf(db: Connection, { request, context }: GiftInput): GiftParties {
  const { from, to } = request
  const find = () => ({
    giver: findByNumber(db, from),
    receiver: to === undefined ? undefined : findByNumber(db, to),
  })
  const parties = find()
  const accounts = [parties.giver, parties.receiver]
  const expired = accounts.filter((account) => expireOverdue(db, { account, context }))
  return expired.length === 0 ? parties : find()
}

function confirmationOf(
  db: Connection,
  of: { readonly one: GiftCase; readonly input: GiftInput },
): { readonly isConfirmed: boolean; readonly refusal?: PinRefusal | undefined } {
  const { pin, isConfirmed = false } = of.input.request
  const { confirmation, pin: rule } = of.one.file.gifting
  if (isConfirmed || pin === undefined || confirmation?.kind !== 'pin') return { isConfirmed }
  const accountId = (of.one.giver as Account).id
  const refusal = tryPin(db, { accountId, pin, rule, secret: of.input.secret() })
  return { isConfirmed: refusal === undefined, refusal }
}

function claimHashOf(input: GiftInput): string {
  const secret = input.secret()
  return claimDigest(secret, claimCodeOf(secret, input.giftId))
}

function refused(reason: RequestRefusal): Decision {
  return { refusal: { allowed: false, reason, text: REQUEST_REFUSALS[reason], refusals: [] } }
}

/** An answer from before refusals were told all at once has the first alone. */
function asGiftRefused(refusal: Refused): GiftRefusedAnswer {
  return { refusals: [], ...refusal } as GiftRefusedAnswer
}

function availableIn(facts: GiftFacts): bigint {
  return (facts.sender?.lots ?? []).reduce((sum, lot) => sum + lot.availableBytes, 0n)
}
