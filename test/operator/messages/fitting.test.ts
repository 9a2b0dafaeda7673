import test from 'ava'
import fc from 'fast-check'
import {
  alphabetOf,
  fitText,
  ROOM,
  SMS_PARTS_MAX,
  unitsOf,
} from '../../../src/operator/messages/fitting.ts'

const CASES: readonly (readonly [string, string, 'sms' | 'ussd', number, boolean])[] = [
  ['160 septets are one SMS', 'a'.repeat(160), 'sms', 1, false],
  ['161 septets are two', 'a'.repeat(161), 'sms', 2, false],
  ['306 septets are two', 'a'.repeat(306), 'sms', 2, false],
  ['307 septets are three', 'a'.repeat(307), 'sms', 3, false],
  ['459 septets are three', 'a'.repeat(459), 'sms', 3, false],
  ['460 septets lose their end', 'a'.repeat(460), 'sms', 3, true],
  ['80 euros are 160 septets', '€'.repeat(80), 'sms', 1, false],
  ['81 euros are two SMS', '€'.repeat(81), 'sms', 2, false],
  ['70 of Cyrillic are one SMS', 'я'.repeat(70), 'sms', 1, false],
  ['71 of Cyrillic are two', 'я'.repeat(71), 'sms', 2, false],
  ['134 of Cyrillic are two', 'я'.repeat(134), 'sms', 2, false],
  ['135 of Cyrillic are three', 'я'.repeat(135), 'sms', 3, false],
  ['202 of Cyrillic lose their end', 'я'.repeat(202), 'sms', 3, true],
  ['35 characters beyond the basic plane are one SMS', '😀'.repeat(35), 'sms', 1, false],
  ['36 are two', '😀'.repeat(36), 'sms', 2, false],
  ['182 septets are a screen', 'a'.repeat(182), 'ussd', 1, false],
  ['183 septets lose their end', 'a'.repeat(183), 'ussd', 1, true],
  ['80 of Chinese are a screen', '流'.repeat(80), 'ussd', 1, false],
  ['81 of Chinese lose their end', '流'.repeat(81), 'ussd', 1, true],
  ['an empty text is one empty message', '', 'sms', 1, false],
]

for (const [title, text, channel, parts, isShortened] of CASES) {
  test(title, (t) => {
    const fitted = fitText(text, { channel })
    t.is(fitted.parts.length, parts)
    t.is(fitted.isShortened, isShortened)
    t.is(fitted.parts.join('') === text, !isShortened)
  })
}

test('no part tears a character of the extension table, or a surrogate pair', (t) => {
  const euros = fitText(`${'a'.repeat(152)}€${'a'.repeat(20)}`, { channel: 'sms' })
  t.deepEqual(
    euros.parts.map((part) => part.length),
    [152, 21],
  )
  const faces = fitText(`${'я'.repeat(66)}😀${'я'.repeat(20)}`, { channel: 'sms' })
  t.deepEqual(
    faces.parts.map((part) => part.length),
    [66, 22],
  )
})

test('typographic marks do not cost half of the room, unless the text needs UCS-2 anyway', (t) => {
  t.is(fitText('It’s “yours” – all…', { channel: 'sms' }).parts[0], 'It\'s "yours" - all...')
  t.is(fitText('Это “ваше” – всё…', { channel: 'sms' }).parts[0], 'Это “ваше” – всё…')
})

test('what is cut ends at a word, and shows it', (t) => {
  const [screen = ''] = fitText('word '.repeat(60), { channel: 'ussd' }).parts
  t.regex(screen, /word\.\.\.$/)
  t.true(unitsOf(screen, 'gsm7') <= ROOM.ussd.screen.gsm7)
  t.regex(fitText('слово '.repeat(60), { channel: 'ussd' }).parts[0] ?? '', /слово…$/)
})

test('every part of every text is within its room', (t) => {
  const text = fc.string({ unit: 'binary', maxLength: 700 })
  fc.assert(
    fc.property(text, fc.constantFrom('sms' as const, 'ussd' as const), (any, channel) => {
      const { parts, alphabet, units, isShortened } = fitText(any, { channel })
      const room =
        channel === 'ussd' ? ROOM.ussd.screen : parts.length > 1 ? ROOM.sms.part : ROOM.sms.single
      t.true(parts.length <= (channel === 'ussd' ? 1 : SMS_PARTS_MAX))
      t.true(parts.every((part) => unitsOf(part, alphabet) <= room[alphabet]))
      t.is(
        units,
        parts.reduce((sum, part) => sum + unitsOf(part, alphabet), 0),
      )
      if (!isShortened && alphabetOf(any) === alphabet) t.is(parts.join(''), any)
    }),
    { numRuns: 300 },
  )
})
