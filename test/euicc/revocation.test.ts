import test, { type ExecutionContext } from 'ava'
import { element } from '../../src/asn1/der.ts'
import { hex } from '../../src/base/octets.ts'
import { createEuicc } from '../../src/euicc/euicc.ts'
import { loadPersonality } from '../../src/euicc/personality-file.ts'
import { memoryStorage, parseEuicc, serialiseEuicc } from '../../src/euicc/state.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import type { Certificate } from '../../src/pki/certificate.ts'
import { issueCrl, type CrlContent } from '../../src/pki/crl.ts'
import { CardError, es10Client } from '../../src/rsp/es10.ts'
import { createDriver, damaged, needed } from '../helpers/driver.ts'
import { DAY_MS, START, testLab } from '../helpers/lab.ts'

interface Bench {
  readonly lab: Lab
  readonly phone: Phone
  /** Loads a list of the CI on P-256; the answer in a word. */
  load(change: Partial<CrlContent>): Promise<string>
}

async function bench(t: ExecutionContext): Promise<Bench> {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  return {
    lab,
    phone,
    load: (change) => loadOctets(phone, issueCrl({ ...contentOf(lab), ...change })),
  }
}

function contentOf(lab: Lab): CrlContent {
  return {
    issuer: lab.pki['P-256'].ci,
    crlNumber: 1,
    thisUpdateMs: START.getTime(),
    nextUpdateMs: START.getTime() + 30 * DAY_MS,
    revoked: [],
  }
}

/** `ok`, `missing 1,3`, or the error. */
async function loadOctets({ euicc }: Phone, list: Uint8Array): Promise<string> {
  const crl = Uint8Array.from(list)
  crl[0] = 0xa0
  const answer = await es10Client(euicc).loadCRL({ crl })
  if (answer.loadCRLResponseError !== undefined) return String(answer.loadCRLResponseError)
  const missing = needed(answer.loadCRLResponseOk).missingParts
  return missing ? `missing ${missing.join()}` : 'ok'
}

async function errorOf({ lab, phone }: Bench): Promise<unknown> {
  const { matchingId } = await lab.order()
  const driver = createDriver(lab, { phone, matchingId })
  await driver.initiate()
  const answer = await driver.authenticateServer()
  return answer.authenticateResponseError?.authenticateErrorCode
}

const serverOf = ({ lab }: Bench): Certificate => lab.pki['P-256'].dpAuth.certificate
const binderOf = ({ lab }: Bench): Certificate => lab.pki['P-256'].dpPb.certificate

test('LoadCRL refuses in its order: format, key, signature, profile, number, base', async (t) => {
  const on = await bench(t)
  const { lab, phone } = on
  const good = contentOf(lab)
  const { keyPair } = lab.pki['P-256'].eum
  const stranger = { certificate: lab.pki['P-256'].eum.certificate, keyPair }
  t.is(await loadOctets(phone, hex('3003020101')), 'invalidCRLFormat')
  t.is(await on.load({ issuer: stranger }), 'verificationKeyNotFound')
  t.is(await loadOctets(phone, damaged(issueCrl(good))), 'invalidSignature')
  t.is(await on.load({ part: { number: 2, total: 1 } }), 'invalidCRLFormat')
  t.is(await on.load({ crlNumber: 5, baseCrlNumber: 4 }), 'baseCrlMissing')
  t.is(await on.load({ crlNumber: 5 }), 'ok')
  t.is(await on.load({ crlNumber: 4 }), 'fresherCrlAlreadyLoaded')
  t.is(await on.load({ crlNumber: 6, baseCrlNumber: 5 }), 'ok')
  t.is(phone.euicc.state.revocations[0]?.crlNumber, 6)
})

test('LoadCRL answers a list that is there without looking at it again', async (t) => {
  const on = await bench(t)
  t.is(await on.load({ crlNumber: 5 }), 'ok')
  const before = on.phone.euicc.state
  t.is(await on.load({ crlNumber: 5, revoked: [serverOf(on)] }), 'ok')
  t.is(on.phone.euicc.state, before)
})

