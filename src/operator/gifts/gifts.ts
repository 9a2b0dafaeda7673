/** Gifts as the rest of the operator sees them: asked for, confirmed, accepted, claimed, taken back, and settled when their time is over. */

import type { Environment } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { orderedIds } from '../../base/ordered-ids.ts'
import type { Connection, Store } from '../../store/engine.ts'
import { answerAsk, findAsk, openAsks } from '../../store/gift-asks.ts'
import {
  countGiftRequests,
  dueGiftRequests,
  findByClaim,
  findGiftRequest,
  giftRequestsOf,
  giftRequestsPage,
  idOfReceipt,
  type GiftState,
} from '../../store/gift-requests.ts'
import {
  accountsWithAutomaticGifts,
  changeGiftSettings,
  giftSecret,
  giftSettingsOf,
  setBlocked,
  suspendedAccounts,
} from '../../store/gift-settings.ts'
import { findById, findByNumber, requireAccount, type Account } from '../accounts.ts'
import { requireBytes } from '../amount.ts'
import { madeBy, requireIdempotencyKey, type GiftStep } from '../idempotency.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import type { Operators } from '../operators.ts'
import type { MaximumGift } from '../rules/maximum.ts'
import type { ChannelKind } from '../rules/types.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import {
  askOf,
  declineQuestion,
  putQuestion,
  putQuestionOnce,
  requireOpenAsk,
  type AskNoticeEvent,
  type AskOutcome,
  type GiftAsk,
} from './asking.ts'
import { tellApproved, type AllowedNoticeEvent, type ApprovalNoticeEvent } from './approvals.ts'
import { automaticGiftOf } from './automatic.ts'
import type { SuspicionEvidence } from './evidence.ts'
import { giveOnce, maximumOf, type GiftOutcome, type GiftRequest } from './giving.ts'
import {
  changePin,
  changePinOnce,
  claimCodeOf,
  claimDigest,
  PIN_REFUSALS,
  resetPin,
} from './pins.ts'
import { expire, readAsIfDone } from './overdue.ts'
import {
  noSuchGift,
  reverse,
  settle,
  takeStep,
  takeStepOnce,
  type ById,
  type StepAsked,
  type StepOutcome,
} from './progress.ts'
import { automaticOf, settingsOf, settle as settleAll } from './settings.ts'
import type { GiftChoices, GiftSettingsView } from './settings.ts'
import { upToDate, type GiftNoticeEvent, type StepContext } from './steps.ts'
import { findGift, giftOf, type Gift } from './view.ts'

export type { AskNoticeEvent, AskOutcome, GiftAsk } from './asking.ts'
export type { SuspicionEvidence } from './evidence.ts'
export type { GiftChoices, GiftSettingsView } from './settings.ts'
export type { StepOutcome } from './progress.ts'

export interface GiftsParts {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
  /** Is told what subscribers are to be told, within the command in which it happens. */
  notify?(db: Connection, notice: GiftNoticeEvent): void
  notifyAsk?(db: Connection, notice: AskNoticeEvent): void
  notifyApproval?(db: Connection, notice: ApprovalNoticeEvent): void
  notifyAllowed?(db: Connection, notice: AllowedNoticeEvent): void
}

/** A step of a gift, once for its key where it has one. */
interface ByIdOnce extends ById {
  readonly once?: Once | undefined
}

/** Whose request it is, and by which key: one that comes again is answered again, and done once. */
export interface Once {
  readonly caller: string
  readonly idempotencyKey: string
}

/** Receipts name the beginning of an id: as many digits, in groups perhaps. */
const RECEIPT = /^[0-9A-F]{12}$/

function idOf(db: Connection, text: string): string {
  const bare = text.toUpperCase().replaceAll(/[\s-]/g, '')
  return (RECEIPT.test(bare) ? idOfReceipt(db, bare) : undefined) ?? text
}

