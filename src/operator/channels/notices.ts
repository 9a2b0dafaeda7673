/** What both sides of a gift are told of it, whichever way it was asked for. */

import { moneyIn } from '../messages/texts/catalogue.ts'
import { receiptNumberOf } from '../../base/ordered-ids.ts'
import type { Connection } from '../../store/engine.ts'
import {
  findGiftRequest,
  type GiftRequestRecord,
  type GiftState,
} from '../../store/gift-requests.ts'
import type { AwaitedService } from '../../store/gift-waits.ts'
import { giftSecret } from '../../store/gift-settings.ts'
import type { AllowedNoticeEvent, ApprovalNoticeEvent } from '../gifts/approvals.ts'
import type { AskNoticeEvent } from '../gifts/asking.ts'
import type { GiftNotice } from '../gifts/machine.ts'
import { claimCodeOf } from '../gifts/pins.ts'
import type { GiftNoticeEvent } from '../gifts/steps.ts'
import { giftOf, type Gift } from '../gifts/view.ts'
import type { Language } from '../messages/texts/languages.ts'
import type { OperatorFile } from '../operator-file.ts'
import { languageFor, say, tell, type Said } from './said.ts'

/** A side of a gift. */
export type Side = 'sender' | 'receiver'

/** A gift, and who is told of it. */
export interface GiftTold {
  readonly giftId: string
  readonly side: Side
  readonly file: OperatorFile
  readonly atMs: number
}

const MINUTE_MS = 60_000

/** The number of a receipt: the beginning of the gift's id, short enough to be read out. */
export function referenceOf(giftId: string): string {
  return receiptNumberOf(giftId).toUpperCase()
}

/**
 * Puts what a step of a gift has to say into the inbox of whom it concerns, within the step's own command: who has
 * got data, or lost it, is told for certain, and once.
 */
export function noteGift(db: Connection, notice: GiftNoticeEvent): void {
  const { request } = notice
  const side: Side = request.giverAccountId === notice.to.id ? 'sender' : 'receiver'
  if (isOnScreen(request, { side, what: notice.what })) return
  const of = { ...notice, side }
  const isAutomatic = notice.isAutomatic && side === 'sender'
  const said = isAutomatic ? saidOfAutomatic(db, of) : saidOf(db, of)
  if (said) tell(db, { account: notice.to, file: notice.file, said, atMs: notice.atMs })
}

/** What a gift that made itself has come to. */
function saidOfAutomatic(db: Connection, of: Of): Said | undefined {
  const { request, gift } = of
  const what = WHAT_OF_STATE.sender[request.state]
  const said = what && saidOf(db, { ...of, what })
  if (!said || what !== 'sent') return said
  const { to, amountBytes: amount } = gift
  const values = { amount, to, reference: referenceOf(request.id) }
  return { ...say('giftAutomatic', values), eventId: said.eventId }
}

/** What is to be said to one side of a gift as it stands now. */
export function saidOfState(db: Connection, told: GiftTold): Said | undefined {
  const request = findGiftRequest(db, told.giftId)
  if (!request) return undefined
  const isOver = request.deadlineMs !== undefined && request.deadlineMs <= told.atMs
  const what = WHAT_OF_STATE[told.side][isOver ? 'expired' : request.state]
  return (
    what && saidOf(db, { ...told, request, gift: giftOf(db, { request, atMs: told.atMs }), what })
  )
}

type Told = GiftNotice | 'waiting'

const WHAT_OF_STATE: Readonly<Record<Side, Partial<Record<GiftState, Told>>>> = {
  sender: {
    awaitingConfirmation: 'confirm',
    held: 'claimCode',
    awaitingAcceptance: 'waiting',
    completed: 'sent',
    cancelled: 'cancelled',
    declined: 'declined',
    expired: 'expired',
    failed: 'failed',
    partiallyReversed: 'reversed',
    reversed: 'reversed',
  },
  receiver: {
    awaitingAcceptance: 'accept',
    completed: 'received',
    cancelled: 'cancelled',
    declined: 'declined',
    expired: 'expired',
    failed: 'failed',
    partiallyReversed: 'reversed',
    reversed: 'reversed',
  },
}

/** Who dials sees questions and their end on the screen. A wrong PIN is answered where it was given, until it is locked. */
function isOnScreen(
  request: GiftRequestRecord,
  told: { readonly side: Side; readonly what: GiftNotice },
): boolean {
  if (told.what === 'wrongPin') return request.state !== 'failed'
  const onScreen: readonly GiftNotice[] = ['confirm', 'cancelled']
  return told.side === 'sender' && request.channel === 'ussd' && onScreen.includes(told.what)
}

function saidOf(db: Connection, of: Of): Said | undefined {
  const { side, what, request } = of
  const said = side === 'sender' ? saidToSender(db, of) : saidToReceiver(db, of)
  return said && { ...said, eventId: `gift:${request.id}:${side}:${what}` }
}

interface Of extends Omit<GiftTold, 'giftId'> {
  readonly request: GiftRequestRecord
  readonly gift: Gift
  readonly what: Told
}

