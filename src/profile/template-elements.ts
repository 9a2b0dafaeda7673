/** From a template's text and an operator to the elements of its package, with a placeholder for whatever is a subscriber's. */

import { LabError } from '../base/errors.ts'
import { concat, hex } from '../base/octets.ts'
import { CODE_NAMES } from './access-rules.ts'
import type { ElementValue } from './elements.ts'
import { PINKeyReferenceValue, PUKKeyReferenceValue } from './elements/codes.ts'
import type { ServicesList } from './elements/header.ts'
import { sizeOctets, type Fcp, type File } from './file.ts'
import { fileSystemTemplate, type FileTemplate } from './file-templates/index.ts'
import { isOperatorValue, operatorValue, type ApplicationAids } from './operator-values.ts'
import type { OperatorProfile } from './subscriber.ts'
import { isPersonalName, personalOctets, type PersonalName } from './subscriber-values.ts'
import type {
  CodesElement,
  ContentSource,
  DomainElement,
  FilesElement,
  RemoteElement,
  TemplateCode,
  TemplateContent,
  TemplateElement,
  TemplateFile,
} from './template-file.ts'
import type { Infer } from '../asn1/schema.ts'

/** The elements, and which of the octet strings in them are a subscriber's: by identity, not by content. */
export interface UnpersonalisedElements {
  readonly elements: readonly ElementValue[]
  readonly placeholders: ReadonlyMap<Uint8Array, PersonalName>
}

/**
 * The elements of an operator's package, `extra` ones before the end.
 * @throws {LabError} badInput — a word, a field or a template that is not known, or a value that is longer than its file
 */
export function templateElements(options: {
  readonly file: TemplateFile
  readonly operator: OperatorProfile
  readonly extra: readonly NumberedElement[]
}): UnpersonalisedElements {
  const { file, operator } = options
  const wanted = file.elements.filter(({ when }) => has({ ...options, aids: NO_AIDS }, when))
  const making: Making = {
    file,
    operator,
    aids: { usim: aidOf(wanted, 'usim'), isim: aidOf(wanted, 'isim') },
    placeholders: new Map(),
  }
  const end = wanted.length - 1
  const before = wanted.slice(0, end).map((element) => numbered(making, element))
  const all = [...before, ...options.extra, ...wanted.slice(end).map((e) => numbered(making, e))]
  const elements = all.map((make, at) => make({ mandated: null, identification: at + 1 }))
  return {
    elements: [header(making, wanted), ...elements],
    placeholders: making.placeholders,
  }
}

/** An element that waits for its header. */
export type NumberedElement = (header: {
  readonly mandated: null
  readonly identification: number
}) => ElementValue

interface Making {
  readonly file: TemplateFile
  readonly operator: OperatorProfile
  readonly aids: ApplicationAids
  readonly placeholders: Map<Uint8Array, PersonalName>
}

const NO_AIDS: ApplicationAids = { usim: undefined, isim: undefined }

function aidOf(
  elements: readonly TemplateElement[],
  kind: 'usim' | 'isim',
): Uint8Array | undefined {
  const found = elements.find(({ element }) => element === kind)
  return found && 'directory' in found ? found.directory?.aid : undefined
}

function has(
  making: Pick<Making, 'file' | 'operator' | 'aids'>,
  when: string | undefined,
): boolean {
  return when === undefined || ownValue(making, when) !== undefined
}

function ownValue(making: Pick<Making, 'file' | 'operator' | 'aids'>, name: string) {
  if (!isOperatorValue(name)) throw badWord(name)
  const { operator, aids, file } = making
  return operatorValue(name, { operator, aids, accessRules: file.accessRules })
}

function badWord(name: string): LabError {
  return new LabError('badInput', `the template has a value '${name}', which nobody knows`, {
    field: name,
  })
}

function placeholder(making: Making, name: PersonalName): Uint8Array {
  const octets = new Uint8Array(personalOctets(name, making.operator))
  making.placeholders.set(octets, name)
  return octets
}

function personal(making: Making, name: string): Uint8Array {
  if (!isPersonalName(name)) throw badWord(name)
  return placeholder(making, name)
}

type Services = { -readonly [S in keyof Infer<typeof ServicesList>]: null }

