/** The SM-DSs of a lab on the network: each on a port of its own, for LPAs (ES11) and for other servers (ES12, ES15). */

import type { IncomingMessage, RequestListener } from 'node:http'
import { TLSSocket } from 'node:tls'
import { wallClock } from '../base/environment.ts'
import { messageOf } from '../base/errors.ts'
import type { Lab } from '../lab.ts'
import { linkInProcess, SMDS_NAMES, type LabSmds, type SmdsKind } from '../lab-smds.ts'
import { chooseTls, type TlsChoice } from '../pki/brought.ts'
import { readCertificate, type Certificate } from '../pki/certificate.ts'
import { oidOf } from '../pki/chain.ts'
import { chooseSmdsTls } from '../pki/smds.ts'
import { ES11 } from '../rsp/es11.ts'
import { ES12, ES15 } from '../rsp/es12.ts'
import { refuse } from '../rsp/status-codes.ts'
import { listen } from './listener.ts'
import { createRspApp, type Admission, type RspApp } from './rsp-app.ts'
import { RequestError } from './rsp-body.ts'
import { judgeTls } from './rsp-connection.ts'
import {
  addressesOf,
  HOST_NAMES,
  rulesOf,
  type ListenerChoice,
  type RspRules,
  type ServedListener,
  type Witnesses,
} from './rsp-listeners.ts'
import { es12Clients, type FoundAt } from './smds-clients.ts'

export interface SmdsListenerOptions extends ListenerChoice, RspRules {
  /** Without TLS: then who calls ES12 is who says so. */
  readonly plain?: boolean | undefined
  /** The names in the TLS certificate, the first of them the SM-DS's own address. */
  readonly hostNames?: readonly [string, ...string[]] | undefined
}

/** @throws {LabError} unavailable — the port is taken */
export async function openSmdsListener(
  lab: Lab,
  choice: { readonly kind: SmdsKind; readonly options: SmdsListenerOptions } & Witnesses,
): Promise<ServedListener> {
  const { kind, options } = choice
  const { plain = false } = options
  const tls = plain ? undefined : tlsFor(lab, choice)
  const listener = await listen({
    handler: handlerFor(lab, choice),
    tls: tls?.credential,
    askForCertificate: true,
    host: options.host,
    port: options.port ?? 0,
  })
  const addresses = addressesOf(listener, { ...options, plain, testName: SMDS_NAMES[kind] })
  lab.smds[kind].setAddresses(addresses)
  const [address] = addresses
  const { port, close } = listener
  return { address, url: `${plain ? 'http' : 'https'}://${address}`, port, tls, close }
}

function tlsFor(
  lab: Lab,
  { kind, options }: { readonly kind: SmdsKind; readonly options: SmdsListenerOptions },
): TlsChoice {
  const { hostNames = HOST_NAMES } = options
  return chooseSmdsTls({
    brought: lab.broughtPki,
    own: lab.pki,
    oid: lab.smds[kind].oid,
    hostNames: [...hostNames, SMDS_NAMES[kind]] as [string, ...string[]],
    nowMs: wallClock.nowMs(),
    random: lab.environment.random.stream(`smds/${kind}`),
  })
}

/** The servers of a lab by the names by which cards and orders know them, whatever the network knows. */
export function namesOf(smds: Readonly<Record<SmdsKind, ServedListener>>): FoundAt {
  return {
    [SMDS_NAMES.root]: smds.root.address,
    [SMDS_NAMES.alternative]: smds.alternative.address,
  }
}

/**
 * Lets the SM-DP+ and the alternative SM-DS speak to SM-DSs over the network, with their TLS certificates, until it is
 * closed; then within the process again.
 */
export function linkSmds(
  lab: Lab,
  {
    smds,
    plain,
  }: { readonly smds: Readonly<Record<SmdsKind, ServedListener>>; readonly plain: boolean },
): { close(): Promise<void> } {
  const foundAt = namesOf(smds)
  const { anchors, isRevoked } = lab
  const credential = plain ? undefined : clientTls(lab).credential
  const own = smds.alternative.tls?.credential
  const es12 = es12Clients(ES12, {
    requester: lab.smdp.oid,
    foundAt,
    ...(credential && { tls: { anchors, isRevoked, credential } }),
  })
  const es15 = es12Clients(ES15, {
    requester: lab.smds.alternative.oid,
    foundAt,
    ...(own && { tls: { anchors, isRevoked, credential: own } }),
  })
  lab.smdp.setSmds(es12.at)
  lab.smds.alternative.setRoot(es15.at(smds.root.address))
  return {
    async close() {
      es12.close()
      es15.close()
      lab.smdp.setSmds(lab.es12)
      linkInProcess(lab.smds)
    },
  }
}

