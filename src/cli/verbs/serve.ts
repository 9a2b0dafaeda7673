/** `esim-lab serve`: a lab on the network until it is told to end. */

import { join, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { systemRandom, wallClock } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { toHex } from '../../base/octets.ts'
import { isLoopback } from '../../http/events/callbacks.ts'
import { RATE_LIMITS, type RateLimits } from '../../http/api/rate-limit.ts'
import type { Tolerated } from '../../http/rsp-app.ts'
import type { VersionWindow } from '../../http/rsp-headers.ts'
import type { RspListenerOptions } from '../../http/rsp-listeners.ts'
import { plainPortsOf, serveLab, type ServedLab } from '../../http/serve.ts'
import { createLab, type Lab } from '../../lab.ts'
import type { Reloaded } from '../../operator/operators.ts'
import type { TlsChoice } from '../../pki/brought.ts'
import type { Certificate } from '../../pki/certificate.ts'
import { oidOf } from '../../pki/chain.ts'
import { toPem } from '../../pki/forge.ts'
import { reportPki } from '../../pki/load-report.ts'
import { loadPkiDirectory, type LoadedPki } from '../../pki/load.ts'
import { serialisePki } from '../../pki/test-pki.ts'
import { makeDirectory, replaceFile } from '../../store/directory.ts'
import { addressesOf } from '../addresses.ts'
import { requestToEnd } from '../ending.ts'
import { es2PlusOf, rspListenersOf, versionsOf, type ListenerDefaults } from '../listener-spec.ts'
import { defectText, type Output } from '../output.ts'
import { qrCode } from '../qr-code.ts'
import { keepInstant, keptInstant } from '../kept-clock.ts'
import { removeService, serviceFile, writeService } from '../service.ts'
import { temporaryDirectory } from '../temporary.ts'
import { openTrace, type Trace } from '../trace.ts'
import { commandLine, portOf, labVerb, type CommonOptions } from '../verb.ts'
import { welcomeCode } from '../welcome.ts'

interface ServeOptions extends CommonOptions {
  readonly ephemeral?: true
  readonly port: number
  readonly operatorPort?: number
  readonly smdsPort?: number
  readonly host?: string
  readonly name?: string
  readonly plain?: true
  readonly progressUrl?: string
  readonly callbackHost?: readonly string[]
  readonly rateLimit?: Partial<RateLimits>
  readonly trace?: string
  readonly seed?: string
  readonly operators?: string
  readonly clock?: 'system' | 'manual'
  readonly pki?: string
  readonly testCi?: true
  readonly listener?: readonly string[]
  readonly es2plus?: string
  readonly strict?: true
  readonly versions?: VersionWindow
}

const RSP_PORT = 8443
const OPERATOR_PORT = 8080
/** Far enough for further listeners to have the ports that follow the first. */
const SMDS_PORT_OFFSET = 1000
const PORT_MAX = 65_535
const TOKEN_OCTETS = 32
const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'] as const

export function serveVerb(output: Output): Command {
  return labVerb({
    name: 'serve',
    summary: 'start the lab and serve it until Ctrl-C',
    examples: [
      'serve',
      'serve --ephemeral --port 0 --json',
      'serve --data /tmp/my-lab --trace messages.jsonl',
      'serve --operators my-operators --clock manual',
      'serve --progress-url http://localhost:9000',
      'serve --callback-host hooks.example.com --rate-limit subscriber=600',
      'serve --pki my-certificates --name testsmdpplus1.example.com',
      'serve --strict --listener port=8444,curves=brainpool,tls=brainpool',
      'serve --es2plus port=8445,ca=operators-ca.pem',
    ],
  })
    .option('--ephemeral', 'keep nothing; the test CI is always the same public one')
    .option('--port <number>', 'port for LPAs; 0 takes free ports', portOf, RSP_PORT)
    .option(
      '--operator-port <number>',
      `port of the operator's API (default: ${OPERATOR_PORT})`,
      portOf,
    )
    .option(
      '--smds-port <number>',
      `port of the root SM-DS, the alternative one has the next (default: that for LPAs and ${SMDS_PORT_OFFSET})`,
      portOf,
    )
    .option(
      '--host <host>',
      'the interface for LPAs, 0.0.0.0 for all (default: this machine alone); its addresses stand in the certificate',
    )
    .option(
      '--name <name>',
      "the SM-DP+'s host name in activation codes (default: localhost)",
      nameOf,
    )
    .option('--plain', 'HTTP in place of HTTPS for LPAs')
    .option(
      '--progress-url <url>',
      "where the operator's software takes ES2+.HandleDownloadProgressInfo",
    )
    .option(
      '--callback-host <host>',
      'a host besides this machine to which events may be sent; may be repeated',
      (host: string, before: readonly string[] = []) => [...before, hostOf(host)],
    )
    .option(
      '--rate-limit <role=number>',
      `how often others may call the operator's API in a minute (default: ${limitsText(RATE_LIMITS)}), and operator, which has no limit unless given one; may be repeated`,
      (text: string, before: Partial<RateLimits> = {}) => ({ ...before, ...rateLimitOf(text) }),
    )
    .option('--trace <file>', 'append every protocol message to a file, as JSON lines')
    .option('--seed <text>', 'what keys and numbers follow')
    .option(
      '--operators <directory>',
      "files of operators of one's own; they and those that come along are read again when they change",
    )
    .addOption(
      new Option(
        '--clock <kind>',
        'the machine\'s, or one that stands still until "clock advance" moves it (default: system)',
      ).choices(['system', 'manual']),
    )
    .option('--pki <directory>', 'run the SM-DP+ on certificates and keys that are there')
    .option('--test-ci', "with --pki: serve eUICCs of the lab's own test CI as well")
    .option(
      '--listener <spec>',
      'another port on the same orders, as port=8444,curves=brainpool,tls=nist|brainpool|none,host=…,name=…,pki=…,strict,versions=… or a .json file with these names; may be repeated',
      (spec: string, before: readonly string[] = []) => [...before, spec],
    )
    .option(
      '--es2plus <spec>',
      'ES2+ for operators: port=8445 for a port of its own, and ca=FILE, pin=FILE (client certificates; with requester=ID), token=TEXT or open; or a .json file with these names and clients',
    )
    .option('--strict', 'refuse what is not as SGP.22 has it, also where it is understood')
    .option(
      '--versions <from-to>',
      'versions that clients may name in X-Admin-Protocol (default: 2.0.0-2.255.255)',
      versionsOf,
    )
    .action((options: ServeOptions) => serve(options, output))
}

async function serve(options: ServeOptions, output: Output): Promise<void> {
  const ending = requestToEnd()
  const serving = await startServing(options, output)
  try {
    await announce(serving, output)
    warnOfStrangers(options, output)
    if (serving.isOpen) output.warn(OPEN_ES2PLUS)
    await ending
    output.note('Stopping.')
  } finally {
    await serving.close()
  }
}

function warnOfStrangers({ host, plain }: ServeOptions, output: Output): void {
  if (host === undefined || isLoopback(host)) return
  const addresses = addressesOf(host).join(', ') || host
  const reading = plain ? ' Without TLS, they can also read and change what others send.' : ''
  output.warn(
    `Strangers on your networks can reach the SM-DP+ (${addresses}), and download what they have a code for.${reading} The operator's API stays on this machine.`,
  )
}

const OPEN_ES2PLUS =
  'ES2+ is open: whoever reaches its port can order and cancel profiles in any name. For laboratories only.'

interface Serving {
  readonly lab: Lab
  readonly served: ServedLab
  readonly directory: string
  readonly plain: boolean
  /** Whether anybody may call ES2+. */
  readonly isOpen: boolean
  close(): Promise<void>
}

async function startServing(options: ServeOptions, output: Output): Promise<Serving> {
  const cleanUp = closer()
  // First of all: a PKI or a listener that will not do leaves nothing behind.
  const broughtPki = options.pki === undefined ? undefined : loadPkiDirectory(options.pki)
  const plan = planOf(options)
  try {
    const directory = options.ephemeral ? useTemporary(cleanUp) : options.data
    const trace = options.trace === undefined ? undefined : startTrace(options.trace, output)
    if (trace) cleanUp.last(() => trace.close())
    const lab = await createLab({
      ...(options.ephemeral ? {} : { dataDirectory: directory }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.operators === undefined ? {} : { ownOperatorsDirectory: options.operators }),
      ...(options.clock === 'manual' && { startAt: keptInstant(directory) ?? wallClock.now() }),
      ...(trace && { observer: trace.observer }),
      ...(broughtPki && { broughtPki, withTestCi: options.testCi ?? false }),
    })
    cleanUp.last(() => lab.close())
    const served = await serveOn(lab, { options, plan, output, directory })
    cleanUp.last(() => served.close())
    if (options.ephemeral) keepPki(lab, directory)
    replaceFile(ciFile(directory), toPem('CERTIFICATE', ciOf({ lab, served }).der))
    const { operatorUrl, rspAddress, rspUrl, token, smds } = served
    writeService(directory, {
      operatorUrl,
      rspAddress,
      rspUrl,
      rootDsAddress: smds.root.address,
      alternativeDsAddress: smds.alternative.address,
      token,
      pid: process.pid,
      plainPorts: plainPortsOf(served.listeners),
      ...(broughtPki && { pki: resolve(broughtPki.directory) }),
    })
    cleanUp.last(() => removeService(directory))
    return {
      lab,
      served,
      directory,
      plain: options.plain ?? false,
      isOpen: isOpenEs2Plus(plan),
      close: cleanUp.run,
    }
  } catch (error) {
    await cleanUp.run()
    throw error
  }
}

/** What listeners there shall be, of what the user wrote. */
interface Plan {
  readonly rules: Omit<ListenerDefaults, 'host'>
  readonly listeners: readonly RspListenerOptions[]
  readonly es2Plus: ReturnType<typeof es2PlusOf> | undefined
}

function planOf(options: ServeOptions): Plan {
  const { strict = false, versions, host, es2plus } = options
  const rules = { strict, versions, hostNames: hostNamesOf(options) }
  const defaults = { ...rules, ...(host === undefined ? {} : { host }) }
  return {
    rules,
    listeners: (options.listener ?? []).flatMap((spec) => rspListenersOf(spec, defaults)),
    es2Plus: es2plus === undefined ? undefined : es2PlusOf(es2plus, defaults),
  }
}

function isOpenEs2Plus({ es2Plus }: Plan): boolean {
  return (es2Plus?.own?.access ?? es2Plus?.shared)?.kind === 'open'
}

function serveOn(
  lab: Lab,
  serving: {
    readonly options: ServeOptions
    readonly plan: Plan
    readonly output: Output
    readonly directory: string
  },
): Promise<ServedLab> {
  const { options, output, directory } = serving
  const { rules, listeners, es2Plus } = serving.plan
  const { port, host, plain, progressUrl, callbackHost: callbackHosts, rateLimit } = options
  const operatorPort = options.operatorPort ?? (port === 0 ? 0 : OPERATOR_PORT)
  return serveLab(lab, {
    token: Buffer.from(systemRandom().bytes(TOKEN_OCTETS)).toString('hex'),
    rsp: {
      port,
      ...(host === undefined ? {} : { host }),
      ...(plain && { plain }),
      ...rules,
      ...(es2Plus?.shared && { es2Plus: es2Plus.shared }),
    },
    smds: smdsPorts(options),
    listeners,
    ...(es2Plus?.own && { es2Plus: es2Plus.own }),
    operator: { port: operatorPort },
    noteTolerated: tolerationsTo(output),
    ...(progressUrl !== undefined && { progressUrl }),
    ...(callbackHosts && { callbackHosts }),
    ...(rateLimit && { rateLimits: rateLimit }),
    ...(options.clock === 'manual' && {
      clockMoved: (now: Date) => keepInstant(directory, now),
    }),
    operatorsReloaded: reloadsTo(output),
    reportDefect: (error) => output.warn(`a defect of esim-lab: ${defectText(error)}`),
  })
}

function smdsPorts({ port, smdsPort }: ServeOptions) {
  const root = smdsPort ?? portAfter(port, SMDS_PORT_OFFSET)
  return { root: { port: root }, alternative: { port: portAfter(root, 1) } }
}

/** A port that follows another one; any that is free, where the other one is. */
function portAfter(port: number, offset: number): number {
  return port === 0 || port + offset > PORT_MAX ? 0 : port + offset
}

function reloadsTo(output: Output): (reloaded: Reloaded) => void {
  return ({ ids, faults }) => {
    for (const { path, text } of faults)
      output.warn(`${path}: ${text}. What was read before stands.`)
    output.note(`Operators' files were read again: ${ids.join(', ') || 'none'}.`)
  }
}

const TOLERATIONS_MAX = 200

/** Each kind once: a client that is different is so in every message. */
function tolerationsTo(output: Output): (tolerated: Tolerated) => void {
  const said = new Set<string>()
  return ({ interface: side, function: name, what }) => {
    const kind = `${side}.${name}: ${what}`
    if (said.has(kind) || said.size >= TOLERATIONS_MAX) return
    said.add(kind)
    output.note(`Tolerated: ${kind}.`)
  }
}

/** The first is the SM-DP+'s address. Who lets others in wants it to be one that they can reach. */
function hostNamesOf({ host, name }: ServeOptions): readonly [string, ...string[]] {
  const reached = host === undefined ? [] : addressesOf(host)
  const [first, ...others] = [...reached, ...LOCAL_NAMES]
  const names = name === undefined ? [first, ...others] : [name, first, ...others]
  return [names[0] ?? LOCAL_NAMES[0], ...names.slice(1)]
}

function nameOf(text: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text)) return text
  throw new LabError('usage', `"${text}" is not a host name.`, { field: 'name' })
}

