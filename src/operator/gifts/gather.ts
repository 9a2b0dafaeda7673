/** Gathers from the books what the rules of giving look at: only what the operator's rules ask for, so that plain rules cost little. */

import type { Connection } from '../../store/engine.ts'
import { giftSettingsOf, isBlocked } from '../../store/gift-settings.ts'
import {
  balanceOf,
  giftTotals,
  type LotOrigin,
  type LotScope,
  type TrafficClass,
} from '../../store/ledger.ts'
import { OPEN_LOTS_OF_ACCOUNT } from '../../store/lots.ts'
import { walletOf } from '../../store/money.ts'
import { whereaboutsOf, type Whereabouts } from '../../store/places.ts'
import type { Account } from '../accounts.ts'
import { dayStart, monthStart } from '../calendar.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { RecentGift } from '../rules/abuse.ts'
import type {
  Counts,
  GiftFacts,
  LotFacts,
  PartyFacts,
  ReceiverFacts,
  SenderFacts,
} from '../rules/facts.ts'
import { enoughToJudge, mayBeGiven } from '../rules/sizes.ts'
import type { ChannelKind, GiftingRules } from '../rules/types.ts'

/** A gift about which facts are wanted. */
export interface Subject {
  /** Whose rules judge. */
  readonly file: OperatorFile
  /** The files of receivers of other operators. */
  fileOf(account: Account): OperatorFile
  readonly from: string
  readonly to: string | undefined
  readonly giver: Account | undefined
  readonly receiver: Account | undefined
  readonly amountBytes: bigint
  readonly atMs: number
  readonly channel: ChannelKind
  /** Of a gift on its way: it does not stand against itself, and what it holds is its own. */
  readonly giftId?: string | undefined
  /** Whether lots beyond what the amount needs are wanted, too. */
  readonly isWhole?: boolean
}

export function gatherFacts(db: Connection, of: Subject): GiftFacts {
  const { file, giver, receiver } = of
  return {
    from: of.from,
    to: of.to,
    amountBytes: of.amountBytes,
    atMs: of.atMs,
    timeZone: file.timeZone,
    gigabyteBytes: file.gigabyteBytes,
    channel: of.channel,
    regulation: file.regulation,
    sender: giver && senderOf(db, { ...of, giver }),
    receiver: receiver && receiverOf(db, { ...of, receiver }),
    recent: recentGifts(db, of),
  }
}

const NO_COUNTS: Counts = { dayGifts: 0, dayBytes: 0n, monthGifts: 0, monthBytes: 0n }
const HOUR_MS = 3_600_000
/** Rings are followed through so many numbers and no more. */
const RING_NUMBERS_MAX = 200

function senderOf(db: Connection, of: Subject & { readonly giver: Account }): SenderFacts {
  const { giver, file, atMs } = of
  const rules = file.gifting
  const settings = giftSettingsOf(db, giver.id)
  const place = placeOf(db, { account: giver, file, rules })
  const party = partyOf(db, { account: giver, side: 'given', place, subject: of })
  const plan = file.plans.find(({ id }) => id === giver.planId)
  return {
    ...party,
    plan: plan && { id: plan.id, amountBytes: plan.amountBytes },
    feeCharged: giver.feeCharged,
    periodBytes: periodBytes(db, of),
    periodUntilMs: giver.period?.until.getTime(),
    lastGiftAtMs: rules.gapMinutes === undefined ? undefined : lastGiftAt(db, { ...of, giver }),
    monthReceivers:
      rules.senderMonthReceivers === undefined
        ? []
        : givenSince(db, {
            numbers: [giver.msisdn],
            sinceMs: monthStart({ atMs, timeZone: file.timeZone }),
            side: 'from',
            exceptId: of.giftId,
          }).map(({ to }) => to),
    isLocked: settings.locked,
    isSuspended: settings.suspended !== undefined,
    allowedAtMs: settings.allowedAtMs,
    usesWifi: place?.wifi ?? false,
    lots: lotsOf(db, of),
  }
}

