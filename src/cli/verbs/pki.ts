/** `esim-lab pki`: the lab's keys and certificates for other people's tools. */

import { dirname, join } from 'node:path'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { systemRandom, wallClock } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { toBase64 } from '../../base/octets.ts'
import type { RevokedAnswer } from '../../lab-revocation.ts'
import { reportPki, reportText } from '../../pki/load-report.ts'
import { loadPkiDirectory } from '../../pki/load.ts'
import { exportPki, type ExportedCredential, type ExportedFile } from '../../pki/export.ts'
import {
  CURVE_SUFFIXES,
  issueTlsCredential,
  loadPki,
  PKI_FILES,
  type TestPki,
} from '../../pki/test-pki.ts'
import { makeDirectory, readIfThere, replaceFile } from '../../store/directory.ts'
import { octetsOfFile, showAsn1 } from '../../pki/show.ts'
import type { Output } from '../output.ts'
import { openLab } from '../lab-client.ts'
import { phonesOf, withPhone } from '../phones.ts'
import { fetchLists } from '../revocation.ts'
import { commandLine, labVerb, verb, type CommonOptions } from '../verb.ts'

interface ExportOptions extends CommonOptions {
  readonly out: string
  readonly passphrase: string
  readonly host: readonly [string, ...string[]]
}

export function pkiVerb(output: Output): Command {
  const pki = new Command('pki').description("the lab's certificates").action(() => {
    throw new LabError(
      'usage',
      'say what is to be done: esim-lab pki export, check, show, revoke, or crl',
    )
  })
  pki.addCommand(
    verb({
      name: 'show',
      summary: 'draw the ASN.1 tree of a file: a certificate, a key, a message in DER, PEM or hex',
      examples: ['pki show .esim-lab/ci.pem'],
    })
      .argument('<file>', 'the file')
      .action((file: string) => showFile(file, output)),
  )
  pki.addCommand(
    verb({
      name: 'check',
      summary: 'report which certificates and keys a directory holds, and what they are good for',
      examples: ['pki check my-certificates', 'pki check my-certificates --json'],
    })
      .argument('<directory>', 'certificates and keys in DER or PEM, in any layout')
      .action((directory: string) => check(directory, output)),
  )
  pki.addCommand(
    labVerb({
      name: 'revoke',
      summary: "have the lab's test CI revoke a certificate of an EUM or a server, for good",
      examples: ['pki revoke esim-lab-pki/CERT_EUM_ECDSA_NIST.pem'],
    })
      .argument('<file>', 'the certificate, DER or PEM')
      .action((file: string, options: CommonOptions) => revoke({ file, options }, output)),
  )
  pki.addCommand(
    labVerb({
      name: 'crl',
      summary: "write the test CI's revocation lists, or load them into a phone's eUICC",
      examples: ['pki crl', 'pki crl --phone p1'],
    })
      .option('--out <directory>', 'where to', 'esim-lab-pki')
      .option('--phone <name>', 'load them into this phone in place of writing')
      .action((options: CrlOptions) => revocationLists(options, output)),
  )
  return pki.addCommand(
    labVerb({
      name: 'export',
      summary: 'write keys and certificates as PEM, DER and PKCS#12; no lab need be served',
      examples: ['pki export', 'pki export --out /tmp/pki --host smdp.test,127.0.0.1'],
    })
      .option('--out <directory>', 'where to', 'esim-lab-pki')
      .option('--passphrase <text>', 'of the PKCS#12 files', 'esim-lab')
      .option('--host <names>', 'host names of the TLS certificates', hostsOf, ['localhost'])
      .action((options: ExportOptions) => exportAll(options, output)),
  )
}

interface CrlOptions extends CommonOptions {
  readonly out: string
  readonly phone?: string
}

async function revoke(
  asked: { readonly file: string; readonly options: CommonOptions },
  output: Output,
): Promise<void> {
  const content = readIfThere(asked.file)
  if (!content) throw new LabError('notFound', `there is no file ${asked.file}.`, { field: 'file' })
  const lab = await openLab(asked.options.data)
  const certificate = toBase64(octetsOfFile(content))
  const answer = await lab.post<RevokedAnswer>('/api/revocations', { body: { certificate } })
  const { role, subject, serialNumber, wasRevoked } = answer
  const already = wasRevoked ? ' already' : ''
  output.result(answer, `Revoked${already}: ${role} ${subject}, serial number ${serialNumber}.`)
}

