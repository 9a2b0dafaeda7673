import test from 'ava'
import fc from 'fast-check'
import type { LotOrigin } from '../../../src/store/ledger.ts'
import type { OperatorFile } from '../../../src/operator/operator-file.ts'
import type { LotFacts, ReceiverFacts, SenderFacts } from '../../../src/operator/rules/facts.ts'
import { GATES } from '../../../src/operator/rules/gates.ts'
import { judgeGift } from '../../../src/operator/rules/judge.ts'
import { mostThatMayBeGiven, nextAmountAfter } from '../../../src/operator/rules/maximum.ts'
import {
  GIFT_REFUSALS,
  type GiftRefusal,
  type GiftRefusalCode,
} from '../../../src/operator/rules/refusals.ts'
import { readRefused, writeRefused } from '../../../src/operator/refused.ts'
import { CAPS, enoughToJudge, feeOf, FORMS } from '../../../src/operator/rules/sizes.ts'
import type { GiftingRules } from '../../../src/operator/rules/types.ts'
import { DAY_MS, factsOf, HOUR_MS, lotOf, NOW_MS, OPERATORS, type Change } from './helper.ts'

const GIB = 2n ** 30n
const [LAB, T2, MTS, CHINA] = ['lab', 't2', 'mts', 'china-mobile'].map((id) =>
  OPERATORS.get(id),
) as [OperatorFile, OperatorFile, OperatorFile, OperatorFile]

const refusalsOf = (rules: GiftingRules, change: Change = {}): readonly GiftRefusal[] => {
  const verdict = judgeGift(factsOf(LAB, change), rules)
  return verdict.allowed ? [] : verdict.refusals
}

test('the order of checks is the order of the table', (t) => {
  const checked = [GATES, FORMS, CAPS].flatMap((table) => Object.keys(table))
  t.deepEqual(checked, Object.keys(GIFT_REFUSALS))
})

interface Row {
  readonly rules?: GiftingRules
  readonly change?: Change
  readonly untilMs?: number
}

const MIDNIGHT_MS = Date.UTC(2026, 0, 16)
const NEXT_MONTH_MS = Date.UTC(2026, 1, 1)
const counts = { dayGifts: 2, dayBytes: 5n, monthGifts: 2, monthBytes: 5n }
const recent = [
  { from: '10001', to: '10003', atMs: NOW_MS - 3 * HOUR_MS },
  { from: '10003', to: '10001', atMs: NOW_MS - 2 * HOUR_MS },
  { from: '10004', to: '10002', atMs: NOW_MS - 2 * HOUR_MS },
]