test('LoadCRL says which parts are missing, as in the example of SGP.22 §5.7.12', async (t) => {
  const on = await bench(t)
  const part = (number: number) => on.load({ part: { number, total: 3 } })
  t.is(await part(2), 'missing 1,3')
  t.is(await part(2), 'missing 1,3')
  t.is(await part(1), 'missing 3')
  t.is(await on.load({ crlNumber: 2, baseCrlNumber: 1 }), 'baseCrlMissing')
  t.is(await part(3), 'ok')
  t.is(await on.load({ crlNumber: 2, baseCrlNumber: 1 }), 'ok')
})

test('LoadCRL says when there is no room, and keeps what it had', async (t) => {
  const on = await bench(t)
  t.is(await on.load({ crlNumber: 1 }), 'ok')
  const server = serverOf(on)
  const revoked = Array.from({ length: 513 }, (_, at) => ({
    ...server,
    serialNumber: (0x1000 + at).toString(16).toUpperCase(),
  }))
  t.is(await on.load({ crlNumber: 2, revoked }), 'notEnoughMemorySpace')
  t.is(on.phone.euicc.state.revocations[0]?.crlNumber, 1)
  t.is(await on.load({ crlNumber: 2, revoked: revoked.slice(1) }), 'ok')
})

test('AuthenticateServer refuses a server that is revoked', async (t) => {
  const on = await bench(t)
  t.is(await errorOf(on), undefined)
  t.is(await on.load({ revoked: [serverOf(on)] }), 'ok')
  t.is(await errorOf(on), 'invalidCertificate')
})

test('AuthenticateServer refuses every server of a CI that is revoked', async (t) => {
  const on = await bench(t)
  t.is(await on.load({ revoked: [on.lab.pki['P-256'].ci.certificate] }), 'ok')
  t.is(await errorOf(on), 'invalidCertificate')
})

test('PrepareDownload refuses a certificate that was revoked meanwhile', async (t) => {
  const on = await bench(t)
  const { matchingId } = await on.lab.order()
  const driver = createDriver(on.lab, { phone: on.phone, matchingId })
  await driver.through('authenticateClient')
  t.is(await on.load({ revoked: [binderOf(on)] }), 'ok')
  const { downloadResponseError } = await driver.prepareDownload()
  t.is(downloadResponseError?.downloadErrorCode, 'invalidCertificate')
})

test('a certificate that expired before the last list is refused, one that expires with it is not', async (t) => {
  const on = await bench(t)
  const { notAfterMs } = serverOf(on)
  t.is(await on.load({ crlNumber: 1, thisUpdateMs: notAfterMs }), 'ok')
  t.is(await errorOf(on), undefined)
  t.is(await on.load({ crlNumber: 2, thisUpdateMs: notAfterMs + 1000 }), 'ok')
  t.is(await errorOf(on), 'invalidCertificate')
})

test('entries of certificates that have expired are forgotten, and the time never goes back', async (t) => {
  const on = await bench(t)
  const server = serverOf(on)
  t.is(await on.load({ crlNumber: 1, revoked: [server] }), 'ok')
  const laterMs = server.notAfterMs + DAY_MS
  t.is(await on.load({ crlNumber: 2, thisUpdateMs: laterMs }), 'ok')
  t.deepEqual(on.phone.euicc.state.revocations[0]?.entries, [])
  t.is(await on.load({ crlNumber: 3, thisUpdateMs: START.getTime() }), 'ok')
  t.is(on.phone.euicc.state.timeReferenceMs, laterMs)
})

test('what was loaded is there after a power-off, and from the card’s file', async (t) => {
  const on = await bench(t)
  await on.load({ revoked: [serverOf(on)], part: { number: 1, total: 2 } })
  const { state } = on.phone.euicc
  const again = createEuicc({
    storage: memoryStorage(parseEuicc(serialiseEuicc(state))),
    random: on.lab.environment.random,
  })
  t.deepEqual(serialiseEuicc(again.state), serialiseEuicc(state))
  t.deepEqual(again.state.revocations[0]?.missingParts, [2])
})

test('a card without revocation lists does not know the function', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone({ personality: loadPersonality('old-2.2.2') })
  const crl = element(0xa0, hex('020101'))
  const error = await t.throwsAsync(es10Client(phone.euicc).loadCRL({ crl }), {
    instanceOf: CardError,
  })
  t.is(error?.statusWord, 0x6a88)
})
