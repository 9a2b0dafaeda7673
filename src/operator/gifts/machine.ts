/**
 * The states of a gift: a pure function from where it is and what happens to where it is then, and what is to be done.
 *
 * requested → awaitingConfirmation → held → awaitingAcceptance → completed, where each state in between is passed over when
 * the operator's rules do not have it; a gift with a claim code stays in `held` until somebody claims it. It may end as
 * cancelled, declined, expired or failed; the operator may take back what is unused of a completed one, once.
 */

import type { GiftState } from '../../store/gift-requests.ts'
import type { AcceptanceRule, ConfirmationRule } from '../rules/types.ts'

/** A gift as far as its states go. */
export interface GiftProcess {
  readonly state: GiftState
  /** When the state ends by itself, at that instant and not before. */
  readonly deadlineMs: number | undefined
}

/** What the operator's rules make of a gift, fixed for one event. */
export interface GiftCourse {
  readonly confirmation: ConfirmationRule
  readonly acceptance: AcceptanceRule
  /** Of a gift whose receiver is whoever brings the code: when the code ends. */
  readonly claimUntilMs: number | undefined
}

export type GiftEvent =
  /** The sender asks, and has confirmed already where a PIN came with it. */
  | { readonly kind: 'start'; readonly isConfirmed: boolean }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'wrongPin'; readonly isLocked: boolean }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'accept' }
  | { readonly kind: 'decline' }
  | { readonly kind: 'claim' }
  | { readonly kind: 'timeout' }
  /** A rule has come to stand against the gift, or its data has ended. */
  | { readonly kind: 'refuse' }
  | { readonly kind: 'reverse'; readonly isWhole: boolean }

/** What subscribers are told. */
export type GiftNotice =
  | 'confirm'
  | 'wrongPin'
  | 'claimCode'
  | 'accept'
  | 'sent'
  | 'received'
  | 'cancelled'
  | 'declined'
  | 'expired'
  | 'failed'
  | 'reversed'

/** What is to be done along with a change of state, in this order. */
export type GiftEffect =
  | { readonly kind: 'hold' }
  | { readonly kind: 'release' }
  | { readonly kind: 'post'; readonly from: 'available' | 'held' }
  | { readonly kind: 'chargeFee' }
  | { readonly kind: 'takeBack' }
  | { readonly kind: 'notify'; readonly whom: 'sender' | 'receiver'; readonly what: GiftNotice }

export type Transition =
  | {
      readonly accepted: true
      readonly process: GiftProcess
      /** States that are gone through on the way, for the book of states. */
      readonly through: readonly GiftState[]
      readonly effects: readonly GiftEffect[]
    }
  | {
      readonly accepted: false
      /** `tooLate`: the state has ended by itself, and `timeout` is what comes first. */
      readonly reason: 'wrongState' | 'tooLate'
    }

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** What becomes of a gift by an event. An event that does not fit the state changes nothing. */
export function transition(
  process: GiftProcess,
  by: { readonly event: GiftEvent; readonly course: GiftCourse; readonly atMs: number },
): Transition {
  const isOver = process.deadlineMs !== undefined && process.deadlineMs <= by.atMs
  if (by.event.kind === 'timeout') return isOver ? timedOut(process.state) : WRONG_STATE
  if (isOver) return { accepted: false, reason: 'tooLate' }
  switch (process.state) {
    case 'requested':
      return fromRequested(by.event, by)
    case 'awaitingConfirmation':
      return fromAwaitingConfirmation(process, by)
    case 'held':
      return fromHeld(by.event)
    case 'awaitingAcceptance':
      return fromAwaitingAcceptance(by.event)
    case 'completed':
      return fromCompleted(by.event)
    case 'cancelled':
    case 'declined':
    case 'expired':
    case 'failed':
    case 'partiallyReversed':
    case 'reversed':
      return WRONG_STATE
  }
}

/** Whether nothing more becomes of a gift by itself or by its subscribers. */
export function isSettled(state: GiftState): boolean {
  return !ON_ITS_WAY.includes(state)
}

/** The states of gifts that are on their way. */
export const ON_ITS_WAY: readonly GiftState[] = [
  'requested',
  'awaitingConfirmation',
  'held',
  'awaitingAcceptance',
]

const WRONG_STATE = { accepted: false, reason: 'wrongState' } as const