function saidToSender(db: Connection, of: Of): Said | undefined {
  const { request, file, what, atMs } = of
  const { from, to, amountBytes: amount, validUntil } = of.gift
  const reference = referenceOf(request.id)
  switch (what) {
    case 'confirm':
      return question(of, { from, to, amount })
    case 'wrongPin':
      return say('pinBlocked', {})
    case 'claimCode': {
      const code = claimCodeOf(secretOf(db), request.id)
      return say('codeMade', { amount, code, until: new Date(request.deadlineMs ?? atMs) })
    }
    case 'waiting':
      return say('giftWaiting', { amount, to, until: new Date(request.deadlineMs ?? atMs) })
    case 'sent':
      if (request.claimHash !== undefined) return say('codeClaimed', { amount, reference })
      if (request.holdId !== undefined) return say('giftAccepted', { amount, to, reference })
      return say('giftSent', { amount, to, until: validUntil ?? new Date(atMs), reference })
    case 'cancelled':
      return say('giftCancelled', {})
    case 'declined':
      return say('giftDeclined', { amount, to })
    case 'expired':
      return expired(db, { request, file, to })
    case 'failed':
      return say('giftFailed', { amount, to, reference })
    case 'reversed':
      return say('giftReversedSender', { amount: takenBack(db, request.id), to, reference })
    default:
      return undefined
  }
}

function question(
  { request, file }: Of,
  gift: { readonly from: string; readonly to: string; readonly amount: bigint },
): Said | undefined {
  const { confirmation } = file.gifting
  if (confirmation === undefined || confirmation.kind === 'none') return undefined
  return say(confirmation.kind === 'pin' ? 'giftConfirmPin' : 'giftConfirm', {
    amount: gift.amount,
    // A gift to whoever brings the code is confirmed by its giver's own number.
    to: gift.to || gift.from,
    fee: { minor: request.feeMinor, ...moneyIn(file) },
    within: confirmation.withinMinutes * MINUTE_MS,
  })
}

function expired(
  db: Connection,
  of: {
    readonly request: GiftRequestRecord
    readonly file: OperatorFile
    readonly to: string
  },
): Said {
  const { request, file, to } = of
  const { amountBytes: amount, claimHash, holdId } = request
  if (holdId === undefined) {
    const { confirmation } = file.gifting
    const minutes = confirmation && confirmation.kind !== 'none' ? confirmation.withinMinutes : 0
    return say('giftTimedOut', { within: minutes * MINUTE_MS })
  }
  if (claimHash !== undefined) return say('codeExpired', { amount })
  return hasEnded(db, request)
    ? say('giftExpired', { amount, to })
    : say('giftReturned', { amount, to })
}

function saidToReceiver(db: Connection, of: Of): Said | undefined {
  const { request, what, atMs } = of
  const { from, amountBytes: amount, validUntil } = of.gift
  const reference = referenceOf(request.id)
  const until = validUntil ?? new Date(request.deadlineMs ?? atMs)
  switch (what) {
    case 'accept':
      return say('giftOffered', { amount, from, until, reference })
    case 'received':
      if (request.claimHash !== undefined) return say('codeTaken', { amount, until })
      if (request.holdId !== undefined) return say('giftTaken', { amount, from, until })
      return say('giftReceived', { amount, from, until, reference })
    case 'declined':
      return say('giftRefusedByYou', { from })
    case 'cancelled':
    case 'expired':
    case 'failed':
      return say('giftOfferOver', { from })
    case 'reversed':
      return say('giftReversedReceiver', { amount: takenBack(db, request.id), from, reference })
    default:
      return undefined
  }
}

/** Whether the data itself was over before somebody took it. */
function hasEnded(db: Connection, request: GiftRequestRecord): boolean {
  const ended = db.sql(
    `SELECT 1 FROM hold_lots JOIN lots ON lots.id = lot_id JOIN holds ON holds.id = hold_id
     WHERE hold_id = ? AND valid_until <= until_at`,
  )
  return ended.get(request.holdId) !== undefined
}

function takenBack(db: Connection, giftId: string): bigint {
  const row = db
    .bigSql<{ readonly bytes: bigint }>(
      `SELECT coalesce(sum(amount), 0) AS bytes FROM postings
       JOIN transfers ON transfers.seq = transfer_seq WHERE transfers.id = ?`,
    )
    .get(`reverse:${giftId}`)
  return row?.bytes ?? 0n
}

/** A gift with a code has been made with the key already. */
function secretOf(db: Connection): Uint8Array {
  return giftSecret(db, () => {
    throw new Error('there is a claim code without a key')
  })
}

/** Tells somebody that another asks for data, or the one who asked that there is none this time. */
export function noteAsk(db: Connection, { ask, what, to, file, atMs }: AskNoticeEvent): void {
  const { id, from, to: giver, amountBytes: amount } = ask
  const said =
    what === 'asked'
      ? say('askReceived', { amount, from, reference: referenceOf(id) }, { eventId: `ask:${id}` })
      : say('askDeclined', { from: giver }, { eventId: `noAsk:${id}` })
  tell(db, { account: to, file, said, atMs })
}

/** Tells somebody who was refused a service that it has its approval. */
export function noteApproval(db: Connection, notice: ApprovalNoticeEvent): void {
  const { service: of, to: account, file, atMs } = notice
  const service = SERVICES[languageFor({ account, file })][of]
  const eventId = `approved:${account.id}:${of}:${atMs}`
  tell(db, { account, file, said: say('approvalGranted', { service }, { eventId }), atMs })
}

/** Tells a subscriber whose gifts were stopped that they are allowed again. */
export function noteAllowed(db: Connection, notice: AllowedNoticeEvent): void {
  const { to: account, file, atMs } = notice
  const eventId = `giftsAllowed:${account.id}:${atMs}`
  tell(db, { account, file, said: say('giftsAllowed', {}, { eventId }), atMs })
}

const SERVICES: Readonly<Record<Language, Readonly<Record<AwaitedService, string>>>> = {
  en: { gifting: 'giving data', roamingGifting: 'giving from abroad' },
  ru: { gifting: 'передача трафика', roamingGifting: 'передача в роуминге' },
  zh: { gifting: '流量转赠', roamingGifting: '漫游时转赠流量' },
}