/** One gift for each code; it breaks this rule and no other. */
const ROWS: Readonly<Record<GiftRefusalCode, Row>> = {
  sameAccount: { change: { facts: { to: '10001' } } },
  unknownGiver: { change: { facts: { sender: undefined } } },
  unknownReceiver: { change: { facts: { receiver: undefined } } },
  otherOperator: {
    rules: { sameOperatorOnly: true },
    change: { receiver: { operator: 'another' } },
  },
  serviceNotOffered: { rules: { service: 'none' } },
  groupOnly: { rules: { service: 'group' } },
  boughtOnly: { rules: { service: 'bought' } },
  serviceAwaitsApproval: { rules: { approval: 'pending' } },
  roamingGiftsAwaitApproval: {
    change: {
      sender: { isRoaming: true },
      facts: {
        regulation: { approvals: [{ service: 'roamingGifting', state: 'pending' }], sources: {} },
      },
    },
  },
  giverProfileNotInstalled: { change: { sender: { profileState: 'ordered' } } },
  receiverProfileNotInstalled: { change: { receiver: { profileState: 'ordered' } } },
  giverProfileDeleted: { change: { sender: { profileState: 'deleted' } } },
  receiverProfileDeleted: { change: { receiver: { profileState: 'deleted' } } },
  giverNotActive: { change: { sender: { status: 'blocked' } } },
  receiverNotActive: { change: { receiver: { status: 'suspended' } } },
  giverLocked: { change: { sender: { isLocked: true } } },
  giverSuspended: { change: { sender: { isSuspended: true } } },
  blockedByReceiver: { change: { receiver: { blocksSender: true } } },
  giverKind: { rules: { senderKinds: ['person'] }, change: { sender: { kind: 'company' } } },
  receiverKind: { rules: { receiverKinds: ['person'] }, change: { receiver: { kind: 'company' } } },
  giverAgeGroup: {
    rules: { senderAgeGroups: ['adult'] },
    change: { sender: { ageGroup: 'minor' } },
  },
  receiverAgeGroup: {
    rules: { receiverAgeGroups: ['adult'] },
    change: { receiver: { ageGroup: 'minor' } },
  },
  giverPlan: { rules: { senderPlans: ['premium'] } },
  otherRegion: { rules: { sameRegionOnly: true }, change: { receiver: { region: 'kazan' } } },
  otherPayment: { rules: { samePaymentOnly: true }, change: { receiver: { payment: 'postpaid' } } },
  giverNotIdentified: { rules: { identified: true }, change: { sender: { identified: false } } },
  receiverNotIdentified: {
    rules: { identified: true },
    change: { receiver: { identified: false } },
  },
  feeNotCharged: { rules: { feeCharged: true }, change: { sender: { feeCharged: false } } },
  giverTooNew: {
    rules: { senderTenureDays: 90 },
    change: { sender: { openedAtMs: NOW_MS - 89 * DAY_MS } },
    untilMs: NOW_MS + DAY_MS,
  },
  receiverTooNew: {
    rules: { receiverTenureDays: 30 },
    change: { receiver: { openedAtMs: NOW_MS - 30 * DAY_MS + 1 } },
    untilMs: NOW_MS + 1,
  },
  provisionedRecently: {
    rules: { coolOffAfterProvisioningHours: 72 },
    change: { sender: { provisionedAtMs: NOW_MS - 71 * HOUR_MS } },
    untilMs: NOW_MS + HOUR_MS,
  },
  returnedRecently: {
    rules: { coolOffAfterRoamingHours: 24 },
    change: { sender: { returnedAtMs: NOW_MS - 23 * HOUR_MS } },
    untilMs: NOW_MS + HOUR_MS,
  },
  coolingAfterRoaming: {
    change: {
      sender: { returnedAtMs: NOW_MS - 23 * HOUR_MS },
      facts: { channel: 'sms', regulation: { coolingAfterRoamingHours: 24, sources: {} } },
    },
    untilMs: NOW_MS + HOUR_MS,
  },
  receiverInactive: {
    rules: { receiverActiveWithinDays: 60 },
    change: { receiver: { lastActiveAtMs: NOW_MS - 60 * DAY_MS } },
  },
  giverRoaming: { rules: { roamingSender: 'refused' }, change: { sender: { isRoaming: true } } },
  receiverRoaming: {
    rules: { roamingReceiver: 'refused' },
    change: { receiver: { isRoaming: true } },
  },
  closedDay: {
    rules: { closedDays: { fromDay: 15, toDay: 1 } },
    untilMs: Date.UTC(2026, 1, 2),
  },
  tooSoon: {
    rules: { gapMinutes: 2 },
    change: { sender: { lastGiftAtMs: NOW_MS - 119_999 } },
    untilMs: NOW_MS + 1,
  },
  giverDayGifts: {
    rules: { senderDayGifts: 2 },
    change: { sender: { counts } },
    untilMs: MIDNIGHT_MS,
  },
  giverMonthGifts: {
    rules: { senderMonthGifts: 2 },
    change: { sender: { counts } },
    untilMs: NEXT_MONTH_MS,
  },
  giverMonthReceivers: {
    rules: { senderMonthReceivers: 2 },
    change: { sender: { monthReceivers: ['1', '2', '2'] } },
    untilMs: NEXT_MONTH_MS,
  },
  receiverDayGifts: {
    rules: { receiverDayGifts: 2 },
    change: { receiver: { counts } },
    untilMs: MIDNIGHT_MS,
  },
  receiverMonthGifts: {
    rules: { receiverMonthGifts: 2 },
    change: { receiver: { counts } },
    untilMs: NEXT_MONTH_MS,
  },
  giverHasReceived: {
    rules: { oneReceivedPackage: 'blocksBoth' },
    change: { sender: { receivedUntilMs: NOW_MS + 7 } },
    untilMs: NOW_MS + 7,
  },
  receiverHasReceived: {
    rules: { oneReceivedPackage: 'blocksReceiving' },
    change: { receiver: { receivedUntilMs: NOW_MS + 7 } },
    untilMs: NOW_MS + 7,
  },
  velocity: {
    rules: { abuse: { windowHours: 24, gifts: 1, action: 'refuse' } },
    change: { facts: { recent } },
    untilMs: NOW_MS + 21 * HOUR_MS,
  },
  fanOut: {
    rules: { abuse: { windowHours: 24, fanOut: 1, action: 'refuse' } },
    change: { facts: { recent } },
    untilMs: NOW_MS + 21 * HOUR_MS,
  },
  fanIn: {
    rules: { abuse: { windowHours: 24, fanIn: 1, action: 'refuse' } },
    change: { facts: { recent } },
    untilMs: NOW_MS + 22 * HOUR_MS,
  },
  ring: {
    rules: { abuse: { windowHours: 24, ringHands: 2, action: 'suspend' } },
    change: { facts: { recent: [{ from: '10002', to: '10001', atMs: NOW_MS - HOUR_MS }] } },
    untilMs: NOW_MS + 23 * HOUR_MS,
  },
  amountTooSmall: { rules: { minBytes: 2n } },
  amountTooLarge: { rules: { maxBytes: 2n }, change: { facts: { amountBytes: 3n } } },
  notInSteps: { rules: { stepBytes: 2n }, change: { facts: { amountBytes: 3n } } },
  notASize: { rules: { sizesBytes: [1n, 4n] }, change: { facts: { amountBytes: 3n } } },
  planShare: {
    rules: { planPercentPerGift: 10 },
    change: { facts: { amountBytes: LAB.plan.amountBytes / 10n + 1n } },
  },
  planShareOfPeriod: {
    rules: { planPercentPerPeriod: 10 },
    change: {
      sender: { periodBytes: 1n },
      facts: { amountBytes: LAB.plan.amountBytes / 10n },
    },
    untilMs: NOW_MS + 2 * DAY_MS,
  },
  remainingShare: {
    rules: { remainingPercentPerGift: 50 },
    change: { sender: { lots: [lotOf({ availableBytes: 9n })] }, facts: { amountBytes: 5n } },
  },
  giverDayBytes: {
    rules: { senderDayBytes: 9n },
    change: { sender: { counts }, facts: { amountBytes: 5n } },
    untilMs: MIDNIGHT_MS,
  },
  giverMonthBytes: {
    rules: { senderMonthBytes: 9n },
    change: { sender: { counts }, facts: { amountBytes: 5n } },
    untilMs: NEXT_MONTH_MS,
  },
  receiverDayBytes: {
    rules: { receiverDayBytes: 9n },
    change: { receiver: { counts }, facts: { amountBytes: 5n } },
    untilMs: MIDNIGHT_MS,
  },
  receiverMonthBytes: {
    rules: { receiverMonthBytes: 9n },
    change: { receiver: { counts }, facts: { amountBytes: 5n } },
    untilMs: NEXT_MONTH_MS,
  },
  mustRemain: {
    rules: { keepBytes: 10n },
    change: { sender: { lots: [lotOf({ availableBytes: 10n })] } },
  },
  giverMoney: {
    rules: { fee: { amountMinor: 100n, payer: 'sender' } },
    change: { sender: { moneyMinor: 99n } },
  },
  receiverMoney: {
    rules: { fee: { amountMinor: 0n, perGigabyteMinor: 1n, payer: 'receiver' } },
    change: { receiver: { moneyMinor: 0n } },
  },
  originNotGiftable: {
    rules: { origins: ['plan'] },
    change: {
      sender: { lots: [lotOf({ availableBytes: 3n }), lotOf({ origin: 'bonus' })] },
      facts: { amountBytes: 4n },
    },
  },
  classNotGiftable: {
    rules: { trafficClasses: ['general'] },
    change: { sender: { lots: [lotOf({ trafficClass: 'directed' })] } },
  },
  receivedNotGiftable: {
    rules: { regift: false },
    change: { sender: { lots: [lotOf({ origin: 'gift' })] } },
  },
  notNearExpiry: {
    rules: { nearExpiry: [{ lastDays: 1 }] },
    untilMs: NOW_MS + DAY_MS,
  },
  moreThanMayBeGiven: { change: { sender: { lots: [lotOf({ giftable: false })] } } },
}

