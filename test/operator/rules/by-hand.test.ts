/**
 * The operators' rules against values that are written here by hand, from what was found about each operator, and not read
 * from its file: per rule what is allowed, what is refused and with which code, and how far the file says it can be relied
 * on.
 */

import test from 'ava'
import { giftEnd } from '../../../src/operator/rules/validity.ts'
import { judgeGift } from '../../../src/operator/rules/judge.ts'
import type { GiftRefusalCode } from '../../../src/operator/rules/refusals.ts'
import type { RuleName } from '../../../src/operator/rules/types.ts'
import { factsOf, NOW_MS, OPERATORS, type Change } from './helper.ts'
import {
  CHINA,
  DIRECTED,
  GB,
  GIB,
  KEPT,
  MB,
  MIB,
  NINEMOBILE,
  NOT_AGAIN,
  NO_ACCEPTANCE,
  NO_CONFIRMATION,
  NO_FEE,
  NO_PROMOTIONS,
  type Operator,
  type Row,
  SAME_OPERATOR,
  TELKOMSEL,
  amount,
  amountOf,
  company,
  fromMany,
  given,
  has,
  life,
  lot,
  received,
  recent,
  times,
  toCompany,
  toMany,
} from './by-hand-helper.ts'

const BY_HAND: Readonly<Record<string, Operator>> = {
  lab: {
    gift: 1n,
    has: 20n * GB,
    rules: {
      service: { trust: 'I', source: 'own', allowed: [{}] },
      minBytes: {
        trust: 'I',
        source: 'own',
        allowed: [amount(1n)],
        refused: [[amount(0n), 'amountTooSmall']],
      },
      validity: { trust: 'I', source: 'own', ...KEPT },
      regift: { trust: 'I', source: 'own', allowed: [lot({ origin: 'gift' })] },
      askForData: { trust: 'I', source: 'own', says: true },
      claimCodes: { trust: 'I', source: 'own', says: { withinHours: 48, endsWithMonth: false } },
      automaticGift: { trust: 'I', source: 'own', says: true },
      sameOperatorOnly: { trust: 'I', source: 'no service across', ...SAME_OPERATOR },
    },
  },
  t2: {
    gift: 5n * GIB,
    has: 20n * GIB,
    rules: {
      service: { trust: 'C', source: 'ya.ru/neurum', allowed: [{}] },
      sameOperatorOnly: { trust: 'C', source: 'T2 to T2', ...SAME_OPERATOR },
      stepBytes: {
        trust: 'C',
        source: 'festima.ru',
        allowed: [amount(3n * GIB)],
        refused: [[amount(GIB + GIB / 2n), 'notInSteps']],
      },
      minBytes: {
        trust: 'C',
        source: 'festima.ru',
        allowed: [amount(GIB)],
        refused: [[amount(0n), 'amountTooSmall']],
      },
      maxBytes: {
        trust: 'C',
        source: 'festima.ru',
        allowed: [amountOf(30n * GIB, 40n * GIB)],
        refused: [[amountOf(31n * GIB, 40n * GIB), 'amountTooLarge']],
      },
      senderMonthBytes: {
        trust: 'C',
        source: 'festima.ru',
        allowed: [given({ monthBytes: 25n * GIB })],
        refused: [[given({ monthBytes: 26n * GIB }), 'giverMonthBytes']],
      },
      origins: {
        trust: 'C',
        source: "tariff's package",
        allowed: [lot({ origin: 'plan' })],
        refused: (['purchased', 'rollover', 'bonus', 'loan'] as const).map(
          (origin) => [lot({ origin }), 'originNotGiftable'] as const,
        ),
      },
      trafficClasses: { trust: 'I', source: 'nearly all', ...DIRECTED },
      regift: { trust: 'C', source: 'festima.ru', ...NOT_AGAIN },
      oneReceivedPackage: {
        trust: 'C',
        source: 'neither sends nor receives',
        allowed: [{}],
        refused: [
          [{ sender: { receivedUntilMs: NOW_MS + 1 } }, 'giverHasReceived'],
          [{ receiver: { receivedUntilMs: NOW_MS + 1 } }, 'receiverHasReceived'],
        ],
      },
      senderKinds: {
        trust: 'C',
        source: 'private',
        allowed: [{}],
        refused: [[company, 'giverKind']],
      },
      receiverKinds: {
        trust: 'C',
        source: 'private',
        allowed: [{}],
        refused: [[toCompany, 'receiverKind']],
      },
      feeCharged: {
        trust: 'C',
        source: 'has been charged',
        allowed: [{}],
        refused: [[{ sender: { feeCharged: false } }, 'feeNotCharged']],
      },
      roamingSender: {
        trust: 'U',
        source: 'no source says',
        allowed: [{ sender: { isRoaming: true } }],
      },
      confirmation: { trust: 'C', source: 'no question', ...NO_CONFIRMATION },
      acceptance: { trust: 'C', source: 'festima.ru', ...NO_ACCEPTANCE },
      validity: {
        trust: 'C',
        source: 'never above 30 days',
        says: { kind: 'fixedDays', days: 7, extension: { toDays: 30, feeMinor: 5000n } },
        ends: [[{ sourceUntil: '2026-01-16T00:00:00Z' }, '2026-01-22T12:00:00Z']],
      },
      fee: { trust: 'C', source: 'festima.ru', ...NO_FEE },
      alternatives: { trust: 'C', source: 'Market', says: ['market', 'rollover', 'useItYourself'] },
      abuse: {
        trust: 'I',
        source: 'made up',
        allowed: [recent(times(19)), recent(toMany(4)), recent(fromMany(4))],
        refused: [
          [recent(times(20)), 'velocity'],
          [recent(toMany(5)), 'fanOut'],
          [recent(fromMany(5)), 'fanIn'],
          [recent([['10002', '10001']]), 'ring'],
        ],
      },
    },
  },
  beeline: {
    gift: GIB,
    has: 20n * GIB,
    always: 'boughtOnly',
    rules: {
      service: { trust: 'A', source: 'v-podarok', refused: [[{}, 'boughtOnly']] },
      sameOperatorOnly: { trust: 'I', source: 'one operator', ...SAME_OPERATOR },
      regift: { trust: 'A', source: 'v-podarok', ...NOT_AGAIN },
      oneReceivedPackage: {
        trust: 'C',
        source: 'promogalaxy.ru',
        allowed: [{}, { sender: { receivedUntilMs: NOW_MS + 1 } }],
        refused: [[{ receiver: { receivedUntilMs: NOW_MS + 1 } }, 'receiverHasReceived']],
      },
      senderKinds: {
        trust: 'C',
        source: 'individuals',
        allowed: [{}],
        refused: [[company, 'giverKind']],
      },
      receiverKinds: {
        trust: 'C',
        source: 'individuals',
        allowed: [{}],
        refused: [[toCompany, 'receiverKind']],
      },
      acceptance: { trust: 'A', source: 'by itself', ...NO_ACCEPTANCE },
      alternatives: {
        trust: 'C',
        source: 'maxbord.ru',
        says: ['boughtGift', 'group', 'moneyTransfer'],
      },
    },
  },
  megafon: {
    gift: GIB,
    has: 20n * GIB,
    always: 'groupOnly',
    rules: {
      service: { trust: 'A', source: 'megasemyi', refused: [[{}, 'groupOnly']] },
      sameOperatorOnly: { trust: 'I', source: 'one operator', ...SAME_OPERATOR },
      alternatives: { trust: 'A', source: '400 roubles', says: ['group'] },
    },
  },
  mts: {
    gift: GIB,
    has: 20n * GIB,
    always: 'groupOnly',
    rules: {
      service: { trust: 'C', source: 'maxbord.ru', refused: [[{}, 'groupOnly']] },
      sameOperatorOnly: { trust: 'I', source: 'one operator', ...SAME_OPERATOR },
      sameRegionOnly: {
        trust: 'C',
        source: 'one region',
        allowed: [{}],
        refused: [[{ receiver: { region: 'kazan' } }, 'otherRegion']],
      },
      alternatives: { trust: 'C', source: '200 to 250', says: ['group', 'rollover'] },
    },
  },
  'china-mobile': CHINA,
  'china-unicom': CHINA,
  'china-telecom': CHINA,
  ninemobile: NINEMOBILE,
  telkomsel: TELKOMSEL,
  safaricom: {
    gift: 5n * MB,
    has: 2n * GB,
    rules: {
      service: { trust: 'A', source: 'safaricom.co.ke', allowed: [{}] },
      sameOperatorOnly: { trust: 'A', source: 'safaricom.co.ke', ...SAME_OPERATOR },
      minBytes: {
        trust: 'A',
        source: 'safaricom.co.ke',
        allowed: [amount(5n * MB)],
        refused: [[amount(5n * MB - 1n), 'amountTooSmall']],
      },
      maxBytes: {
        trust: 'A',
        source: 'safaricom.co.ke',
        allowed: [amount(10n * MB)],
        refused: [[amount(10n * MB + 1n), 'amountTooLarge']],
      },
      senderDayGifts: {
        trust: 'C',
        source: 'mpesarates',
        allowed: [given({ dayGifts: 1 })],
        refused: [[given({ dayGifts: 2 }), 'giverDayGifts']],
      },
      senderDayBytes: {
        trust: 'A',
        source: 'safaricom.co.ke',
        allowed: [given({ dayBytes: 15n * MB })],
        refused: [[given({ dayBytes: 15n * MB + 1n }), 'giverDayBytes']],
      },
      senderMonthGifts: {
        trust: 'C',
        source: 'mpesarates',
        allowed: [given({ monthGifts: 19 })],
        refused: [[given({ monthGifts: 20 }), 'giverMonthGifts']],
      },
      keepBytes: {
        trust: 'A',
        source: 'safaricom.co.ke',
        allowed: [has(10n * MB)],
        refused: [[has(10n * MB - 1n), 'mustRemain']],
      },
      origins: { trust: 'A', source: 'not daily', ...NO_PROMOTIONS },
      trafficClasses: { trust: 'A', source: 'safaricom.co.ke', ...DIRECTED },
      senderKinds: {
        trust: 'A',
        source: 'receive only',
        allowed: [{}],
        refused: [[company, 'giverKind']],
      },
      receiverKinds: { trust: 'A', source: 'safaricom.co.ke', allowed: [toCompany, {}] },
      validity: {
        trust: 'A',
        source: 'safaricom.co.ke',
        ends: [
          [
            { sourceUntil: '2026-01-20T00:00:00Z', own: '2026-01-25T00:00:00Z' },
            '2026-01-25T00:00:00Z',
          ],
          [
            { sourceUntil: '2026-01-20T00:00:00Z', own: '2026-01-18T00:00:00Z' },
            '2026-01-20T00:00:00Z',
          ],
          [{ sourceUntil: '2026-01-20T00:00:00Z' }, '2026-01-20T00:00:00Z'],
        ],
      },
      acceptance: { trust: 'A', source: 'safaricom.co.ke', ...NO_ACCEPTANCE },
      confirmation: { trust: 'A', source: 'safaricom.co.ke', ...NO_CONFIRMATION },
      reversalHours: { trust: 'A', source: 'not reversible', says: 0 },
      abuse: {
        trust: 'I',
        source: 'made up',
        allowed: [recent(times(4)), recent(toMany(2)), recent([['10002', '10001']])],
        refused: [
          [recent(times(5)), 'velocity'],
          [recent(toMany(3)), 'fanOut'],
        ],
      },
    },
  },
  smart: {
    gift: 50n * MIB,
    has: 10n * GIB,
    rules: {
      service: { trust: 'A', source: 'smart.com.ph', allowed: [{}] },
      sameOperatorOnly: { trust: 'A', source: 'smart.com.ph', ...SAME_OPERATOR },
      minBytes: {
        trust: 'A',
        source: 'smart.com.ph',
        allowed: [amount(50n * MIB), amount(10n * GIB)],
        refused: [[amount(50n * MIB - 1n), 'amountTooSmall']],
      },
      trafficClasses: { trust: 'A', source: 'app-specific', ...DIRECTED },
      regift: { trust: 'A', source: 'once only', ...NOT_AGAIN },
      fee: {
        trust: 'A',
        source: 'if successful',
        allowed: [{ sender: { moneyMinor: 100n } }],
        refused: [[{ sender: { moneyMinor: 99n } }, 'giverMoney']],
      },
      validity: {
        trust: 'A',
        source: 'smart.com.ph',
        ends: [[{ sourceUntil: '2026-02-14T00:00:00Z' }, '2026-01-16T12:00:00Z']],
      },
      acceptance: { trust: 'A', source: 'smart.com.ph', ...NO_ACCEPTANCE },
      confirmation: { trust: 'A', source: '808', ...NO_CONFIRMATION },
      askForData: { trust: 'I', source: 'Smart', says: true },
    },
  },
  'lg-uplus': {
    gift: 100n * MB,
    has: 10n * GB,
    rules: {
      service: { trust: 'B', source: 'asiae', allowed: [{}] },
      sameOperatorOnly: { trust: 'B', source: 'asiae', ...SAME_OPERATOR },
      stepBytes: {
        trust: 'B',
        source: 'asiae',
        allowed: [amount(300n * MB)],
        refused: [[amount(250n * MB), 'notInSteps']],
      },
      minBytes: {
        trust: 'B',
        source: 'asiae',
        allowed: [amount(100n * MB)],
        refused: [[amount(0n), 'amountTooSmall']],
      },
      maxBytes: {
        trust: 'B',
        source: 'asiae',
        allowed: [amount(GB)],
        refused: [[amount(1100n * MB), 'amountTooLarge']],
      },
      senderMonthGifts: {
        trust: 'B',
        source: 'asiae',
        allowed: [given({ monthGifts: 1 })],
        refused: [[given({ monthGifts: 2 }), 'giverMonthGifts']],
      },
      receiverMonthGifts: {
        trust: 'B',
        source: 'asiae',
        allowed: [received({ monthGifts: 1 })],
        refused: [[received({ monthGifts: 2 }), 'receiverMonthGifts']],
      },
      keepBytes: {
        trust: 'B',
        source: 'asiae',
        allowed: [has(600n * MB)],
        refused: [[has(600n * MB - 1n), 'mustRemain']],
      },
      planPercentPerPeriod: {
        trust: 'B',
        source: 'half',
        allowed: [{ sender: { periodBytes: 5n * GB - 100n * MB } }],
        refused: [[{ sender: { periodBytes: 5n * GB - 100n * MB + 1n } }, 'planShareOfPeriod']],
      },
      origins: {
        trust: 'B',
        source: 'asiae',
        allowed: [lot({ origin: 'plan' })],
        refused: [[lot({ origin: 'purchased' }), 'originNotGiftable']],
      },
      senderAgeGroups: {
        trust: 'B',
        source: 'under 19',
        allowed: [{}],
        refused: [[{ sender: { ageGroup: 'minor' } }, 'giverAgeGroup']],
      },
      receiverAgeGroups: {
        trust: 'B',
        source: 'asiae',
        allowed: [{}, { receiver: { ageGroup: 'minor' } }],
      },
      confirmation: { trust: 'B', source: 'SMS', says: { kind: 'yes', withinMinutes: 5 } },
      acceptance: { trust: 'B', source: 'asiae', ...NO_ACCEPTANCE },
      validity: {
        trust: 'B',
        source: 'asiae',
        ends: [[{ sourceUntil: '2026-03-01T00:00:00Z' }, '2026-01-31T15:00:00Z']],
      },
      fee: { trust: 'B', source: 'asiae', ...NO_FEE },
      reversalHours: { trust: 'B', source: 'none', says: 0 },
    },
  },
  vodacom: {
    gift: 50n * MB,
    has: 5n * GB,
    rules: {
      service: { trust: 'A', source: 'vodacom.co.za', allowed: [{}] },
      sameOperatorOnly: { trust: 'A', source: 'vodacom.co.za', ...SAME_OPERATOR },
      sizesBytes: {
        trust: 'A',
        source: 'vodacom.co.za',
        allowed: [50n, 100n, 250n, 500n, 1000n].map((megabytes) => amount(megabytes * MB)),
        refused: [51n, 200n, 2000n].map(
          (megabytes) => [amount(megabytes * MB), 'notASize'] as const,
        ),
      },
      nearExpiry: {
        trust: 'A',
        source: 'last 3',
        allowed: [life(1, 1), life(29, 3), life(30, 5)],
        refused: [
          [life(29, 4), 'notNearExpiry'],
          [life(30, 6), 'notNearExpiry'],
        ],
      },
      origins: { trust: 'A', source: 'no free', ...NO_PROMOTIONS },
      fee: { trust: 'A', source: 'vodacom.co.za', ...NO_FEE },
      acceptance: { trust: 'A', source: 'vodacom.co.za', ...NO_ACCEPTANCE },
      validity: { trust: 'I', source: 'not stated', ...KEPT },
      abuse: {
        trust: 'I',
        source: 'made up',
        allowed: [recent(times(9)), recent(toMany(4))],
        refused: [
          [recent(times(10)), 'velocity'],
          [recent(toMany(5)), 'fanOut'],
        ],
      },
    },
  },
  'cell-c': {
    gift: 100n * MB,
    has: 5n * GB,
    rules: {
      service: { trust: 'A', source: 'cellc.co.za', allowed: [{}] },
      sameOperatorOnly: { trust: 'A', source: 'cellc.co.za', ...SAME_OPERATOR },
      senderMonthBytes: {
        trust: 'A',
        source: 'cellc.co.za',
        allowed: [amount(GB), given({ monthBytes: 900n * MB })],
        refused: [
          [amount(GB + 1n), 'giverMonthBytes'],
          [given({ monthBytes: 900n * MB + 1n }), 'giverMonthBytes'],
        ],
      },
      senderDayGifts: {
        trust: 'A',
        source: 'cellc.co.za',
        allowed: [given({ dayGifts: 2 })],
        refused: [[given({ dayGifts: 3 }), 'giverDayGifts']],
      },
      origins: { trust: 'A', source: 'promotional', ...NO_PROMOTIONS },
      fee: { trust: 'A', source: 'cellc.co.za', ...NO_FEE },
      validity: { trust: 'A', source: 'original', ...KEPT },
      acceptance: { trust: 'A', source: 'cellc.co.za', ...NO_ACCEPTANCE },
    },
  },
  mineo: {
    gift: 10n * MB,
    has: 10n * GB,
    rules: {
      service: { trust: 'C', source: 'docomosmart', allowed: [{}] },
      sameOperatorOnly: { trust: 'C', source: 'docomosmart', ...SAME_OPERATOR },
      stepBytes: {
        trust: 'C',
        source: 'docomosmart',
        allowed: [amount(120n * MB)],
        refused: [[amount(125n * MB), 'notInSteps']],
      },
      minBytes: {
        trust: 'C',
        source: 'docomosmart',
        allowed: [amount(10n * MB)],
        refused: [[amount(0n), 'amountTooSmall']],
      },
      maxBytes: {
        trust: 'C',
        source: 'docomosmart',
        allowed: [amount(9990n * MB)],
        refused: [[amount(10_000n * MB), 'amountTooLarge']],
      },
      regift: { trust: 'C', source: 'loophole', allowed: [lot({ origin: 'gift' })] },
      fee: { trust: 'C', source: 'docomosmart', ...NO_FEE },
      validity: {
        trust: 'C',
        source: 'docomosmart',
        ends: [[{ sourceUntil: '2026-01-31T15:00:00Z' }, '2026-02-28T15:00:00Z']],
      },
      claimCodes: { trust: 'C', source: '2 days', says: { withinHours: 48, endsWithMonth: true } },
      acceptance: { trust: 'C', source: 'code', ...NO_ACCEPTANCE },
      origins: { trust: 'C', source: 'carried', ...NO_PROMOTIONS },
    },
  },
}