/** Every method that takes a number accepts it as people write it. */
export interface Gifts {
  /** Gives, once for each key: the data moves at once, or when the sender confirms and the receiver accepts. @throws {LabError} badInput, idempotencyKeyReused */
  give(request: Omit<GiftRequest, 'isConfirmed'>): Promise<GiftOutcome>
  /** By its id, or by the number on its receipts. */
  find(by: { readonly id: string }): Gift | undefined
  /** Gifts that a subscriber has made or got, the newest first. @throws {LabError} notFound */
  list(of: { readonly msisdn: string; readonly limit?: number }): readonly Gift[]
  /**
   * A page of gifts, the newest first: of a subscriber or of all, in a state or in any, of a time, with another number,
   * before the one with an id.
   * @throws {LabError} notFound
   */
  page(of: {
    readonly msisdn?: string | undefined
    readonly state?: GiftState | undefined
    readonly before?: string | undefined
    readonly since?: Date | undefined
    readonly until?: Date | undefined
    readonly with?: string | undefined
    readonly limit: number
  }): readonly Gift[]
  /** How many there are, of a subscriber or of all. @throws {LabError} notFound */
  count(of: { readonly msisdn?: string | undefined }): number
  /** What may be given now, and what binds; to a certain receiver, whom nobody need be, or to anybody. @throws {LabError} notFound — the giver */
  maximum(of: {
    readonly from: string
    readonly to?: string
    readonly channel?: ChannelKind
  }): MaximumGift

  /** The sender says yes, with the PIN where the operator wants it; a PIN that comes again under its key is not tried again. @throws {LabError} notFound, conflict (`wrongState`, `tooLate`), idempotencyKeyReused */
  confirm(step: ByIdOnce & { readonly pin?: string | undefined }): Promise<StepOutcome>
  /** The id of the gift of which an earlier request with this key took a step. */
  stepTakenBy(once: Once, step: GiftStep): string | undefined
  /** The sender thinks better of it, while it is on its way. @throws {LabError} notFound, conflict */
  cancel(step: ByIdOnce): Promise<StepOutcome>
  /** @throws {LabError} notFound, conflict */
  accept(step: ByIdOnce): Promise<StepOutcome>
  /** @throws {LabError} notFound, conflict */
  decline(step: ByIdOnce): Promise<StepOutcome>
  /** The code of a gift without a receiver, for its sender. @throws {LabError} notFound */
  claimCode(of: ById): string
  /** Turns a code into data; a claim that is refused leaves the code as it was. @throws {LabError} notFound, conflict */
  claim(step: { readonly code: string; readonly by: string }): Promise<StepOutcome>
  /** By the operator: takes back what is unused, once. @throws {LabError} notFound, conflict, refused (`reversalOver`, `nothingToReverse`) */
  reverse(step: { readonly id: string; readonly reason?: string }): Promise<Gift>

  /** Asks another subscriber for data. @throws {LabError} notFound, refused (`askingNotOffered`, `askedAlready`) */
  ask(question: {
    readonly from: string
    readonly to: string
    readonly amountBytes: bigint
  }): Promise<GiftAsk>
  /** The same, once for each key, with a refusal as a value. @throws {LabError} notFound, idempotencyKeyReused, badInput */
  askOnce(question: {
    readonly caller: string
    readonly idempotencyKey: string
    readonly from: string
    readonly to: string
    readonly amountBytes: bigint
  }): Promise<AskOutcome>
  findAsk(by: { readonly id: string }): GiftAsk | undefined
  asks(of: {
    readonly msisdn: string
    readonly side: 'made' | 'got'
    /** The id of the last one of the page before. */
    readonly after?: string | undefined
    readonly limit?: number
  }): readonly GiftAsk[]
  /** Gives what was asked for, or says no. @throws {LabError} notFound, conflict */
  answer(step: ById & { readonly gives: boolean }): Promise<GiftOutcome | undefined>

