/** The operator as the rest of the lab sees it: stock, accounts, balances, gifts, usage and the books. */

import { normaliseIccid } from '../base/bcd.ts'
import type { Environment } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { orderedIds } from '../base/ordered-ids.ts'
import type { OperatorAlgorithm } from '../profile/subscriber.ts'
import type { Connection, Store } from '../store/engine.ts'
import { numberOfProfile } from '../store/imported-profiles.ts'
import {
  findByIccid,
  findByMsisdn,
  operatorOf,
  stockLevel,
  stockNumbers,
  type InventoryItem,
  type KeyLengths,
  type StockLevel,
} from '../store/inventory.ts'
import { audit, balanceOf, expireDue, type Audit, type Lot } from '../store/ledger.ts'
import { sealJournals } from '../store/journal-seals.ts'
import type { ProfileEvent } from '../store/orders.ts'
import { giversOf, heldDataOf, type HeldData } from '../store/origins.ts'
import {
  bindingsOf,
  findById,
  findByNumber,
  requireAccount,
  findByProfile,
  listAccounts,
  openAccount,
  type Account,
  type Binding,
} from './accounts.ts'
import { createGifts, type Gifts } from './gifts/gifts.ts'
import { limitOf, type GiftLimit, type GiftOutcome } from './gifts/giving.ts'
import { readAsIfDone } from './gifts/overdue.ts'
import type { Gift } from './gifts/view.ts'
import { messagesOf, type Message } from '../store/messages.ts'
import { createAdvice, type AdviceOf } from './advice/advice.ts'
import { createMessages, type Messages } from './channels/channels.ts'
import { noteMoney } from './channels/money-notices.ts'
import { noteAllowed, noteApproval, noteAsk, noteGift } from './channels/notices.ts'
import { requireBytes } from './amount.ts'
import { historyOf, type HistoryEntry, type HistoryFilter } from './history.ts'
import { createCharging, type Charging } from './charging/charging.ts'
import type { ChargingSettings } from './charging/requests.ts'
import { forgetAnswers, requireIdempotencyKey } from './idempotency.ts'
import { createMoney, type MoneyBetween } from './money/money.ts'
import { maskNumber } from './messages/numbering.ts'
import { normaliseMsisdn } from './msisdn.ts'
import { createOperatorNetwork, type OperatorNetwork } from './network.ts'
import { createAccess, type Access } from './access/access.ts'
import { codeSender } from './access/send-code.ts'
import { createBalanceActions, type BalanceActions } from './balance-actions/balance-actions.ts'
import { createEventHub, type EventHub } from './events/hub.ts'
import type { OperatorFile } from './operator-file.ts'
import { onlyOperator, type Operators } from './operators.ts'
import { applyProfileEvent } from './profile-events.ts'
import { makeSuciKeys, type SuciKey } from './suci-keys.ts'
import { orderOnce, type OrderOutcome, type SubscriptionOrder } from './subscriptions/orders.ts'
import type { AccountNow } from './subscriptions/periods.ts'
import { createSubscriptions, fileOf, type Subscriptions } from './subscriptions/subscriptions.ts'
import { useOnce, type Usage, type UsageOutcome } from './usage.ts'

export interface GiveData {
  readonly idempotencyKey: string
  readonly from: string
  readonly to: string
  readonly amountBytes: bigint
  /** Whose key it is; callers do not see each other's keys. */
  readonly caller?: string
}

export interface UseData {
  readonly idempotencyKey: string
  readonly msisdn: string
  readonly amountBytes: bigint
  readonly caller?: string
}

/** What a subscriber has: the lots in order of use, their sum, and how much of it may be given. */
export interface Balance {
  readonly msisdn: string
  readonly totalBytes: bigint
  readonly lots: readonly Lot[]
  readonly giftable: GiftLimit
}

/** A balance with what a subscriber wants to know besides. */
export interface BalanceSheet extends Balance {
  /** The instant of all of it. */
  readonly at: Date
  /** IANA name of the operator's. */
  readonly timeZone: string
  readonly gigabyteBytes: number
  /** What is set aside, by purpose. */
  readonly held: HeldData
  /** Who gave a lot, masked, by the lot's id. */
  readonly givers: ReadonlyMap<number, string>
}

