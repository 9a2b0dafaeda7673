/** `esim-lab profile`: other people's profile packages. */

import { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { asBuffer, fromUtf8, toBase64 } from '../../base/octets.ts'
import { PACKAGE_OCTETS_MAX, packageOctets, readPackage } from '../../profile/import.ts'
import { findingLine, lintPackage, type Finding, type Severity } from '../../profile/lint/index.ts'
import { fileSystemLines, packageLines, shownFileSystem, shownPackage } from '../../profile/show.ts'
import { readIfThere } from '../../store/directory.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { commandLine, labVerb, verb, type CommonOptions } from '../verb.ts'

interface ImportOptions extends CommonOptions {
  readonly profileType?: string
  readonly serviceProviderName?: string
  readonly profileName?: string
  readonly class?: string
  readonly owner?: string
  readonly ppr?: readonly string[]
  readonly icon?: string
  readonly metadata?: string
  readonly msisdn?: string
  readonly ki?: string
  readonly opc?: string
  readonly operator?: string
}

interface ShowOptions {
  readonly files?: true
  readonly secrets?: true
}

export function profileVerb(output: Output): Command {
  const profile = new Command('profile').description('profile packages of others').action(() => {
    throw new LabError('usage', 'say what is to be done: esim-lab profile import, show or lint')
  })
  profile.addCommand(
    verb({
      name: 'show',
      summary: 'show the elements of a package as a tree, with what they make',
      examples: [
        'profile show profile.der',
        'profile show profile.der --files',
        'profile show profile.der --secrets --json',
      ],
    })
      .argument('<file>', 'the package')
      .option('--files', 'show the file system that our card makes of it, by path')
      .option('--secrets', 'show codes and keys as they are')
      .action((file: string, options: ShowOptions) => show({ file, options }, output)),
  )
  profile.addCommand(
    verb({
      name: 'lint',
      summary: 'check a package: order, services, lengths, access rules, codes, contents',
      examples: ['profile lint profile.der', 'profile lint profile.der --json'],
    })
      .argument('<file>', 'the package')
      .action((file: string) => lint(file, output)),
  )
  return profile.addCommand(
    labVerb({
      name: 'import',
      summary: 'put unprotected profile packages on stock: DER, or hexadecimal or Base64 text',
      examples: [
        'profile import profile.der',
        'profile import profile.der --profile-name "Test A" --owner 001-01 --json',
        'profile import profile.der --operator t2 --msisdn "+7 999 000 00 01"',
        'profile import *.der --profile-type ts48 --metadata side.json',
      ],
    })
      .argument('<files...>', 'the packages')
      .option('--profile-type <type>', 'what they are ordered by (default: imported)')
      .option('--operator <id>', 'whose subscribers they become (default: the default operator)')
      .option('--service-provider-name <name>', "the provider (default: EF.SPN's)")
      .option('--profile-name <name>', "the name of the profile (default: the header's type)")
      .option('--class <class>', 'operational, test or provisioning (default: operational)')
      .option('--owner <owner>', "MCC-MNC[:gid1[:gid2]] (default: the IMSI's network)")
      .option('--ppr <rules>', 'policy rules with commas between: ppr1,ppr2', listOf)
      .option('--icon <file>', 'JPEG or PNG, 64 × 64')
      .option('--msisdn <number>', "the number of its account (default: EF.MSISDN's)")
      .option('--ki <hex>', "the Ki that the operator shall have in place of the package's")
      .option('--opc <hex>', "the OPc that the operator shall have in place of the package's")
      .option('--metadata <file>', 'JSON with the fields of POST /api/profiles; options win')
      .action((files: readonly string[], options: ImportOptions) =>
        importAll({ files, options }, output),
      ),
  )
}

function show(
  { file, options }: { readonly file: string; readonly options: ShowOptions },
  output: Output,
): void {
  const octets = packageOctets(contentOf(file, 'file'))
  const { known, problem } = knownOf(octets)
  const shown = shownPackage(octets, options)
  const [first] = shown.elements
  if (problem && first?.name !== 'header') throw problem
  if (options.files) {
    const system = shownFileSystem(octets)
    output.result({ file, ...known, ...system }, fileSystemLines(system).join('\n'))
  } else {
    const lines = Object.entries(known).map(([name, value]) => `${name} ${value ?? '-'}`)
    const text = [...lines, ...(lines.length > 0 ? [''] : []), ...packageLines(shown)].join('\n')
    output.result({ file, ...known, ...shown }, text)
  }
  // Whatever could be read of it has been shown.
  if (problem) throw problem
}

function knownOf(octets: Uint8Array): {
  readonly known: Readonly<Record<string, string | undefined>>
  readonly problem?: LabError
} {
  try {
    const { iccid, imsi, msisdn, serviceProviderName } = readPackage(octets)
    return { known: { iccid, imsi, msisdn, serviceProviderName } }
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'badInput') throw error
    return { known: {}, problem: error }
  }
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']

function lint(file: string, output: Output): void {
  const octets = packageOctets(contentOf(file, 'file'))
  if (octets.length > PACKAGE_OCTETS_MAX) readPackage(octets)
  const findings = lintPackage(octets)
  const counts = SEVERITIES.map((severity) => countText(findings, severity))
  const summary = `${file}: ${counts.join(', ')}.`
  output.result(
    { file, ok: !findings.some(({ severity }) => severity === 'error'), findings },
    [...findings.map(findingLine), summary].join('\n'),
  )
  if (!findings.some(({ severity }) => severity === 'error')) return
  throw new LabError('refused', `${summary} The package has errors.`, {
    field: 'file',
    reason: 'packageHasErrors',
  })
}

function countText(findings: readonly Finding[], severity: Severity): string {
  const count = findings.filter((finding) => finding.severity === severity).length
  return `${count} ${severity}${count === 1 ? '' : 's'}`
}

/** POST /api/profiles, as far as the command shows it. */
interface Imported {
  readonly iccid: string
  readonly profileType: string
  readonly operator: string
  readonly msisdn: string | null
  readonly noAccount: 'noNumber' | 'numberInUse' | null
  readonly serviceProviderName: string
  readonly profileName: string
  readonly elementCount: number
}

async function importAll(
  asked: { readonly files: readonly string[]; readonly options: ImportOptions },
  output: Output,
): Promise<void> {
  const lab = await openLab(asked.options.data)
  const metadata = metadataOf(asked.options)
  for (const file of asked.files) {
    const body = { ...metadata, package: toBase64(packageOctets(contentOf(file, 'package'))) }
    const imported = await lab.post<Imported>('/api/profiles', { body }).catch((error: unknown) => {
      throw error instanceof LabError ? inFile(file, error) : error
    })
    const order = commandLine(`order --iccid ${imported.iccid}`, lab)
    output.result({ file, ...imported }, [textOf(imported), order].join('\n'))
  }
}

function metadataOf(options: ImportOptions): object {
  const { metadata, icon, ppr, msisdn, ki, opc } = options
  const chosen = {
    profileType: options.profileType,
    operator: options.operator,
    serviceProviderName: options.serviceProviderName,
    profileName: options.profileName,
    profileClass: options.class,
    profileOwner: options.owner,
    profilePolicyRules: ppr,
    icon: icon === undefined ? undefined : toBase64(contentOf(icon, 'icon')),
    msisdn,
    ki,
    opc,
  }
  const side = metadata === undefined ? {} : sideFile(metadata)
  const said = Object.entries(chosen).filter(([, value]) => value !== undefined)
  return { ...side, ...Object.fromEntries(said) }
}

function sideFile(file: string): object {
  const problem = `${file} is not a JSON object in UTF-8`
  try {
    const side: unknown = JSON.parse(fromUtf8(contentOf(file, 'metadata')) ?? '')
    if (typeof side === 'object' && side !== null && !Array.isArray(side)) return side
  } catch (error) {
    if (error instanceof LabError) throw error
    throw new LabError('badInput', `${problem}.`, { field: 'metadata', cause: error })
  }
  throw new LabError('badInput', `${problem}.`, { field: 'metadata' })
}

function contentOf(file: string, field: string): Uint8Array {
  const content = readIfThere(file)
  if (content) return asBuffer(content)
  throw new LabError('notFound', `there is no file ${file}.`, { field })
}

function inFile(file: string, error: LabError): LabError {
  const { code, message, field, reason } = error
  return new LabError(code, `${file}: ${message}`, {
    ...(field !== undefined && { field }),
    ...(reason !== undefined && { reason }),
    cause: error,
  })
}

const NO_ACCOUNT = {
  noNumber: 'It has no number, so it will have no account.',
  numberInUse: 'Its number belongs to another profile, so it will have no account.',
} as const

function textOf(imported: Imported): string {
  const { iccid, profileType, serviceProviderName, profileName, elementCount } = imported
  const account =
    imported.noAccount === null
      ? `Its number is ${imported.msisdn}, of the operator ${imported.operator}.`
      : NO_ACCOUNT[imported.noAccount]
  return `Imported "${profileName}" of ${serviceProviderName}: ICCID ${iccid}, type ${profileType}, ${elementCount} elements. ${account}`
}

function listOf(text: string): readonly string[] {
  return text.split(',').filter((word) => word !== '')
}