async function revocationLists(options: CrlOptions, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  const lists = await fetchLists(lab)
  const { phone: name } = options
  if (name !== undefined) {
    await withPhone({ lab, name }, async (phone) => {
      for (const list of lists) await phone.loadCrl(list)
    })
  }
  for (const { fileName, crlNumber, revoked, list } of lists) {
    const file = join(options.out, fileName)
    if (name === undefined) {
      mkdirSync(options.out, { recursive: true })
      writeFileSync(file, list)
    }
    const where = name === undefined ? { file } : { phone: name }
    const place = name === undefined ? file : `${fileName} in ${name}`
    output.result(
      { ...where, fileName, crlNumber, revoked },
      `${place}: number ${crlNumber}, ${revoked} revoked`,
    )
  }
}

function showFile(file: string, output: Output): void {
  const content = readIfThere(file)
  if (!content) throw new LabError('notFound', `there is no file ${file}.`, { field: 'file' })
  const lines = showAsn1(octetsOfFile(content))
  output.result({ file, lines }, lines.join('\n'))
}

function check(directory: string, output: Output): void {
  const report = reportPki(loadPkiDirectory(directory), wallClock.nowMs())
  output.result({ ...report }, reportText(report))
  if (report.uses.length > 0) return
  const detail = `${directory} holds nothing that an SM-DP+ or an eUICC could run on.`
  throw new LabError('badInput', detail, { field: 'directory', reason: 'pkiIncomplete' })
}

function hostsOf(text: string): readonly string[] {
  const names = text.split(',').filter((name) => name !== '')
  if (names.length > 0) return names
  throw new LabError('usage', 'give at least one host name.', { field: 'host' })
}

function exportAll(options: ExportOptions, output: Output): void {
  const pki = pkiIn(options.data)
  const others = [...tlsCredentials(pki, options.host), ...euiccCredentials(pki, options.data)]
  const files = exportPki({ pki, passphrase: options.passphrase, others })
  for (const file of files) write(options.out, file)
  if (!output.json) return output.text(summaryOf(files, options))
  for (const { path, secret } of files) output.result({ path: join(options.out, path), secret }, '')
}

function summaryOf(files: readonly ExportedFile[], options: ExportOptions): string {
  const folders = [...new Set(files.map(({ path }) => dirname(path)))].toSorted()
  return [
    `${files.length} files in ${options.out}: ${folders.join(', ')}`,
    `Private keys are there as well, for your eyes alone. The PKCS#12 files open with "${options.passphrase}".`,
  ].join('\n')
}

function pkiIn(directory: string): TestPki {
  const folder = join(directory, 'pki')
  if (!existsSync(folder)) {
    const start = commandLine('serve', { directory })
    throw new LabError('unavailable', `no lab is kept in ${directory}. Start one: ${start}`, {
      reason: 'noLab',
    })
  }
  return loadPki(
    Object.fromEntries(PKI_FILES.map((name) => [name, readIfThere(join(folder, name))] as const)),
  )
}

/** A lab that is served makes its own at each start; these are for servers of others. */
function tlsCredentials(pki: TestPki, hostNames: readonly [string, ...string[]]) {
  const random = systemRandom()
  const nowMs = wallClock.nowMs()
  const kinds = [
    { role: 'dp-tls', folder: 'smdp', fileStem: 'S_SM_DP_TLS_NIST' },
    { role: 'ds-tls', folder: 'smds', fileStem: 'S_SM_DS_TLS_NIST' },
  ] as const
  return kinds.map(({ role, ...named }): ExportedCredential => {
    const credential = issueTlsCredential({ pki, hostNames, role, nowMs, random })
    return { ...named, credential, issuers: [pki['P-256'].ci] }
  })
}

/** The eUICCs of all phones of the data directory. */
function euiccCredentials(pki: TestPki, directory: string): ExportedCredential[] {
  return phonesOf(directory).flatMap(([name, { credentials }]) =>
    credentials.map(({ keyPair, euiccCertificate }) => ({
      folder: `euicc/${name}`,
      fileStem: `EUICC_ECDSA_${CURVE_SUFFIXES[keyPair.curve]}`,
      credential: { keyPair, certificate: euiccCertificate },
      issuers: [pki[keyPair.curve].eum, pki[keyPair.curve].ci],
    })),
  )
}

function write(directory: string, { path, octets, secret }: ExportedFile): void {
  const file = join(directory, path)
  if (secret) makeDirectory(dirname(file))
  else mkdirSync(dirname(file), { recursive: true })
  if (secret) replaceFile(file, octets)
  else writeFileSync(file, octets)
}
