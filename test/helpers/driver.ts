/** A download walked step by step between a real card and a real server, each message open to change on its way. */

import { createHash } from 'node:crypto'
import { element } from '../../src/asn1/der.ts'
import { decode, seal } from '../../src/asn1/schema.ts'
import { concat, utf8 } from '../../src/base/octets.ts'
import { sign } from '../../src/crypto/ec.ts'
import { TEST_DEVICE, type Lab, type Phone } from '../../src/lab.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import { CtxParams1 } from '../../src/rsp/common.ts'
import { signed, type Signed } from '../../src/asn1/schema.ts'
import { es10Client, type CardAnswer, type Es10, type Es10Request } from '../../src/rsp/es10.ts'
import {
  EuiccSigned1,
  EUICCSigned2,
  ProfileInstallationResult,
  type AuthenticateServerResponse,
  type CancelSessionReason,
  type PrepareDownloadResponse,
} from '../../src/rsp/es10b.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../../src/rsp/es9plus.ts'
import { cardKey } from './lab.ts'

export interface DrivenDownload {
  readonly phone: Phone
  /** Absent: no MatchingID is sent. */
  readonly matchingId?: string
  readonly confirmationCode?: string
}

type Change<T> = (message: T) => T
const same = <T>(message: T): T => message

/** The steps of SGP.22 §3.1.2 and §3.1.3; each uses what the ones before it gave. */
export interface Driver {
  readonly card: Es10
  readonly transactionId: Uint8Array
  /** The card's signature that authenticated it. */
  readonly euiccSignature1: Uint8Array
  initiate(
    change?: Change<Es9PlusRequest<'initiateAuthentication'>>,
  ): Promise<Es9PlusResponse<'initiateAuthentication'>>
  authenticateServer(
    change?: Change<Es10Request<'authenticateServer'>>,
  ): Promise<AuthenticateServerResponse>
  authenticateClient(
    change?: Change<Es9PlusRequest<'authenticateClient'>>,
  ): Promise<Es9PlusResponse<'authenticateClient'>>
  prepareDownload(change?: Change<Es10Request<'prepareDownload'>>): Promise<PrepareDownloadResponse>
  getBoundProfilePackage(
    change?: Change<Es9PlusRequest<'getBoundProfilePackage'>>,
  ): Promise<Es9PlusResponse<'getBoundProfilePackage'>>
  /** Loads segments, those of the package unless given; the result, once the card gives it. */
  load(segments?: Iterable<Uint8Array>): Promise<ProfileInstallationResult | undefined>
  cancel(
    reason: CancelSessionReason,
    change?: Change<Es9PlusRequest<'cancelSession'>>,
  ): Promise<void>
  /** All steps up to and including one. */
  through(step: Step): Promise<Driver>
}

const STEPS = [
  'initiate',
  'authenticateServer',
  'authenticateClient',
  'prepareDownload',
  'getBoundProfilePackage',
  'load',
] as const
export type Step = (typeof STEPS)[number]

export function createDriver(lab: Lab, download: DrivenDownload): Driver {
  const { es9Plus } = lab
  const card = es10Client(download.phone.euicc)
  const got: {
    initiated?: Es9PlusResponse<'initiateAuthentication'>
    answer?: AuthenticateServerResponse
    authenticated?: Es9PlusResponse<'authenticateClient'>
    prepared?: PrepareDownloadResponse
    bound?: Es9PlusResponse<'getBoundProfilePackage'>
  } = {}
  const driver: Driver = {
    card,
    get transactionId() {
      return needed(got.initiated).transactionId
    },
    get euiccSignature1() {
      return needed(got.answer?.authenticateResponseOk).euiccSignature1
    },
    async initiate(change = same) {
      const { euiccChallenge } = await card.getEUICCChallenge({})
      const euiccInfo1 = await card.getEUICCInfo1({})
      const request = { euiccChallenge, smdpAddress: lab.smdp.address, euiccInfo1 }
      return (got.initiated = await es9Plus.initiateAuthentication(change(request)))
    },
    async authenticateServer(change = same) {
      const { transactionId: _, ...initiated } = needed(got.initiated)
      const request = { ...initiated, ctxParams1: ctxParams1(download.matchingId) }
      return (got.answer = await card.authenticateServer(change(request)))
    },
    async authenticateClient(change = same) {
      const { transactionId } = driver
      const request = { transactionId, authenticateServerResponse: needed(got.answer) }
      return (got.authenticated = await es9Plus.authenticateClient(change(request)))
    },
    async prepareDownload(change = same) {
      const { smdpSigned2, smdpSignature2, smdpCertificate } = needed(got.authenticated)
      const { confirmationCode: code } = download
      const hashCc = code === undefined ? undefined : hashOfCode(code, driver.transactionId)
      const request = { smdpSigned2, smdpSignature2, smdpCertificate, hashCc }
      return (got.prepared = await card.prepareDownload(change(request)))
    },
    async getBoundProfilePackage(change = same) {
      const { transactionId } = driver
      const request = { transactionId, prepareDownloadResponse: needed(got.prepared) }
      return (got.bound = await es9Plus.getBoundProfilePackage(change(request)))
    },
    async load(segments) {
      const answers = await loadSegments(
        card,
        segments ?? segmentsOf(needed(got.bound).boundProfilePackage),
      )
      const { data } = answers.at(-1) ?? { data: new Uint8Array(0) }
      return data.length > 0 ? decode(ProfileInstallationResult, data) : undefined
    },
    async cancel(reason, change = same) {
      const { transactionId } = driver
      const cancelSessionResponse = await card.cancelSession({ transactionId, reason })
      await es9Plus.cancelSession(change({ transactionId, cancelSessionResponse }))
    },
    async through(step) {
      for (const name of STEPS.slice(0, STEPS.indexOf(step) + 1)) await driver[name]()
      return driver
    },
  }
  return driver
}

