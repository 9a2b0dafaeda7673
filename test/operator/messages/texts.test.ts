import test from 'ava'
import { GIBIBYTE_BYTES, GIGABYTE_BYTES } from '../../../src/operator/amount.ts'
import { fitText } from '../../../src/operator/messages/fitting.ts'
import { GRAMMARS } from '../../../src/operator/messages/grammars.ts'
import { maskNumber, numberingPlan } from '../../../src/operator/messages/numbering.ts'
import { parseMessage } from '../../../src/operator/messages/parser.ts'
import {
  CODE_CHARACTERS_MAX,
  COMMAND_CHARACTERS_MAX,
  MESSAGES,
  NAME_CHARACTERS_MAX,
  parametersOf,
  REFERENCE_CHARACTERS_MAX,
  type MessageId,
  type MessageParams,
  type ParameterKind,
  type ParameterValues,
} from '../../../src/operator/messages/texts/catalogue.ts'
import { formatValue, type TextLocale } from '../../../src/operator/messages/texts/formats.ts'
import {
  languageOf,
  LANGUAGES,
  type Language,
} from '../../../src/operator/messages/texts/languages.ts'
import {
  forChannel,
  renderMessage,
  templateFaults,
  textOfMessage,
  TEXTS,
} from '../../../src/operator/messages/texts/render.ts'
import {
  messageOfRefusal,
  REFUSAL_CODES,
  textOfRefusal,
} from '../../../src/operator/messages/texts/refusals.ts'
import { alphabetOf, SMS_PARTS_MAX } from '../../../src/operator/messages/fitting.ts'

const ROUBLES = { code: 'RUB', minorDigits: 2 }
const IDS = Object.keys(MESSAGES) as MessageId[]
const CHANNELS = ['sms', 'ussd'] as const
const EVENING = new Date('2026-11-30T18:29:00Z')

/** With binary units four digits stand before the point: ~1023.99 GB. */
const ALMOST_A_TERABYTE = 2n ** 40n - 1n

/** The most characters that a value of each kind takes, in every language and zone of an operator. */
const LONGEST: ParameterValues = {
  amount: ALMOST_A_TERABYTE,
  balance: ALMOST_A_TERABYTE,
  number: '628123456789012',
  money: { minor: 9_999_999n, currency: 'KES' },
  time: EVENING,
  durationMs: 90 * 60_000,
  count: 99,
  percent: 100,
  sizes: [50n, 100n, 250n, 500n, 1024n].map((mb) => mb * 2n ** 20n),
  reference: 'W'.repeat(REFERENCE_CHARACTERS_MAX),
  code: 'W'.repeat(CODE_CHARACTERS_MAX),
  name: 'W'.repeat(NAME_CHARACTERS_MAX),
  command: '*'.repeat(COMMAND_CHARACTERS_MAX),
}

const LONG_NUMBERS = [
  '79161234567',
  '8613812345678',
  '254722000000',
  '628123456789',
  '999010000001',
]

function localeOf(language: Language, timeZone = 'Asia/Kolkata'): TextLocale {
  return { language, timeZone, gigabyteBytes: GIGABYTE_BYTES }
}

function longestParams<Id extends MessageId>(id: Id, number: string): MessageParams<Id> {
  return Object.fromEntries(
    Object.entries(parametersOf(id)).map(([name, kind]) => [
      name,
      kind === 'number' ? number : LONGEST[kind],
    ]),
  ) as MessageParams<Id>
}