function receiverOf(db: Connection, of: Subject & { readonly receiver: Account }): ReceiverFacts {
  const { receiver, file } = of
  const place = placeOf(db, { account: receiver, file: of.fileOf(receiver), rules: file.gifting })
  return {
    ...partyOf(db, { account: receiver, side: 'received', place, subject: of }),
    blocksSender: isBlocked(db, { accountId: receiver.id, number: of.from }),
  }
}

function partyOf(
  db: Connection,
  of: {
    readonly account: Account
    readonly side: 'given' | 'received'
    readonly place: Whereabouts | undefined
    readonly subject: Subject
  },
): PartyFacts {
  const { account, place, subject } = of
  const rules = subject.file.gifting
  return {
    msisdn: account.msisdn,
    operator: account.operator,
    status: account.status,
    profileState: account.profileState,
    kind: account.customerKind,
    ageGroup: account.ageGroup,
    payment: account.payment,
    region: account.region,
    identified: account.identified,
    openedAtMs: account.openedAt.getTime(),
    provisionedAtMs:
      rules.coolOffAfterProvisioningHours === undefined ? undefined : provisionedAt(db, account),
    isRoaming: place?.isRoaming ?? false,
    returnedAtMs: place?.returnedAtMs,
    lastActiveAtMs:
      rules.receiverActiveWithinDays === undefined ? undefined : lastActiveAt(db, account),
    receivedUntilMs:
      rules.oneReceivedPackage === undefined
        ? undefined
        : receivedUntil(db, { account, file: subject.fileOf(account), atMs: subject.atMs }),
    counts: countsOf(db, of),
    moneyMinor: rules.fee ? spendable(db, account.id) : 0n,
  }
}

function placeOf(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly rules: GiftingRules },
): Whereabouts | undefined {
  const { rules, file, account } = of
  const { coolingAfterRoamingHours, approvals } = file.regulation
  const isAsked =
    rules.roamingSender === 'refused' ||
    rules.roamingReceiver === 'refused' ||
    rules.coolOffAfterRoamingHours !== undefined ||
    coolingAfterRoamingHours !== undefined ||
    approvals?.some(({ service }) => service === 'roamingGifting')
  return isAsked
    ? whereaboutsOf(db, { iccid: account.iccid, homeCountry: file.country })
    : undefined
}

function countsOf(
  db: Connection,
  of: { readonly account: Account; readonly side: 'given' | 'received'; readonly subject: Subject },
): Counts {
  const { subject, side, account } = of
  const names =
    side === 'given'
      ? (['senderDayGifts', 'senderDayBytes', 'senderMonthGifts', 'senderMonthBytes'] as const)
      : ([
          'receiverDayGifts',
          'receiverDayBytes',
          'receiverMonthGifts',
          'receiverMonthBytes',
        ] as const)
  const rules = subject.file.gifting
  if (names.every((name) => rules[name] === undefined)) return NO_COUNTS
  const now = { atMs: subject.atMs, timeZone: subject.file.timeZone }
  const total = (fromMs: number) => totalSince(db, { accountId: account.id, side, fromMs, subject })
  const [day, month] = [total(dayStart(now)), total(monthStart(now))]
  return {
    dayGifts: day.gifts,
    dayBytes: day.bytes,
    monthGifts: month.gifts,
    monthBytes: month.bytes,
  }
}

/** What has been given or received since an instant, and what is on its way since then. */
function totalSince(
  db: Connection,
  of: {
    readonly accountId: number
    readonly side: 'given' | 'received'
    readonly fromMs: number
    readonly subject: Subject
  },
): { readonly gifts: number; readonly bytes: bigint } {
  const column = of.side === 'given' ? 'giver_account_id' : 'receiver_account_id'
  const posted = giftTotals(db, { ...of, untilMs: of.subject.atMs + 1 })
  const pending = db
    .bigSql<{ readonly gifts: bigint; readonly bytes: bigint }>(
      `SELECT count(*) AS gifts, coalesce(sum(amount), 0) AS bytes FROM gift_requests
       WHERE ${column} = ? AND requested_at >= ? AND transfer_id IS NOT id
         AND state IN ('held', 'awaitingAcceptance') AND id <> ?`,
    )
    .get(of.accountId, of.fromMs, of.subject.giftId ?? '')
  return {
    gifts: posted.gifts + Number(pending?.gifts ?? 0n),
    bytes: posted.bytes + (pending?.bytes ?? 0n),
  }
}

