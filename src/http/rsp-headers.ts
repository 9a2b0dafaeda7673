/** The header fields of an RSP request: who speaks, and which version of SGP.22 (§6.2). */

import type { IncomingHttpHeaders } from 'node:http'
import { LabError } from '../base/errors.ts'
import { isForLpas, type RspFunction } from '../rsp/json-binding.ts'
import { refuse, type RspError } from '../rsp/status-codes.ts'

/** The version of SGP.22 that our messages follow, as `X-Admin-Protocol` carries it (§6.2). */
export const ADMIN_PROTOCOL = 'gsma/rsp/v2.5.0'

/** The versions in `X-Admin-Protocol` that are accepted, both ends included. */
export interface VersionWindow {
  readonly from: string
  readonly to: string
}

/** Every version 2: its messages are compatible by their extension rules. */
export const DEFAULT_VERSIONS: VersionWindow = { from: '2.0.0', to: '2.255.255' }

const VERSION = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/
const ADMIN_PROTOCOL_PATTERN = /^gsma\/rsp\/v(\d{1,3}\.\d{1,3}\.\d{1,3})$/
/** "The User-Agent field MAY contain additional information after a semicolon." */
const USER_AGENT = /^gsma-rsp-lpa[de][\t ]*(?:;|$)/

/** Something in a request that is not as the specification has it, and the refusal of those who are strict. */
export interface Tolerance {
  readonly what: string
  readonly refusal: RspError
}

export function tolerance(what: string): Tolerance {
  return { what, refusal: refuse('formatInvalid', { detail: `Not tolerated here: ${what}.` }) }
}

/** What the header fields of a request have that §6.2 does not. */
export function toleratedHeaders(
  headers: IncomingHttpHeaders,
  asked: { readonly interface: RspFunction['interface']; readonly versions: VersionWindow },
): readonly Tolerance[] {
  return [...adminProtocol(headers, asked.versions), ...userAgent(headers, asked.interface)]
}

function adminProtocol(headers: IncomingHttpHeaders, window: VersionWindow): readonly Tolerance[] {
  const sent = headers['x-admin-protocol']
  if (sent === undefined) return [tolerance('no X-Admin-Protocol')]
  const version = ADMIN_PROTOCOL_PATTERN.exec(String(sent))?.[1]
  if (version === undefined) {
    return [tolerance(`X-Admin-Protocol ${shown(String(sent))}, which is not gsma/rsp/v<x.y.z>`)]
  }
  const number = versionNumber(version)
  if (number >= versionNumber(window.from) && number <= versionNumber(window.to)) return []
  const accepted = `${window.from} to ${window.to}`
  return [
    {
      what: `X-Admin-Protocol of version ${version}, while ${accepted} are accepted`,
      refusal: refuse('protocolVersionUnsupported', {
        detail: `It is ${version}; accepted are ${accepted}.`,
        subjectIdentifier: version,
      }),
    },
  ]
}

/** Only LPAs name themselves: ES2+, ES12 and ES15 ask for no User-Agent. */
function userAgent(
  headers: IncomingHttpHeaders,
  side: RspFunction['interface'],
): readonly Tolerance[] {
  if (!isForLpas(side) || USER_AGENT.test(headers['user-agent'] ?? '')) return []
  const sent = headers['user-agent']
  const found = sent === undefined ? 'no User-Agent' : `User-Agent ${shown(sent)}`
  return [tolerance(`${found}, where gsma-rsp-lpad or gsma-rsp-lpae is asked for`)]
}

const SHOWN_CHARACTERS_MAX = 80

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX))
}

/** @throws {LabError} badInput — one of the ends is no version, or they are the wrong way round */
export function checkVersions(window: VersionWindow): void {
  const { from, to } = window
  if (VERSION.test(from) && VERSION.test(to) && versionNumber(from) <= versionNumber(to)) return
  const detail = `versions are accepted from x.y.z to x.y.z, not from "${from}" to "${to}".`
  throw new LabError('badInput', detail, { field: 'versions' })
}

function versionNumber(version: string): number {
  const [major = 0, minor = 0, revision = 0] = version.split('.').map(Number)
  return (major * 1000 + minor) * 1000 + revision
}