/** A rule that keeps data back has less to be given as its consequence. */
const KEEPS_BACK: readonly GiftRefusalCode[] = [
  'originNotGiftable',
  'classNotGiftable',
  'receivedNotGiftable',
  'notNearExpiry',
]

for (const [code, { rules = {}, change, untilMs }] of Object.entries(ROWS)) {
  test(`refuses by ${code}, and by nothing else`, (t) => {
    const refusals = refusalsOf(rules, change)
    const also = KEEPS_BACK.includes(code as GiftRefusalCode) ? ['moreThanMayBeGiven'] : []
    t.deepEqual(
      refusals.map((refusal) => refusal.code),
      [code, ...also] as GiftRefusalCode[],
    )
    t.is(refusals[0]?.untilMs, untilMs)
    const refused = { allowed: false, reason: code, text: '', refusals } as const
    t.deepEqual(readRefused(writeRefused(refused)) as typeof refused, refused)
  })
}

test('a rule that limits until an instant allows at that instant', (t) => {
  for (const [code, { rules = {}, change, untilMs }] of Object.entries(ROWS)) {
    // These go by what the books say at that instant, not by the time itself.
    if (untilMs === undefined || /Gifts|Receivers|Bytes|Period|HasReceived/.test(code)) continue
    const at = (atMs: number) => refusalsOf(rules, { ...change, facts: { ...change?.facts, atMs } })
    t.not(at(untilMs - 1).length, 0, code)
    t.deepEqual(at(untilMs), [], code)
  }
})

