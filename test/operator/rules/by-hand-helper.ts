/** How the table of rules that are written by hand is written: changes of a gift, and rows that several operators share. */

import type { GiftRefusalCode } from '../../../src/operator/rules/refusals.ts'
import type { RuleName, Trust } from '../../../src/operator/rules/types.ts'
import { DAY_MS, HOUR_MS, lotOf, NOW_MS, type Change } from './helper.ts'

export interface Row {
  readonly trust: Trust
  /** A part of the source. */
  readonly source: string
  readonly allowed?: readonly Change[]
  readonly refused?: readonly (readonly [Change, GiftRefusalCode])[]
  /** Of a rule that says how a gift goes on: what it says. */
  readonly says?: unknown
  /** When a gift ends that is received on 15 January 2026 at 12:00 UTC. */
  readonly ends?: readonly (readonly [life: { sourceUntil: string; own?: string }, end: string])[]
}

export interface Operator {
  /** A gift against which nothing can be said. */
  readonly gift: bigint
  readonly has: bigint
  /** With what every gift is refused, by an operator that passes no data on. */
  readonly always?: GiftRefusalCode
  readonly rules: { readonly [Name in RuleName]?: Row }
}

export const [MIB, GIB] = [2n ** 20n, 2n ** 30n]
export const [MB, GB] = [1_000_000n, 1_000_000_000n]
export const counts = { dayGifts: 0, dayBytes: 0n, monthGifts: 0, monthBytes: 0n }

export const amount = (amountBytes: bigint): Change => ({ facts: { amountBytes } })
export const has = (availableBytes: bigint): Change => ({
  sender: { lots: [lotOf({ availableBytes })] },
})
export const amountOf = (amountBytes: bigint, availableBytes: bigint): Change => ({
  ...amount(amountBytes),
  ...has(availableBytes),
})
export const given = (sofar: Partial<typeof counts>): Change => ({
  sender: { counts: { ...counts, ...sofar } },
})
export const received = (sofar: Partial<typeof counts>): Change => ({
  receiver: { counts: { ...counts, ...sofar } },
})
export const lot = (of: Parameters<typeof lotOf>[0]): Change => ({ sender: { lots: [lotOf(of)] } })
export const life = (days: number, left: number): Change =>
  lot({ validFromMs: NOW_MS - (days - left) * DAY_MS, validUntilMs: NOW_MS + left * DAY_MS })
export const recent = (gifts: readonly (readonly [from: string, to: string])[]): Change => ({
  facts: { recent: gifts.map(([from, to]) => ({ from, to, atMs: NOW_MS - HOUR_MS })) },
})
export const times = (count: number): readonly (readonly [string, string])[] =>
  Array.from({ length: count }, () => ['10001', '10002'] as const)
export const toMany = (count: number): readonly (readonly [string, string])[] =>
  Array.from({ length: count }, (_, at) => ['10001', `2000${at}`] as const)
export const fromMany = (count: number): readonly (readonly [string, string])[] =>
  Array.from({ length: count }, (_, at) => [`2000${at}`, '10002'] as const)
export const other = { receiver: { operator: 'another' } } as const
export const company = { sender: { kind: 'company' }, receiver: {} } as const
export const toCompany = { receiver: { kind: 'company' } } as const

export const SAME_OPERATOR = { allowed: [{}], refused: [[other, 'otherOperator']] } as const
export const NO_ACCEPTANCE = { says: { kind: 'none' } } as const
export const NO_CONFIRMATION = { says: { kind: 'none' } } as const
export const NO_FEE: Pick<Row, 'allowed' | 'says'> = {
  allowed: [{ sender: { moneyMinor: 0n } }],
  says: { amountMinor: 0n, payer: 'sender' },
}
export const NO_PROMOTIONS: Pick<Row, 'allowed' | 'refused'> = {
  allowed: (['plan', 'purchased', 'rollover', 'gift'] as const).map((origin) => lot({ origin })),
  refused: [[lot({ origin: 'bonus' }), 'originNotGiftable']],
}
export const DIRECTED: Pick<Row, 'allowed' | 'refused'> = {
  allowed: [lot({ trafficClass: 'general' })],
  refused: [[lot({ trafficClass: 'directed' }), 'classNotGiftable']],
}
export const NOT_AGAIN: Pick<Row, 'allowed' | 'refused'> = {
  allowed: [{}],
  refused: [[lot({ origin: 'gift' }), 'receivedNotGiftable']],
}
export const KEPT: Pick<Row, 'ends'> = {
  ends: [[{ sourceUntil: '2026-02-03T04:05:06Z' }, '2026-02-03T04:05:06Z']],
}

