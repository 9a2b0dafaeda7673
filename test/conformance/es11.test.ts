import { hex, toHex } from '../../src/base/octets.ts'
import { verify } from '../../src/crypto/ec.ts'
import { readCertificate } from '../../src/pki/certificate.ts'
import { extensionValue } from '../../src/pki/forge.ts'
import { ROLE_POLICIES } from '../../src/pki/oids.ts'
import type { Es11Request } from '../../src/rsp/es11.ts'
import { withExtension } from '../pki/helper.ts'
import { damaged, needed } from '../helpers/driver.ts'
import { DAY_MS, START } from '../helpers/lab.ts'
import { forged, UNCHANGED, type Forgery } from '../helpers/smds-driver.ts'
import { onSmds, SERVER_ADDRESS } from './smds-harness.ts'

type Initiate = Es11Request<'initiateAuthentication'>
type Authenticate = Es11Request<'authenticateClient'>

const UNKNOWN_KEY = hex('00112233445566778899AABBCCDDEEFF00112233')

onSmds('ES11.InitiateAuthentication, nominal', async (t, bench) => {
  const answer = await bench.driver().initiate()
  const { raw: data, value: signed } = answer.serverSigned1
  t.is(signed.serverAddress, bench.served.smds.root.address)
  t.deepEqual(signed.transactionId, answer.transactionId)
  const ci = bench.lab.pki[bench.curve].ci.certificate
  t.is(toHex(answer.euiccCiPKIdToBeUsed), toHex(needed(ci.subjectKeyId)))
  const certificate = readCertificate(answer.serverCertificate)
  t.deepEqual(certificate.policies, [ROLE_POLICIES['ds-auth']])
  t.true(verify(certificate.publicKey, { data, signature: answer.serverSignature1 }))
})

onSmds('ES11.InitiateAuthentication, TransactionID and challenge differ', async (t, bench) => {
  const first = (await bench.driver().initiate()).serverSigned1.value
  const second = (await bench.driver().initiate()).serverSigned1.value
  t.notDeepEqual(first.transactionId, second.transactionId)
  t.notDeepEqual(first.serverChallenge, second.serverChallenge)
})

const INITIATE_REFUSALS: readonly (readonly [string, string, (request: Initiate) => Initiate])[] = [
  [
    'another address',
    '8.9.1/3.8',
    (request) => ({ ...request, smdpAddress: 'another.example.com' }),
  ],
  [
    'no CI for signing that is supported',
    '8.9.2/3.1',
    (request) => withInfo(request, { euiccCiPKIdListForSigning: [UNKNOWN_KEY] }),
  ],
  ['version 1.0.0', '8.9.3/3.1', (request) => withInfo(request, { svn: Uint8Array.of(1, 0, 0) })],
  ['version 3.0.0', '8.9.3/3.1', (request) => withInfo(request, { svn: Uint8Array.of(3, 0, 0) })],
  [
    'no certificate under the CI for verification',
    '8.9.4/3.7',
    (request) => withInfo(request, { euiccCiPKIdListForVerification: [UNKNOWN_KEY] }),
  ],
]

function withInfo(request: Initiate, info: Partial<Initiate['euiccInfo1']>): Initiate {
  return { ...request, euiccInfo1: { ...request.euiccInfo1, ...info } }
}

for (const [title, code, change] of INITIATE_REFUSALS) {
  onSmds(`ES11.InitiateAuthentication, ${title}, ${code}`, async (_t, bench) => {
    const call = bench.driver().initiate(change)
    await bench.refused({ call, by: 'initiateAuthentication', code })
  })
}

for (const [title, eventId] of [
  ['without a MatchingID', undefined],
  ['with an empty MatchingID', ''],
] as const) {
  const asked = eventId === undefined ? {} : { eventId }
  onSmds(`ES11.AuthenticateClient, nominal, all events ${title}`, async (t, bench) => {
    t.deepEqual(await bench.driver(asked).retrieve(), [], 'the list may be empty')
    await bench.register('SECOND', 'FIRST')
    t.deepEqual(await bench.driver(asked).retrieve(), [
      { eventId: 'SECOND', rspServerAddress: SERVER_ADDRESS },
      { eventId: 'FIRST', rspServerAddress: SERVER_ADDRESS },
    ])
  })
}

onSmds('ES11.AuthenticateClient, nominal, one event', async (t, bench) => {
  await bench.register('ONE', 'TWO')
  t.deepEqual(await bench.driver({ eventId: 'TWO' }).retrieve(), [
    { eventId: 'TWO', rspServerAddress: SERVER_ADDRESS },
  ])
})

onSmds('ES11.AuthenticateClient, no such event, 8.9.5/3.9', async (_t, bench) => {
  await bench.register('ONE')
  const call = bench.driver({ eventId: 'TWO' }).retrieve()
  await bench.refused({ call, by: 'authenticateClient', code: '8.9.5/3.9' })
})

const wrongUsage = withExtension('keyUsage', {
  critical: true,
  value: extensionValue.keyUsage(['keyEncipherment']),
})

const CLIENT_REFUSALS: readonly (readonly [string, string, Partial<Forgery>])[] = [
  ['EUM certificate for another use', '8.1.2/6.1', { eum: wrongUsage }],
  ['EUM certificate expired', '8.1.2/6.3', { eum: expired }],
  ['eUICC certificate for another use', '8.1.3/6.1', { euicc: wrongUsage }],
  ['eUICC certificate expired', '8.1.3/6.3', { euicc: expired }],
  ['EUM under an unknown CI', '8.11.1/3.9', { foreignCi: true }],
  ['wrong signature', '8.1/6.1', { request: withDamagedSignature }],
  [
    'another server challenge',
    '8.1/6.1',
    { signed1: (signed1) => ({ ...signed1, serverChallenge: new Uint8Array(16) }) },
  ],
  [
    'unknown TransactionID',
    '8.10.1/3.9',
    { request: (request) => ({ ...request, transactionId: hex('0A0B') }) },
  ],
]

function expired<T extends { readonly notAfterMs: number }>(recipe: T): T {
  return { ...recipe, notAfterMs: START.getTime() - DAY_MS }
}

function withDamagedSignature(request: Authenticate): Authenticate {
  const ok = needed(request.authenticateServerResponse.authenticateResponseOk)
  const authenticateResponseOk = { ...ok, euiccSignature1: damaged(ok.euiccSignature1) }
  return { ...request, authenticateServerResponse: { authenticateResponseOk } }
}

for (const [title, code, forgery] of CLIENT_REFUSALS) {
  onSmds(`ES11.AuthenticateClient, ${title}, ${code}`, async (_t, bench) => {
    const { lab, phone, curve } = bench
    const driver = bench.driver()
    await driver.initiate()
    await driver.authenticateServer()
    const call = driver.authenticateClient((request) =>
      forged({ lab, phone, request, curve }, { ...UNCHANGED, ...forgery }),
    )
    await bench.refused({ call, by: 'authenticateClient', code })
  })
}
