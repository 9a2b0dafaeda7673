/** The RSP listeners of a lab: ports on which the SM-DP+ is reached, each with its certificates, names and rules. */

import { X509Certificate } from 'node:crypto'
import { wallClock } from '../base/environment.ts'
import type { Curve } from '../crypto/ec.ts'
import type { ScenarioClient } from '../lab-scenario-file.ts'
import type { Lab } from '../lab.ts'
import { chooseTls, type TlsChoice } from '../pki/brought.ts'
import { readCertificate, type Certificate } from '../pki/certificate.ts'
import type { LoadedPki } from '../pki/load.ts'
import { ES2PLUS } from '../rsp/es2plus.ts'
import { ES9PLUS, type Es9Plus } from '../rsp/es9plus.ts'
import {
  admissionOf,
  type ChangingAccess,
  type Es2PlusAccess,
  type Es2PlusClient,
} from './es2plus-access.ts'
import { listen, type Listener } from './listener.ts'
import { createRspApp, type RspApp, type RspAppOptions, type Tolerated } from './rsp-app.ts'
import { checkVersions, type VersionWindow } from './rsp-headers.ts'

export interface ListenerChoice {
  /** The interface to listen on; this machine alone unless told. */
  readonly host?: string
  /** 0, unless told, takes any port that is free. */
  readonly port?: number
}

/** What goes for every RSP function of a listener. */
export interface RspRules {
  /** Refuse what is not as SGP.22 has it, also where it is understood. */
  readonly strict?: boolean | undefined
  /** The versions that clients may name in X-Admin-Protocol; every 2.x unless told. */
  readonly versions?: VersionWindow | undefined
}

export interface RspListenerOptions extends ListenerChoice, RspRules {
  /** Without TLS, for clients that cannot be given a CI certificate. */
  readonly plain?: boolean
  /** The names in the TLS certificate, the first of them the SM-DP+'s own address. */
  readonly hostNames?: readonly [string, ...string[]]
  /** The curves of the certificates that LPAs are offered; all that there are unless told. */
  readonly curves?: readonly Curve[]
  /** Certificates of an SM-DP+ other than the lab's. */
  readonly pki?: LoadedPki
  /** The curve of the TLS certificate: P-256, as SGP.22 §4.5.2 wants it, unless told. */
  readonly tlsCurve?: Curve
  /** ES2+ on the same port, and who may call it. */
  readonly es2Plus?: Es2PlusAccess
}

/** ES2+ on a port of its own. */
export interface Es2PlusListenerOptions extends ListenerChoice, RspRules {
  readonly plain?: boolean
  readonly hostNames?: readonly [string, ...string[]]
  readonly access: Es2PlusAccess
}

export interface ServedListener {
  /** As activation codes carry it, `localhost:8443`. */
  readonly address: string
  readonly url: string
  readonly port: number
  /** The certificate that clients see, and where it is from; nothing without TLS. */
  readonly tls: TlsChoice | undefined
  close(): Promise<void>
}

/** Who hears of what happens at a listener. */
export interface Witnesses {
  readonly reportDefect?: ((error: unknown) => void) | undefined
  readonly noteTolerated?: ((tolerated: Tolerated) => void) | undefined
}

export const HOST_NAMES: readonly [string, ...string[]] = ['localhost', '127.0.0.1']
/** SGP.23's name for a test SM-DP+: clients that were set up with it are answered too. */
const TEST_NAME = 'testsmdpplus1.example.com'

/** How the SM-DP+ shows itself at a listener. */
interface Face {
  readonly es9Plus: Es9Plus
  setAddresses(addresses: readonly [string, ...string[]]): void
}

/**
 * The first listener is the SM-DP+'s own; each further one is a face of it.
 * @throws {LabError} unavailable — the port is taken; badInput — there are no such certificates, or versions are none
 */
export async function openRspListener(
  lab: Lab,
  choice: { readonly options: RspListenerOptions; readonly isFirst: boolean } & Witnesses,
): Promise<ServedListener> {
  const { options } = choice
  const face = faceAt(lab, choice)
  const es9Plus = createRspApp({
    ...rulesOf(lab, { rules: options, ...choice }),
    table: ES9PLUS,
    implementation: face.es9Plus,
  })
  const { es2Plus: access } = options
  const handler = access ? shared(es2PlusApp(lab, { ...choice, access }), es9Plus) : es9Plus
  const opened = await open(lab, { options, handler, asksForCertificate: isByClient(access) })
  face.setAddresses(opened.addresses)
  return opened.served
}

/** @throws {LabError} unavailable — the port is taken; badInput — versions are none */
export async function openEs2PlusListener(
  lab: Lab,
  choice: { readonly options: Es2PlusListenerOptions } & Witnesses,
): Promise<ServedListener> {
  const { options } = choice
  const { access } = options
  const handler = es2PlusApp(lab, { ...choice, access })
  return (await open(lab, { options, handler, asksForCertificate: isByClient(access) })).served
}