/** The services and templates that a card must have follow from the elements. */
function header(making: Making, wanted: readonly TemplateElement[]): ElementValue {
  const { operator, file } = making
  const templates = wanted.flatMap((element) => ('template' in element ? [element.template] : []))
  return {
    kind: 'header',
    value: {
      majorVersion: file.majorVersion,
      minorVersion: file.minorVersion,
      profileType: operator.profileName,
      iccid: placeholder(making, 'headerIccid'),
      eUICCMandatoryServices: mandatoryServices(making, wanted),
      eUICCMandatoryGFSTEList: [...new Set(templates)],
    },
  }
}

function mandatoryServices({ operator }: Making, wanted: readonly TemplateElement[]): Services {
  const { algorithm, suci } = operator
  const services: Services = {}
  for (const { element } of wanted) {
    if (element === 'usim' || element === 'isim') services[element] = null
  }
  if (algorithm?.kind === 'tuak') {
    services[algorithm.keyOctets === 32 ? 'tuak256' : 'tuak128'] = null
  } else {
    services.milenage = null
  }
  if (suci?.calculatedBy === 'usim') {
    services.getIdentity = null
    for (const { scheme } of suci.keys) {
      services[scheme === 'profileA' ? 'profileAX25519' : 'profileBP256'] = null
    }
  }
  return services
}

function numbered(making: Making, element: TemplateElement): NumberedElement {
  switch (element.element) {
    case 'pinCodes':
    case 'pukCodes':
      return codes(making, element)
    case 'akaParameter':
      return akaParameter(making, element.sameAs)
    case 'securityDomain':
      return securityDomain(making, element)
    case 'rfm':
      return remoteFileManagement(element)
    case 'end':
      return (endHeader) => ({ kind: 'end', value: { endHeader } })
    default:
      return files(making, element)
  }
}

/** How the module names the header of each element. */
const HEADER_FIELDS = {
  mf: 'mfHeader',
  cd: 'cdHeader',
  telecom: 'telecomHeader',
  phonebook: 'phonebookHeader',
  usim: 'usimHeader',
  optUsim: 'optusimHeader',
  gsmAccess: 'gsmAccessHeader',
  df5gs: 'df5gsHeader',
  dfSaip: 'dfSaipHeader',
  isim: 'isimHeader',
  optIsim: 'optisimHeader',
} as const

function files(making: Making, { element, ...wanted }: FilesElement): NumberedElement {
  const template = fileSystemTemplate(wanted.template)
  if (template?.element !== element) {
    throw new LabError('badInput', `${wanted.template} is no template of ${element}`, {
      field: 'template',
    })
  }
  const made: Record<string, File> = {}
  const { directory } = wanted
  if (directory) {
    const { pins, temporaryFileId, aid } = directory
    const pinStatusTemplateDO = Uint8Array.from(pins, (name) => CODE_NAMES[name])
    const fcp: Fcp = {
      ...(temporaryFileId && { fileID: temporaryFileId }),
      ...(aid && { dfName: aid }),
      pinStatusTemplateDO,
    }
    made[directory.field] = [{ fileDescriptor: fcp }]
  }
  for (const [field, content] of Object.entries(wanted.files)) {
    const row = template.files.find((candidate) => candidate.field === field)
    if (!row) throw noSuchFile({ element, field })
    const file = fileOf(making, { row, content })
    if (file) made[field] = file
  }
  // Which fields an element has is the template's to say, and was checked above.
  return (own) =>
    ({
      kind: element,
      value: { [HEADER_FIELDS[element]]: own, templateID: wanted.template, ...made },
    }) as unknown as ElementValue
}

function noSuchFile(of: { readonly element: string; readonly field: string }): LabError {
  const { element, field } = of
  return new LabError('badInput', `the template of ${element} has no file ${field}`, { field })
}

function fileOf(
  making: Making,
  work: { readonly row: FileTemplate; readonly content: TemplateContent },
): File | undefined {
  const { row, content } = work
  switch (content.kind) {
    case 'doNotCreate':
      return [{ doNotCreate: null }]
    case 'default':
      return []
    case 'link':
      return [{ fileDescriptor: { linkPath: content.path } }]
    case 'content': {
      const octets = has(making, content.when) ? source(making, content.content) : undefined
      const { size = Math.max(octets?.length ?? 0, roomOf(row)) } = content
      return octets && transparent(row, { octets, size })
    }
    case 'records': {
      if (!has(making, content.when)) return undefined
      const { recordOctets } = content
      const records = content.records.flatMap((name) => recordsOf(making, name))
      const count = Math.max(content.count ?? 0, records.length)
      return recordFile(row, { records, recordOctets, count })
    }
  }
}