/** What a sweep has put away. */
export interface Swept {
  readonly lots: number
  readonly bytes: bigint
  readonly answers: number
}

/** Every method that takes a number accepts it as people write it. */
export interface Operator {
  /** The file of the default operator. */
  readonly file: OperatorFile
  /** Every operator of the lab. */
  readonly operators: Operators
  /** Plans, periods, purchases, money, whereabouts. */
  readonly subscriptions: Subscriptions
  /** Sign-in of subscribers, and tokens. */
  readonly access: Access
  /** Money that subscribers send each other. */
  readonly money: MoneyBetween
  /** Who is told of what happens. */
  readonly events: EventHub
  /** Top-ups, corrections and reservations by the operator's software. */
  readonly balanceActions: BalanceActions
  /** What phones attach to. */
  readonly network: OperatorNetwork
  /** Sessions in which attached phones use data, where phones are, and data over Wi-Fi. */
  readonly charging: Charging
  /** SMS and USSD of subscribers, and what they get back. */
  readonly messages: Messages
  /** What a subscriber wastes, and what may be done about it. */
  readonly advice: AdviceOf

  /** Makes new numbers and keys. @throws {LabError} badInput, conflict — the ranges have fewer numbers left */
  stock(run: { readonly count: number; readonly profileType?: string }): Promise<{
    readonly count: number
    readonly firstIccid: string
    readonly lastIccid: string
  }>
  /** Of one operator, or of all. */
  stockLevel(of?: { readonly operator?: string }): StockLevel
  /** The file of the operator whose the account or the profile in stock is; the default one's for nobody's. */
  fileOf(by: { readonly msisdn: string } | { readonly iccid: string }): OperatorFile
  /** What a profile is personalised with, secrets included. */
  inventoryItem(
    by: { readonly iccid: string } | { readonly msisdn: string },
  ): InventoryItem | undefined
  /** The number of a profile in stock; a profile that was imported without one has none, and no account. */
  numberOf(of: { readonly iccid: string }): string | undefined

  /**
   * Opens the account of a profile that is ordered: of an ICCID, or of the next free one of a profile type.
   * Returns the account that is there when the ICCID has one.
   * @throws {LabError} notFound — the ICCID is not in stock; conflict — nothing of the type is left
   */
  openAccount(order?: { readonly iccid?: string; readonly profileType?: string }): Promise<Account>
  account(by: { readonly msisdn: string } | { readonly iccid: string }): Account | undefined
  /** Accounts by number, at most `limit` (100 unless told) after the number `after`. */
  accounts(page?: { readonly after?: string; readonly limit?: number }): readonly Account[]
  bindings(of: { readonly msisdn: string }): readonly Binding[]
  /** Takes note of what a card reports; may come twice and out of order. @throws {LabError} badInput, notFound */
  handleProfileEvent(event: ProfileEvent): Promise<Account>
  /**
   * The same within a transaction of the SM-DP+'s, for a profile that has a number: the account is opened when the
   * profile was ordered without it. A profile without a number has no account and is passed over.
   */
  noteProfileEvent(db: Connection, event: ProfileEvent): void

  /**
   * As the next command would find it: of a period that nobody has touched yet, lots have ids that they will not keep
   * (`subscriptions.refreshDue` makes them first).
   * @throws {LabError} notFound — no such account
   */
  balance(of: { readonly msisdn: string }): Balance
  /** As `balance`, with who gave the lots, and what is set aside for what. @throws {LabError} notFound */
  balanceSheet(of: { readonly msisdn: string }): BalanceSheet
  /** What came and went, the latest first. @throws {LabError} notFound */
  history(of: { readonly msisdn: string } & HistoryFilter): readonly HistoryEntry[]
  /** How much may be given now, and why not more; never disagrees with `giveData`. @throws {LabError} notFound */
  giftable(of: { readonly msisdn: string }): GiftLimit

