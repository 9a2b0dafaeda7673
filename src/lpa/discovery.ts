/** Event retrieval as the LPA runs it: which SM-DP+ has a profile for this eUICC (SGP.22 §3.6.2, §3.4.4). */

import { LabError, messageOf } from '../base/errors.ts'
import { ROLE_POLICIES } from '../pki/oids.ts'
import { CardError } from '../rsp/es10.ts'
import type { Es11, Es11Response, EventEntry } from '../rsp/es11.ts'
import {
  cardFailed,
  cardRefused,
  certificateOf,
  checkServer,
  ctxParams1,
  refusedAs,
} from './download.ts'
import type { LpaContext } from './lpa.ts'

/** A profile that an SM-DP+ has for the eUICC. */
export interface DiscoveredEvent {
  readonly smdpAddress: string
  /** The MatchingID of the download. */
  readonly eventId: string
  /** The SM-DS that told of it; another than the root SM-DS where that one sent the LPA on. */
  readonly smdsAddress: string
}

/** An event that led nowhere. */
export interface FailedEvent {
  readonly rspServerAddress: string
  readonly eventId: string
  readonly smdsAddress: string
  readonly reason: string
}

export interface Discovery {
  /** The root SM-DS of the eUICC. */
  readonly rootDsAddress: string
  /** In the order in which the SM-DSs have them. */
  readonly events: readonly DiscoveredEvent[]
  readonly failed: readonly FailedEvent[]
}

/** SGP.22 knows a root and alternative SM-DSs: one step. More than a few are a mistake, or a loop. */
const DEPTH_MAX = 4
const SERVERS_MAX = 100

/**
 * Asks the root SM-DS for all events, and each server that an event names what it is: an SM-DS is asked for the event in
 * its turn, an SM-DP+ is left alone until the profile is downloaded.
 * @throws {LabError} notFound — the eUICC has no root SM-DS; refused, unavailable — by the root SM-DS
 */
export async function discover(context: LpaContext): Promise<Discovery> {
  try {
    const { rootDsAddress } = await context.es10.getEuiccConfiguredAddresses({})
    if (rootDsAddress === '') throw new LabError('notFound', 'the eUICC names no root SM-DS.')
    const entries = await ask(context, { address: rootDsAddress, eventId: '' })
    if (entries === 'smdp') {
      const detail = `${rootDsAddress} is an SM-DP+, and no SM-DS.`
      throw new LabError('refused', detail, { reason: 'noSmds' })
    }
    const search: Search = { context, events: [], failed: [], asked: new Set() }
    await followAll(search, { entries, smdsAddress: rootDsAddress, depth: 1 })
    return { rootDsAddress, events: search.events, failed: search.failed }
  } catch (error) {
    if (error instanceof CardError) throw cardFailed(error)
    throw error
  }
}

interface Search {
  readonly context: LpaContext
  readonly events: DiscoveredEvent[]
  readonly failed: FailedEvent[]
  /** Addresses with EventIDs. */
  readonly asked: Set<string>
}

interface Told {
  readonly entries: readonly EventEntry[]
  readonly smdsAddress: string
  readonly depth: number
}

/** One that leads nowhere does not keep the LPA from the others. */
async function followAll(search: Search, told: Told): Promise<void> {
  const { smdsAddress, depth } = told
  for (const { eventId, rspServerAddress } of told.entries) {
    const key = `${rspServerAddress.toLowerCase()} ${eventId}`
    if (search.asked.has(key)) continue
    search.asked.add(key)
    const failed = (reason: string): void =>
      void search.failed.push({ rspServerAddress, eventId, smdsAddress, reason })
    if (depth > DEPTH_MAX || search.asked.size > SERVERS_MAX) {
      failed('one SM-DS leads to another without end')
      continue
    }
    try {
      const entries = await ask(search.context, { address: rspServerAddress, eventId })
      if (entries === 'smdp') {
        search.events.push({ smdpAddress: rspServerAddress, eventId, smdsAddress })
      } else {
        const next = { entries, smdsAddress: rspServerAddress, depth: depth + 1 }
        await followAll(search, next)
      }
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      failed(messageOf(error))
    }
  }
}

type Initiated = Es11Response<'initiateAuthentication'>

/** What a server has under an EventID, if it is an SM-DS; all that it has for the eUICC without one. */
async function ask(
  context: LpaContext,
  asked: { readonly address: string; readonly eventId: string },
): Promise<readonly EventEntry[] | 'smdp'> {
  const { address, eventId } = asked
  const { es10 } = context
  const server = serverAt(context, address)
  const euiccInfo1 = await es10.getEUICCInfo1({})
  const { euiccChallenge } = await es10.getEUICCChallenge({})
  const initiated = await refusedAs('InitiateAuthentication', () =>
    server.initiateAuthentication({ euiccChallenge, smdpAddress: address, euiccInfo1 }),
  )
  const role = isSmds(initiated) ? 'ds-auth' : 'dp-auth'
  checkServer({ context, activationCode: { smdpAddress: address }, role }, initiated)
  if (role === 'dp-auth') return 'smdp'
  const { transactionId, ...shown } = initiated
  const authenticateServerResponse = await es10.authenticateServer({
    ...shown,
    ctxParams1: ctxParams1(context, eventId),
  })
  const answer = server.authenticateClient({ transactionId, authenticateServerResponse })
  const cardError = authenticateServerResponse.authenticateResponseError
  if (cardError) {
    // The server is told, so that it may end its session; the eUICC's own word is what the user needs.
    await answer.catch(() => undefined)
    throw cardRefused('AuthenticateServer', cardError.authenticateErrorCode)
  }
  const { eventEntries } = await refusedAs('AuthenticateClient', () => answer)
  return eventEntries
}

function serverAt({ es11 }: LpaContext, address: string): Es11 {
  if (es11) return es11(address)
  throw new LabError('unavailable', 'this LPA has no way to an SM-DS.')
}

/** SM-DP+ and SM-DS answer at the same paths: the certificate says which of them it is (SGP.22 §4.5.2.1). */
function isSmds({ serverCertificate }: Initiated): boolean {
  return certificateOf(serverCertificate).policies.includes(ROLE_POLICIES['ds-auth'])
}
