/** A lab on the network: RSP listeners for LPAs, the operator's listener for its software (loopback unless asked). */

import type { Lab } from '../lab.ts'
import type { TlsChoice } from '../pki/brought.ts'
import type { Reloaded } from '../operator/operators.ts'
import { startSweeping } from '../operator/sweeping.ts'
import { startWatching } from '../operator/watching.ts'
import type { SmdsKind } from '../lab-smds.ts'
import type { Es11 } from '../rsp/es11.ts'
import type { Es9Plus } from '../rsp/es9plus.ts'
import type { RateLimits } from './api/rate-limit.ts'
import { startChargingNotifications } from './events/charging-notifications.ts'
import { startEventDelivery } from './events/event-delivery.ts'
import { labRoutes, type ServedAddresses } from './lab-routes.ts'
import { listen, type Listener } from './listener.ts'
import { createOperatorApp } from './operator-app.ts'
import { LONG_BODIES } from './profile-routes.ts'
import { progressUrlOf, startProgressDelivery } from './progress-delivery.ts'
import { revocationListRoutes } from './revocation-routes.ts'
import { es9PlusClients, type Binding } from './rsp-client.ts'
import {
  es2PlusApp,
  openEs2PlusListener,
  openRspListener,
  type Es2PlusListenerOptions,
  type ListenerChoice,
  type RspListenerOptions,
  type ServedListener,
  type Witnesses,
} from './rsp-listeners.ts'
import { es11Clients } from './smds-clients.ts'
import { linkSmds, namesOf, openSmdsListener } from './smds-listeners.ts'

export interface ServeOptions extends Witnesses {
  /** What the operator's clients send as `Authorization: Bearer …`; made up when it is not given. */
  readonly token?: string
  readonly rsp?: RspListenerOptions
  /** Further listeners on the same orders, each with its own certificates. */
  readonly listeners?: readonly RspListenerOptions[]
  /** ES2+ on a port of its own; it is on the operator's listener in any case, behind the token. */
  readonly es2Plus?: Es2PlusListenerOptions
  /** Where the SM-DSs listen; TLS, names and rules are those of `rsp`. */
  readonly smds?: Readonly<Partial<Record<SmdsKind, ListenerChoice>>>
  readonly operator?: ListenerChoice
  /** How `ServedLab.es9Plus` speaks to servers; JSON unless told. */
  readonly lpaBinding?: Binding
  /** Where the operator's software takes ES2+.HandleDownloadProgressInfo: `http://host:port`, with or without the path. */
  readonly progressUrl?: string
  /** Hosts besides this machine to which events may be sent. */
  readonly callbackHosts?: readonly string[]
  /** How often others than the operator may call the operator's API. */
  readonly rateLimits?: Partial<RateLimits>
  /** Lets the operator's clients move the lab's clock on; told of the instant to which they did. */
  readonly clockMoved?: (now: Date) => void
  /** Told of operators' files that were changed and read again. */
  readonly operatorsReloaded?: (reloaded: Reloaded) => void
}

export interface ServedLab {
  /** The SM-DP+'s address as activation codes carry it, `localhost:8443`. */
  readonly rspAddress: string
  readonly rspUrl: string
  /** The SM-DSs' addresses, likewise. */
  readonly rootDsAddress: string
  readonly alternativeDsAddress: string
  /** The certificate that LPAs see, and where it is from; nothing without TLS. */
  readonly tls: TlsChoice | undefined
  /** The further listeners, in their order. */
  readonly listeners: readonly ServedListener[]
  /** Where operators' software finds ES2+ besides the operator's API: on a port of its own, or on that for LPAs. */
  readonly es2Plus: ServedListener | undefined
  readonly smds: Readonly<Record<SmdsKind, ServedListener>>
  readonly operatorUrl: string
  readonly token: string
  /** ES9+ of the server at an address over the network, for `createPhone`; it trusts the lab's CI. */
  readonly es9Plus: (address: string) => Es9Plus
  /** ES11 in the same way. The names of the lab's SM-DSs are known to it, as if by DNS. */
  readonly es11: (address: string) => Es11
  close(): Promise<void>
}

const TOKEN_OCTETS = 32

/**
 * Starts the listeners, with TLS certificates for their names, and sweeps the operator's books each minute.
 * @throws {LabError} unavailable — a port is taken; badInput — a listener's certificates or versions are none, or
 *   `progressUrl` is no URL. Nothing is left listening
 */
