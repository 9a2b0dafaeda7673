/** Full download sessions against a server: 4 exchanges each, by software eUICCs that are new to it. */

import { decode, seal, signed } from '../../asn1/schema.ts'
import { wallClock, type Random } from '../../base/environment.ts'
import { assert, LabError } from '../../base/errors.ts'
import { createEuicc } from '../../euicc/euicc.ts'
import { manufacturedEuicc, memoryStorage, type EuiccState } from '../../euicc/state.ts'
import { es9PlusClient, type Closable } from '../../http/rsp-client.ts'
import { TEST_DEVICE } from '../../lab.ts'
import { segmentsOf } from '../../lpa/segments.ts'
import { issueEuiccCredential, makeEid, type TestPki } from '../../pki/test-pki.ts'
import { parseActivationCode } from '../../rsp/activation-code.ts'
import { CtxParams1 } from '../../rsp/common.ts'
import { es10Client, type Es10 } from '../../rsp/es10.ts'
import { ProfileInstallationResult } from '../../rsp/es10b.ts'
import type { Es9Plus } from '../../rsp/es9plus.ts'

/** One download waiting to happen: an order, and a card that the server has not seen. */
export interface BenchSession {
  readonly matchingId: string
  readonly es10: Es10
}

const CURVE = 'P-256'
const FIRST_SERIAL = 10_000_000

/** Cards with certificates of their own, one for each order. */
export function prepareSessions(options: {
  readonly pki: TestPki
  readonly random: Random
  readonly activationCodes: readonly string[]
}): BenchSession[] {
  const { pki, random } = options
  return options.activationCodes.map((code) => {
    const serial = nextSerial++
    const storage = memoryStorage(newCard({ pki, random, serial }))
    const euicc = createEuicc({ storage, random: random.stream(`bench/${serial}`) })
    return { matchingId: parseActivationCode(code).matchingId, es10: es10Client(euicc) }
  })
}

/** No card is new to a server twice. */
let nextSerial = FIRST_SERIAL

function newCard(card: {
  readonly pki: TestPki
  readonly random: Random
  readonly serial: number
}): EuiccState {
  const eid = makeEid({ serial: card.serial })
  const { certificate, keyPair } = issueEuiccCredential({ ...card, curve: CURVE, eid })
  const { eum, ci } = card.pki[CURVE]
  return manufacturedEuicc({
    eid,
    credentials: [{ keyPair, euiccCertificate: certificate, eumCertificate: eum.certificate }],
    trustedCis: [ci.certificate],
  })
}

export type Connect = () => Es9Plus & Closable

/** How clients reach the server: each call over a connection of its own, or all of a client's over one. */
export function connector(server: {
  readonly address: string
  readonly transport: 'http' | 'https'
  readonly pki: TestPki
}): Connect {
  const { address } = server
  const anchors = [server.pki[CURVE].ci.certificate]
  return () =>
    server.transport === 'http'
      ? es9PlusClient({ address, plain: true })
      : es9PlusClient({ address, tls: { anchors } })
}

/** Wall milliseconds that the sessions took, run by so many clients side by side. */
export async function runSessions(options: {
  readonly sessions: readonly BenchSession[]
  readonly clients: number
  readonly keepAlive: boolean
  readonly connect: Connect
  readonly address: string
}): Promise<number> {
  const queue = [...options.sessions]
  const startedMs = wallClock.nowMs()
  const clients = Array.from({ length: options.clients }, async () => {
    const link = options.keepAlive ? options.connect() : undefined
    for (let session = queue.pop(); session; session = queue.pop()) {
      const steps = downloadSteps(session, options.address)
      for (const step of steps) await overLink(link ?? options.connect(), { step, once: !link })
    }
    link?.close()
  })
  await Promise.all(clients)
  return wallClock.nowMs() - startedMs
}

async function overLink(
  link: Es9Plus & Closable,
  call: { readonly step: Step; readonly once: boolean },
): Promise<void> {
  await call.step(link)
  if (call.once) link.close()
}

/** One exchange with the server, and what the card does for it. */
export type Step = (server: Es9Plus) => Promise<void>

/** The functions of ES9+ in the order of a download. */
export const STEP_NAMES = [
  'initiateAuthentication',
  'authenticateClient',
  'getBoundProfilePackage',
  'handleNotification',
] as const

const SignedCtxParams1 = signed(CtxParams1)

/** The four exchanges of a session; each is to be run once, in order. */
export function downloadSteps(session: BenchSession, smdpAddress: string): Step[] {
  const { es10, matchingId } = session
  let next: unknown
  return [
    async (server) => {
      const euiccInfo1 = await es10.getEUICCInfo1({})
      const { euiccChallenge } = await es10.getEUICCChallenge({})
      const initiated = await server.initiateAuthentication({
        euiccChallenge,
        smdpAddress,
        euiccInfo1,
      })
      const { transactionId, ...authentication } = initiated
      const value = {
        ctxParamsForCommonAuthentication: { matchingId, deviceInfo: TEST_DEVICE },
      }
      const ctxParams1 = seal(SignedCtxParams1, value)
      const authenticateServerResponse = await es10.authenticateServer({
        ...authentication,
        ctxParams1,
      })
      next = { transactionId, authenticateServerResponse }
    },
    async (server) => {
      const {
        transactionId,
        profileMetadata: _,
        ...download
      } = await server.authenticateClient(next as Parameters<Es9Plus['authenticateClient']>[0])
      const prepareDownloadResponse = await es10.prepareDownload(download)
      next = { transactionId, prepareDownloadResponse }
    },
    async (server) => {
      const { boundProfilePackage } = await server.getBoundProfilePackage(
        next as Parameters<Es9Plus['getBoundProfilePackage']>[0],
      )
      next = {
        pendingNotification: { profileInstallationResult: await load(es10, boundProfilePackage) },
      }
    },
    async (server) => {
      await server.handleNotification(next as Parameters<Es9Plus['handleNotification']>[0])
    },
  ]
}

async function load(
  es10: Es10,
  boundProfilePackage: Uint8Array,
): Promise<ProfileInstallationResult> {
  for (const segment of segmentsOf(boundProfilePackage)) {
    const { data } = await es10.loadBoundProfilePackage(segment)
    if (data.length === 0) continue
    const result = decode(ProfileInstallationResult, data)
    const { finalResult } = result.profileInstallationResultData.value
    assert(finalResult.successResult, 'the card of the bench did not install the profile')
    return result
  }
  throw new LabError('internal', 'the card of the bench gave no result')
}