/** Hands segments to the card until it answers with data or another status word than 9000. */
export async function loadSegments(
  card: Es10,
  segments: Iterable<Uint8Array>,
): Promise<CardAnswer[]> {
  const answers: CardAnswer[] = []
  for (const segment of segments) {
    const answer = await card.loadBoundProfilePackage(segment)
    answers.push(answer)
    if (answer.data.length > 0 || answer.statusWord !== 0x9000) break
  }
  return answers
}

const SignedCtxParams1 = signed(CtxParams1)

export function ctxParams1(matchingId: string | undefined): Signed<CtxParams1> {
  return seal(SignedCtxParams1, {
    ctxParamsForCommonAuthentication: {
      ...(matchingId !== undefined && { matchingId }),
      deviceInfo: TEST_DEVICE,
    },
  })
}

/** SHA256(SHA256(Confirmation Code) ‖ TransactionID) (SGP.22 §3.1.3.2 (1)). */
export function hashOfCode(code: string, transactionId: Uint8Array): Uint8Array {
  const inner = createHash('sha256').update(utf8(code)).digest()
  return createHash('sha256').update(concat(inner, transactionId)).digest()
}

/** The card's answer to AuthenticateServer with other contents, signed by the card's own key. */
export function withSigned1(
  phone: Phone,
  answer: {
    readonly response: AuthenticateServerResponse
    readonly change: Change<EuiccSigned1['value']>
  },
): AuthenticateServerResponse {
  const ok = needed(answer.response.authenticateResponseOk)
  const euiccSigned1 = seal(EuiccSigned1, answer.change(ok.euiccSigned1.value))
  const euiccSignature1 = sign(cardKey(phone, ok.euiccCertificate), euiccSigned1.raw)
  return { authenticateResponseOk: { ...ok, euiccSigned1, euiccSignature1 } }
}

/** The card's answer to PrepareDownload with other contents, signed by the card's own key. */
export function withSigned2(
  phone: Phone,
  answer: {
    readonly response: PrepareDownloadResponse
    readonly change: Change<EUICCSigned2['value']>
    readonly euiccCertificate: Uint8Array
    readonly smdpSignature2: Uint8Array
  },
): PrepareDownloadResponse {
  const ok = needed(answer.response.downloadResponseOk)
  const euiccSigned2 = seal(EUICCSigned2, answer.change(ok.euiccSigned2.value))
  const data = concat(euiccSigned2.raw, element(0x5f37, answer.smdpSignature2))
  const euiccSignature2 = sign(cardKey(phone, answer.euiccCertificate), data)
  return { downloadResponseOk: { euiccSigned2, euiccSignature2 } }
}

export function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('an earlier step of the download is missing')
  return value
}

/** The octets with one bit turned; the last octet unless told. */
export function damaged(octets: Uint8Array, at: number = octets.length - 1): Uint8Array {
  const changed = Uint8Array.from(octets)
  changed[at] = (changed[at] as number) ^ 0x01
  return changed
}
