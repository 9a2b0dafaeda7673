import test from 'ava'
import fc from 'fast-check'
import { LabError } from '../../src/base/errors.ts'
import {
  formatActivationCode,
  parseActivationCode,
  sameAddress,
  type ActivationCode,
} from '../../src/rsp/activation-code.ts'

/** The examples of SGP.22 v2.2 §4.1, and what clients make of the format. */
const GOOD: readonly (readonly [text: string, code: ActivationCode])[] = [
  [
    '1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815',
    {
      smdpAddress: 'SMDP.GSMA.COM',
      matchingId: '04386-AGYFT-A74Y8-3F815',
      confirmationCodeRequired: false,
    },
  ],
  [
    '1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$$1',
    {
      smdpAddress: 'SMDP.GSMA.COM',
      matchingId: '04386-AGYFT-A74Y8-3F815',
      confirmationCodeRequired: true,
    },
  ],
  [
    '1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746$1',
    {
      smdpAddress: 'SMDP.GSMA.COM',
      matchingId: '04386-AGYFT-A74Y8-3F815',
      smdpOid: '1.3.6.1.4.1.31746',
      confirmationCodeRequired: true,
    },
  ],
  [
    '1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746',
    {
      smdpAddress: 'SMDP.GSMA.COM',
      matchingId: '04386-AGYFT-A74Y8-3F815',
      smdpOid: '1.3.6.1.4.1.31746',
      confirmationCodeRequired: false,
    },
  ],
  [
    '1$SMDP.GSMA.COM$$1.3.6.1.4.1.31746',
    {
      smdpAddress: 'SMDP.GSMA.COM',
      matchingId: '',
      smdpOid: '1.3.6.1.4.1.31746',
      confirmationCodeRequired: false,
    },
  ],
  [
    'LPA:1$127.0.0.1:8443$test_1$$',
    { smdpAddress: '127.0.0.1:8443', matchingId: 'test_1', confirmationCodeRequired: false },
  ],
  [
    'lpa:1$[::1]:8443$X$$1$what a later version may add',
    { smdpAddress: '[::1]:8443', matchingId: 'X', confirmationCodeRequired: true },
  ],
].map(([text, code]) => [text as string, code as ActivationCode])

for (const [text, code] of GOOD) {
  test(`reads ${text}`, (t) => t.deepEqual(parseActivationCode(text), code))
}

const BAD: readonly (readonly [text: string, field: string])[] = [
  ['', 'format'],
  ['LPA:', 'format'],
  ['hello', 'format'],
  ['1$smdp.example.com', 'format'],
  ['2$smdp.example.com$X', 'format'],
  ['LPA:LPA:1$smdp.example.com$X', 'format'],
  ['1$$X', 'smdpAddress'],
  ['1$https://smdp.example.com$X', 'smdpAddress'],
  ['1$smdp example com$X', 'smdpAddress'],
  ['1$.example.com$X', 'smdpAddress'],
  ['1$smdp.example.com:$X', 'smdpAddress'],
  ['1$a:b:c$X', 'smdpAddress'],
  ['1$[$X', 'smdpAddress'],
  [`1$${'a'.repeat(256)}$X`, 'smdpAddress'],
  ['1$smdp.example.com$A B', 'matchingId'],
  ['1$smdp.example.com$A/B', 'matchingId'],
  ['1$smdp.example.com$X$oid', 'smdpOid'],
  ['1$smdp.example.com$X$1.03.4', 'smdpOid'],
  ['1$smdp.example.com$X$3.1', 'smdpOid'],
  ['1$smdp.example.com$X$$0', 'confirmationCodeRequired'],
  ['1$smdp.example.com$X$$yes', 'confirmationCodeRequired'],
]

for (const [text, field] of BAD) {
  test(`refuses ${JSON.stringify(text.slice(0, 40))} for its ${field}`, (t) => {
    const error = t.throws(() => parseActivationCode(text), { instanceOf: LabError })
    t.is(error?.code, 'badInput')
    t.is(error?.field, `activationCode.${field}`)
  })
}

const letters = (
  alphabet: string,
  sizes: { readonly minLength: number; readonly maxLength: number },
) => fc.array(fc.constantFrom(...alphabet), sizes).map((list) => list.join(''))

const codes: fc.Arbitrary<ActivationCode> = fc
  .record({
    smdpAddress: letters('abcXYZ019', { minLength: 1, maxLength: 60 }),
    matchingId: letters('ABCXYZ019-_', { minLength: 0, maxLength: 40 }),
    confirmationCodeRequired: fc.boolean(),
    smdpOid: fc.option(
      fc.array(fc.nat(), { minLength: 1, maxLength: 6 }).map((arcs) => ['2', ...arcs].join('.')),
      { nil: undefined },
    ),
  })
  .map(({ smdpOid, ...code }) => ({ ...code, ...(smdpOid !== undefined && { smdpOid }) }))

test('what is written is read back', (t) => {
  fc.assert(
    fc.property(codes, (code) => {
      t.deepEqual(parseActivationCode(formatActivationCode(code)), code)
    }),
  )
})

test('any text is read or refused as bad input', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `1$${text}`),
      ),
      (text) => {
        try {
          parseActivationCode(text)
        } catch (error) {
          t.true(error instanceof LabError && error.code === 'badInput')
        }
        t.pass()
      },
    ),
  )
})

test('addresses are compared without case, a final dot and 443', (t) => {
  t.true(sameAddress('SMDP.example.com', 'smdp.EXAMPLE.com.'))
  t.true(sameAddress('smdp.example.com:443', 'smdp.example.com'))
  t.false(sameAddress('smdp.example.com:8443', 'smdp.example.com'))
  t.false(sameAddress('smdp.example.com', 'smdp.example.org'))
})
