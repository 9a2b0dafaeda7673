/** `esim-lab serve`: a lab on the network until it is told to end. */

import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { systemRandom, wallClock } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { toHex } from '../../base/octets.ts'
import { serveLab, type ServedLab } from '../../http/serve.ts'
import { createLab, type Lab } from '../../lab.ts'
import type { TlsChoice } from '../../pki/brought.ts'
import type { Certificate } from '../../pki/certificate.ts'
import { oidOf } from '../../pki/chain.ts'
import { toPem } from '../../pki/forge.ts'
import { reportPki } from '../../pki/load-report.ts'
import { loadPkiDirectory, type LoadedPki } from '../../pki/load.ts'
import { serialisePki } from '../../pki/test-pki.ts'
import { makeDirectory, replaceFile } from '../../store/directory.ts'
import { addressesOf, isLoopback } from '../addresses.ts'
import { requestToEnd } from '../ending.ts'
import { defectText, type Output } from '../output.ts'
import { qrCode } from '../qr-code.ts'
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
  readonly trace?: string
  readonly seed?: string
  readonly pki?: string
  readonly testCi?: true
}

const RSP_PORT = 8443
const OPERATOR_PORT = 8080
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
      'serve --pki my-certificates --name testsmdpplus1.example.com',
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
      'port of the root SM-DS, the alternative one has the next (default: after that for LPAs)',
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
    .option('--trace <file>', 'append every protocol message to a file, as JSON lines')
    .option('--seed <text>', 'what keys and numbers follow')
    .option('--pki <directory>', 'run the SM-DP+ on certificates and keys that are there')
    .option('--test-ci', "with --pki: serve eUICCs of the lab's own test CI as well")
    .action((options: ServeOptions) => serve(options, output))
}

async function serve(options: ServeOptions, output: Output): Promise<void> {
  const ending = requestToEnd()
  const serving = await startServing(options, output)
  try {
    await announce(serving, output)
    warnOfStrangers(options, output)
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

interface Serving {
  readonly lab: Lab
  readonly served: ServedLab
  readonly directory: string
  readonly plain: boolean
  close(): Promise<void>
}

async function startServing(options: ServeOptions, output: Output): Promise<Serving> {
  const cleanUp = closer()
  // First of all: a PKI that will not do leaves nothing behind.
  const broughtPki = options.pki === undefined ? undefined : loadPkiDirectory(options.pki)
  try {
    const directory = options.ephemeral ? useTemporary(cleanUp) : options.data
    const trace = options.trace === undefined ? undefined : startTrace(options.trace, output)
    if (trace) cleanUp.last(() => trace.close())
    const lab = await createLab({
      ...(options.ephemeral ? {} : { dataDirectory: directory }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(trace && { observer: trace.observer }),
      ...(broughtPki && { broughtPki, withTestCi: options.testCi ?? false }),
    })
    cleanUp.last(() => lab.close())
    const served = await serveOn(lab, { options, output })
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
      ...(broughtPki && { pki: resolve(broughtPki.directory) }),
    })
    cleanUp.last(() => removeService(directory))
    return { lab, served, directory, plain: options.plain ?? false, close: cleanUp.run }
  } catch (error) {
    await cleanUp.run()
    throw error
  }
}

function serveOn(
  lab: Lab,
  { options, output }: { readonly options: ServeOptions; readonly output: Output },
): Promise<ServedLab> {
  const { port, host, plain } = options
  const operatorPort = options.operatorPort ?? (port === 0 ? 0 : OPERATOR_PORT)
  return serveLab(lab, {
    token: Buffer.from(systemRandom().bytes(TOKEN_OCTETS)).toString('hex'),
    rsp: {
      port,
      ...(host === undefined ? {} : { host }),
      ...(plain && { plain }),
      hostNames: hostNamesOf(options),
    },
    smds: smdsPorts(options),
    operator: { port: operatorPort },
    reportDefect: (error) => output.warn(`a defect of esim-lab: ${defectText(error)}`),
  })
}

function smdsPorts({ port, smdsPort }: ServeOptions) {
  const root = smdsPort ?? portAfter(port)
  return { root: { port: root }, alternative: { port: portAfter(root) } }
}

/** The next port, or any that is free. */
function portAfter(port: number): number {
  return port === 0 || port === PORT_MAX ? 0 : port + 1
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
    readyMs,
  }
  const lines = [
    `esim-lab is ready after ${readyMs} ms. A test system: trust nothing that it signs.`,
    '',
    `  SM-DP+ for LPAs   ${rspUrl}${serving.plain ? '   (plain HTTP: no TLS)' : ''}`,
    `  SM-DS             ${smds.root.url} (root), ${smds.alternative.url} (alternative)`,
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
