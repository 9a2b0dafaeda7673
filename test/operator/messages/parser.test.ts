import test from 'ava'
import fc from 'fast-check'
import { GIBIBYTE_BYTES, GIGABYTE_BYTES } from '../../../src/operator/amount.ts'
import type { Command, ParseRefusal } from '../../../src/operator/messages/commands.ts'
import { GRAMMARS, isGrammarId, type GrammarId } from '../../../src/operator/messages/grammars.ts'
import { numberingPlan } from '../../../src/operator/messages/numbering.ts'
import {
  formsOf,
  parseMessage,
  type MessageContext,
} from '../../../src/operator/messages/parser.ts'
import { MESSAGES } from '../../../src/operator/messages/texts/catalogue.ts'
import { writeMessage } from '../../../src/operator/messages/writing.ts'
import { filesIn, jsonOf } from '../../tidy/repository.ts'

const MB = 1_000_000n
const GB = 1_000_000_000n
const GENERIC = ['generic']

interface Operator {
  readonly country: string
  readonly grammars: readonly string[]
  readonly channel: 'sms' | 'ussd'
  readonly shortCode?: string
}

function contextOf({ country, ...rest }: Operator): MessageContext {
  return { ...rest, numbering: numberingPlan(country), gigabyteBytes: GIGABYTE_BYTES }
}

type Expected = Command | ParseRefusal

function parsed(text: string, operator: Operator): Expected {
  const result = parseMessage(text, contextOf(operator))
  return result.understood ? result.command : result.reason
}

function table(
  title: string,
  {
    operator,
    rows,
  }: { readonly operator: Operator; readonly rows: readonly (readonly [string, Expected])[] },
): void {
  test(title, (t) => {
    t.true(rows.length > 0)
    for (const [text, expected] of rows) t.deepEqual(parsed(text, operator), expected, text)
  })
}

const give = (to: string, amountBytes: bigint, pin?: string): Command =>
  pin === undefined ? { kind: 'give', to, amountBytes } : { kind: 'give', to, amountBytes, pin }

table('T2 takes a gift by USSD: number, then whole gigabytes', {
  operator: { country: 'RU', grammars: ['t2-gift', 't2-balance'], channel: 'ussd' },
  rows: [
    ['*974*79161234567*5#', give('79161234567', 5n * GB)],
    ['*974*89161234567*30#', give('79161234567', 30n * GB)],
    ['＊974＊７９１６１２３４５６７＊５＃', give('79161234567', 5n * GB)],
    [' *974*79161234567*5# ', give('79161234567', 5n * GB)],
    ['*105#', { kind: 'balance' }],
    ['*155*0#', { kind: 'balance' }],
    ['*974*5*79161234567#', 'ambiguous'],
    ['*974*79161234567*79161234568#', 'ambiguous'],
    ['*974*79161234567*1.5#', 'badFormat'],
    ['*974*79161234567*1e3#', 'badFormat'],
    ['*974*79161234567*5GB#', 'badFormat'],
    ['*974*79161234567*-5#', 'negativeAmount'],
    ['*974*79161234567*0#', 'zeroAmount'],
    ['*974*79161234567*99999999#', 'amountTooLarge'],
    ['*974*7916123456*5#', 'badNumber'],
    ['*974*79161234567#', 'badFormat'],
    ['*974*79161234567*5', 'badFormat'],
    ['*974#', 'unknownCommand'],
    ['*975*79161234567*5#', 'unknownCommand'],
    ['*106#', 'unknownCommand'],
    [`*974*79161234567*${'5'.repeat(200)}#`, 'tooLong'],
  ],
})

test('the balance codes of the Russian operators are theirs, by USSD only', (t) => {
  const codes: Readonly<Record<string, readonly string[]>> = {
    'mts-balance': ['*100#', '*100*1#'],
    'megafon-balance': ['*558#'],
    'beeline-balance': ['*102#', '*106#'],
    't2-balance': ['*105#', '*155*0#'],
  }
  for (const grammar of Object.keys(codes)) {
    const operator = { country: 'RU', grammars: [grammar], channel: 'ussd' } as const
    for (const [owner, own] of Object.entries(codes)) {
      for (const code of own) {
        const expected = owner === grammar ? { kind: 'balance' } : undefined
        const got = parsed(code, operator)
        t.deepEqual(typeof got === 'string' ? undefined : got, expected, `${grammar} ${code}`)
        t.is(typeof parsed(code, { ...operator, channel: 'sms' }), 'string')
      }
    }
  }
})