/** Lists have the room of their template, and its filling behind what is in them. */
function roomOf({ sizeOctets: room = 0, defaultContent }: FileTemplate): number {
  return defaultContent ? room : 0
}

function source(making: Making, content: ContentSource): Uint8Array | undefined {
  if ('octets' in content) return content.octets
  if ('services' in content) {
    const { services, octetCount } = content
    const wanted = services.filter(({ when }) => has(making, when)).map(({ number }) => number)
    return serviceTable(wanted, octetCount)
  }
  if (isPersonalName(content.value)) return placeholder(making, content.value)
  const value = ownValue(making, content.value)
  return value instanceof Uint8Array || !value ? value : concat(...value)
}

/** Service n is a bit of the table, counted from 1 at the least significant bit of the first octet (3GPP TS 31.102 §4.2.8). */
function serviceTable(services: readonly number[], octetCount: number): Uint8Array {
  const table = Buffer.alloc(octetCount)
  for (const service of services) {
    const at = (service - 1) >> 3
    if (at >= octetCount) {
      throw new LabError('badInput', `${octetCount} octets have no service ${service}`, {
        field: 'services',
      })
    }
    table[at] = (table[at] as number) | (1 << ((service - 1) & 7))
  }
  return table
}

function recordsOf(making: Making, name: string): readonly Uint8Array[] {
  if (isPersonalName(name)) return [placeholder(making, name)]
  const value = ownValue(making, name)
  if (!value) return []
  return value instanceof Uint8Array ? [value] : value
}

/** A description is written only where it says more than the template does. */
function transparent(
  row: FileTemplate,
  content: { readonly octets: Uint8Array; readonly size: number },
): File {
  const { octets, size } = content
  if (octets.length > size) throw tooLong(row, octets.length)
  const fcp: Fcp = size === row.sizeOctets ? {} : { efFileSize: sizeOctets(size) }
  return [...described(fcp), { fillFileContent: octets }]
}

function recordFile(
  row: FileTemplate,
  content: {
    readonly records: readonly Uint8Array[]
    readonly recordOctets: number
    readonly count: number
  },
): File | undefined {
  const { records, recordOctets, count } = content
  const long = records.find(({ length }) => length > recordOctets)
  if (long) throw tooLong(row, long.length)
  if (count === 0) return undefined
  const isAsTemplate = row.recordOctets === recordOctets && row.records === count
  const fcp: Fcp = isAsTemplate
    ? {}
    : {
        fileDescriptor: Uint8Array.of(row.kind === 'cyclic' ? 0x46 : 0x42, 0x21, 0, recordOctets),
        efFileSize: sizeOctets(recordOctets * count),
      }
  const steps: File = records.flatMap((record) => {
    const rest = recordOctets - record.length
    const filling = { fillFileContent: record }
    return rest === 0 ? [filling] : [filling, { fillFileOffset: rest }]
  })
  const isPadded = steps.at(-1)?.fillFileOffset !== undefined
  return [...described(fcp), ...(isPadded ? steps.slice(0, -1) : steps)]
}

function described(fcp: Fcp): File {
  return Object.keys(fcp).length === 0 ? [] : [{ fileDescriptor: fcp }]
}

function tooLong({ field }: FileTemplate, octets: number): LabError {
  return new LabError('badInput', `${octets} octets are more than ${field} has room for`, { field })
}

const ATTRIBUTE_BITS = { enabled: 1, mayBeChanged: 2, mayBeDisabled: 4 } as const

function codes(making: Making, { element, codes: list, sameAs }: CodesElement): NumberedElement {
  if (element === 'pukCodes') {
    const pukCodes = list.map((code) => ({
      keyReference: pukKey(code.key),
      pukValue: personal(making, code.value),
      maxNumOfAttempsRetryNumLeft: tries(code),
    }))
    return (pukHeader) => ({ kind: 'pukCodes', value: { pukHeader, pukCodes } })
  }
  if (sameAs) {
    return (pinHeader) => ({
      kind: 'pinCodes',
      value: { pinHeader, pinCodes: { filePath: sameAs } },
    })
  }
  const pinconfig = list.map((code) => ({
    keyReference: pinKey(code.key),
    pinValue: personal(making, code.value),
    ...(code.puk !== undefined && {
      unblockingPINReference: pukKey(code.puk),
    }),
    pinAttributes: code.attributes.reduce((all, name) => all | ATTRIBUTE_BITS[name], 0),
    maxNumOfAttempsRetryNumLeft: tries(code),
  }))
  return (pinHeader) => ({ kind: 'pinCodes', value: { pinHeader, pinCodes: { pinconfig } } })
}