/** As URLs have it, which is how callbacks are compared: small letters, no port. */
function hostOf(text: string): string {
  const url = `http://${text.includes(':') && !text.startsWith('[') ? `[${text}]` : text}`
  const isHost = URL.canParse(url) && /^[^/?#@\s]+$/.test(text) && new URL(url).port === ''
  if (isHost) return new URL(url).hostname
  throw new LabError('usage', `"${text}" is not a host name: give it without scheme and port.`, {
    field: 'callbackHost',
  })
}

const LIMITED = ['anonymous', 'wrongToken', 'subscriber', 'auditor', 'operator'] as const
const PER_MINUTE_MAX = 1_000_000

function rateLimitOf(text: string): Partial<RateLimits> {
  const [, name = '', count = ''] = /^([A-Za-z]+)=([1-9][0-9]{0,6})$/.exec(text) ?? []
  const role = LIMITED.find((one) => one === name)
  if (role && Number(count) <= PER_MINUTE_MAX) return { [role]: Number(count) }
  throw new LabError(
    'usage',
    `a rate limit is one of ${LIMITED.join(', ')} with requests a minute, such as subscriber=600, not "${text}".`,
    { field: 'rateLimit' },
  )
}

function limitsText(limits: RateLimits): string {
  return Object.entries(limits)
    .map(([role, count]) => `${role}=${count}`)
    .join(', ')
}

function useTemporary(cleanUp: Closer): string {
  const directory = temporaryDirectory()
  cleanUp.last(() => directory.remove())
  return directory.path
}

function startTrace(path: string, output: Output): Trace {
  return openTrace({ path, clock: wallClock, onFailure: output.warn })
}

/** The CI above the TLS certificate; without TLS, that of the lab itself. */
function ciOf({ lab, served }: Pick<Serving, 'lab' | 'served'>): Certificate {
  return served.tls?.ci ?? lab.pki['P-256'].ci.certificate
}

/** The CI as browsers and tools want to be given it. */
function ciFile(directory: string): string {
  return join(directory, 'ci.pem')
}

/** Verbs look for the CI where a kept lab has it. */
function keepPki(lab: Lab, directory: string): void {
  makeDirectory(join(directory, 'pki'))
  for (const [name, octets] of Object.entries(serialisePki(lab.pki))) {
    replaceFile(join(directory, 'pki', name), octets)
  }
}

async function announce(serving: Serving, output: Output): Promise<void> {
  const { served, lab, directory } = serving
  const { rspAddress, rspUrl, operatorUrl, smds } = served
  const { activationCode } = await welcomeCode(lab, directory)
  const ciCertificate = ciFile(directory)
  const tokenFile = serviceFile(directory)
  const readyMs = Math.round(performance.now())
  const ready = {
    event: 'ready',
    rspAddress,
    rspUrl,
    rootDsAddress: smds.root.address,
    alternativeDsAddress: smds.alternative.address,
    operatorUrl,
    tokenFile: resolve(tokenFile),
    ciCertificate: resolve(ciCertificate),
    dataDirectory: resolve(directory),
    activationCode,
    pid: process.pid,
    ...broughtFacts(serving),
    ...listenerFacts(served),
    readyMs,
  }
  const lines = [
    `esim-lab is ready after ${readyMs} ms. A test system: trust nothing that it signs.`,
    '',
    `  SM-DP+ for LPAs   ${rspUrl}${serving.plain ? '   (plain HTTP: no TLS)' : ''}`,
    `  SM-DS             ${smds.root.url} (root), ${smds.alternative.url} (alternative)`,
    ...served.listeners.map(({ url, tls }) => `  listener          ${url}${tlsNote(tls)}`),
    ...(served.es2Plus ? [`  ES2+              ${served.es2Plus.url}`] : []),
    `  operator's API    ${operatorUrl}   (token in ${tokenFile})`,
    `  CI certificate    ${ciCertificate}`,
    ...broughtLines(serving),
    '',
    'An activation code:',
    '',
    qrCode(activationCode),
    '',
    `  ${activationCode}`,
    '',
    'Download it with a software phone, in another terminal:',
    '',
    `  ${commandLine(`download '${activationCode}'`, { directory })}`,
    '',
    'Ctrl-C ends the lab.',
  ]
  output.result(ready, lines.join('\n'))
}

function tlsNote(tls: TlsChoice | undefined): string {
  if (!tls) return '   (plain HTTP: no TLS)'
  return tls.credential.certificate.curve === 'P-256' ? '' : '   (TLS with a Brainpool certificate)'
}

/** What `--listener` and `--es2plus` have come to, for programs. */
function listenerFacts({ listeners, es2Plus }: ServedLab) {
  return {
    ...(listeners.length > 0 && {
      listeners: listeners.map(({ address, url, tls }) => ({
        address,
        url,
        tlsCurve: tls?.credential.certificate.curve ?? null,
      })),
    }),
    ...(es2Plus && { es2plusUrl: es2Plus.url }),
  }
}

/** What `--pki` has come to, for programs. */
function broughtFacts({ lab, served }: Serving) {
  const { broughtPki, smdp } = lab
  if (!broughtPki) return {}
  return {
    pki: {
      directory: resolve(broughtPki.directory),
      smdp: smdp.credentials.map(({ ci, dpAuth }) => ({
        curve: ci.curve,
        ciKeyId: toHex(ci.subjectKeyId ?? new Uint8Array()),
        oid: oidOf(dpAuth.certificate),
      })),
      tls: served.tls?.from ?? null,
    },
  }
}

const TLS_SOURCES: Readonly<Record<TlsChoice['from'], string>> = {
  given: 'CERT.DP.TLS as it was brought',
  broughtCi: 'issued for this run under the CI that was brought',
  testCi:
    "issued under the lab's own test CI: none that was brought fits, and there is no key of a CI on P-256",
}

const NO_PHONES =
  "  software phones   none can be made: there is no key of an EUM or a CI (--test-ci brings the lab's own)"

function makesPhones(lab: Lab, broughtPki: LoadedPki): boolean {
  const ownCi = lab.pki['P-256'].ci.certificate
  return (
    lab.smdp.credentials.some(({ ci }) => ci === ownCi) ||
    reportPki(broughtPki, wallClock.nowMs()).uses.includes('newEuiccs')
  )
}

/** What `--pki` has come to, for people. */
function broughtLines({ lab, served }: Serving): string[] {
  const { broughtPki, smdp } = lab
  if (!broughtPki) return []
  const servers = smdp.credentials.map(
    ({ ci, dpAuth }) => `${ci.curve} ${oidOf(dpAuth.certificate)}`,
  )
  return [
    `  SM-DP+ runs on    ${broughtPki.directory}   (${servers.join(', ')})`,
    ...(served.tls ? [`  TLS certificate   ${TLS_SOURCES[served.tls.from]}`] : []),
    ...(makesPhones(lab, broughtPki) ? [] : [NO_PHONES]),
  ]
}

interface Closer {
  /** Adds what is to be undone; the last is undone first. */
  last(work: () => void | Promise<void>): void
  run(): Promise<void>
}

function closer(): Closer {
  const works: (() => void | Promise<void>)[] = []
  return {
    last: (work) => void works.unshift(work),
    async run() {
      for (const work of works.splice(0)) await work()
    },
  }
}