table('Safaricom takes megabytes and number by SMS to 450', {
  operator: { country: 'KE', grammars: ['safaricom-sms'], channel: 'sms', shortCode: '450' },
  rows: [
    ['30*0722000000', give('254722000000', 30n * MB)],
    ['30*254722000000', give('254722000000', 30n * MB)],
    ['5*+254 722 000 000', give('254722000000', 5n * MB)],
    ['３０＊０７２２００００００', give('254722000000', 30n * MB)],
    ['0722000000*30', 'ambiguous'],
    ['0722000000*0722000001', 'ambiguous'],
    ['30*30', 'badNumber'],
    ['1.5*0722000000', 'badFormat'],
    ['0*0722000000', 'zeroAmount'],
    ['-5*0722000000', 'negativeAmount'],
    ['30*072200000', 'badNumber'],
    ['30 0722000000', 'unknownCommand'],
    ['*544#', 'unknownCommand'],
  ],
})

test('Safaricom shows a menu by USSD, and takes no gift at another number', (t) => {
  const operator = { country: 'KE', grammars: ['safaricom-sms', 'safaricom-ussd'] } as const
  t.deepEqual(parsed('*544#', { ...operator, channel: 'ussd' }), { kind: 'menu' })
  t.is(parsed('30*0722000000', { ...operator, channel: 'sms', shortCode: '451' }), 'unknownCommand')
})

table('Smart takes PASADATA, number and megabytes by SMS to 808', {
  operator: { country: 'PH', grammars: ['smart-pasadata'], channel: 'sms', shortCode: '808' },
  rows: [
    ['PASADATA 09171234567 50', give('639171234567', 50n * MB)],
    ['pasadata 0917 123 4567 50', give('639171234567', 50n * MB)],
    ['Pasadata +63 917-123-4567 50.', give('639171234567', 50n * MB)],
    ['PASADATA 50 09171234567', 'ambiguous'],
    ['PASADATA 09171234567 09171234568', 'ambiguous'],
    ['PASADATA 09171234567 50MB', 'badFormat'],
    ['PASADATA 09171234567 0', 'zeroAmount'],
    ['PASADATA 0917123456 50', 'badNumber'],
    ['PASADATA 09171234567', 'badFormat'],
    ['PASADATA', 'badFormat'],
    ['PASALOAD 09171234567 50', 'unknownCommand'],
  ],
})

table('Telkomsel takes TRF, megabytes and number by SMS to 363', {
  operator: { country: 'ID', grammars: ['telkomsel-sms'], channel: 'sms', shortCode: '363' },
  rows: [
    ['TRF 500 081234567890', give('6281234567890', 500n * MB)],
    ['trf 500 +62 812-3456-7890', give('6281234567890', 500n * MB)],
    ['YA', { kind: 'confirm' }],
    ['TRF 081234567890 500', 'ambiguous'],
    ['TRF 500', 'badFormat'],
  ],
})

table('9mobile takes PIN, megabytes and number by USSD', {
  operator: { country: 'NG', grammars: ['ninemobile-gift'], channel: 'ussd' },
  rows: [
    ['*229*1234*50*08091234567#', give('2348091234567', 50n * MB, '1234')],
    ['*229*1234*08091234567*50#', 'ambiguous'],
    ['*229*123*50*08091234567#', 'badPin'],
    ['*229*12a4*50*08091234567#', 'badPin'],
    ['*229*50*08091234567#', 'badFormat'],
    ['*229*1234*50*0809123456#', 'badNumber'],
  ],
})