test('all broken rules are told at once, in their order', (t) => {
  const rules: GiftingRules = {
    minBytes: 10n,
    senderKinds: ['person'],
    gapMinutes: 5,
    regift: false,
  }
  const sender: Partial<SenderFacts> = {
    kind: 'company',
    lastGiftAtMs: NOW_MS,
    lots: [lotOf({ origin: 'gift' })],
  }
  t.deepEqual(
    refusalsOf(rules, { sender }).map(({ code }) => code),
    ['giverKind', 'tooSoon', 'amountTooSmall', 'receivedNotGiftable', 'moreThanMayBeGiven'],
  )
})

test('a block list holds unless the rules switch it off', (t) => {
  t.deepEqual(refusalsOf({ blockLists: false }, { receiver: { blocksSender: true } }), [])
})

test('the cooling of the law stops what needs mobile data or SMS, and no other way', (t) => {
  const regulation = { coolingAfterRoamingHours: 24, sources: {} }
  const isStopped = (channel: 'sms' | 'ussd' | 'app' | 'api' | 'web', usesWifi: boolean) =>
    refusalsOf({}, { sender: { returnedAtMs: NOW_MS, usesWifi }, facts: { channel, regulation } })
      .length > 0
  t.true(isStopped('sms', true))
  t.true(isStopped('app', false))
  t.true(isStopped('web', false))
  t.false(isStopped('app', true))
  t.false(isStopped('ussd', false))
  t.false(isStopped('api', false))
})

// The worked numbers of T2, whose gigabyte is 2^30 bytes; the steps through the books are in test/operator/gifts.
test('T2: five whole gigabytes are allowed, a part of one is not', (t) => {
  t.true(judgeGift(factsOf(T2, { facts: { amountBytes: 5n * GIB } }), T2.gifting).allowed)
  const parts = judgeGift(factsOf(T2, { facts: { amountBytes: 5n * 10n ** 9n } }), T2.gifting)
  t.like(parts, { allowed: false, refusals: [{ code: 'notInSteps' }] })
})

test('T2: 26 GB more in a month that had 5 are refused by the month, and by what is left', (t) => {
  const verdict = judgeGift(
    factsOf(T2, {
      sender: {
        counts: { dayGifts: 1, dayBytes: 5n * GIB, monthGifts: 1, monthBytes: 5n * GIB },
        lots: [lotOf({ availableBytes: 15n * GIB })],
      },
      facts: { amountBytes: 26n * GIB },
    }),
    T2.gifting,
  )
  t.like(verdict, {
    refusals: [
      // The month begins at midnight in Moscow.
      {
        code: 'giverMonthBytes',
        params: { mostBytes: 25n * GIB },
        untilMs: Date.UTC(2026, 0, 31, 21),
      },
      { code: 'moreThanMayBeGiven', params: { mostBytes: 15n * GIB } },
    ],
  })
})

