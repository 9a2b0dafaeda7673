import test from 'ava'
import type { OperatorFile } from '../../../src/operator/operator-file.ts'
import { judgeGift } from '../../../src/operator/rules/judge.ts'
import { nextAmountAfter } from '../../../src/operator/rules/maximum.ts'
import type { GiftRefusalCode } from '../../../src/operator/rules/refusals.ts'
import type { RuleName } from '../../../src/operator/rules/types.ts'
import { DAY_MS, factsOf, HOUR_MS, lotOf, NOW_MS, OPERATORS, type Change } from './helper.ts'

/** What breaks a rule: a gift, by what the operator's file says, and the code that refuses it. */
interface Row {
  readonly code: GiftRefusalCode
  breaks(file: OperatorFile): Change
}

const counts = { dayGifts: 0, dayBytes: 0n, monthGifts: 0, monthBytes: 0n }
const amountOf = (amountBytes: bigint | undefined): Change => ({
  facts: { amountBytes: amountBytes as bigint },
})

/** A row for each rule by which an operator may refuse; rules that say how a gift goes on are not among them. */
const ROWS: { readonly [Name in RuleName]?: readonly Row[] } = {
  service: [],
  approval: [],
  sameOperatorOnly: [
    { code: 'otherOperator', breaks: () => ({ receiver: { operator: 'another' } }) },
  ],
  sameRegionOnly: [{ code: 'otherRegion', breaks: () => ({ receiver: { region: 'elsewhere' } }) }],
  samePaymentOnly: [
    { code: 'otherPayment', breaks: () => ({ receiver: { payment: 'postpaid' } }) },
  ],
  stepBytes: [{ code: 'notInSteps', breaks: ({ gifting }) => amountOf(gifting.stepBytes! + 1n) }],
  minBytes: [
    {
      code: 'amountTooSmall',
      breaks: ({ gifting }) => amountOf(gifting.minBytes! - (gifting.stepBytes ?? 1n)),
    },
  ],
  maxBytes: [
    {
      code: 'amountTooLarge',
      breaks: ({ gifting }) => ({
        ...amountOf(nextAmountAfter(gifting.maxBytes!, gifting)),
        sender: { lots: [lotOf({ availableBytes: 1000n * gifting.maxBytes! })] },
      }),
    },
  ],
  sizesBytes: [
    { code: 'notASize', breaks: ({ gifting }) => amountOf(gifting.sizesBytes!.at(-1)! - 1n) },
  ],
  keepBytes: [
    {
      code: 'mustRemain',
      breaks: ({ gifting }) => ({
        sender: { lots: [lotOf({ availableBytes: gifting.keepBytes! + gifting.minBytes! - 1n })] },
      }),
    },
  ],
  planPercentPerPeriod: [
    {
      code: 'planShareOfPeriod',
      breaks: ({ gifting, plan }) => ({
        sender: {
          periodBytes: (plan.amountBytes * BigInt(gifting.planPercentPerPeriod!)) / 100n,
        },
      }),
    },
  ],
  senderPlans: [
    {
      code: 'giverPlan',
      breaks: ({ plan }) => ({
        sender: { plan: { id: 'no-such', amountBytes: plan.amountBytes } },
      }),
    },
  ],
  senderDayGifts: [
    {
      code: 'giverDayGifts',
      breaks: ({ gifting }) => ({
        sender: { counts: { ...counts, dayGifts: gifting.senderDayGifts! } },
      }),
    },
  ],
  senderDayBytes: [
    {
      code: 'giverDayBytes',
      breaks: ({ gifting }) => ({
        sender: { counts: { ...counts, dayBytes: gifting.senderDayBytes! } },
      }),
    },
  ],
  senderMonthGifts: [
    {
      code: 'giverMonthGifts',
      breaks: ({ gifting }) => ({
        sender: { counts: { ...counts, monthGifts: gifting.senderMonthGifts! } },
      }),
    },
  ],
  senderMonthBytes: [
    {
      code: 'giverMonthBytes',
      breaks: ({ gifting }) => ({
        sender: { counts: { ...counts, monthBytes: gifting.senderMonthBytes! } },
      }),
    },
  ],
  receiverMonthGifts: [
    {
      code: 'receiverMonthGifts',
      breaks: ({ gifting }) => ({
        receiver: { counts: { ...counts, monthGifts: gifting.receiverMonthGifts! } },
      }),
    },
  ],
  origins: [
    {
      code: 'originNotGiftable',
      breaks: () => ({ sender: { lots: [lotOf({ origin: 'bonus' })] } }),
    },
  ],
  trafficClasses: [
    {
      code: 'classNotGiftable',
      breaks: () => ({ sender: { lots: [lotOf({ trafficClass: 'directed' })] } }),
    },
  ],
  nearExpiry: [
    {
      code: 'notNearExpiry',
      breaks: () => ({
        sender: {
          lots: [
            lotOf({ validUntilMs: NOW_MS + 4 * DAY_MS - 1, validFromMs: NOW_MS - 20 * DAY_MS }),
          ],
        },
      }),
    },
  ],
  regift: [
    {
      code: 'receivedNotGiftable',
      breaks: ({ gifting }) =>
        gifting.regift ? {} : { sender: { lots: [lotOf({ origin: 'gift' })] } },
    },
  ],
  oneReceivedPackage: [
    {
      code: 'giverHasReceived',
      breaks: ({ gifting }) =>
        gifting.oneReceivedPackage === 'blocksBoth'
          ? { sender: { receivedUntilMs: NOW_MS + DAY_MS } }
          : {},
    },
    {
      code: 'receiverHasReceived',
      breaks: () => ({ receiver: { receivedUntilMs: NOW_MS + DAY_MS } }),
    },
  ],
  senderKinds: [{ code: 'giverKind', breaks: () => ({ sender: { kind: 'company' } }) }],
  receiverKinds: [
    {
      code: 'receiverKind',
      breaks: ({ gifting }) =>
        gifting.receiverKinds!.includes('company') ? {} : { receiver: { kind: 'company' } },
    },
  ],
  senderAgeGroups: [{ code: 'giverAgeGroup', breaks: () => ({ sender: { ageGroup: 'minor' } }) }],
  receiverAgeGroups: [
    {
      code: 'receiverAgeGroup',
      breaks: ({ gifting }) =>
        gifting.receiverAgeGroups!.includes('minor') ? {} : { receiver: { ageGroup: 'minor' } },
    },
  ],
  identified: [
    { code: 'giverNotIdentified', breaks: () => ({ sender: { identified: false } }) },
    { code: 'receiverNotIdentified', breaks: () => ({ receiver: { identified: false } }) },
  ],
  feeCharged: [{ code: 'feeNotCharged', breaks: () => ({ sender: { feeCharged: false } }) }],
  roamingSender: [
    {
      code: 'giverRoaming',
      breaks: ({ gifting }) =>
        gifting.roamingSender === 'allowed' ? {} : { sender: { isRoaming: true } },
    },
  ],
  fee: [
    {
      code: 'giverMoney',
      breaks: ({ gifting }) =>
        gifting.fee!.amountMinor === 0n
          ? {}
          : { sender: { moneyMinor: gifting.fee!.amountMinor - 1n } },
    },
  ],
  abuse: [
    {
      code: 'velocity',
      breaks: ({ gifting }) => ({
        facts: {
          recent: Array.from({ length: gifting.abuse!.gifts! }, () => ({
            from: '10001',
            to: '10002',
            atMs: NOW_MS - HOUR_MS,
          })),
        },
      }),
    },
    {
      code: 'fanOut',
      breaks: ({ gifting }) => ({
        facts: {
          recent: Array.from({ length: gifting.abuse!.fanOut! }, (_, at) => ({
            from: '10001',
            to: `2000${at}`,
            atMs: NOW_MS - HOUR_MS,
          })),
        },
      }),
    },
    {
      code: 'fanIn',
      breaks: ({ gifting }) => ({
        facts: {
          recent: Array.from({ length: gifting.abuse!.fanIn ?? 0 }, (_, at) => ({
            from: `2000${at}`,
            to: '10002',
            atMs: NOW_MS - HOUR_MS,
          })),
        },
      }),
    },
    {
      code: 'ring',
      breaks: ({ gifting }) => ({
        facts: {
          recent:
            gifting.abuse!.ringHands === undefined
              ? []
              : [{ from: '10002', to: '10001', atMs: NOW_MS - HOUR_MS }],
        },
      }),
    },
  ],
}