table('a Chinese operator takes LLZZ, number and megabytes by SMS to 10086', {
  operator: { country: 'CN', grammars: ['china-sms'], channel: 'sms', shortCode: '10086' },
  rows: [
    ['LLZZ#13800138000#500', give('8613800138000', 500n * MB)],
    ['llzz＃１３８００１３８０００＃５００', give('8613800138000', 500n * MB)],
    ['LLZZ#+86 138 0013 8000#500', give('8613800138000', 500n * MB)],
    ['CXLL', { kind: 'balance' }],
    ['cxll', { kind: 'balance' }],
    ['LLZZ#500#13800138000', 'ambiguous'],
    ['LLZZ#13800138000#13800138001', 'ambiguous'],
    ['LLZZ#13800138000', 'badFormat'],
    ['LLZZ#13800138000#0', 'zeroAmount'],
    ['BLLLZZ#13800138000#500', 'unknownCommand'],
  ],
})

const RUSSIAN: Operator = { country: 'RU', grammars: GENERIC, channel: 'sms' }
const TO = '79161234567'

table('gifts are read in English, Russian and Chinese', {
  operator: RUSSIAN,
  rows: [
    ['GIVE 500MB 79161234567', give(TO, 500n * MB)],
    ['give 1.5 GiB to +7 (916) 123-45-67 pin 1234', give(TO, 1_610_612_736n, '1234')],
    ['SEND 8 916 123-45-67 2gb', give(TO, 2n * GB)],
    ['GIVE 500MB79161234567', give(TO, 500n * MB)],
    ['GIVE 8916 123 45 67 12 500 MB', give(TO, 12_500n * MB)],
    ['ПЕРЕДАТЬ 1 ГБ 8916 123 45 67', give(TO, GB)],
    ['передать 1,5гб на номер +7 916 123‑45‑67', give(TO, 1_500n * MB)],
    ['Подари 89161234567 500 МБ ПИН 4321', give(TO, 500n * MB, '4321')],
    ['转赠500MB 79161234567', give(TO, 500n * MB)],
    ['赠送１ＧＢ给＋７９１６１２３４５６７', give(TO, GB)],
    ['送500兆给+79161234567密码1234', give(TO, 500n * MB, '1234')],
  ],
})

table('a gift that is not surely meant is refused with its reason', {
  operator: RUSSIAN,
  rows: [
    ['GIVE 500 79161234567', 'unitMissing'],
    ['GIVE -5MB 79161234567', 'negativeAmount'],
    ['GIVE 0MB 79161234567', 'zeroAmount'],
    ['GIVE 1e3 MB 79161234567', 'badAmount'],
    ['GIVE 1e3MB 79161234567', 'badAmount'],
    ['GIVE 0.0000001 MB 79161234567', 'fractionalBytes'],
    ['GIVE 5 XB 79161234567', 'unknownUnit'],
    ['GIVE 5 попугаев 79161234567', 'unknownUnit'],
    ['GIVE 1,500 MB 79161234567', 'ambiguousAmount'],
    ['GIVE 5GB 6GB 79161234567', 'ambiguousAmount'],
    ['GIVE 79161234567 79161234568', 'ambiguous'],
    ['GIVE 5GB 79161234567 79161234568', 'ambiguousNumber'],
    ['GIVE 5GB 7916123456', 'badNumber'],
    ['GIVE 5GB Masha', 'badNumber'],
    ['GIVE 99999999999 GB 79161234567', 'amountTooLarge'],
    ['GIVE 5GB 79161234567 PIN 12', 'badPin'],
    ['GIVE', 'badFormat'],
    ['GIVE 5GB', 'badFormat'],
    ['ПЕРЕДАТЬ', 'badFormat'],
    ['转赠', 'badFormat'],
    ['GIVEAWAY', 'unknownCommand'],
    ['5GB 79161234567', 'unknownCommand'],
    ['', 'empty'],
    [' \n\t\u200b ', 'empty'],
    ['hello world', 'unknownCommand'],
    ['*974*79161234567*5#', 'unknownCommand'],
    ['G'.repeat(161), 'tooLong'],
    [`GIVE ${'1 '.repeat(77)}`, 'badFormat'],
  ],
})

