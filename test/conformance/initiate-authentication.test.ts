import type { Curve } from '../../src/crypto/ec.ts'
import { equalOctets, hex, toHex } from '../../src/base/octets.ts'
import { verify } from '../../src/crypto/ec.ts'
import { readCertificate } from '../../src/pki/certificate.ts'
import type { Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import { sequence, type Bench } from './harness.ts'

type Request = Es9PlusRequest<'initiateAuthentication'>
type Info = Request['euiccInfo1']

const SECTIONS: readonly (readonly [string, Curve])[] = [
  ['4.3.12.2.1', 'P-256'],
  ['4.3.12.2.3', 'brainpoolP256r1'],
]
const UNKNOWN_KEY = hex('00112233445566778899AABBCCDDEEFF00112233')

function withInfo(info: Partial<Info>): (request: Request) => Request {
  return (request) => ({ ...request, euiccInfo1: { ...request.euiccInfo1, ...info } })
}

function keyId(bench: Bench, curve: Curve): Uint8Array {
  return bench.lab.pki[curve].ci.certificate.subjectKeyId ?? hex('')
}

for (const [section, curve] of SECTIONS) {
  const on = { curves: [curve] }

  sequence(
    [section, '01'],
    async (t, bench) => {
      let sent: Request | undefined
      const answer = await bench.driver().initiate((request) => (sent = request))
      const { value: signed, raw: data } = answer.serverSigned1
      t.deepEqual(signed.euiccChallenge, sent?.euiccChallenge)
      t.is(signed.serverAddress, bench.lab.smdp.address)
      t.deepEqual(signed.transactionId, answer.transactionId)
      t.is(toHex(answer.euiccCiPKIdToBeUsed), toHex(keyId(bench, curve)))
      const certificate = readCertificate(answer.serverCertificate)
      t.is(certificate.curve, curve)
      t.true(verify(certificate.publicKey, { data, signature: answer.serverSignature1 }))
    },
    on,
  )

  sequence(
    [section, '02'],
    async (t, bench) => {
      const first = await bench.driver().initiate()
      const second = await bench.driver().initiate()
      t.notDeepEqual(first.transactionId, second.transactionId)
      const challenges = [first, second].map((one) => one.serverSigned1.value.serverChallenge)
      t.false(equalOctets(challenges[0]!, challenges[1]!))
    },
    on,
  )

  const refusals: readonly (readonly [
    string,
    string,
    (bench: Bench) => (r: Request) => Request,
  ])[] = [
    ['03', '8.8.1/3.8', () => (r) => ({ ...r, smdpAddress: 'another.example.com' })],
    ['04', '8.8.2/3.1', () => withInfo({ euiccCiPKIdListForSigning: [UNKNOWN_KEY] })],
    ['06', '8.8.4/3.7', () => withInfo({ euiccCiPKIdListForVerification: [UNKNOWN_KEY] })],
  ]
  for (const [number, code, change] of refusals) {
    sequence(
      [section, number],
      async (t, bench) => {
        const call = bench.driver().initiate(change(bench))
        await bench.refused({ call, by: 'initiateAuthentication', code })
        t.is(bench.lab.smdp.sessionCount, 0)
      },
      on,
    )
  }

  sequence(
    [section, '05'],
    async (t, bench) => {
      for (const svn of [
        [1, 0, 0],
        [3, 0, 0],
      ]) {
        const call = bench.driver().initiate(withInfo({ svn: Uint8Array.from(svn) }))
        await bench.refused({ call, by: 'initiateAuthentication', code: '8.8.3/3.1' })
      }
      t.is(bench.lab.smdp.sessionCount, 0)
    },
    on,
  )

  for (const [number, svn] of [
    ['07', [2, 2, 1]],
    ['08', [2, 2, 2]],
    ['09', [2, 3, 0]],
  ] as const) {
    sequence(
      [section, number],
      async (t, bench) => {
        await bench.driver().initiate(withInfo({ svn: Uint8Array.from(svn) }))
        t.is(bench.lab.smdp.sessionCount, 1)
      },
      on,
    )
  }
}