export async function serveLab(lab: Lab, options: ServeOptions = {}): Promise<ServedLab> {
  // First of all: a URL that is none leaves nothing listening.
  if (options.progressUrl !== undefined) progressUrlOf(options.progressUrl)
  const token = options.token ?? newToken(lab)
  const opened: { close(): Promise<void> }[] = []
  const keep = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const listener = await opening
    opened.push(listener)
    return listener
  }
  try {
    const { rsp = {} } = options
    const first = await keep(openRspListener(lab, { ...options, options: rsp, isFirst: true }))
    const listeners: ServedListener[] = []
    for (const listener of options.listeners ?? []) {
      const further = { ...options, options: listener, isFirst: false }
      listeners.push(await keep(openRspListener(lab, further)))
    }
    const { es2Plus: own } = options
    const es2Plus = own && (await keep(openEs2PlusListener(lab, { ...options, options: own })))
    const smds = {
      root: await keep(openSmdsListener(lab, smdsChoice('root', options))),
      alternative: await keep(openSmdsListener(lab, smdsChoice('alternative', options))),
    }
    const links = linkSmds(lab, { smds, plain: rsp.plain ?? false })
    opened.push(links)
    const served = {
      rspAddress: first.address,
      rspUrl: first.url,
      rootDsAddress: smds.root.address,
      alternativeDsAddress: smds.alternative.address,
    }
    const operator = await keep(listenForOperator(lab, { options, token, served }))
    const { anchors } = lab
    const trust = {
      ...(rsp.plain ? ({ plain: true } as const) : { tls: { anchors, isRevoked: lab.isRevoked } }),
      binding: options.lpaBinding,
      plainPorts: plainPortsOf([first, ...listeners]),
    }
    const clients = es9PlusClients(trust)
    const smdsClients = es11Clients({ ...trust, foundAt: namesOf(smds) })
    const reportDefect = options.reportDefect ?? (() => {})
    const { callbackHosts = [] } = options
    const events = startEventDelivery(lab.operator, { callbackHosts, reportDefect })
    const notifying = startChargingNotifications(lab.operator.charging, {
      callbackHosts,
      reportDefect,
    })
    const sweeping = startSweeping({ sweep: () => sweepLab(lab) }, reportDefect)
    const { operatorsReloaded = () => {} } = options
    const watching = startWatching(lab.operator.operators, operatorsReloaded)
    const delivery = options.progressUrl
      ? startProgressDelivery(lab.smdp, { url: options.progressUrl, reportDefect })
      : undefined
    return {
      ...served,
      tls: first.tls,
      listeners,
      es2Plus: es2Plus ?? (rsp.es2Plus && first),
      smds,
      es9Plus: clients.at,
      es11: smdsClients.at,
      operatorUrl: urlOf(operator),
      token,
      async close() {
        clients.close()
        smdsClients.close()
        watching.stop()
        const ending = opened.map((listener) => listener.close())
        await Promise.all([
          ...ending,
          sweeping.stop(),
          delivery?.stop(),
          events.stop(),
          notifying.stop(),
        ])
      },
    }
  } catch (error) {
    await Promise.all(opened.map((listener) => listener.close()))
    throw error
  }
}

/** What is to be done from time to time while a lab is served. */
async function sweepLab(lab: Lab): Promise<void> {
  await lab.operator.sweep()
  await lab.operator.access.sweep()
  await lab.operator.balanceActions.sweep()
  await lab.operator.events.sweep()
  await lab.smdp.sweep()
  await lab.smdp.settleEvents()
  await lab.smds.alternative.sweep()
}

/** A lab whose clock was moved is up to date when it says so. */
function afterMoveOf(
  lab: Lab,
  moved: ((now: Date) => void) | undefined,
): ((now: Date) => Promise<void>) | undefined {
  if (!moved) return undefined
  return async (now) => {
    moved(now)
    await sweepLab(lab)
  }
}

function smdsChoice(kind: SmdsKind, options: ServeOptions): Parameters<typeof openSmdsListener>[1] {
  const { rsp = {}, smds = {}, reportDefect, noteTolerated } = options
  const { host, plain, hostNames, strict, versions } = rsp
  const common = { ...(host !== undefined && { host }), plain, hostNames, strict, versions }
  return { kind, options: { ...common, ...smds[kind] }, reportDefect, noteTolerated }
}

/** The ports at which LPAs are answered without TLS. */
export function plainPortsOf(listeners: readonly Pick<ServedListener, 'tls' | 'port'>[]): number[] {
  return listeners.filter(({ tls }) => !tls).map(({ port }) => port)
}

function newToken(lab: Lab): string {
  return Buffer.from(lab.environment.random.unique(TOKEN_OCTETS)).toString('hex')
}

function listenForOperator(
  lab: Lab,
  choice: {
    readonly options: ServeOptions
    readonly token: string
    readonly served: ServedAddresses
  },
): Promise<Listener> {
  const { operator = {}, rsp = {}, clockMoved, reportDefect, noteTolerated } = choice.options
  const { callbackHosts, rateLimits } = choice.options
  const handler = createOperatorApp({
    operator: lab.operator,
    token: choice.token,
    longBodies: LONG_BODIES,
    otherInterface: es2PlusApp(lab, { options: rsp, reportDefect, noteTolerated }),
    openRoutes: revocationListRoutes(lab),
    routes: labRoutes(lab, { addresses: choice.served, afterMove: afterMoveOf(lab, clockMoved) }),
    ...(callbackHosts && { callbackHosts }),
    ...(rateLimits && { rateLimits }),
    ...(reportDefect && { reportDefect }),
  })
  return listen({ handler, host: operator.host, port: operator.port ?? 0 })
}

function urlOf({ host, port }: Listener): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