interface Within {
  readonly course: GiftCourse
  readonly atMs: number
}

function fromRequested(event: GiftEvent, within: Within): Transition {
  if (event.kind === 'refuse') return ended('failed', [])
  if (event.kind !== 'start') return WRONG_STATE
  const { confirmation } = within.course
  if (confirmation.kind === 'none' || event.isConfirmed) return confirmed(within)
  return {
    accepted: true,
    process: {
      state: 'awaitingConfirmation',
      deadlineMs: within.atMs + confirmation.withinMinutes * MINUTE_MS,
    },
    through: [],
    effects: [tell('sender', 'confirm')],
  }
}

function fromAwaitingConfirmation(
  process: GiftProcess,
  by: Within & { readonly event: GiftEvent },
): Transition {
  switch (by.event.kind) {
    case 'confirm':
      return confirmed(by)
    case 'wrongPin':
      return by.event.isLocked
        ? ended('failed', [tell('sender', 'wrongPin')])
        : { accepted: true, process, through: [], effects: [tell('sender', 'wrongPin')] }
    case 'cancel':
      return ended('cancelled', [tell('sender', 'cancelled')])
    case 'refuse':
      return ended('failed', [tell('sender', 'failed')])
    default:
      return WRONG_STATE
  }
}

/** Data is held only for somebody who has yet to say yes; else it moves at once. */
function confirmed({ course, atMs }: Within): Transition {
  if (course.claimUntilMs !== undefined) {
    return {
      accepted: true,
      process: { state: 'held', deadlineMs: course.claimUntilMs },
      through: [],
      effects: [{ kind: 'hold' }, tell('sender', 'claimCode')],
    }
  }
  if (course.acceptance.kind === 'none') return completed('available')
  return {
    accepted: true,
    process: {
      state: 'awaitingAcceptance',
      deadlineMs: atMs + course.acceptance.withinHours * HOUR_MS,
    },
    through: ['held'],
    effects: [{ kind: 'hold' }, tell('receiver', 'accept')],
  }
}

function fromHeld(event: GiftEvent): Transition {
  if (event.kind === 'claim') return completed('held')
  if (event.kind === 'cancel') return released('cancelled', [tell('sender', 'cancelled')])
  if (event.kind === 'refuse') return released('failed', [tell('sender', 'failed')])
  return WRONG_STATE
}

function fromAwaitingAcceptance(event: GiftEvent): Transition {
  if (event.kind === 'accept') return completed('held')
  if (event.kind === 'decline') return released('declined', tellBoth('declined'))
  if (event.kind === 'cancel') return released('cancelled', tellBoth('cancelled'))
  if (event.kind === 'refuse') return released('failed', tellBoth('failed'))
  return WRONG_STATE
}

function fromCompleted(event: GiftEvent): Transition {
  if (event.kind !== 'reverse') return WRONG_STATE
  return ended(event.isWhole ? 'reversed' : 'partiallyReversed', [
    { kind: 'takeBack' },
    tell('sender', 'reversed'),
    tell('receiver', 'reversed'),
  ])
}

function timedOut(state: GiftState): Transition {
  if (state === 'awaitingConfirmation') return ended('expired', [tell('sender', 'expired')])
  if (state === 'held') return released('expired', [tell('sender', 'expired')])
  if (state !== 'awaitingAcceptance') return WRONG_STATE
  return released('expired', [tell('sender', 'expired'), tell('receiver', 'expired')])
}

function completed(from: 'available' | 'held'): Transition {
  return {
    accepted: true,
    process: { state: 'completed', deadlineMs: undefined },
    through: [],
    effects: [
      { kind: 'post', from },
      { kind: 'chargeFee' },
      tell('sender', 'sent'),
      tell('receiver', 'received'),
    ],
  }
}

function released(state: GiftState, notices: readonly GiftEffect[]): Transition {
  return ended(state, [{ kind: 'release' }, ...notices])
}

function ended(state: GiftState, effects: readonly GiftEffect[]): Transition {
  return { accepted: true, process: { state, deadlineMs: undefined }, through: [], effects }
}

function tell(whom: 'sender' | 'receiver', what: GiftNotice): GiftEffect {
  return { kind: 'notify', whom, what }
}

function tellBoth(what: GiftNotice): readonly GiftEffect[] {
  return [tell('sender', what), tell('receiver', what)]
}