/** These say how a gift goes on, not whether. */
const NOT_REFUSING: readonly RuleName[] = [
  'alternatives',
  'confirmation',
  'acceptance',
  'validity',
  'claimCodes',
  'askForData',
  'automaticGift',
  'reversalHours',
  'pin',
]

/** Data that must not be given is more than may be given. */
const ABOUT_LOTS: readonly GiftRefusalCode[] = [
  'originNotGiftable',
  'classNotGiftable',
  'receivedNotGiftable',
  'notNearExpiry',
]

/** Rules that cannot be broken without another one of the same operator. */
const ENTAILED: Readonly<Record<string, readonly GiftRefusalCode[]>> = {
  // The largest gift is all of a month.
  't2 amountTooLarge': ['giverMonthBytes'],
  // Of the plan alone: a received package is not of it.
  't2 receivedNotGiftable': ['originNotGiftable'],
  // What must remain is general data.
  'safaricom classNotGiftable': ['mustRemain'],
}

const SERVICES = {
  direct: undefined,
  group: 'groupOnly',
  bought: 'boughtOnly',
  none: 'serviceNotOffered',
} as const

const codesOf = (file: OperatorFile, change: Change): readonly GiftRefusalCode[] => {
  const verdict = judgeGift(factsOf(file, change), file.gifting)
  return verdict.allowed ? [] : verdict.refusals.map(({ code }) => code)
}

const isBroken = (change: Change): boolean =>
  Object.values(change).some((part) => Object.keys(part).length > 0) &&
  !(change.facts?.recent && change.facts.recent.length === 0)

for (const file of OPERATORS.list()) {
  const refusedByService = SERVICES[file.gifting.service ?? 'direct']
  const always = refusedByService ? [refusedByService] : []

  test(`${file.id}: a gift against which nothing can be said is ${refusedByService ?? 'allowed'}`, (t) => {
    t.deepEqual(codesOf(file, {}), always)
  })

  for (const name of Object.keys(file.gifting) as RuleName[]) {
    if (NOT_REFUSING.includes(name)) continue
    test(`${file.id}: ${name} refuses what it is against by its own codes and no others`, (t) => {
      const rows = ROWS[name]
      t.truthy(rows, `no row for the rule ${name}`)
      for (const { code, breaks } of rows ?? []) {
        const change = breaks(file)
        if (!isBroken(change)) continue
        const alone = [
          ...always,
          code,
          ...(ABOUT_LOTS.includes(code) ? (['moreThanMayBeGiven'] as const) : []),
          ...(ENTAILED[`${file.id} ${code}`] ?? []),
        ]
        t.deepEqual([...codesOf(file, change)].sort(), alone.sort(), code)
      }
      t.pass()
    })
  }
}

test('what each operator says about roaming senders is what happens', (t) => {
  for (const file of OPERATORS.list()) {
    const codes = codesOf(file, { sender: { isRoaming: true } })
    t.is(codes.includes('giverRoaming'), file.gifting.roamingSender === 'refused', file.id)
  }
})