function tries(code: TemplateCode): number {
  return code.tries * 16 + code.tries
}

function pinKey(name: string) {
  return PINKeyReferenceValue.isName(name) ? name : badKey(name)
}

function pukKey(name: string) {
  return PUKKeyReferenceValue.isName(name) ? name : badKey(name)
}

function badKey(name: string): never {
  throw new LabError('badInput', `there is no key reference '${name}'`, { field: 'key' })
}

/** RES and MAC of 64 bits. */
const MILENAGE_OPTIONS = hex('01')
/** Lengths of RES by their codes, those of INSTANCE in 3GPP TS 35.231 §6.2; MAC of 64 bits, CK and IK of 128. */
const TUAK_RES_CODES: Readonly<Record<number, number>> = { 4: 0, 8: 1, 16: 2 }
const TUAK_MAC_64 = 0x08
/** Everything of the other application's: its keys, its rules and its sequence numbers. */
const SHARE_SEQUENCE_NUMBERS = hex('03')

function akaParameter(making: Making, sameAs: Uint8Array | undefined): NumberedElement {
  const algoConfiguration = sameAs
    ? { mappingParameter: { mappingOptions: SHARE_SEQUENCE_NUMBERS, mappingSource: sameAs } }
    : { algoParameter: algoParameter(making) }
  return (akaHeader) => ({ kind: 'akaParameter', value: { akaHeader, algoConfiguration } })
}

function algoParameter(making: Making) {
  const { algorithm = { kind: 'milenage' } } = making.operator
  const secrets = { key: placeholder(making, 'ki'), opc: placeholder(making, 'opc') }
  if (algorithm.kind === 'milenage') {
    const { rotationConstants, xoringConstants } = algorithm
    return {
      algorithmID: 'milenage' as const,
      algorithmOptions: MILENAGE_OPTIONS,
      ...secrets,
      ...(rotationConstants && { rotationConstants }),
      ...(xoringConstants && { xoringConstants }),
      numberOfKeccak: 1,
    }
  }
  const { resOctets = 8, keccakIterations = 1 } = algorithm
  return {
    algorithmID: 'tuak' as const,
    algorithmOptions: Uint8Array.of(TUAK_MAC_64 | (TUAK_RES_CODES[resOctets] ?? 1)),
    ...secrets,
    numberOfKeccak: keccakIterations,
  }
}

/** Load file and module of the security domains that come with a card (GlobalPlatform UICC Configuration §10.4). */
const DOMAIN_PACKAGE = hex('A0000001515350')
const DOMAIN_MODULE = hex('A000000151535041')
const KEY_TYPE_AES = hex('88')
const MAC_OCTETS = 8

function securityDomain(making: Making, domain: DomainElement): NumberedElement {
  const keyList = domain.keys.map(({ identifier, version, usage, value }) => ({
    keyUsageQualifier: usage,
    keyAccess: hex('00'),
    keyIdentifier: Uint8Array.of(identifier),
    keyVersionNumber: Uint8Array.of(version),
    keyComponents: [
      { keyType: KEY_TYPE_AES, keyData: personal(making, value), macLength: MAC_OCTETS },
    ],
  }))
  const instance = {
    applicationLoadPackageAID: DOMAIN_PACKAGE,
    classAID: DOMAIN_MODULE,
    instanceAID: domain.aid,
    applicationPrivileges: domain.privileges,
    lifeCycleState: domain.lifeCycle,
    applicationSpecificParametersC9: domain.parameters,
  }
  return (sdHeader) => ({ kind: 'securityDomain', value: { sdHeader, instance, keyList } })
}

/** Full access, by the codes of the domain that the commands come through (ETSI TS 102 226 §8.2.1.3.2.5). */
const FULL_ACCESS = hex('00')

function remoteFileManagement(element: RemoteElement): NumberedElement {
  const { aid, securityDomain: domain, tars, minimumSecurityLevel, application } = element
  return (rfmHeader) => ({
    kind: 'rfm',
    value: {
      rfmHeader,
      instanceAID: aid,
      securityDomainAID: domain,
      tarList: tars,
      minimumSecurityLevel,
      uiccAccessDomain: FULL_ACCESS,
      uiccAdminAccessDomain: FULL_ACCESS,
      ...(application && {
        adfRFMAccess: {
          adfAID: application,
          adfAccessDomain: FULL_ACCESS,
          adfAdminAccessDomain: FULL_ACCESS,
        },
      }),
    },
  })
}