test('a number of open length and grouped digits can mean two gifts, and is refused', (t) => {
  const operator = { country: 'ID', grammars: GENERIC, channel: 'sms' } as const
  t.is(parsed('GIVE 0812 3456 7890 5 500 MB', operator), 'ambiguous')
  t.deepEqual(parsed('GIVE 5500MB 0812 3456 7890', operator), give('6281234567890', 5500n * MB))
})

table('answers, codes and other commands are read in the three languages', {
  operator: RUSSIAN,
  rows: [
    ...['YES', 'y', 'Ok', 'да', 'Да!', 'ПОДТВЕРЖДАЮ', '是', '是。', '确认', '好的'].map(
      (text) => [text, { kind: 'confirm' }] as const,
    ),
    ...[
      '1234',
      'PIN 1234',
      'yes 1234',
      'ДА 1234',
      'пин 1234',
      '密码1234',
      '是 1234',
      '１２３４',
    ].map((text) => [text, { kind: 'confirm', pin: '1234' }] as const),
    ...['NO', 'cancel', 'нет', 'ОТМЕНА', '否', '取消'].map(
      (text) => [text, { kind: 'cancel' }] as const,
    ),
    ...['ACCEPT', 'принять', '接受'].map((text) => [text, { kind: 'accept' }] as const),
    ...['ACCEPT GT-12', 'ПРИНЯТЬ gt-12', '接受 GT-12'].map(
      (text) => [text, { kind: 'accept', reference: 'GT-12' }] as const,
    ),
    ...['DECLINE', 'ОТКЛОНИТЬ', '拒绝'].map((text) => [text, { kind: 'decline' }] as const),
    ...['ASK 1GB from 8916 123 45 67', 'ПОПРОСИТЬ 1 ГБ у 89161234567', '索要1GB 79161234567'].map(
      (text) => [text, { kind: 'ask', from: TO, amountBytes: GB }] as const,
    ),
    ...['CLAIM abcd-1234', 'ПОЛУЧИТЬ ABCD1234', '领取ABCD-1234'].map(
      (text) => [text, { kind: 'claim', code: 'ABCD1234' }] as const,
    ),
    ...['CODE 500MB', 'код 500 мб', '礼品码500MB'].map(
      (text) => [text, { kind: 'makeCode', amountBytes: 500n * MB }] as const,
    ),
    ...['BALANCE', 'остаток', '余额', '查询流量'].map(
      (text) => [text, { kind: 'balance' }] as const,
    ),
    ...['LIMIT', 'ЛИМИТ', '额度'].map((text) => [text, { kind: 'limit' }] as const),
    ...['STOP', 'стоп', '退订', 'TD'].map((text) => [text, { kind: 'stop' }] as const),
    ...['HELP', '?', '？', 'ПОМОЩЬ', '帮助'].map((text) => [text, { kind: 'help' }] as const),
    ...['LOCK', 'ЗАПРЕТ', '锁定'].map((text) => [text, { kind: 'lock' }] as const),
    ['CHANGE 1234 5678 5678', { kind: 'changePin', oldPin: '1234', newPin: '5678' }],
    ['CHANGE 1234 5678 5679', 'pinsDiffer'],
    ['CHANGE 1234 56 56', 'badPin'],
    ['CLAIM', 'badFormat'],
    ['CLAIM A?B?C?D', 'badCode'],
    ['1', { kind: 'choose', option: 1 }],
    ['12', { kind: 'choose', option: 12 }],
    ['123', 'unknownCommand'],
    ['YES 12', 'badPin'],
  ],
})

test('a gigabyte is what the operator says', (t) => {
  const context = { ...contextOf(RUSSIAN), gigabyteBytes: GIBIBYTE_BYTES }
  const result = parseMessage('GIVE 1GB 79161234567', context)
  t.deepEqual(result, {
    understood: true,
    command: give(TO, 2n ** 30n),
    grammar: 'generic-en',
  })
})

