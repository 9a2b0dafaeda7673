/** Listeners as users write them: `port=9443,curves=brainpool`, or a JSON file with the same names. */

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { LabError, messageOf } from '../base/errors.ts'
import type { Curve } from '../crypto/ec.ts'
import type { Es2PlusAccess, Es2PlusClient } from '../http/es2plus-access.ts'
import { checkVersions, type VersionWindow } from '../http/rsp-headers.ts'
import type { Es2PlusListenerOptions, RspListenerOptions } from '../http/rsp-listeners.ts'
import { loadPkiDirectory } from '../pki/load.ts'
import { portOf } from './verb.ts'

/** What is written of a listener, each under its name; `strict` alone is `strict=true`. */
type Written = Readonly<Record<string, unknown>>

/** What is not said of a listener, and goes for all. */
export interface ListenerDefaults {
  readonly host?: string
  /** The names of the machine, after the listener's own. */
  readonly hostNames: readonly [string, ...string[]]
  readonly strict: boolean
  readonly versions: VersionWindow | undefined
}

const COMMON_NAMES = ['port', 'host', 'name', 'tls', 'strict', 'versions'] as const
const RSP_NAMES = [...COMMON_NAMES, 'curves', 'pki'] as const
const ES2PLUS_NAMES = [
  ...COMMON_NAMES,
  'ca',
  'pin',
  'requester',
  'clients',
  'token',
  'open',
] as const

/** The listeners of one `--listener`: one that is written out, or those of a file. @throws {LabError} usage, badInput */
export function rspListenersOf(text: string, defaults: ListenerDefaults): RspListenerOptions[] {
  return writtenIn(text).map((written) => {
    checkNames(written, RSP_NAMES)
    const { curves, pki, tls } = written
    return {
      ...commonOf(written, defaults),
      ...(tls === 'none' && { plain: true }),
      ...(tls !== undefined && tls !== 'none' && { tlsCurve: curveOf(tls, 'tls') }),
      ...(curves !== undefined && { curves: curvesOf(curves) }),
      ...(pki !== undefined && { pki: loadPkiDirectory(textOf(pki, 'pki')) }),
    }
  })
}

/** ES2+ as it is wanted: on a port of its own, or on that of the LPAs. @throws {LabError} usage, badInput */
export function es2PlusOf(
  text: string,
  defaults: ListenerDefaults,
): { readonly own?: Es2PlusListenerOptions; readonly shared?: Es2PlusAccess } {
  const [written, ...others] = writtenIn(text)
  if (!written || others.length > 0) throw unfit('ES2+ is written once.', 'es2plus')
  checkNames(written, ES2PLUS_NAMES)
  const access = accessOf(written)
  if (written['port'] === undefined) return { shared: access }
  const plain = written['tls'] === 'none'
  if (plain && access.kind === 'clients') {
    throw unfit('Client certificates need TLS: leave tls=none out.', 'es2plus')
  }
  return { own: { ...commonOf(written, defaults), access, ...(plain && { plain }) } }
}

function writtenIn(text: string): readonly Written[] {
  if (!/^[^=]+\.json$/.test(text)) return [partsOf(text)]
  const json = jsonIn(text)
  const all: readonly unknown[] = Array.isArray(json) ? json : [json]
  for (const one of all) {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) {
      throw unfit(`${text} should hold an object, or a list of objects.`, 'listener')
    }
  }
  return all as readonly Written[]
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new LabError('badInput', `cannot read ${path}: ${messageOf(error)}.`, {
      field: 'listener',
      cause: error,
    })
  }
}

function partsOf(text: string): Written {
  const parts = text.split(',').map((part) => {
    const at = part.indexOf('=')
    return at < 0 ? [part.trim(), true] : [part.slice(0, at).trim(), part.slice(at + 1).trim()]
  })
  return Object.fromEntries(parts) as Written
}

function checkNames(written: Written, names: readonly string[]): void {
  for (const name of Object.keys(written)) {
    if (names.includes(name)) continue
    throw unfit(`"${name}" says nothing of a listener. There are ${names.join(', ')}.`, name)
  }
}