  /**
   * Gives data, once for each key: the same request again has the same answer.
   * @throws {LabError} refused — by a rule, with its reason (see GIFT_REFUSALS); idempotencyKeyReused; badInput
   */
  giveData(request: GiveData): Promise<Gift>
  /** As `giveData`, with a refusal as a value, and whether the answer is a repeated one. */
  attemptGift(request: GiveData): Promise<GiftOutcome>
  gift(by: { readonly id: string }): Gift | undefined
  /** Everything else about gifts: confirmations, acceptance, codes, PINs, questions, reversals. */
  readonly gifts: Gifts

  /**
   * Uses data, once for each key.
   * @throws {LabError} refused — by a rule, with its reason (see USAGE_REFUSALS); idempotencyKeyReused; badInput
   */
  useData(request: UseData): Promise<Usage>
  /** As `useData`, with a refusal as a value, and whether the answer is a repeated one. */
  attemptUsage(request: UseData): Promise<UsageOutcome>
  /** Top-ups, packages and longer lives of lots, once for each key. @throws {LabError} as `orderOnce` */
  attemptOrder(order: SubscriptionOrder): Promise<OrderOutcome>

  /** The messages that a phone got and sent, the newest first, before the one with the id `before`. @throws {LabError} notFound */
  inbox(of: {
    readonly msisdn: string
    readonly before?: number | undefined
    readonly limit: number
  }): readonly Message[]

  /**
   * Expires what has ended in every account, which commands do for the accounts they touch, and forgets answers to
   * idempotency keys of more than 30 days ago. What the journals have got is sealed.
   */
  sweep(): Promise<Swept>
  audit(): Audit
}

const DEFAULT_CALLER = 'lab'
const PAGE_ROWS = 100
const PAGE_ROWS_MAX = 1000
const SWEEP_CHUNK_ROWS = 1000
/** Few, for a lab that answers others between two seals. */
const SEAL_ROWS = 500

/** Makes an operator over a store. Its file says what it sells; the environment says what time it is. */
export function createOperator(parts: {
  readonly store: Store
  readonly environment: Environment
  readonly file: OperatorFile
  /** All operators; the one of `file` alone unless told. */
  readonly operators?: Operators
  /** The home network's keys for SUCIs; made of the environment's chance unless given. */
  readonly suciKeys?: readonly SuciKey[]
  readonly charging?: Partial<ChargingSettings>
}): Operator {
  const { store, environment } = parts
  const operators = parts.operators ?? onlyOperator(parts.file)
  const all = { store, environment, operators }
  const gifts = createGifts({
    ...all,
    notify: noteGift,
    notifyAsk: noteAsk,
    notifyApproval: noteApproval,
    notifyAllowed: noteAllowed,
  })
  const attempt = attempts({ ...all, gifts })
  const suciKeys = parts.suciKeys ?? makeSuciKeys(environment.random.stream('suci'))
  const charging = createCharging({ ...all, settings: parts.charging })
  const { endLost: onAttachmentEnd, noteAttachment: onAttached } = charging
  const accounts = stockAndAccounts({ ...all, gifts, charging })
  const money = createMoney({ ...all, notify: noteMoney })
  const { subscriptions } = accounts
  const messages = createMessages({ ...all, gifts, money, subscriptions })
  return {
    get file() {
      return operators.default
    },
    operators,
    network: createOperatorNetwork({ ...all, suciKeys, onAttachmentEnd, onAttached }),
    ...queries(all),
    ...accounts,
    charging,
    money,
    messages,
    advice: createAdvice({ ...all, gifts }),
    gifts,
    ...attempt,
    access: createAccess({ store, environment, sendCode: codeSender(operators) }),
    events: createEventHub({ store, environment }),
    balanceActions: createBalanceActions(all),
    async sweep() {
      await messages.sweep()
      return accounts.sweep()
    },
    async giveData(request) {
      const { gift, refusal } = await attempt.attemptGift(request)
      if (refusal) throw new LabError('refused', refusal.text, { reason: refusal.reason })
      return gift
    },
    async useData(request) {
      const { usage, refusal } = await attempt.attemptUsage(request)
      if (refusal) throw new LabError('refused', refusal.text, { reason: refusal.reason })
      return usage
    },
  }
}