  /** Chooses a PIN in place of the old one; once, where it has a key. @throws {LabError} badInput, notFound, refused (see PIN_REFUSALS), idempotencyKeyReused */
  changePin(change: {
    readonly msisdn: string
    readonly oldPin?: string | undefined
    readonly newPin: string
    readonly once?: Once | undefined
  }): Promise<void>
  /** By the operator: unlocks the PIN, and makes it what it was in the beginning. @throws {LabError} notFound */
  resetPin(of: { readonly msisdn: string }): Promise<void>
  /** Forbids and allows gifts from one's own number. @throws {LabError} notFound */
  lock(of: { readonly msisdn: string; readonly locked: boolean }): Promise<void>
  /** Takes no more gifts from a number, or takes them again. @throws {LabError} notFound */
  block(of: {
    readonly msisdn: string
    readonly number: string
    readonly blocked: boolean
  }): Promise<void>
  /** By the operator: stops gifts from a number, or lifts that, whereupon what was counted counts no more. @throws {LabError} notFound */
  suspend(of: { readonly msisdn: string; readonly reason: string | undefined }): Promise<void>
  /** A page of numbers whose gifts are stopped, and why, the latest first; `evidence` where a rule has done it. */
  suspended(page?: {
    /** The place of the last one of the page before. */
    readonly after?: { readonly atMs: number; readonly accountId: number } | undefined
    readonly limit?: number
  }): readonly {
    readonly accountId: number
    readonly msisdn: string
    readonly at: Date
    readonly reason: string
    readonly evidence: readonly SuspicionEvidence[]
  }[]
  /** @throws {LabError} notFound */
  settings(of: { readonly msisdn: string }): GiftSettingsView
  /** Settles the lock, the block list and the automatic gift at once. @throws {LabError} notFound, badInput, refused (`automaticGiftsNotOffered`) */
  settle(of: { readonly msisdn: string } & GiftChoices): Promise<void>
  /** Gives what would end within some hours to another, by itself; `undefined` ends it. @throws {LabError} notFound, badInput, refused (`automaticGiftsNotOffered`) */
  automatic(of: {
    readonly msisdn: string
    readonly gift: { readonly to: string; readonly hoursBefore: number } | undefined
  }): Promise<void>

  /** Ends what is over, and makes gifts that make themselves. Returns how many of both. */
  sweep(): Promise<number>
}

const LIST_LIMIT = 50
const SUSPENDED_LIMIT = 500
const SWEEP_CHUNK = 500
const AUTOMATIC_CALLER = 'automatic'