function periodBytes(db: Connection, of: Subject & { readonly giver: Account }): bigint {
  if (of.file.gifting.planPercentPerPeriod === undefined) return 0n
  const from = of.giver.period?.from ?? of.giver.liveSince ?? of.giver.openedAt
  const fromMs = from.getTime()
  return totalSince(db, { accountId: of.giver.id, side: 'given', fromMs, subject: of }).bytes
}

function lastGiftAt(
  db: Connection,
  of: { readonly giver: Account; readonly giftId?: string | undefined },
): number | undefined {
  const row = db
    .sql<{ at: number | null }>(
      `SELECT max(at) AS at FROM (
         SELECT max(at) AS at FROM gifts WHERE giver_account_id = ?
         UNION ALL SELECT max(requested_at) FROM gift_requests
           WHERE giver_account_id = ? AND transfer_id IS NOT id
             AND state IN ('held', 'awaitingAcceptance') AND id <> ?)`,
    )
    .get(of.giver.id, of.giver.id, of.giftId ?? '')
  return row?.at ?? undefined
}

function provisionedAt(db: Connection, account: Account): number | undefined {
  return db
    .sql<{ at: number }>(
      `SELECT bound_from AS at FROM bindings WHERE iccid = ? AND bound_to IS NULL`,
    )
    .get(account.iccid)?.at
}

/** The last use of data, or the last attachment that still stands. */
function lastActiveAt(db: Connection, account: Account): number | undefined {
  const row = db
    .sql<{ at: number | null }>(
      `SELECT max(at) AS at FROM (
         SELECT max(transfers.at) AS at FROM lots JOIN postings ON debit_lot_id = lots.id AND credit = 'consumed'
           JOIN transfers ON seq = transfer_seq WHERE account_id = ?
         UNION ALL SELECT attached_at FROM registrations WHERE iccid = ?)`,
    )
    .get(account.id, account.iccid)
  return row?.at ?? account.liveSince?.getTime()
}

function receivedUntil(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): number | undefined {
  const bought = of.file.tariff.packages.filter((offer) => offer.for === 'other')
  const ends = balanceOf(db, { accountId: of.account.id, atMs: of.atMs })
    .filter(({ origin, label }) => origin === 'gift' || bought.some(({ id }) => id === label))
    .map(({ validUntilMs }) => validUntilMs)
  return ends.length > 0 ? Math.max(...ends) : undefined
}

function spendable(db: Connection, accountId: number): bigint {
  const { moneyMinor, creditMinor } = walletOf(db, accountId)
  return moneyMinor + creditMinor
}

/** Lots until there is as much as the rules need to judge: an account may own thousands of small gifts. */
function lotsOf(db: Connection, of: Subject & { readonly giver: Account }): readonly LotFacts[] {
  const lots: LotFacts[] = []
  const enough = of.isWhole ? undefined : enoughToJudge(of.amountBytes, of.file.gifting)
  const one = { facts: { atMs: of.atMs, timeZone: of.file.timeZone }, rules: of.file.gifting }
  const sums = { general: 0n, giftable: 0n }
  for (const lot of sourceLots(db, of)) {
    lots.push(lot)
    if (lot.trafficClass === 'general') sums.general += lot.availableBytes
    if (mayBeGiven(lot, one)) sums.giftable += lot.availableBytes
    if (enough !== undefined && sums.general >= enough && sums.giftable >= of.amountBytes) break
  }
  return lots
}

function* sourceLots(
  db: Connection,
  of: Subject & { readonly giver: Account },
): Generator<LotFacts> {
  if (of.giftId !== undefined) {
    const held = db.bigSql<LotRow>(
      `SELECT lots.*, amount AS bytes FROM hold_lots JOIN lots ON lots.id = lot_id
       WHERE hold_id = ? AND amount > 0 AND valid_until > ? ORDER BY valid_until, lots.id`,
    )
    yield* held.all(of.giftId, of.atMs).map(lotFromRow)
  }
  const lots = db.bigSql<LotRow>(
    `SELECT id, origin, traffic_class, scope, giftable, available AS bytes, valid_from, valid_until
     ${OPEN_LOTS_OF_ACCOUNT} AND valid_until > ? AND valid_from <= ? ORDER BY valid_until, id`,
  )
  const bound = [of.giver.id, of.atMs, of.atMs]
  // Mostly the first lot suffices, and one row costs half of what going through rows does.
  const first = lots.get(...bound)
  if (!first) return
  yield lotFromRow(first)
  for (const row of lots.iterate(...bound)) if (row.id !== first.id) yield lotFromRow(row)
}

