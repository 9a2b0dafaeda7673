import test from 'ava'
import { createRspApp, type Tolerated } from '../../src/http/rsp-app.ts'
import { checkVersions } from '../../src/http/rsp-headers.ts'
import type { Listener } from '../../src/http/listener.ts'
import { ES2PLUS, type Es2Plus } from '../../src/rsp/es2plus.ts'
import { ES9PLUS } from '../../src/rsp/es9plus.ts'
import {
  initiateAuthenticationJson,
  initiateAuthenticationResponse,
  serve,
  smallSmdp,
} from './rsp-helper.ts'

const LPA = { 'User-Agent': 'gsma-rsp-lpad', 'X-Admin-Protocol': 'gsma/rsp/v2.2.2' }
const header = { functionRequesterIdentifier: 'operator', functionCallIdentifier: '1' }

const orders: Es2Plus = {
  downloadOrder: async () => ({ iccid: '8990900000001234567' }),
  confirmOrder: async () => ({ matchingId: 'A' }),
  cancelOrder: async () => ({}),
  releaseProfile: async () => ({}),
}

interface Sent {
  readonly path: string
  readonly json: object
  readonly headers: Readonly<Record<string, string>>
}

async function codeOf(listener: Listener, { path, json, headers }: Sent): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(json),
  })
  const body = (await response.json()) as {
    readonly header: {
      readonly functionExecutionStatus: {
        readonly status: string
        readonly statusCodeData?: { readonly subjectCode: string; readonly reasonCode: string }
      }
    }
  }
  const { status, statusCodeData: codes } = body.header.functionExecutionStatus
  return codes ? `${codes.subjectCode}/${codes.reasonCode}` : status
}

const cancel = { transactionId: '0A0B', cancelSessionResponse: 'v0EDgQF/' }
const confirm = { header, iccid: '8990900000001234567', matchingId: 'AB-1', releaseFlag: true }

/** What the small SM-DP+ answers to CancelSession when it has understood. */
const UNDERSTOOD = '8.10.1/3.9'

const CASES: readonly (Sent & {
  readonly what: string
  readonly tolerant: string
  readonly strict: string
})[] = [
  {
    what: "'transactionId': hexadecimal in lower case",
    path: ES9PLUS.cancelSession.path,
    json: { ...cancel, transactionId: '0a0b' },
    headers: LPA,
    tolerant: UNDERSTOOD,
    strict: '1.3.1/2.1',
  },
  {
    what: 'no X-Admin-Protocol',
    path: ES9PLUS.cancelSession.path,
    json: cancel,
    headers: { 'User-Agent': 'gsma-rsp-lpad' },
    tolerant: UNDERSTOOD,
    strict: '1.3.1/2.1',
  },
  {
    what: 'X-Admin-Protocol of version 9.9.9, while 2.0.0 to 2.255.255 are accepted',
    path: ES9PLUS.cancelSession.path,
    json: cancel,
    headers: { ...LPA, 'X-Admin-Protocol': 'gsma/rsp/v9.9.9' },
    tolerant: UNDERSTOOD,
    strict: '1.3.2/3.1',
  },
  {
    what: "'matchingId': a MatchingID with other characters than 0-9, A-Z and -",
    path: ES2PLUS.confirmOrder.path,
    json: { ...confirm, matchingId: 'a_b' },
    headers: { 'X-Admin-Protocol': 'gsma/rsp/v2.2.2' },
    tolerant: 'Executed-Success',
    strict: '1.3.1/2.1',
  },
  {
    what: "'eid': null for a field that is absent",
    path: ES2PLUS.confirmOrder.path,
    json: { ...confirm, eid: null },
    headers: { 'X-Admin-Protocol': 'gsma/rsp/v2.2.2' },
    tolerant: 'Executed-Success',
    strict: '1.3.1/2.1',
  },
]

for (const { what, tolerant, strict, ...sent } of CASES) {
  test(`tolerates ${what}, and says so; a strict server refuses with ${strict}`, async (t) => {
    const said: Tolerated[] = []
    const table = sent.path.includes('es2plus') ? 'ES2+' : 'ES9+'
    const listenerThatIs = (isStrict: boolean): Promise<Listener> => {
      const rules = { strict: isStrict, noteTolerated: (one: Tolerated) => void said.push(one) }
      const handler =
        table === 'ES2+'
          ? createRspApp({ ...rules, table: ES2PLUS, implementation: orders })
          : createRspApp({ ...rules, table: ES9PLUS, implementation: smallSmdp() })
      return serve(t, { handler })
    }
    t.is(await codeOf(await listenerThatIs(false), sent), tolerant)
    t.deepEqual(
      said.map((one) => `${one.interface} ${one.what}`),
      [`${table} ${what}`],
    )
    t.is(await codeOf(await listenerThatIs(true), sent), strict)
  })
}

test('takes all that is right when strict', async (t) => {
  const es9Plus = createRspApp({ table: ES9PLUS, implementation: smallSmdp(), strict: true })
  const sent = { path: ES9PLUS.cancelSession.path, json: cancel, headers: LPA }
  t.is(await codeOf(await serve(t, { handler: es9Plus }), sent), UNDERSTOOD)
  const es2Plus = createRspApp({ table: ES2PLUS, implementation: orders, strict: true })
  const order = { path: ES2PLUS.confirmOrder.path, json: confirm, headers: LPA }
  t.is(await codeOf(await serve(t, { handler: es2Plus }), order), 'Executed-Success')
})

test('versions that are accepted are a range', (t) => {
  t.notThrows(() => checkVersions({ from: '2.2.0', to: '3.1.0' }))
  for (const [from, to] of [
    ['2', '3'],
    ['2.3.0', '2.2.0'],
  ] as const) {
    t.throws(() => checkVersions({ from, to }), { message: /from x\.y\.z to x\.y\.z/ })
  }
})

test('an answer has the members of its function and no other, a refusal its header alone', async (t) => {
  const implementation = {
    ...smallSmdp(),
    initiateAuthentication: async () => ({ ...initiateAuthenticationResponse, secret: 'ours' }),
  }
  const { port } = await serve(t, { handler: createRspApp({ table: ES9PLUS, implementation }) })
  const membersOf = async (path: string, json: object) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...LPA },
      body: JSON.stringify(json),
    })
    return Object.keys((await response.json()) as object)
  }
  const { initiateAuthentication, cancelSession } = ES9PLUS
  t.deepEqual(await membersOf(initiateAuthentication.path, initiateAuthenticationJson), [
    'header',
    'transactionId',
    'serverSigned1',
    'serverSignature1',
    'euiccCiPKIdToBeUsed',
    'serverCertificate',
  ])
  t.deepEqual(await membersOf(cancelSession.path, cancel), ['header'])
  t.deepEqual(await membersOf(initiateAuthentication.path, {}), ['header'])
})