export function createGifts(parts: GiftsParts): Gifts {
  const { store, environment, operators } = parts
  const nowMs = () => environment.clock.nowMs()
  const context = (): StepContext => ({
    operators,
    atMs: nowMs(),
    notify: (db, notice) => parts.notify?.(db, notice),
  })
  const newId = orderedIds(environment)
  const secretOf = (db: Connection) => giftSecret(db, () => environment.random.unique(32))
  const give = (db: Connection, request: GiftRequest, told = context()) =>
    giveOnce(db, { request, giftId: newId(), context: told, secret: () => secretOf(db) })
  const step = (asked: StepAsked) =>
    settle(store.write((db) => takeStep(db, { asked, context: context(), secretOf })))
  const stepOnce = (kind: GiftStep, of: ByIdOnce & Pick<StepAsked, 'side' | 'pin'>) => {
    const { once, ...by } = of
    const asked = { ...by, event: { kind } }
    if (!once) return step(asked)
    const input = { asked, once, step: kind, context: context(), secretOf }
    return settle(store.write((db) => takeStepOnce(db, input)))
  }
  const asking = () => ({
    operators,
    atMs: nowMs(),
    notify: (db: Connection, notice: AskNoticeEvent) => parts.notifyAsk?.(db, notice),
  })
  const change = (msisdn: string, act: (db: Connection, account: Account) => void) =>
    store.write((db) => act(db, requireAccount(db, msisdn)))

  return {
    async give(asked) {
      requireIdempotencyKey(asked.idempotencyKey)
      requireBytes(asked.amountBytes, 'amountBytes')
      const from = normaliseMsisdn(asked.from, 'from')
      const to = asked.to === undefined ? undefined : normaliseMsisdn(asked.to, 'to')
      return store.write((db) => give(db, { ...asked, from, to, isConfirmed: false }))
    },
    find: ({ id }) => store.read((db) => findGift(db, { id: idOf(db, id), atMs: nowMs() })),
    list: (of) =>
      store.read((db) => {
        const accountId = requireAccount(db, of.msisdn).id
        const limit = of.limit ?? LIST_LIMIT
        return (['given', 'received'] as const)
          .flatMap((side) => giftRequestsOf(db, { accountId, side, limit }))
          .toSorted((a, b) => b.requestedAtMs - a.requestedAtMs)
          .slice(0, limit)
          .map((request) => giftOf(db, { request, atMs: nowMs() }))
      }),
    page: ({ msisdn, since, until, with: other, ...of }) =>
      store.read((db) => {
        const accountId = msisdn === undefined ? undefined : requireAccount(db, msisdn).id
        const page = {
          state: undefined,
          before: undefined,
          ...of,
          accountId,
          fromMs: since?.getTime(),
          untilMs: until?.getTime(),
          other: other === undefined ? undefined : normaliseMsisdn(other, 'with'),
          atMs: nowMs(),
        }
        return giftRequestsPage(db, page).map((request) => giftOf(db, { request, atMs: nowMs() }))
      }),
    count: ({ msisdn }) =>
      store.read((db) =>
        countGiftRequests(db, msisdn === undefined ? undefined : requireAccount(db, msisdn).id),
      ),
    maximum: (of) => {
      const to = of.to === undefined ? undefined : normaliseMsisdn(of.to, 'to')
      return readAsIfDone(store, {
        context: { operators, atMs: nowMs() },
        accounts: (db) => {
          const receiver = to === undefined ? undefined : findByNumber(db, to)
          return [requireAccount(db, of.from), ...(receiver ? [receiver] : [])]
        },
        query: (db, [account, receiver]) =>
          maximumOf(db, {
            account: account as Account,
            to,
            receiver,
            file: fileOf(operators, account as Account),
            fileOf: (other) => fileOf(operators, other),
            atMs: nowMs(),
            channel: of.channel ?? 'api',
          }),
      })
    },

    confirm: (by) => stepOnce('confirm', { ...by, side: 'sender' }),
    stepTakenBy: ({ caller, idempotencyKey: key }, kind) =>
      store.read((db) => madeBy(db, { caller, operation: `${kind}Gift`, key })),
    cancel: (by) => stepOnce('cancel', { ...by, side: 'sender' }),
    accept: (by) => stepOnce('accept', { ...by, side: 'receiver' }),
    decline: (by) => stepOnce('decline', { ...by, side: 'receiver' }),
    claimCode: ({ id, by }) =>
      store.read((db) => {
        const request = findGiftRequest(db, id)
        const account = requireAccount(db, by)
        if (request?.claimHash === undefined || request.giverAccountId !== account.id)
          throw noSuchGift(id)
        return claimCodeOf(secretOf(db), id)
      }),
    claim: ({ code, by }) =>
      settle(
        store.write((db) => {
          const request = findByClaim(db, claimDigest(secretOf(db), code))
          const asked = { id: request?.id ?? '', by, side: 'claimer' } as const
          return takeStep(db, {
            asked: { ...asked, event: { kind: 'claim' } },
            context: context(),
            secretOf,
          })
        }),
      ),
    reverse: (asked) => store.write((db) => reverse(db, { ...asked, context: context() })),

    async ask(question) {
      requireBytes(question.amountBytes, 'amountBytes')
      return store.write((db) => putQuestion(db, { ...question, id: newId(), ...asking() }))
    },
    async askOnce(question) {
      requireIdempotencyKey(question.idempotencyKey)
      requireBytes(question.amountBytes, 'amountBytes')
      return store.write((db) => putQuestionOnce(db, { ...question, id: newId(), ...asking() }))
    },
    findAsk: ({ id }) =>
      store.read((db) => {
        const ask = findAsk(db, id)
        return ask && askOf(db, ask)
      }),
    asks: ({ msisdn, ...page }) =>
      store.read((db) => {
        const accountId = requireAccount(db, msisdn).id
        return openAsks(db, { ...page, accountId, atMs: nowMs() }).map((ask) => askOf(db, ask))
      }),
    answer: ({ id, by, gives }) =>
      store.write((db) => {
        const ask = requireOpenAsk(db, { id, by, atMs: nowMs() })
        if (!gives) {
          declineQuestion(db, { ask, ...asking() })
          return undefined
        }
        const { from: to, to: from, amountBytes } = askOf(db, ask)
        const outcome = give(db, {
          caller: 'ask',
          idempotencyKey: `${id}.${nowMs()}`,
          from,
          to,
          amountBytes,
          isConfirmed: true,
        })
        if (outcome.gift) answerAsk(db, { id, answer: 'given', giftId: outcome.gift.id })
        return outcome
      }),

    async changePin({ msisdn, oldPin: pin, newPin, once }) {
      const refusal = await store.write((db) => {
        const account = requireAccount(db, msisdn)
        const rule = fileOf(operators, account).gifting.pin
        const asked = { accountId: account.id, pin, newPin, rule, secret: secretOf(db) }
        return once ? changePinOnce(db, { ...asked, ...once, atMs: nowMs() }) : changePin(db, asked)
      })
      if (refusal) throw new LabError('refused', PIN_REFUSALS[refusal], { reason: refusal })
    },
    resetPin: ({ msisdn }) => change(msisdn, (db, { id }) => resetPin(db, id)),
    lock: ({ msisdn, locked }) =>
      change(msisdn, (db, { id }) => changeGiftSettings(db, { accountId: id, locked })),
    block: ({ msisdn, number, blocked }) =>
      change(msisdn, (db, { id }) =>
        setBlocked(db, { accountId: id, number: normaliseMsisdn(number, 'number'), blocked }),
      ),
    suspend: ({ msisdn, reason }) =>
      change(msisdn, (db, account) => {
        const { id } = account
        const atMs = nowMs()
        if (reason !== undefined) {
          changeGiftSettings(db, { accountId: id, suspended: { atMs, reason } })
        } else if (giftSettingsOf(db, id).suspended) {
          changeGiftSettings(db, { accountId: id, suspended: undefined, allowedAtMs: atMs })
          parts.notifyAllowed?.(db, { to: account, file: fileOf(operators, account), atMs })
        }
      }),
    suspended: ({ after, limit = SUSPENDED_LIMIT } = {}) =>
      store.read((db) =>
        suspendedAccounts(db, { after, limit }).map(({ accountId, atMs, reason, evidence }) => ({
          accountId,
          msisdn: findById(db, accountId)?.msisdn ?? '',
          at: new Date(atMs),
          reason,
          evidence: JSON.parse(evidence ?? '[]') as SuspicionEvidence[],
        })),
      ),
    automatic: ({ msisdn, gift }) =>
      change(msisdn, (db, account) => {
        const automatic = automaticOf(gift, fileOf(operators, account))
        changeGiftSettings(db, { accountId: account.id, automatic })
      }),
    settings: ({ msisdn }) => store.read((db) => settingsOf(db, requireAccount(db, msisdn))),
    settle: ({ msisdn, ...choices }) =>
      change(msisdn, (db, account) =>
        settleAll(db, { account, file: fileOf(operators, account), choices }),
      ),

    async sweep() {
      let done = await tellApproved(store, {
        operators,
        atMs: nowMs(),
        notify: (db, notice) => parts.notifyApproval?.(db, notice),
      })
      for (;;) {
        const due = store.read((db) => dueGiftRequests(db, { atMs: nowMs(), limit: SWEEP_CHUNK }))
        for (const { id } of due) await store.write((db) => expire(db, { id, context: context() }))
        done += due.length
        if (due.length < SWEEP_CHUNK) break
      }
      for (let after = 0; ;) {
        const page = store.read((db) =>
          accountsWithAutomaticGifts(db, { after, limit: SWEEP_CHUNK }),
        )
        for (const accountId of page) {
          done += await store.write((db) =>
            giveAutomatically(db, { accountId, context: context(), give }),
          )
        }
        if (page.length < SWEEP_CHUNK) return done
        after = page.at(-1) as number
      }
    },
  }
}