/** The SM-DP+'s own certificate on P-256, whatever its listeners show. */
function clientTls(lab: Lab): TlsChoice {
  return chooseTls({
    brought: lab.broughtPki,
    own: lab.pki,
    hostNames: HOST_NAMES,
    nowMs: wallClock.nowMs(),
    random: lab.environment.random.stream('smdp/client'),
  })
}

type Choice = Parameters<typeof openSmdsListener>[1]

function handlerFor(lab: Lab, choice: Choice): RequestListener {
  const smds = lab.smds[choice.kind]
  const rules = rulesOf(lab, { rules: choice.options, ...choice })
  const es11 = createRspApp({ ...rules, table: ES11, implementation: smds.es11 })
  const isEs12 = new Set<string>(Object.values(ES12).map(({ path }) => path))
  return (request, response) => {
    const url = request.url?.replace(/\?.*$/s, '') ?? ''
    if (isEs12.has(url)) return es12For(lab, { smds, rules, choice })(request, response)
    const alias = /^\/gsma\/rsp2\/es11\/(\w+)$/.exec(url)?.[1]
    if (alias !== undefined && Object.hasOwn(ES11, alias) && !choice.options.strict) {
      const what = `the path ${url}, while ES11 has those of ES9+`
      const side = { interface: 'ES11', function: alias }
      choice.noteTolerated?.({ ...side, what })
      lab.observer?.({ ...side, direction: 'tolerated', message: what })
      request.url = `/gsma/rsp2/es9plus/${alias}`
    }
    return es11(request, response)
  }
}

/** ES12 for one request: who calls is known from its connection or, without TLS, from its header. */
function es12For(
  lab: Lab,
  parts: {
    readonly smds: LabSmds
    readonly rules: ReturnType<typeof rulesOf>
    readonly choice: Choice
  },
): RspApp {
  const caller = { oid: '' }
  const admit: Admission = parts.choice.options.plain
    ? {
        connection() {},
        header(_request, { functionRequesterIdentifier }) {
          caller.oid = functionRequesterIdentifier
        },
      }
    : {
        connection(request) {
          caller.oid = callerOf(lab, request)
        },
        header() {},
      }
  const implementation = parts.smds.es12(caller)
  return createRspApp({ ...parts.rules, table: ES12, implementation, admit })
}

/** Certificates by connection, once judged; what is revoked since is seen all the same. */
const callers = new WeakMap<TLSSocket, Certificate>()

/** @throws {RequestError} 403, with requesterNotAllowed — there is no certificate of a server under a CI of the lab */
function callerOf(lab: Lab, { socket }: IncomingMessage): string {
  if (!(socket instanceof TLSSocket)) throw stranger('There is no TLS.')
  const certificate = callers.get(socket) ?? serverCertificate(lab, socket)
  callers.set(socket, certificate)
  if (lab.isRevoked(certificate)) throw stranger('The client certificate is revoked by its CI.')
  return oidOf(certificate)
}

function serverCertificate(lab: Lab, socket: TLSSocket): Certificate {
  const peer = socket.getPeerX509Certificate()
  if (!peer) throw stranger('Present CERT.DP.TLS, or CERT.DS.TLS, as the client certificate.')
  try {
    const certificate = readCertificate(peer.raw)
    const trust = { anchors: lab.anchors, role: ['dp-tls', 'ds-tls'] } as const
    const verdict = judgeTls(certificate, trust)
    if (!verdict.ok) {
      throw stranger(`The client certificate is not accepted: ${verdict.fault.detail}.`)
    }
    return certificate
  } catch (error) {
    if (error instanceof RequestError) throw error
    throw stranger(`The client certificate is not accepted: ${messageOf(error)}.`)
  }
}

function stranger(detail: string): RequestError {
  return new RequestError(403, refuse('requesterNotAllowed', { detail }))
}
