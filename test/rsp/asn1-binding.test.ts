import { readFileSync } from 'node:fs'
import test from 'ava'
import { Asn1Error } from '../../src/asn1/der.ts'
import type { Asn1Type } from '../../src/asn1/schema.ts'
import { hex, toHex } from '../../src/base/octets.ts'
import {
  asn1RequestOf,
  readAsn1Request,
  readAsn1Response,
  writeAsn1Refusal,
  writeAsn1Request,
  writeAsn1Response,
} from '../../src/rsp/asn1-binding.ts'
import { ES9PLUS, type Es9PlusFunctionName, type Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import { refusalOf, refuse, RspError, type StatusName } from '../../src/rsp/status-codes.ts'
import {
  cancelSessionRequest,
  handleNotificationRequest,
  initiateAuthenticationRequest,
  initiateAuthenticationResponse,
} from '../http/rsp-helper.ts'

/** The message of a function is one value, whatever binding it came in: types that differ do not compile. */
const REQUESTS: { readonly [N in Es9PlusFunctionName]: Asn1Type<Es9PlusRequest<N>> } = {
  initiateAuthentication: ES9PLUS.initiateAuthentication.asn1.request,
  authenticateClient: ES9PLUS.authenticateClient.asn1.request,
  getBoundProfilePackage: ES9PLUS.getBoundProfilePackage.asn1.request,
  handleNotification: ES9PLUS.handleNotification.asn1.request,
  cancelSession: ES9PLUS.cancelSession.asn1.request,
}

/** The tags of RemoteProfileProvisioningRequest in SGP.22 v2.5's module RSPDefinitions. */
const TAGS: Readonly<Record<Es9PlusFunctionName, number>> = {
  initiateAuthentication: 0xbf39,
  authenticateClient: 0xbf3b,
  getBoundProfilePackage: 0xbf3a,
  handleNotification: 0xbf3d,
  cancelSession: 0xbf41,
}

test('the functions of ES9+ have the tags of the module, in requests and in answers', (t) => {
  for (const [name, { asn1 }] of Object.entries(ES9PLUS)) {
    const tags = [TAGS[name as Es9PlusFunctionName]]
    t.deepEqual(REQUESTS[name as Es9PlusFunctionName].tags, tags, name)
    if ('response' in asn1) t.deepEqual(asn1.response.tags, tags, name)
    else t.is(name, 'handleNotification')
  }
})

const CHALLENGE = '000102030405060708090A0B0C0D0E0F'
const KEY_ID = 'F54172BDF98A95D65CBEB88A38A1C11D800A85C3'

/** The octets are written by hand from the module and X.680's automatic tagging. */
const ON_THE_WIRE: readonly {
  readonly name: Es9PlusFunctionName
  readonly message: object
  readonly octets: string
}[] = [
  {
    name: 'initiateAuthentication',
    message: initiateAuthenticationRequest,
    octets: `A25F BF395C 8110${CHALLENGE} 8310736D64702E6578616D706C652E636F6D BF2035 8203020202 A9160414${KEY_ID} AA160414${KEY_ID}`,
  },
  {
    name: 'cancelSession',
    message: cancelSessionRequest,
    octets: 'A20C BF4109 80020A0B A103 81017F',
  },
  {
    name: 'handleNotification',
    message: handleNotificationRequest,
    octets:
      'A237 BF3D34 A032 3030 BF2F25 800101 81020640 0C10736D64702E6578616D706C652E636F6D 5A0A98109909000021436587 5F370101 3000 3000',
  },
]

for (const { name, message, octets } of ON_THE_WIRE) {
  test(`${name} is written as the module has it, and read again`, (t) => {
    const { asn1 } = ES9PLUS[name]
    t.is(toHex(writeAsn1Request(asn1, message)), toHex(hex(octets)))
    const request = asn1RequestOf(ES9PLUS, hex(octets))
    t.is(request.name, name)
    t.deepEqual(readAsn1Request(request), { message, tolerated: [] })
  })
}

test('an answer stands in A0 within its function', (t) => {
  const { asn1 } = ES9PLUS.initiateAuthentication
  const octets = writeAsn1Response(asn1, initiateAuthenticationResponse)
  t.regex(toHex(octets), /^A2..BF39..A0..80020A0B30/)
  t.deepEqual(readAsn1Response(asn1, octets), initiateAuthenticationResponse)
  t.is(toHex(writeAsn1Response(ES9PLUS.cancelSession.asn1, {})), 'A205BF4102A000')
})

const TOLERATED: readonly (readonly [octets: string, what: string])[] = [
  ['A20D BF410A 80020A0B BF4103 81017F', 'cancelSessionResponse under BF41 in place of A1'],
  ['A20F BF410C 80020A0B A106 BF4103 81017F', 'cancelSessionResponse under both A1 and BF41'],
  [
    'A235 BF3D32 3030 BF2F25 800101 81020640 0C10736D64702E6578616D706C652E636F6D 5A0A98109909000021436587 5F370101 3000 3000',
    'pendingNotification in BF3D without its tag A0',
  ],
]

for (const [octets, what] of TOLERATED) {
  test(`${what} is read, and said`, (t) => {
    const request = asn1RequestOf(ES9PLUS, hex(octets))
    const { message, tolerated } = readAsn1Request(request)
    t.deepEqual(tolerated, [what])
    const right = ON_THE_WIRE.find(({ name }) => name === request.name)
    t.deepEqual(message, right?.message)
  })
}

test('what is no request of ours says where it ends to be one', (t) => {
  const all: readonly (readonly [string, RegExp])[] = [
    ['', /truncated/],
    ['A300', /expected \[A2\], found \[A3\]/],
    ['A200', /truncated/],
    ['A203 BF3E00', /\[BF3E\] is no function here/],
    ['A205 BF4102 8000 00', /octets behind the end/],
    ['A280 0000', /indefinite/],
  ]
  for (const [octets, message] of all) {
    t.throws(() => asn1RequestOf(ES9PLUS, hex(octets)), { instanceOf: Asn1Error, message })
  }
  const broken = asn1RequestOf(ES9PLUS, hex('A206 BF4103 80010A'))
  const error = t.throws(() => readAsn1Request(broken), { instanceOf: RspError })
  t.is(error?.code, '1.3.1/2.1')
  t.regex(error?.message ?? '', /CancelSessionRequestEs9\.cancelSessionResponse: missing \[A1\]/)
})

/** The numbers of the module, and for the codes that it has none for, those of the interpretation log. */
const NUMBERS: Readonly<Partial<Record<Es9PlusFunctionName, Readonly<Record<string, number>>>>> = {
  initiateAuthentication: {
    '8.8.1/3.8': 1,
    '8.8.3/3.1': 2,
    '8.8.2/3.1': 3,
    '8.8.4/3.7': 3,
    '1.3.1/2.1': 127,
  },
  authenticateClient: {
    '8.1.2/6.1': 1,
    '8.1.2/6.3': 2,
    '8.1.3/6.1': 3,
    '8.1.3/6.3': 4,
    '8.1/6.1': 5,
    '8.2.6/3.8': 6,
    '8.1.1/3.8': 7,
    '8.2.5/4.3': 8,
    '8.11.1/3.9': 9,
    '8.10.1/3.9': 10,
    '8.1/4.8': 11,
    '8.8.3/3.1': 127,
    '8.2/1.2': 127,
    '8.8.5/4.10': 127,
    '8.8.5/6.4': 127,
    '8.1/4.2': 127,
  },
  getBoundProfilePackage: {
    '8.1/6.1': 1,
    '8.2.7/2.2': 2,
    '8.2.7/3.8': 3,
    '8.2.7/6.4': 4,
    '8.2/3.7': 5,
    '8.8.5/4.10': 6,
    '8.10.1/3.9': 95,
    '8.1/4.2': 127,
  },
  cancelSession: { '8.10.1/3.9': 1, '8.1/6.1': 2, '8.8/3.10': 127, '8.1/4.2': 127 },
}

test('each refusal has its number, and those without one are undefinedError', (t) => {
  for (const [name, numbers] of Object.entries(NUMBERS)) {
    const { asn1 } = ES9PLUS[name as Es9PlusFunctionName]
    for (const [code, number] of Object.entries(numbers)) {
      const [subjectCode = '', reasonCode = ''] = code.split('/')
      const octets = writeAsn1Refusal(asn1, refusalOf({ subjectCode, reasonCode }))
      const tag = toHex(hex(TAGS[name as Es9PlusFunctionName].toString(16)))
      const digits = number.toString(16).toUpperCase().padStart(2, '0')
      t.is(toHex(octets), `A206${tag}038101${digits}`, code)
      const error = t.throws(() => readAsn1Response(asn1, octets), { instanceOf: RspError })
      const first = Object.keys(numbers).find((each) => numbers[each] === number)
      t.is(error.code, number === 127 ? '8.8/4.2' : (first ?? ''))
      t.regex(error.message, new RegExp(`the number ${number}\\.$`))
    }
  }
})

test('the page of status codes has the numbers of each function', (t) => {
  const page = readFileSync('docs/status-codes.md', 'utf8')
  const part = page.split('## Codes in the ASN.1 binding')[1]?.split('\n## ')[0] ?? ''
  const written = [...part.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(
    ([, name = '', cell = '']) => {
      const numbers = cell.split(' · ').flatMap((one) => {
        const [, number, names = ''] = /^(\d+) (.*)$/.exec(one) ?? []
        return [...names.matchAll(/`(\w+)`/g)].map(([, status]) => [
          refuse(status as StatusName).code,
          Number(number),
        ])
      })
      return [name, Object.fromEntries(numbers)]
    },
  )
  const known = Object.entries(ES9PLUS).flatMap(([name, { asn1 }]) =>
    name === 'handleNotification' ? [] : [[name, asn1.errors]],
  )
  t.deepEqual(Object.fromEntries(written), Object.fromEntries(known))
})