interface Parts {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
}

function queries({ store, environment, operators }: Parts) {
  const nowMs = () => environment.clock.nowMs()
  function accountOf(of: { readonly msisdn: string }): Account {
    return store.read((db) => requireAccount(db, of.msisdn))
  }
  /** Asks about an account as the next command would find it. */
  function ofAccount<T>(
    of: { readonly msisdn: string },
    query: (db: Connection, now: AccountNow) => T,
  ): T {
    const atMs = nowMs()
    return readAsIfDone(store, {
      context: { operators, atMs },
      accounts: () => [accountOf(of)],
      query: (db, [found]) => {
        const account = found as Account
        return query(db, { account, file: fileOf(operators, account), atMs })
      },
    })
  }
  return {
    stockLevel: (of = {}) => store.read((db) => stockLevel(db, of.operator)),
    fileOf: (by) =>
      store.read((db) => {
        const iccid = 'iccid' in by ? normaliseIccid(by.iccid) : undefined
        const account =
          'iccid' in by
            ? findByProfile(db, iccid as string)
            : findByNumber(db, normaliseMsisdn(by.msisdn, 'msisdn'))
        const id = account?.operator ?? (iccid && operatorOf(db, iccid))
        return fileOf(operators, { operator: id ?? operators.default.id })
      }),
    inventoryItem: (by) =>
      store.read((db) =>
        'iccid' in by
          ? findByIccid(db, normaliseIccid(by.iccid))
          : findByMsisdn(db, normaliseMsisdn(by.msisdn, 'msisdn')),
      ),
    numberOf: ({ iccid }) => store.read((db) => numberOfProfile(db, normaliseIccid(iccid))),
    account: (by) =>
      store.read((db) =>
        'iccid' in by
          ? findByProfile(db, normaliseIccid(by.iccid))
          : findByNumber(db, normaliseMsisdn(by.msisdn, 'msisdn')),
      ),
    accounts: ({ after = '', limit = PAGE_ROWS } = {}) =>
      store.read((db) => listAccounts(db, { after, limit: Math.min(limit, PAGE_ROWS_MAX) })),
    bindings: (of) => store.read((db) => bindingsOf(db, accountOf(of).id)),
    giftable: (of) =>
      ofAccount(of, (db, { account, file, atMs }) => limitOf(db, { account, file, atMs })),
    balance: (of) => ofAccount(of, balanceNow),
    balanceSheet: (of) =>
      ofAccount(of, (db, now) => {
        const { account, file, atMs } = now
        const { timeZone, gigabyteBytes } = file
        const balance = balanceNow(db, now)
        const givers = giversOf(db, { accountId: account.id, lots: balance.lots })
        const maskedOf = (id: number) => maskNumber(findById(db, id)?.msisdn ?? '')
        return {
          ...balance,
          at: new Date(atMs),
          timeZone,
          gigabyteBytes,
          held: heldDataOf(db, account.id),
          givers: new Map([...givers].map(([lotId, giver]) => [lotId, maskedOf(giver)])),
        }
      }),
    history: ({ msisdn, ...filter }) =>
      ofAccount({ msisdn }, (db, { account }) => historyOf(db, { accountId: account.id, filter })),
    inbox({ before, limit, ...of }) {
      const { id: accountId } = accountOf(of)
      return store.read((db) => messagesOf(db, { accountId, before, limit }))
    },
    audit: () => store.read(audit),
  } satisfies Partial<Operator>
}

function balanceNow(db: Connection, { account, file, atMs }: AccountNow): Balance {
  const { id: accountId, msisdn } = account
  const lots = balanceOf(db, { accountId, atMs, order: file.consumption.origins })
  const totalBytes = lots.reduce((total, lot) => total + lot.availableBytes, 0n)
  return { msisdn, totalBytes, lots, giftable: limitOf(db, { account, file, atMs }) }
}