interface LotRow {
  readonly id: bigint
  readonly origin: LotOrigin
  readonly traffic_class: TrafficClass
  readonly scope: LotScope
  readonly giftable: bigint
  readonly bytes: bigint
  readonly valid_from: bigint
  readonly valid_until: bigint
}

function lotFromRow(row: LotRow): LotFacts {
  return {
    id: Number(row.id),
    origin: row.origin,
    trafficClass: row.traffic_class,
    scope: row.scope,
    giftable: row.giftable === 1n,
    availableBytes: row.bytes,
    validFromMs: Number(row.valid_from),
    validUntilMs: Number(row.valid_until),
  }
}

/** The gifts around this one within the window: the giver's, the receiver's, and those that data went on by. */
function recentGifts(db: Connection, of: Subject): readonly RecentGift[] {
  const rule = of.file.gifting.abuse
  if (!rule || !of.giver) return []
  const window = { sinceMs: of.atMs - rule.windowHours * HOUR_MS, exceptId: of.giftId }
  const found = new Map<string, RecentGift>()
  const add = (gifts: readonly StoredGift[]) => {
    for (const { id, ...gift } of gifts) found.set(id, gift)
  }
  add(givenSince(db, { ...window, numbers: [of.from], side: 'from' }))
  if (of.to !== undefined) {
    add(givenSince(db, { ...window, numbers: [of.to], side: 'to' }))
    let frontier = [of.to]
    const reached = new Set(frontier)
    for (let hands = 1; hands < (rule.ringHands ?? 0) && frontier.length > 0; hands++) {
      const gifts = givenSince(db, { ...window, numbers: frontier, side: 'from' })
      add(gifts)
      frontier = [...new Set(gifts.map(({ to }) => to))].filter((number) => !reached.has(number))
      for (const number of frontier) reached.add(number)
      if (reached.size > RING_NUMBERS_MAX) break
    }
  }
  return [...found.values()].toSorted((a, b) => a.atMs - b.atMs)
}

type StoredGift = RecentGift & { readonly id: string }

function givenSince(
  db: Connection,
  of: {
    readonly numbers: readonly string[]
    readonly sinceMs: number
    readonly side: 'from' | 'to'
    readonly exceptId: string | undefined
  },
): readonly StoredGift[] {
  // A number that came back from somebody else brings nothing along.
  const side = of.side === 'from' ? 'giver' : 'receiver'
  const isNumber = `${side}.msisdn = ? AND ${side}.status <> 'closed'`
  const query = db.sql<{ id: string; giver: string; receiver: string; at: number }>(
    `SELECT transfers.id, giver.msisdn AS giver, receiver.msisdn AS receiver, gifts.at AS at
     FROM gifts JOIN transfers ON seq = transfer_seq
     JOIN accounts giver ON giver.id = giver_account_id
     JOIN accounts receiver ON receiver.id = receiver_account_id
     WHERE ${isNumber} AND gifts.at >= ?
     UNION ALL
     SELECT gift_requests.id, giver.msisdn, receiver.msisdn, requested_at
     FROM gift_requests
     JOIN accounts giver ON giver.id = giver_account_id
     JOIN accounts receiver ON receiver.id = receiver_account_id
     WHERE ${isNumber} AND requested_at >= ? AND transfer_id IS NOT gift_requests.id
       AND state IN ('held', 'awaitingAcceptance') AND gift_requests.id <> ?`,
  )
  return of.numbers.flatMap((one) =>
    query
      .all(one, of.sinceMs, one, of.sinceMs, of.exceptId ?? '')
      .map((row) => ({ id: row.id, from: row.giver, to: row.receiver, atMs: row.at })),
  )
}