function commonOf(written: Written, defaults: ListenerDefaults) {
  const { port, name } = written
  const host = written['host'] === undefined ? defaults.host : textOf(written['host'], 'host')
  const own = name === undefined ? [] : [textOf(name, 'name')]
  const [first = 'localhost', ...others] = [...own, ...defaults.hostNames]
  const versions =
    written['versions'] === undefined
      ? defaults.versions
      : versionsOf(textOf(written['versions'], 'versions'))
  return {
    port: port === undefined ? 0 : portOf(String(port)),
    hostNames: [first, ...others] as [string, ...string[]],
    strict: written['strict'] === undefined ? defaults.strict : flagOf(written['strict'], 'strict'),
    ...(host !== undefined && { host }),
    ...(versions && { versions }),
  }
}

/** `2.2.0-2.5.0`. @throws {LabError} badInput */
export function versionsOf(text: string): VersionWindow {
  const [from = '', to = ''] = text.split('-')
  const window = { from, to }
  checkVersions(window)
  return window
}

const CURVE_NAMES: Readonly<Record<string, Curve>> = {
  nist: 'P-256',
  'P-256': 'P-256',
  brainpool: 'brainpoolP256r1',
  brainpoolP256r1: 'brainpoolP256r1',
}

function curveOf(value: unknown, field: string): Curve {
  const curve = typeof value === 'string' ? CURVE_NAMES[value] : undefined
  if (curve) return curve
  const others = field === 'tls' ? 'nist, brainpool or none' : 'nist, brainpool or nist+brainpool'
  throw unfit(`${field} is ${others}, not ${JSON.stringify(value)}.`, field)
}

function curvesOf(value: unknown): readonly Curve[] {
  const names: readonly unknown[] = Array.isArray(value) ? value : String(value).split('+')
  return names.map((name) => curveOf(name, 'curves'))
}

function accessOf(written: Written): Es2PlusAccess {
  const { token } = written
  const clients = clientsOf(written)
  const isOpen = written['open'] !== undefined && flagOf(written['open'], 'open')
  const ways = [clients.length > 0, token !== undefined, isOpen].filter(Boolean).length
  if (ways !== 1) {
    const detail = 'Say who may call ES2+: ca=FILE or pin=FILE, token=TEXT, or open.'
    throw unfit(detail, 'es2plus')
  }
  if (isOpen) return { kind: 'open' }
  if (token !== undefined) return { kind: 'token', token: textOf(token, 'token') }
  return { kind: 'clients', clients }
}

function clientsOf(written: Written): Es2PlusClient[] {
  const { clients, ca, pin, requester } = written
  const one = { ...(requester !== undefined && { requester }) }
  const short = [
    ...(ca === undefined ? [] : [{ ...one, ca }]),
    ...(pin === undefined ? [] : [{ ...one, pin }]),
  ]
  if (clients !== undefined && !Array.isArray(clients)) throw unfit('clients is a list.', 'clients')
  return [...short, ...((clients ?? []) as readonly Written[])].map(clientOf)
}

function clientOf(written: Written): Es2PlusClient {
  checkNames(written, ['name', 'ca', 'pin', 'requester'])
  const { name, ca, pin, requester } = written
  if ((ca === undefined) === (pin === undefined)) {
    throw unfit('a client has either ca or pin.', 'clients')
  }
  const file = textOf(ca ?? pin, ca === undefined ? 'pin' : 'ca')
  return {
    name: name === undefined ? file : textOf(name, 'name'),
    certificates: certificatesIn(file),
    knownBy: ca === undefined ? 'key' : 'ca',
    ...(requester !== undefined && { requester: textOf(requester, 'requester') }),
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

function certificatesIn(path: string): X509Certificate[] {
  try {
    const octets = readFileSync(path)
    const pems = octets.toString('latin1').match(PEM_CERTIFICATE)
    return (pems ?? [octets]).map((one) => new X509Certificate(one))
  } catch (error) {
    const detail = `${path} holds no certificate, neither PEM nor DER: ${messageOf(error)}.`
    throw new LabError('badInput', detail, { field: 'es2plus', cause: error })
  }
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw unfit(`${field} wants a value.`, field)
}

function flagOf(value: unknown, field: string): boolean {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw unfit(`${field} is true or false.`, field)
}

function unfit(detail: string, field: string): LabError {
  return new LabError('usage', detail, { field })
}