// The article's pairs.
test('MTS to MTS: only a group, and that is what is offered instead', (t) => {
  const verdict = judgeGift(factsOf(MTS), MTS.gifting)
  t.like(verdict, { refusals: [{ code: 'groupOnly', alternatives: ['group', 'rollover'] }] })
})

test('Russia to China: another operator, and nothing within the network helps', (t) => {
  for (const file of [T2, CHINA]) {
    const other = judgeGift(factsOf(file, { receiver: { operator: 'other' } }), file.gifting)
    t.like(other, {
      refusals: [{ code: 'otherOperator', alternatives: ['rollover', 'useItYourself'] }],
    })
  }
})

test('T2: a sender abroad may give, as its file says; another file may say no', (t) => {
  const facts = factsOf(T2, { sender: { isRoaming: true } })
  t.true(judgeGift(facts, T2.gifting).allowed)
  const strict = { ...T2.gifting, roamingSender: 'refused' as const }
  t.like(judgeGift(facts, strict), { refusals: [{ code: 'giverRoaming' }] })
})

test('a fee counts a part of a gigabyte as one', (t) => {
  const rule = { amountMinor: 5n, perGigabyteMinor: 100n, payer: 'sender' as const }
  const fee = (amountBytes: bigint) => feeOf(rule, { amountBytes, gigabyteBytes: 1000 })
  t.deepEqual([fee(1n), fee(1000n), fee(1001n)], [105n, 105n, 205n])
  t.is(feeOf(undefined, { amountBytes: 1n, gigabyteBytes: 1000 }), 0n)
})

const small = (max: number) => fc.bigInt(0n, BigInt(max))
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })
const count = fc.integer({ min: 0, max: 4 })

const everyRule = fc.record<GiftingRules>({
  stepBytes: fc.bigInt(1n, 12n),
  minBytes: small(30),
  maxBytes: small(80),
  sizesBytes: fc.uniqueArray(fc.bigInt(1n, 60n), { minLength: 1, maxLength: 4 }),
  keepBytes: small(40),
  planPercentPerGift: fc.integer({ min: 1, max: 100 }),
  planPercentPerPeriod: fc.integer({ min: 1, max: 100 }),
  remainingPercentPerGift: fc.integer({ min: 1, max: 100 }),
  senderDayGifts: count,
  senderDayBytes: small(60),
  senderMonthBytes: small(60),
  receiverDayBytes: small(60),
  receiverMonthBytes: small(60),
  origins: fc.subarray<LotOrigin>(['plan', 'gift', 'bonus']),
  trafficClasses: fc.constant(['general'] as const),
  regift: fc.boolean(),
  nearExpiry: fc.constant([{ lifeDaysMax: 29, lastDays: 3 }, { lastDays: 5 }]),
  senderKinds: fc.constant(['person'] as const),
  oneReceivedPackage: fc.constantFrom('blocksReceiving', 'blocksBoth'),
  fee: fc.record({
    amountMinor: small(3),
    perGigabyteMinor: small(3),
    payer: fc.constantFrom('sender', 'receiver'),
  }),
})

/** Some rules of all: a gift against which all of them stand would hardly ever be allowed. */
const arbitraryRules = everyRule.chain((rules) =>
  fc
    .subarray(Object.entries(rules), { maxLength: 6 })
    .map((some) => Object.fromEntries(some) as GiftingRules),
)

const arbitraryCounts = fc.record({
  dayGifts: count,
  dayBytes: small(30),
  monthGifts: count,
  monthBytes: small(40),
})

const arbitraryLot = fc
  .record({
    origin: fc.constantFrom<LotOrigin>('plan', 'gift', 'bonus'),
    trafficClass: fc.constantFrom('general' as const, 'directed' as const),
    giftable: fc.boolean(),
    availableBytes: fc.bigInt(1n, 60n),
    days: fc.integer({ min: 1, max: 10 }),
  })
  .map(({ days, ...lot }) => lotOf({ ...lot, validUntilMs: NOW_MS + days * DAY_MS }))