test('words of a language that the operator does not name are not taken', (t) => {
  const operator = { ...RUSSIAN, grammars: ['generic-en', 'no-such-grammar'] }
  t.is(parsed('ДА', operator), 'unknownCommand')
  t.is(parsed('YES', { ...operator, grammars: [] }), 'unknownCommand')
  t.true(isGrammarId('generic') && isGrammarId('generic-ru'))
  t.false(isGrammarId('no-such-grammar'))
  t.false(isGrammarId('constructor'))
})

test('every reason has a text to answer with', (t) => {
  const reasons: readonly ParseRefusal[] = [
    'empty',
    'tooLong',
    'unknownCommand',
    'badFormat',
    'ambiguous',
    'badNumber',
    'ambiguousNumber',
    'badAmount',
    'ambiguousAmount',
    'unitMissing',
    'unknownUnit',
    'negativeAmount',
    'zeroAmount',
    'fractionalBytes',
    'amountTooLarge',
    'badPin',
    'pinsDiffer',
    'badCode',
  ]
  for (const reason of reasons) t.true(reason in MESSAGES, reason)
})

test("every grammar that an operator's file names is there", (t) => {
  const named = filesIn('profiles')
    .filter((path) => /^profiles\/[^/]+\.json$/.test(path))
    .flatMap(
      (path) => jsonOf<{ readonly channels?: readonly NamedGrammars[] }>(path).channels ?? [],
    )
    .flatMap(({ grammars = [] }) => grammars)
  t.true(named.length > 0)
  for (const id of named) t.true(isGrammarId(id), id)
})

interface NamedGrammars {
  readonly grammars?: readonly string[]
}

test('every grammar says where it is from, and every form can be sent', (t) => {
  for (const [id, { source, forms }] of Object.entries(GRAMMARS)) {
    t.true(source.length > 5 && forms.length > 0, id)
    for (const channel of ['sms', 'ussd'] as const) {
      for (const form of formsOf({ channel, grammars: [id] })) t.true(form.ways.length > 0)
    }
  }
})

const COUNTRY_OF: Readonly<Record<GrammarId, readonly [country: string, msisdn: string]>> = {
  't2-gift': ['RU', '79161234567'],
  't2-balance': ['RU', '79161234567'],
  'mts-balance': ['RU', '79161234567'],
  'megafon-balance': ['RU', '79161234567'],
  'beeline-balance': ['RU', '79161234567'],
  'beeline-money': ['RU', '79161234567'],
  'safaricom-sms': ['KE', '254722000000'],
  'safaricom-ussd': ['KE', '254722000000'],
  'smart-pasadata': ['PH', '639171234567'],
  'telkomsel-sms': ['ID', '6281234567890'],
  'telkomsel-ussd': ['ID', '6281234567890'],
  'ninemobile-gift': ['NG', '2348091234567'],
  'china-sms': ['CN', '8613800138000'],
  'generic-en': ['ZA', '27821234567'],
  'generic-ru': ['RU', '79161234567'],
  'generic-zh': ['CN', '8613800138000'],
}

function commandsTo(number: string): fc.Arbitrary<Command> {
  const amountBytes = fc.oneof(
    fc.bigInt({ min: 1n, max: 1000n }).map((mb) => mb * MB),
    fc.bigInt({ min: 1n, max: 2000n }).map((gb) => gb * GB),
    fc.bigInt({ min: 1n, max: 2n ** 50n }),
  )
  const pin = fc.stringMatching(/^\d{4,8}$/)
  const code = fc.stringMatching(/^[A-Z0-9]{6,14}$/)
  const plain = [
    'confirm',
    'cancel',
    'accept',
    'decline',
    'balance',
    'limit',
    'menu',
    'extend',
  ] as const
  const settings = ['lock', 'unlock', 'stop', 'start', 'help'] as const
  return fc.oneof(
    amountBytes.map((bytes) => give(number, bytes)),
    fc.tuple(amountBytes, pin).map(([bytes, own]) => give(number, bytes, own)),
    amountBytes.map((bytes): Command => ({ kind: 'ask', from: number, amountBytes: bytes })),
    amountBytes.map((bytes): Command => ({ kind: 'makeCode', amountBytes: bytes })),
    code.map((text): Command => ({ kind: 'claim', code: text })),
    code.map((text): Command => ({ kind: 'accept', reference: text })),
    pin.map((own): Command => ({ kind: 'confirm', pin: own })),
    fc.tuple(pin, pin).map(([oldPin, newPin]): Command => ({ kind: 'changePin', oldPin, newPin })),
    fc.integer({ min: 0, max: 99 }).map((option): Command => ({ kind: 'choose', option })),
    fc.constantFrom(...plain, ...settings).map((kind): Command => ({ kind })),
  )
}

