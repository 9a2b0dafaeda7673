/** A lab on the network: the RSP listener for LPAs, the operator's listener for its software (loopback unless asked). */

import { wallClock } from '../base/environment.ts'
import type { Lab } from '../lab.ts'
import { chooseTls, type TlsChoice } from '../pki/brought.ts'
import { startSweeping } from '../operator/sweeping.ts'
import { ES2PLUS } from '../rsp/es2plus.ts'
import { ES9PLUS, type Es9Plus } from '../rsp/es9plus.ts'
import { labRoutes } from './lab-routes.ts'
import { listen, type Listener } from './listener.ts'
import { createOperatorApp } from './operator-app.ts'
import { LONG_BODIES } from './profile-routes.ts'
import { progressUrlOf, startProgressDelivery } from './progress-delivery.ts'
import { revocationListRoutes } from './revocation-routes.ts'
import { createRspApp } from './rsp-app.ts'
import { es9PlusClients } from './rsp-client.ts'

export interface ListenerChoice {
  /** The interface to listen on; this machine alone unless told. */
  readonly host?: string
  /** 0, unless told, takes any port that is free. */
  readonly port?: number
}

export interface ServeOptions {
  /** What the operator's clients send as `Authorization: Bearer …`; made up when it is not given. */
  readonly token?: string
  readonly rsp?: ListenerChoice & {
    /** Without TLS, for clients that cannot be given a CI certificate. */
    readonly plain?: boolean
    /** The names in the TLS certificate, the first of them the SM-DP+'s own address. */
    readonly hostNames?: readonly [string, ...string[]]
  }
  readonly operator?: ListenerChoice
  /** Where the operator's software takes ES2+.HandleDownloadProgressInfo: `http://host:port`, with or without the path. */
  readonly progressUrl?: string
  /** Told of our own defects, of which clients see nothing but status 500. */
  readonly reportDefect?: (error: unknown) => void
}

export interface ServedLab {
  /** The SM-DP+'s address as activation codes carry it, `localhost:8443`. */
  readonly rspAddress: string
  readonly rspUrl: string
  /** The certificate that LPAs see, and where it is from; nothing without TLS. */
  readonly tls: TlsChoice | undefined
  readonly operatorUrl: string
  readonly token: string
  /** ES9+ of the server at an address over the network, for `createPhone`; it trusts the lab's CI. */
  readonly es9Plus: (address: string) => Es9Plus
  close(): Promise<void>
}

const HOST_NAMES: readonly [string, ...string[]] = ['localhost', '127.0.0.1']
/** SGP.23's name for a test SM-DP+: clients that were set up with it are answered too. */
const TEST_NAME = 'testsmdpplus1.example.com'
const TOKEN_OCTETS = 32

/**
 * Starts both listeners, with a TLS certificate for its names, and sweeps the operator's books each minute.
 * @throws {LabError} unavailable — a port is taken; badInput — `progressUrl` is no URL. Nothing is left listening
 */
export async function serveLab(lab: Lab, options: ServeOptions = {}): Promise<ServedLab> {
  // First of all: a URL that is none leaves nothing listening.
  if (options.progressUrl !== undefined) progressUrlOf(options.progressUrl)
  const token = options.token ?? newToken(lab)
  const { rsp = {} } = options
  const hostNames = rsp.hostNames ?? HOST_NAMES
  const tls = rsp.plain ? undefined : tlsFor(lab, hostNames)
  const rspListener = await listenForLpas(lab, { options, tls })
  const addresses = addressesOf({ port: rspListener.port, hostNames, plain: rsp.plain ?? false })
  lab.smdp.setAddresses(addresses)
  const served = {
    rspAddress: addresses[0],
    rspUrl: `${rsp.plain ? 'http' : 'https'}://${addresses[0]}`,
  }
  const operatorListener = await listenForOperator(lab, { options, token, served }).catch(
    async (error: unknown) => {
      await rspListener.close()
      throw error
    },
  )
  const { anchors } = lab
  const clients = es9PlusClients(
    rsp.plain ? { plain: true } : { tls: { anchors, isRevoked: lab.isRevoked } },
  )
  const reportDefect = options.reportDefect ?? (() => {})
  const sweeping = startSweeping({ sweep: () => sweepLab(lab) }, reportDefect)
  const delivery = options.progressUrl
    ? startProgressDelivery(lab.smdp, { url: options.progressUrl, reportDefect })
    : undefined
  return {
    ...served,
    tls,
    es9Plus: clients.at,
    operatorUrl: urlOf(operatorListener),
    token,
    async close() {
      clients.close()
      const ending = [rspListener.close(), operatorListener.close()]
      await Promise.all([...ending, sweeping.stop(), delivery?.stop()])
    },
  }
}

async function sweepLab(lab: Lab): Promise<void> {
  await lab.operator.sweep()
  await lab.smdp.sweep()
}

function newToken(lab: Lab): string {
  return Buffer.from(lab.environment.random.unique(TOKEN_OCTETS)).toString('hex')
}

function tlsFor(lab: Lab, hostNames: readonly [string, ...string[]]): TlsChoice {
  return chooseTls({
    brought: lab.broughtPki,
    own: lab.pki,
    hostNames: [...hostNames, TEST_NAME] as [string, ...string[]],
    nowMs: wallClock.nowMs(),
    random: lab.environment.random,
  })
}

function listenForLpas(
  lab: Lab,
  choice: { readonly options: ServeOptions; readonly tls: TlsChoice | undefined },
): Promise<Listener> {
  const { rsp = {}, reportDefect } = choice.options
  const handler = createRspApp({
    table: ES9PLUS,
    implementation: lab.es9Plus,
    ...(lab.observer && { observer: lab.observer }),
    ...(reportDefect && { reportDefect }),
  })
  return listen({ handler, tls: choice.tls?.credential, host: rsp.host, port: rsp.port ?? 0 })
}

function listenForOperator(
  lab: Lab,
  choice: {
    readonly options: ServeOptions
    readonly token: string
    readonly served: Pick<ServedLab, 'rspAddress' | 'rspUrl'>
  },
): Promise<Listener> {
  const { operator = {}, reportDefect } = choice.options
  const es2Plus = createRspApp({
    table: ES2PLUS,
    implementation: lab.es2Plus,
    ...(lab.observer && { observer: lab.observer }),
    ...(reportDefect && { reportDefect }),
  })
  const handler = createOperatorApp({
    operator: lab.operator,
    token: choice.token,
    longBodies: LONG_BODIES,
    otherInterface: es2Plus,
    openRoutes: revocationListRoutes(lab),
    extraRoutes: labRoutes(lab, choice.served),
    ...(reportDefect && { reportDefect }),
  })
  return listen({ handler, host: operator.host, port: operator.port ?? 0 })
}

function addressesOf(served: {
  readonly port: number
  readonly hostNames: readonly [string, ...string[]]
  readonly plain: boolean
}): [string, ...string[]] {
  const isDefaultPort = served.port === (served.plain ? 80 : 443)
  const withPort = (name: string): string => {
    const host = name.includes(':') ? `[${name}]` : name
    return isDefaultPort ? host : `${host}:${served.port}`
  }
  const [first, ...others] = served.hostNames
  return [withPort(first), ...others.map(withPort), withPort(TEST_NAME), TEST_NAME]
}

function urlOf({ host, port }: Listener): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