function giveAutomatically(
  db: Connection,
  of: {
    readonly accountId: number
    readonly context: StepContext
    give(db: Connection, request: GiftRequest, told: StepContext): GiftOutcome
  },
): number {
  const { accountId, context } = of
  const { automatic } = giftSettingsOf(db, accountId)
  const account = upToDate(db, { account: findById(db, accountId), context })
  if (!account || !automatic) return 0
  const receiver = findByNumber(db, automatic.to)
  const file = fileOf(context.operators, account)
  const gift = automaticGiftOf(db, { account, receiver, file, automatic, atMs: context.atMs })
  if (!gift) return 0
  const request = {
    caller: AUTOMATIC_CALLER,
    idempotencyKey: `${accountId}.${gift.untilMs}.${context.atMs}`,
    from: account.msisdn,
    to: automatic.to,
    amountBytes: gift.amountBytes,
    isConfirmed: true,
  }
  const tell = context.notify
  const told: StepContext = {
    ...context,
    notify: (on, notice) => tell(on, { ...notice, isAutomatic: true }),
  }
  const made = of.give(db, request, told).gift
  if (!made) return 0
  // Nobody has seen an answer to what was not asked for.
  const begun = made.state === 'completed' ? undefined : findGiftRequest(db, made.id)
  if (begun) {
    const notice = { request: begun, gift: made, what: 'sent', to: account, file } as const
    told.notify(db, { ...notice, atMs: context.atMs })
  }
  return 1
}