function stockAndAccounts({
  store,
  environment,
  operators,
  gifts,
  charging,
}: Parts & { readonly gifts: Gifts; readonly charging: Charging }) {
  const nowMs = () => environment.clock.nowMs()
  const ownType = () => operators.default.profile.profileType
  const fileOfAccount = (account: Account) => fileOf(operators, account)
  function noteEvent(db: Connection, event: ProfileEvent): Account {
    const account = applyProfileEvent(db, { event, fileOf: fileOfAccount, atMs: nowMs() })
    charging.endLost(db, event)
    return account
  }
  const subscriptions = createSubscriptions({
    store,
    environment,
    operators,
    keyLengthsOf: (file) => keyLengthsOf(file.profile.algorithm),
    onStatus: charging.endLost,
  })
  return {
    subscriptions,
    stock({ count, profileType = ownType() }) {
      const file = operators.ofProfileType(profileType)
      return stockNumbers(store, {
        count,
        profileType,
        operator: file.id,
        ranges: file.ranges,
        random: environment.random,
        keyLengths: keyLengthsOf(file.profile.algorithm),
      })
    },
    openAccount({ iccid, profileType = ownType() } = {}) {
      const operator = operators.default.id
      const order = { iccid: iccid && normaliseIccid(iccid), profileType, operator, atMs: nowMs() }
      return store.write((db) => openAccount(db, order))
    },
    noteProfileEvent(db, reported) {
      const event = { ...reported, iccid: normaliseIccid(reported.iccid) }
      if (numberOfProfile(db, event.iccid) === undefined) return
      const operator = operators.default.id
      openAccount(db, { iccid: event.iccid, profileType: ownType(), operator, atMs: nowMs() })
      noteEvent(db, event)
    },
    handleProfileEvent(reported) {
      const event = { ...reported, iccid: normaliseIccid(reported.iccid) }
      return store.write((db) => noteEvent(db, event))
    },
    async sweep() {
      const total = { lots: 0, bytes: 0n, answers: 0 }
      while ((await subscriptions.renewDue({ limit: SWEEP_CHUNK_ROWS })) === SWEEP_CHUNK_ROWS);
      await gifts.sweep()
      await charging.sweep()
      for (;;) {
        const due = { atMs: nowMs(), limit: SWEEP_CHUNK_ROWS }
        const { lots, bytes } = await store.write((db) => expireDue(db, due))
        const answers = await store.write((db) => forgetAnswers(db, due))
        total.lots += lots
        total.bytes += bytes
        total.answers += answers
        if (Math.max(lots, answers) < SWEEP_CHUNK_ROWS) break
      }
      const seal = () => ({ atMs: nowMs(), limit: SEAL_ROWS })
      while ((await store.write((db) => sealJournals(db, seal()))) >= SEAL_ROWS);
      return total
    },
  } satisfies Partial<Operator>
}

const MILENAGE_LENGTHS: KeyLengths = { kiOctets: 16, opcOctets: 16 }

function keyLengthsOf(algorithm: OperatorAlgorithm | undefined): KeyLengths {
  if (algorithm?.kind !== 'tuak') return MILENAGE_LENGTHS
  return { kiOctets: algorithm.keyOctets, opcOctets: 32 }
}

function attempts({ store, environment, operators, gifts }: Parts & { readonly gifts: Gifts }) {
  const nowMs = () => environment.clock.nowMs()
  const newId = orderedIds(environment)
  return {
    attemptGift: (asked) =>
      gifts.give({ ...asked, caller: asked.caller ?? DEFAULT_CALLER, channel: 'api' }),
    gift: ({ id }) => gifts.find({ id }),
    attemptOrder: (order) => orderOnce({ store, environment, operators }, order),
    async attemptUsage(asked) {
      requireIdempotencyKey(asked.idempotencyKey)
      requireBytes(asked.amountBytes, 'amountBytes')
      const request = {
        caller: asked.caller ?? DEFAULT_CALLER,
        idempotencyKey: asked.idempotencyKey,
        msisdn: normaliseMsisdn(asked.msisdn, 'msisdn'),
        amountBytes: asked.amountBytes,
      }
      return store.write((db) =>
        useOnce(db, { request, usageId: newId(), atMs: nowMs(), operators }),
      )
    },
  } satisfies Partial<Operator>
}