export const CHINA: Operator = {
  gift: 100n * MB,
  has: 20n * GB,
  rules: {
    service: { trust: 'D', source: 'unverified', allowed: [{}] },
    sameOperatorOnly: { trust: 'D', source: 'common to all', ...SAME_OPERATOR },
    sameRegionOnly: {
      trust: 'D',
      source: 'same province',
      allowed: [{}],
      refused: [[{ receiver: { region: 'gansu' } }, 'otherRegion']],
    },
    identified: {
      trust: 'D',
      source: 'special.cpd.com.cn',
      allowed: [{}],
      refused: [
        [{ sender: { identified: false } }, 'giverNotIdentified'],
        [{ receiver: { identified: false } }, 'receiverNotIdentified'],
      ],
    },
    stepBytes: {
      trust: 'D',
      source: 'unverified',
      allowed: [amount(300n * MB)],
      refused: [[amount(150n * MB), 'notInSteps']],
    },
    minBytes: {
      trust: 'D',
      source: 'unverified',
      allowed: [amount(100n * MB)],
      refused: [[amount(100n * MB - 1n), 'amountTooSmall']],
    },
    maxBytes: {
      trust: 'D',
      source: 'unverified',
      allowed: [amount(10n * GB)],
      refused: [[amount(10_100n * MB), 'amountTooLarge']],
    },
    senderMonthGifts: {
      trust: 'D',
      source: 'others say 3 or 10',
      allowed: [given({ monthGifts: 4 })],
      refused: [[given({ monthGifts: 5 }), 'giverMonthGifts']],
    },
    trafficClasses: { trust: 'D', source: 'no directed', ...DIRECTED },
    validity: {
      trust: 'D',
      source: 'common to most',
      ends: [[{ sourceUntil: '2026-03-01T00:00:00Z' }, '2026-01-31T16:00:00Z']],
    },
    regift: { trust: 'D', source: 'unverified', ...NOT_AGAIN },
    confirmation: {
      trust: 'I',
      source: 'chosen for the lab',
      says: { kind: 'yes', withinMinutes: 5 },
    },
    acceptance: { trust: 'D', source: '1077003', says: { kind: 'required', withinHours: 24 } },
    roamingSender: { trust: 'U', source: 'no source', allowed: [{ sender: { isRoaming: true } }] },
    alternatives: { trust: 'B', source: '2015', says: ['rollover', 'useItYourself'] },
    abuse: {
      trust: 'I',
      source: 'made up',
      allowed: [recent(times(9)), recent(toMany(2))],
      refused: [
        [recent(times(10)), 'velocity'],
        [recent(toMany(3)), 'fanOut'],
        [recent(fromMany(3)), 'fanIn'],
        [recent([['10002', '10001']]), 'ring'],
      ],
    },
  },
}

export const NINEMOBILE: Operator = {
  gift: 50n * MB,
  has: 1n * GB,
  rules: {
    service: { trust: 'C', source: 'hovatek', allowed: [{}] },
    sameOperatorOnly: { trust: 'I', source: 'within one operator', ...SAME_OPERATOR },
    minBytes: {
      trust: 'C',
      source: '10 to 50 MB',
      allowed: [amount(10n * MB)],
      refused: [[amount(10n * MB - 1n), 'amountTooSmall']],
    },
    maxBytes: {
      trust: 'C',
      source: '10 to 50 MB',
      allowed: [amount(50n * MB)],
      refused: [[amount(50n * MB + 1n), 'amountTooLarge']],
    },
    senderDayBytes: {
      trust: 'C',
      source: '250 MB a day',
      allowed: [given({ dayBytes: 200n * MB })],
      refused: [[given({ dayBytes: 200n * MB + 1n }), 'giverDayBytes']],
    },
    keepBytes: {
      trust: 'C',
      source: 'at least 100 MB',
      allowed: [has(150n * MB)],
      refused: [[has(150n * MB - 1n), 'mustRemain']],
    },
    senderPlans: {
      trust: 'C',
      source: '200 MB to 20 GB',
      allowed: [
        { sender: { plan: { id: 'ninemobile-02', amountBytes: 200n * MB } } },
        { sender: { plan: { id: 'ninemobile-20', amountBytes: 20n * GB } } },
      ],
      refused: [
        [{ sender: { plan: { id: 'ninemobile-01', amountBytes: 150n * MB } } }, 'giverPlan'],
      ],
    },
    validity: { trust: 'C', source: 'validity', ...KEPT },
    confirmation: { trust: 'C', source: 'PIN', says: { kind: 'pin', withinMinutes: 5 } },
    pin: {
      trust: 'C',
      source: '0000 until it is changed',
      says: { digits: 4, tries: 3, initialPin: '0000' },
    },
    acceptance: { trust: 'C', source: 'hovatek', ...NO_ACCEPTANCE },
  },
}

export const TELKOMSEL: Operator = {
  gift: 500n * MB,
  has: 10n * GB,
  rules: {
    service: { trust: 'A', source: 'telkomsel.com', allowed: [{}] },
    sameOperatorOnly: { trust: 'I', source: 'within one operator', ...SAME_OPERATOR },
    minBytes: {
      trust: 'I',
      source: 'whole megabytes',
      allowed: [amount(MB)],
      refused: [[amount(MB - 1n), 'amountTooSmall']],
    },
    keepBytes: {
      trust: 'C',
      source: 'at least 500 MB',
      allowed: [has(1000n * MB)],
      refused: [[has(1000n * MB - 1n), 'mustRemain']],
    },
    regift: { trust: 'A', source: 'not passed on', ...NOT_AGAIN },
    validity: { trust: 'U', source: 'no source', ...KEPT },
    confirmation: { trust: 'A', source: 'yes', says: { kind: 'yes', withinMinutes: 5 } },
    acceptance: { trust: 'A', source: 'telkomsel.com', ...NO_ACCEPTANCE },
  },
}