for (const language of LANGUAGES) {
  test(`every text in ${language} fits its channel with its longest parameters`, (t) => {
    for (const id of IDS) {
      for (const number of [...LONG_NUMBERS, LONGEST.number]) {
        for (const channel of CHANNELS) {
          const locale = { ...localeOf(language), gigabyteBytes: GIBIBYTE_BYTES }
          const options = { channel, locale }
          const params = longestParams(id, number)
          const { parts, isShortened, units } = renderMessage(id, params, options)
          t.false(
            isShortened,
            `${id} by ${channel}: ${textOfMessage(id, params, options)} (${units})`,
          )
          t.true(parts.length <= (channel === 'ussd' ? 1 : SMS_PARTS_MAX), id)
        }
      }
    }
  })

  test(`texts in ${language} use the parameters that they have, and an SMS uses all`, (t) => {
    for (const id of IDS) {
      t.deepEqual(templateFaults(id, TEXTS[language][id]), [], id)
      const sms = forChannel(TEXTS[language][id], 'sms')
      for (const name of Object.keys(parametersOf(id)))
        t.true(sms.includes(`{${name}`), `${id} ${name}`)
      for (const channel of CHANNELS) {
        const options = { channel, locale: localeOf(language) }
        const text = textOfMessage(id, longestParams(id, '79161234567'), options)
        t.notRegex(text, /[{}]|undefined|NaN|\[object/, id)
      }
    }
  })
}

test('English keeps to the GSM 7 bit alphabet', (t) => {
  for (const id of IDS) {
    for (const channel of CHANNELS) {
      const options = { channel, locale: localeOf('en') }
      const text = textOfMessage(id, longestParams(id, '79161234567'), options)
      t.is(alphabetOf(text), 'gsm7', `${id}: ${text}`)
    }
  }
})

test('Russian and Chinese texts are written in their own script', (t) => {
  for (const id of IDS) {
    for (const channel of CHANNELS) {
      t.regex(forChannel(TEXTS.ru[id], channel), /\p{Script=Cyrillic}/u, id)
      t.regex(forChannel(TEXTS.zh[id], channel), /\p{Script=Han}/u, id)
    }
  }
})

test('no text that arrives unasked shows a balance, and only answers about it do', (t) => {
  const withBalance = IDS.filter((id) => Object.values(parametersOf(id)).includes('balance'))
  t.deepEqual(withBalance, ['balanceNow', 'limitNow', 'insufficient'])
  for (const id of withBalance) t.is(MESSAGES[id].arrives, 'asked')
  for (const id of [
    'usage',
    'usageAll',
    'expirySoon',
    'expired',
    'renewed',
    'giftReceived',
  ] as const) {
    t.is(MESSAGES[id].arrives, 'told')
  }
})

test('a notice of use tells nothing of how much there is', (t) => {
  const locale = localeOf('en')
  for (const percent of [50, 80]) {
    const text = textOfMessage('usage', { percent }, { channel: 'sms', locale })
    t.is(text, `You have used ${percent}% of your data.`)
  }
})

test('numbers of others are masked in every text', (t) => {
  for (const language of LANGUAGES) {
    for (const id of IDS.filter((one) => Object.values(parametersOf(one)).includes('number'))) {
      for (const channel of CHANNELS) {
        const options = { channel, locale: localeOf(language) }
        const text = textOfMessage(id, longestParams(id, '79161234567'), options)
        t.true(text.includes(maskNumber('79161234567')), `${id}: ${text}`)
        t.false(text.replaceAll(/\D/g, '').includes('1234567'), id)
      }
    }
  }
})

const EXAMPLES: readonly (readonly [Language, 'sms' | 'ussd', string])[] = [
  [
    'ru',
    'sms',
    'Передать 1,5 ГБ на +7 916 ***-**-67? Плата: 50 ₽. Вернуть подарок нельзя. Ответьте ДА за 5 мин или НЕТ.',
  ],
  ['ru', 'ussd', '1,5 ГБ на +7 916 ***-**-67? Плата: 50 ₽.\n1 Да\n2 Нет\nЖдём 5 мин'],
  [
    'en',
    'sms',
    'Give 1.5 GB to +7 916 ***-**-67? Fee: RUB 50. Gifts cannot be taken back. Reply YES within 5 min, or NO.',
  ],
  [
    'zh',
    'sms',
    '确认向+7 916 ***-**-67转赠1.5 GB？费用：50 RUB。转赠后不能撤回。请在5分钟内回复“是”，取消请回复“否”。',
  ],
]

for (const [language, channel, expected] of EXAMPLES) {
  test(`asks for a confirmation in ${language} by ${channel}`, (t) => {
    const params = {
      amount: 1_500_000_000n,
      to: '79161234567',
      fee: { minor: 5000n, currency: 'RUB' },
      within: 300_000,
    }
    const options = { channel, locale: localeOf(language, 'Europe/Moscow') }
    t.is(textOfMessage('giftConfirm', params, options), expected)
  })
}

const VALUES: readonly (readonly [ParameterKind, ParameterValues[ParameterKind], string[]])[] = [
  ['amount', 0n, ['0 Б', '0 B', '0 字节']],
  ['amount', 9999n, ['9999 Б', '9999 B', '9999 字节']],
  ['amount', 10_000n, ['0,01 МБ', '0.01 MB', '0.01 MB']],
  ['amount', 1_999_999_999n, ['~1,99 ГБ', '~1.99 GB', '~1.99 GB']],
  ['amount', 30_000_000_000n, ['30 ГБ', '30 GB', '30 GB']],
  ['amount', 2_000_000_000_000n, ['2 ТБ', '2 TB', '2 TB']],
  ['money', { minor: 0n, currency: 'RUB' }, ['нет', 'none', '免费']],
  ['money', { minor: 5050n, currency: 'RUB' }, ['50,50 ₽', 'RUB 50.50', '50.50 RUB']],
  ['money', { minor: 100n, currency: 'CNY' }, ['1 CNY', 'CNY 1', '1元']],
  ['money', { minor: 300n, currency: 'JPY' }, ['300 JPY', 'JPY 300', '300 JPY']],
  ['money', { minor: 1500n, currency: 'VND' }, ['1500 VND', 'VND 1500', '1500 VND']],
  ['money', { minor: 1250n, currency: 'KWD' }, ['1,250 KWD', 'KWD 1.250', '1.250 KWD']],
  ['money', { minor: 2000n, currency: 'BHD' }, ['2 BHD', 'BHD 2', '2 BHD']],
  ['money', { minor: 12345n, currency: 'CLF' }, ['1,2345 CLF', 'CLF 1.2345', '1.2345 CLF']],
  [
    'money',
    { minor: 1250n, currency: 'KRW', minorDigits: 2 },
    ['12,50 KRW', 'KRW 12.50', '12.50 KRW'],
  ],
  ['durationMs', 300_000, ['5 мин', '5 min', '5分钟']],
  ['durationMs', 86_400_000, ['24 ч', '24 h', '24小时']],
  ['durationMs', 5 * 86_400_000, ['5 дн.', '5 days', '5天']],
  ['durationMs', 1500, ['2 с', '2 s', '2秒']],
  ['sizes', [50_000_000n, 1_000_000_000n], ['50 МБ, 1 ГБ', '50 MB, 1 GB', '50 MB、1 GB']],
]

test('values stand as each language writes them', (t) => {
  for (const [kind, value, expected] of VALUES) {
    const shown = LANGUAGES.map((language) =>
      formatValue(kind, value, { locale: localeOf(language), isShort: false }),
    )
    t.deepEqual(shown, expected, kind)
  }
})

const TIMES: readonly (readonly [string, string, string[]])[] = [
  [
    '2026-11-30T20:59:00Z',
    'Europe/Moscow',
    ['30.11.2026 23:59 МСК', '30 Nov 2026 23:59 MSK', '2026-11-30 23:59 UTC+3'],
  ],
  [
    '2026-11-30T16:00:00Z',
    'Asia/Shanghai',
    ['01.12.2026 00:00 UTC+8', '1 Dec 2026 00:00 UTC+8', '2026-12-01 00:00 北京时间'],
  ],
  [
    '2026-07-01T10:00:00Z',
    'Europe/Paris',
    ['01.07.2026 12:00 UTC+2', '1 Jul 2026 12:00 UTC+2', '2026-07-01 12:00 UTC+2'],
  ],
  [
    '2026-12-01T10:00:00Z',
    'Europe/Paris',
    ['01.12.2026 11:00 UTC+1', '1 Dec 2026 11:00 UTC+1', '2026-12-01 11:00 UTC+1'],
  ],
  [
    '2026-12-01T10:00:00Z',
    'UTC',
    ['01.12.2026 10:00 UTC', '1 Dec 2026 10:00 UTC', '2026-12-01 10:00 UTC'],
  ],
  [
    '2026-12-01T10:00:00Z',
    'Asia/Kolkata',
    ['01.12.2026 15:30 UTC+5:30', '1 Dec 2026 15:30 UTC+5:30', '2026-12-01 15:30 UTC+5:30'],
  ],
  [
    '2026-12-01T10:00:00Z',
    'America/New_York',
    ['01.12.2026 05:00 UTC-5', '1 Dec 2026 05:00 UTC-5', '2026-12-01 05:00 UTC-5'],
  ],
]

test('times stand in the zone of the operator, which they name', (t) => {
  for (const [instant, timeZone, expected] of TIMES) {
    const shown = LANGUAGES.map((language) =>
      formatValue('time', new Date(instant), {
        locale: localeOf(language, timeZone),
        isShort: false,
      }),
    )
    t.deepEqual(shown, expected, `${instant} ${timeZone}`)
  }
})

test('an operator with binary gigabytes shows these', (t) => {
  const locale = { ...localeOf('en'), gigabyteBytes: GIBIBYTE_BYTES }
  t.is(formatValue('amount', 5n * 2n ** 30n, { locale, isShort: false }), '5 GB')
  t.is(formatValue('amount', 5_000_000_000n, { locale, isShort: false }), '~4.65 GB')
})

test("an operator's own words take the place of ours, and are checked", (t) => {
  const overrides = { usage: 'Traffic: {percent} percent.' }
  const options = { channel: 'sms' as const, locale: localeOf('en'), overrides }
  t.is(textOfMessage('usage', { percent: 80 }, options), 'Traffic: 80 percent.')
  t.deepEqual(templateFaults('usage', overrides.usage), [])
  t.deepEqual(templateFaults('usage', { sms: '{percent:short}', ussd: 'You have {left}' }), [
    '{percent:short} is not a time',
    '{left} is not a parameter of "usage": it has {percent}',
  ])
  t.is(templateFaults('usage', '{constructor}').length, 1)
})

test('own words that are too long are cut to the channel', (t) => {
  const overrides = { usage: 'слово '.repeat(100) }
  const options = { locale: localeOf('ru'), overrides }
  for (const channel of CHANNELS) {
    t.true(renderMessage('usage', { percent: 50 }, { ...options, channel }).isShortened)
  }
})

test('what texts tell to answer is understood', (t) => {
  const words: Readonly<Record<Language, readonly string[]>> = {
    en: 'YES NO ACCEPT DECLINE UNLOCK LOCK START STOP BALANCE LIMIT'.split(' '),
    ru: 'ДА НЕТ ПРИНЯТЬ ОТКЛОНИТЬ РАЗРЕШИТЬ ЗАПРЕТ СТАРТ СТОП БАЛАНС ЛИМИТ'.split(' '),
    zh: '是 否 接受 拒绝 解锁 锁定 订阅 退订 余额 额度'.split(' '),
  }
  for (const language of LANGUAGES) {
    const texts = IDS.map((id) => forChannel(TEXTS[language][id], 'sms')).join('\n')
    const grammars = [`generic-${language}`]
    t.true(grammars.every((id) => id in GRAMMARS))
    for (const word of words[language]) {
      t.true(texts.includes(word), word)
      const parsed = parseMessage(word, {
        channel: 'sms',
        grammars,
        numbering: numberingPlan('RU'),
        gigabyteBytes: GIGABYTE_BYTES,
      })
      t.true(parsed.understood, word)
    }
  }
})

test('a language tag finds its texts, and English is for the others', (t) => {
  t.deepEqual(['ru', 'ru-RU', 'zh-Hans-CN', 'EN-us', 'sw', ''].map(languageOf), [
    'ru',
    'ru',
    'zh',
    'en',
    'en',
    'en',
  ])
})

test('every refusal of the rules has a text, with what the rule knows', (t) => {
  const params = {
    leastBytes: 1_000_000n,
    mostBytes: 2_000_000n,
    stepBytes: 1_000_000n,
    sizesBytes: [1_000_000n],
    keepBytes: 5_000_000n,
    feeMinor: 5000n,
    percent: 50,
    limit: 3,
    days: 3,
  }
  const untilMs = EVENING.getTime()
  for (const language of LANGUAGES) {
    const options = {
      channel: 'sms',
      locale: localeOf(language),
      to: '79161234567',
      currency: ROUBLES,
    } as const
    for (const code of REFUSAL_CODES) {
      const { id } = messageOfRefusal({ code, params, untilMs }, options)
      t.not(id, 'refused', code)
      const text = textOfRefusal({ code, params, untilMs }, options)
      t.notRegex(text, /[{}]|undefined/, code)
      t.false(fitText(text, options).isShortened, code)
    }
    const plain = textOfMessage('refused', {}, options)
    for (const code of ['no-such-code', 'constructor', 'tooSoon', 'mustRemain']) {
      t.is(textOfRefusal({ code, params: {} }, options), plain, code)
    }
  }
})

test('only who is stopped reads of resale; who is refused alone is told when to come again', (t) => {
  const options = { to: '79161234567', currency: ROUBLES }
  for (const code of ['velocity', 'fanOut', 'ring']) {
    const refusal = { code, params: {}, untilMs: EVENING.getTime() }
    t.deepEqual(messageOfRefusal(refusal, options), { id: 'gap', params: { until: EVENING } }, code)
    const stopping = { ...refusal, params: { suspends: true } }
    t.is(messageOfRefusal(stopping, options).id, 'suspectedResale', code)
  }
  t.is(messageOfRefusal({ code: 'giverSuspended', params: {} }, options).id, 'suspectedResale')
})

test('a giver does not learn why the other cannot receive', (t) => {
  const options = { to: '79161234567', currency: ROUBLES }
  for (const code of ['receiverNotActive', 'receiverHasReceived', 'blockedByReceiver', 'fanIn']) {
    t.is(messageOfRefusal({ code, params: {} }, options).id, 'receiverCannot', code)
  }
})