for (const file of OPERATORS.list()) {
  const { id } = file
  const operator = BY_HAND[id]

  test(`${id}: every rule of the file stands in the table, and none besides`, (t) => {
    t.deepEqual(Object.keys(file.gifting).sort(), Object.keys(operator?.rules ?? {}).sort())
  })

  if (!operator) continue
  const codesOf = (change: Change): readonly GiftRefusalCode[] => {
    const base: Change = { ...amount(operator.gift), ...has(operator.has) }
    const facts = factsOf(file, {
      facts: { ...base.facts, ...change.facts },
      sender: { ...base.sender, ...change.sender },
      ...(change.receiver && { receiver: change.receiver }),
    })
    const verdict = judgeGift(facts, file.gifting)
    return verdict.allowed ? [] : verdict.refusals.map(({ code }) => code)
  }
  const always = operator.always ? [operator.always] : []

  for (const [name, row] of Object.entries(operator.rules) as [RuleName, Row][]) {
    test(`${id}: ${name} is as it was found, with its source`, (t) => {
      const { allowed = [], refused = [], says, ends = [] } = row
      t.true(allowed.length + refused.length + ends.length > 0 || says !== undefined)
      t.like(file.giftingSources[name], { trust: row.trust })
      t.true(
        file.giftingSources[name]?.source.includes(row.source),
        file.giftingSources[name]?.source,
      )
      for (const change of allowed) t.deepEqual(codesOf(change), always, 'allowed')
      for (const [change, code] of refused) t.true(codesOf(change).includes(code), code)
      if (says !== undefined) t.deepEqual(file.gifting[name], says)
      for (const [{ sourceUntil, own }, end] of ends) {
        const endMs = giftEnd(file.gifting.validity, {
          atMs: NOW_MS,
          timeZone: file.timeZone,
          sourceUntilMs: Date.parse(sourceUntil),
          ...(own !== undefined && { receiverUntilMs: Date.parse(own) }),
        })
        t.is(new Date(endMs).toISOString(), new Date(end).toISOString())
      }
    })
  }
}