/** Everything but the lab's own certificates is a face; so is a second listener, which has addresses of its own. */
function faceAt(
  lab: Lab,
  { options, isFirst }: { readonly options: RspListenerOptions; readonly isFirst: boolean },
): Face {
  const { curves, pki } = options
  if (isFirst && !curves && !pki) {
    return { es9Plus: lab.es9Plus, setAddresses: lab.smdp.setAddresses }
  }
  const face = lab.openFace({ ...(curves && { curves }), ...(pki && { pki }) })
  if (!isFirst) return face
  return {
    es9Plus: face.es9Plus,
    setAddresses(addresses) {
      face.setAddresses(addresses)
      lab.smdp.setAddresses(addresses)
    },
  }
}

/** What `RspRules` and who hears of it are to an app. */
export type Rules = Pick<
  RspAppOptions<never>,
  'strict' | 'versions' | 'observer' | 'reportDefect' | 'noteTolerated'
>

export function rulesOf(lab: Lab, choice: { readonly rules: RspRules } & Witnesses): Rules {
  const { strict, versions } = choice.rules
  if (versions) checkVersions(versions)
  const { reportDefect, noteTolerated } = choice
  return { strict, versions, observer: lab.observer, reportDefect, noteTolerated }
}

/** ES2+ as it is mounted wherever it is served. */
export function es2PlusApp(
  lab: Lab,
  choice: { readonly options: RspRules; readonly access?: Es2PlusAccess } & Witnesses,
): RspApp {
  return createRspApp({
    ...rulesOf(lab, { rules: choice.options, ...choice }),
    table: ES2PLUS,
    implementation: lab.es2Plus,
    ...(choice.access && { admit: admissionOf(choice.access, changesOf(lab)) }),
  })
}

function changesOf(lab: Lab): ChangingAccess {
  return {
    further: scenarioClients(lab),
    isRevoked: ({ raw }) => {
      const certificate = certificateIn(raw)
      return certificate !== undefined && lab.isRevoked(certificate)
    },
  }
}

/** Nothing for a certificate of other rules than SGP.22's: the lab's CIs have issued none. */
function certificateIn(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der)
  } catch {
    return undefined
  }
}

/** What scenarios have brought, each certificate read once: a connection is known by the client that it was. */
function scenarioClients(lab: Pick<Lab, 'es2PlusClients'>): () => readonly Es2PlusClient[] {
  const read = new WeakMap<ScenarioClient, Es2PlusClient>()
  return () =>
    lab.es2PlusClients().map((client) => {
      const known = read.get(client)
      if (known) return known
      const made = { ...client, certificates: [new X509Certificate(client.certificate)] }
      read.set(client, made)
      return made
    })
}

function isByClient(access: Es2PlusAccess | undefined): boolean {
  return access?.kind === 'clients'
}

/** Two interfaces on one port; their paths differ. */
function shared(first: RspApp, second: RspApp): RspApp {
  return (request, response) => first(request, response, () => second(request, response))
}

interface Opened {
  readonly served: ServedListener
  readonly addresses: readonly [string, ...string[]]
}

async function open(
  lab: Lab,
  choice: {
    readonly options: Omit<RspListenerOptions, 'es2Plus'>
    readonly handler: RspApp
    readonly asksForCertificate: boolean
  },
): Promise<Opened> {
  const { options, handler } = choice
  const tls = options.plain ? undefined : tlsFor(lab, options)
  const listener = await listen({
    handler,
    tls: tls?.credential,
    askForCertificate: choice.asksForCertificate,
    host: options.host,
    port: options.port ?? 0,
  })
  const addresses = addressesOf(listener, options)
  const [address] = addresses
  const url = `${options.plain ? 'http' : 'https'}://${address}`
  return { addresses, served: { address, url, port: listener.port, tls, close: listener.close } }
}

function tlsFor(lab: Lab, options: Omit<RspListenerOptions, 'es2Plus'>): TlsChoice {
  const { hostNames = HOST_NAMES, tlsCurve } = options
  return chooseTls({
    brought: options.pki ?? lab.broughtPki,
    own: lab.pki,
    hostNames: [...hostNames, TEST_NAME] as [string, ...string[]],
    ...(tlsCurve && { curve: tlsCurve }),
    nowMs: wallClock.nowMs(),
    random: lab.environment.random,
  })
}

/** The addresses of a server on a port, its own first; those of its name in tests with and without the port. */
export function addressesOf(
  { port }: Listener,
  named: {
    readonly hostNames?: readonly [string, ...string[]] | undefined
    readonly plain?: boolean | undefined
    readonly testName?: string
  },
): [string, ...string[]] {
  const { hostNames = HOST_NAMES, plain = false, testName = TEST_NAME } = named
  const isDefaultPort = port === (plain ? 80 : 443)
  const withPort = (name: string): string => {
    const host = name.includes(':') ? `[${name}]` : name
    return isDefaultPort ? host : `${host}:${port}`
  }
  const [first, ...others] = hostNames
  return [withPort(first), ...others.map(withPort), withPort(testName), testName]
}