test('a command that can be written in a grammar is read from it as the same command', (t) => {
  let written = 0
  for (const id of Object.keys(COUNTRY_OF) as GrammarId[]) {
    const [country, number] = COUNTRY_OF[id]
    fc.assert(
      fc.property(
        commandsTo(number),
        fc.constantFrom('sms' as const, 'ussd' as const),
        (command, channel) => {
          const context = contextOf({ country, channel, grammars: [id] })
          const message = writeMessage(command, context)
          if (!message) return
          written += 1
          const { shortCode } = message
          const sent = shortCode === undefined ? context : { ...context, shortCode }
          t.deepEqual(parseMessage(message.text, sent), { understood: true, command, grammar: id })
        },
      ),
      { numRuns: 120 },
    )
  }
  t.true(written > 200)
})

test('what a grammar cannot say is not written', (t) => {
  const context = contextOf({ country: 'RU', channel: 'ussd', grammars: ['t2-gift', 't2-balance'] })
  t.is(writeMessage(give(TO, 5n * GB), context)?.text, '*974*79161234567*5#')
  t.is(writeMessage(give(TO, 1_500n * MB), context), undefined)
  t.is(writeMessage(give(TO, 5n * GB, '1234'), context), undefined)
  t.is(writeMessage(give(TO, 5n * GB), { ...context, channel: 'sms' }), undefined)
  const kenya = contextOf({ country: 'KE', channel: 'sms', grammars: ['safaricom-sms'] })
  t.deepEqual(writeMessage(give('254722000000', 5n * MB), kenya), {
    text: '5*254722000000',
    shortCode: '450',
  })
})

const GRAMMAR_IDS = Object.keys(GRAMMARS)
const WORDS = [
  ...'GIVE 500MB 79161234567 *974* # * 5 -1 1e3 PIN 1234 ПЕРЕДАТЬ ГБ 转赠 给 LLZZ# PASADATA YES'.split(
    ' ',
  ),
  ' ',
  '＃',
  '＊',
  ',',
  '.',
  '(',
  '+',
  '\u202e',
  '\ud800',
]

test('junk never throws, and is never a gift of nothing or to nobody', (t) => {
  const junk = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 24 }).map((words) => words.join('')),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 24 }).map((words) => words.join(' ')),
  )
  const countries = fc.constantFrom('RU', 'CN', 'KE', 'ID', 'ZZ', 'XX')
  fc.assert(
    fc.property(
      junk,
      countries,
      fc.constantFrom('sms' as const, 'ussd' as const),
      (text, country, channel) => {
        const result = parsed(text, { country, channel, grammars: GRAMMAR_IDS })
        if (typeof result === 'string') {
          t.true(result in MESSAGES, result)
        } else if (result.kind === 'give') {
          t.true(result.amountBytes > 0n && result.amountBytes <= 2n ** 50n)
          t.regex(result.to, /^[1-9]\d{6,14}$/)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('the longest junk is read in no time', (t) => {
  const operator = { country: 'ID', grammars: GRAMMAR_IDS, channel: 'sms' } as const
  for (const unit of ['1 ', '1A', 'GIVE ', '*', '8 ', '给1', '- ', '(1', '1*']) {
    for (const start of ['', 'GIVE ', 'ASK ', 'PASADATA ', '转赠']) {
      const text = (start + unit.repeat(160)).slice(0, 160)
      t.is(typeof parsed(text, operator), 'string', text)
    }
  }
})
