/** Event retrieval walked step by step between a real card and a real SM-DS, each message open to change on its way. */

import { seededRandom } from '../../src/base/environment.ts'
import { generateKeyPair, type Curve } from '../../src/crypto/ec.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { issueEuicc, issueEum } from '../../src/pki/issue.ts'
import { createTestPki } from '../../src/pki/test-pki.ts'
import type { Es11, Es11Request, Es11Response } from '../../src/rsp/es11.ts'
import { es10Client, type Es10Request } from '../../src/rsp/es10.ts'
import type { AuthenticateServerResponse, EuiccSigned1 } from '../../src/rsp/es10b.ts'
import type { Change } from '../pki/helper.ts'
import { ctxParams1, needed, withSigned1 } from './driver.ts'

type Edit<T> = (message: T) => T
const same = <T>(message: T): T => message

/** What a retrieval asks for, and of whom. */
export interface Retrieval {
  readonly phone: Phone
  readonly address: string
  readonly es11: Es11
  /** Absent: no MatchingID is sent. */
  readonly eventId?: string
}

/** The steps of SGP.22 §3.6.2; each uses what the ones before it gave. */
export interface SmdsDriver {
  readonly transactionId: Uint8Array
  initiate(
    change?: Edit<Es11Request<'initiateAuthentication'>>,
  ): Promise<Es11Response<'initiateAuthentication'>>
  authenticateServer(
    change?: Edit<Es10Request<'authenticateServer'>>,
  ): Promise<AuthenticateServerResponse>
  authenticateClient(
    change?: Edit<Es11Request<'authenticateClient'>>,
  ): Promise<Es11Response<'authenticateClient'>>
  /** All steps: the events. */
  retrieve(): Promise<Es11Response<'authenticateClient'>['eventEntries']>
}

/** Asks an SM-DS of the lab, the root one unless told. */
export function createSmdsDriver(
  lab: Lab,
  asked: Partial<Retrieval> & { readonly phone: Phone },
): SmdsDriver {
  const { root } = lab.smds
  const { phone, address = root.address, es11 = root.es11, eventId } = asked
  const card = es10Client(phone.euicc)
  const got: {
    initiated?: Es11Response<'initiateAuthentication'>
    answer?: AuthenticateServerResponse
  } = {}
  const driver: SmdsDriver = {
    get transactionId() {
      return needed(got.initiated).transactionId
    },
    async initiate(change = same) {
      const { euiccChallenge } = await card.getEUICCChallenge({})
      const euiccInfo1 = await card.getEUICCInfo1({})
      const request = { euiccChallenge, smdpAddress: address, euiccInfo1 }
      return (got.initiated = await es11.initiateAuthentication(change(request)))
    },
    async authenticateServer(change = same) {
      const { transactionId: _, ...initiated } = needed(got.initiated)
      const request = { ...initiated, ctxParams1: ctxParams1(eventId) }
      return (got.answer = await card.authenticateServer(change(request)))
    },
    async authenticateClient(change = same) {
      const { transactionId } = driver
      const request = { transactionId, authenticateServerResponse: needed(got.answer) }
      return es11.authenticateClient(change(request))
    },
    async retrieve() {
      await driver.initiate()
      await driver.authenticateServer()
      return (await driver.authenticateClient()).eventEntries
    },
  }
  return driver
}

/** What a card's answer is to be other than. */
export interface Forgery {
  readonly foreignCi: boolean
  readonly eum: Change
  readonly euicc: Change
  readonly signed1: Edit<EuiccSigned1['value']>
  readonly request: Edit<Es11Request<'authenticateClient'>>
}

/** No fault at all. */
export const UNCHANGED: Forgery = {
  foreignCi: false,
  eum: same,
  euicc: same,
  signed1: same,
  request: same,
}

const foreign = createTestPki({ random: seededRandom('foreign') })
const random = seededRandom('certificates with faults')

/** The request with faults: contents first, signed by the card, then its certificates, then what lies around them. */
export function forged(
  call: {
    readonly lab: Lab
    readonly phone: Phone
    readonly request: Es11Request<'authenticateClient'>
    /** Of the card's credential that signs; P-256 unless told. */
    readonly curve?: Curve
  },
  forgery: Forgery,
): Es11Request<'authenticateClient'> {
  const { lab, phone, request, curve = 'P-256' } = call
  const response = request.authenticateServerResponse
  const signed = withSigned1(phone, { response, change: forgery.signed1 })
  const { ci } = (forgery.foreignCi ? foreign : lab.pki)[curve]
  const { keyPair } = needed(phone.euicc.state.credentials[0])
  const eum = issueEum({
    issuer: ci,
    keyPair: generateKeyPair({ curve, random }),
    change: forgery.eum,
  })
  const euicc = issueEuicc({ issuer: eum, keyPair, eid: phone.eid, change: forgery.euicc })
  const authenticateResponseOk = {
    ...needed(signed.authenticateResponseOk),
    eumCertificate: eum.certificate.der,
    euiccCertificate: euicc.certificate.der,
  }
  return forgery.request({ ...request, authenticateServerResponse: { authenticateResponseOk } })
}