const arbitraryChange: fc.Arbitrary<Change> = fc.record({
  sender: fc.record<Partial<SenderFacts>>({
    counts: arbitraryCounts,
    kind: fc.constantFrom('person', 'person', 'person', 'company'),
    lots: fc.array(arbitraryLot, { maxLength: 4 }),
    plan: maybe(fc.record({ id: fc.constant('p'), amountBytes: fc.bigInt(1n, 90n) })),
    periodBytes: small(30),
    moneyMinor: small(40),
    receivedUntilMs: fc.constantFrom(undefined, undefined, NOW_MS + 1),
  }),
  receiver: fc.record<Partial<ReceiverFacts>>({ counts: arbitraryCounts, moneyMinor: small(40) }),
  facts: fc.record({ gigabyteBytes: fc.constantFrom(7, 10) }),
})

test('what may be given is allowed, and one step more is not, for any facts and rules', (t) => {
  let [allowed, empty] = [0, 0]
  fc.assert(
    fc.property(arbitraryRules, arbitraryChange, (rules, change) => {
      const facts = factsOf(LAB, change)
      const most = mostThatMayBeGiven(facts, rules)
      const judge = (amountBytes: bigint) => judgeGift({ ...facts, amountBytes }, rules)
      if (most.bytes > 0n) {
        allowed++
        t.true(judge(most.bytes).allowed)
      } else {
        empty++
        t.true(most.binding.length > 0)
      }
      const next = nextAmountAfter(most.bytes, rules)
      if (next !== undefined) {
        const verdict = judge(next)
        t.false(verdict.allowed)
        const codes = verdict.allowed ? [] : verdict.refusals.map(({ code }) => code)
        const binding = most.binding
          .map(({ code }) => code)
          // What is left is below the smallest gift; a gift of that size is refused by what leaves no more.
          .filter((code) => code !== 'amountTooSmall')
        const isClosed = binding.some((code) => Object.hasOwn(GATES, code))
        const compared = isClosed ? codes.filter((code) => Object.hasOwn(GATES, code)) : codes
        t.deepEqual([...compared].toSorted(), [...binding].toSorted())
      }
      // No gift above the maximum is allowed, whatever its form.
      for (let bytes = most.bytes + 1n; bytes < 100n; bytes++) t.false(judge(bytes).allowed)
    }),
    { numRuns: 400, seed: 5 },
  )
  t.true(allowed > 20 && empty > 20, `${allowed} allowed, ${empty} empty`)
})

test('a part of the lots is enough to judge by, when it is as much as the rules ask for', (t) => {
  fc.assert(
    fc.property(
      arbitraryRules,
      arbitraryChange,
      fc.bigInt(1n, 60n),
      (rules, change, amountBytes) => {
        const facts = factsOf(LAB, { ...change, facts: { ...change.facts, amountBytes } })
        const all = facts.sender!.lots
        const enough = enoughToJudge(amountBytes, rules)
        const partial = all.filter((_, at) => !isEnough(all.slice(0, at), enough))
        const judge = (lots: typeof all) =>
          judgeGift({ ...facts, sender: { ...facts.sender!, lots } }, simple(rules))
        t.deepEqual(codesIn(judge(partial)), codesIn(judge(all)))
      },
    ),
    { numRuns: 300, seed: 5 },
  )
})

/** Without rules about single lots, every giftable general lot may be given. */
function simple(rules: GiftingRules): GiftingRules {
  const ofLots = ['origins', 'trafficClasses', 'regift', 'nearExpiry']
  return Object.fromEntries(Object.entries(rules).filter(([name]) => !ofLots.includes(name)))
}

function sum(lots: readonly LotFacts[]): bigint {
  return lots.reduce((total, lot) => total + lot.availableBytes, 0n)
}

function isEnough(lots: readonly LotFacts[], enough: bigint): boolean {
  const general = lots.filter((lot) => lot.trafficClass === 'general')
  return sum(general) >= enough && sum(general.filter((lot) => lot.giftable)) >= enough
}

function codesIn(verdict: ReturnType<typeof judgeGift>): readonly GiftRefusalCode[] {
  return verdict.allowed ? [] : verdict.refusals.map(({ code }) => code)
}

const most = (rules: GiftingRules, change: Change = {}) =>
  mostThatMayBeGiven(factsOf(LAB, change), rules)

test('says why not more, in words that go on from the amount', (t) => {
  t.is(most({}).text, 'At most 20 GB may be given, because that is all that is left.')
  t.is(
    most({}, { sender: { lots: [] } }).text,
    'At most 0 bytes may be given, because nothing is left.',
  )
  t.is(
    most({ maxBytes: 7n }).text,
    'At most 7 bytes may be given, because that is the largest gift.',
  )
})
