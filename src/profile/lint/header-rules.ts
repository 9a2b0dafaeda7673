/** Rules of what the header promises against what the elements do (TCA eUICC Profile Package §8.2). */

import { iccidFromOctets, luhnDigit } from '../../base/bcd.ts'
import { toHex } from '../../base/octets.ts'
import type { ProfileHeader } from '../elements.ts'
import { isDirectory } from '../build-files.ts'
import { fileSystemTemplate } from '../file-templates/index.ts'
import { applicationName, fileKey } from '../known-files.ts'
import { templateIdOf, type Survey } from '../survey.ts'
import { isServiceAvailable } from '../usim-files.ts'
import { elementsOf, headerOf, type Rule } from './rule.ts'

export const HEADER_RULES: readonly Rule[] = [
  {
    id: 'template-unknown',
    severity: 'error',
    *check(survey) {
      const header = headerOf(survey)
      for (const oid of header?.element.value.eUICCMandatoryGFSTEList ?? []) {
        if (fileSystemTemplate(oid)) continue
        yield {
          at: header?.number,
          text: `lists the template ${oid}, which no version of the specification up to 3.3.1 has.`,
        }
      }
      for (const { element, number, template } of survey.elements) {
        const oid = templateIdOf(element)
        if (oid === undefined || template) continue
        yield {
          at: number,
          text: `has the template ${oid}, which no version of the specification up to 3.3.1 has.`,
        }
      }
    },
  },
  {
    id: 'template-of-element',
    severity: 'error',
    *check({ elements }) {
      for (const { element, number, template } of elements) {
        if (!template || template.element === element.kind) continue
        yield {
          at: number,
          text: `has the template ${template.oid}, which is for ${template.element} elements.`,
        }
      }
    },
  },
  {
    id: 'template-unlisted',
    severity: 'warning',
    *check(survey) {
      const listed = headerOf(survey)?.element.value.eUICCMandatoryGFSTEList
      if (!listed) return
      for (const { element, number } of survey.elements) {
        const oid = templateIdOf(element)
        if (oid === undefined || listed.includes(oid)) continue
        yield { at: number, text: `uses the template ${oid}. Add it to eUICC-Mandatory-GFSTEList.` }
      }
    },
  },
  {
    id: 'template-unused',
    severity: 'warning',
    *check(survey) {
      const header = headerOf(survey)
      const used = survey.elements.map(({ element }) => templateIdOf(element))
      for (const oid of header?.element.value.eUICCMandatoryGFSTEList ?? []) {
        if (used.includes(oid) || survey.broken) continue
        yield {
          at: header?.number,
          text: `lists the template ${oid}, which no element uses. Remove it: a card without it would refuse the package.`,
        }
      }
    },
  },
  {
    id: 'service-unlisted',
    severity: 'warning',
    *check(survey) {
      const header = headerOf(survey)
      if (!header) return
      const listed = header.element.value.eUICCMandatoryServices
      for (const { service, because, at } of neededServices(survey)) {
        if (listed[service] === null) continue
        yield {
          at,
          text: `${because}. Add ${MODULE_NAMES[service] ?? service} to eUICC-Mandatory-services.`,
        }
      }
    },
  },
  {
    id: 'service-unused',
    severity: 'warning',
    *check(survey) {
      const header = headerOf(survey)
      if (!header || survey.broken) return
      const needed = new Set(Array.from(neededServices(survey), ({ service }) => service))
      for (const service of usefulServices(survey)) needed.add(service)
      for (const service of serviceNames(header.element.value)) {
        if (!JUDGED.includes(service) || needed.has(service)) continue
        yield {
          at: header.number,
          text: `asks the card for ${MODULE_NAMES[service] ?? service}, and nothing in the package uses it. Remove it from eUICC-Mandatory-services.`,
        }
      }
    },
  },
  {
    id: 'header-iccid',
    severity: 'warning',
    *check(survey) {
      const header = headerOf(survey)
      const file = iccidContent(survey)
      if (!header || !file) return
      const inHeader = toHex(header.element.value.iccid)
      const inFile = toHex(file).replaceAll(/(.)(.)/g, '$2$1')
      if (inHeader === inFile) return
      yield {
        at: header.number,
        text: `has the ICCID ${inHeader}, and EF.ICCID has ${inFile}. Give them the same.`,
      }
    },
  },
  {
    id: 'iccid-form',
    severity: 'error',
    *check(survey) {
      const content = iccidContent(survey)
      if (!content || iccidFromOctets(content)) return
      yield {
        at: iccidElement(survey),
        text: `fills EF.ICCID with ${toHex(content)}; expected 18 to 20 digits, the first of each pair in the low nibble.`,
      }
    },
  },
  {
    id: 'iccid-check-digit',
    severity: 'note',
    *check(survey) {
      const content = iccidContent(survey)
      const iccid = content && iccidFromOctets(content)
      if (!iccid || iccid.length < 19) return
      const expected = luhnDigit(iccid.slice(0, 18))
      if (iccid[18] === expected) return
      yield {
        at: iccidElement(survey),
        text: `has the ICCID ${iccid}, whose 19th digit would be ${expected} by ITU-T E.118.`,
      }
    },
  },
]

type Service = keyof ProfileHeader['eUICCMandatoryServices']

interface NeededService {
  readonly service: Service
  readonly because: string
  readonly at: number
}

/** The module's spelling where it differs. */
const MODULE_NAMES: Readonly<Partial<Record<Service, string>>> = {
  usimTestAlgorithm: 'usim-test-algorithm',
  multipleUsim: 'multiple-usim',
  multipleIsim: 'multiple-isim',
  multipleCsim: 'multiple-csim',
  berTlv: 'ber-tlv',
  getIdentity: 'get-identity',
  profileAX25519: 'profile-a-x25519',
  profileBP256: 'profile-b-p256',
  gbaUsim: 'gba-usim',
  gbaIsim: 'gba-isim',
  catTp: 'cat-tp',
}

/** Services of which the package shows whether it uses them. */
const JUDGED: readonly Service[] = [
  'usim',
  'isim',
  'csim',
  'milenage',
  'tuak128',
  'tuak256',
  'usimTestAlgorithm',
  'cave',
  'multipleUsim',
  'multipleIsim',
  'multipleCsim',
  'berTlv',
  'dfLink',
  'getIdentity',
  'profileAX25519',
  'profileBP256',
]

function serviceNames({ eUICCMandatoryServices }: ProfileHeader): readonly Service[] {
  return Object.keys(eUICCMandatoryServices) as Service[]
}

function* neededServices(survey: Survey): Generator<NeededService> {
  yield* applicationServices(survey)
  yield* algorithmServices(survey)
  for (const { made, element } of survey.files) {
    if (made?.kind !== 'berTlv') continue
    yield { service: 'berTlv', because: `makes the BER-TLV file ${fileKey(made)}`, at: element }
    break
  }
  const link = survey.files.find(
    ({ made, fcp }) => made && isDirectory(made) && fcp.linkPath?.length,
  )
  if (link) yield { service: 'dfLink', because: 'links a directory', at: link.element }
  for (const { number } of elementsOf(survey, 'application').slice(0, 1)) {
    yield { service: 'javacard', because: 'loads or makes applications', at: number }
  }
  for (const { number } of elementsOf(survey, 'eap').slice(0, 1)) {
    yield { service: 'eap', because: 'has the files of an EAP client', at: number }
  }
  for (const { element, number } of elementsOf(survey, 'securityDomain')) {
    if (!element.value.catTpParameters) continue
    yield { service: 'catTp', because: 'has parameters of CAT_TP', at: number }
  }
  const calculation = suciFile(survey)
  if (!calculation) return
  const at = calculation.element
  yield { service: 'getIdentity', because: 'lets the USIM calculate the SUCI', at }
  for (const service of schemesIn(calculation.content)) {
    yield { service, because: `gives the USIM a key for ${MODULE_NAMES[service]}`, at }
  }
}

const APPLICATIONS = [
  { name: 'USIM', service: 'usim', several: 'multipleUsim' },
  { name: 'ISIM', service: 'isim', several: 'multipleIsim' },
  { name: 'CSIM', service: 'csim', several: 'multipleCsim' },
] as const

function* applicationServices({ adfs }: Survey): Generator<NeededService> {
  for (const { name, service, several } of APPLICATIONS) {
    const [first, second] = adfs.filter(({ adf }) => applicationName(adf) === name)
    if (first) yield { service, because: `makes a ${name}`, at: first.element }
    if (second) yield { service: several, because: `makes a second ${name}`, at: second.element }
  }
}

function* algorithmServices(survey: Survey): Generator<NeededService> {
  for (const { element, number } of elementsOf(survey, 'akaParameter')) {
    const parameter = element.value.algoConfiguration.algoParameter
    if (!parameter) continue
    const { algorithmID, key } = parameter
    const tuak = key.length > 16 ? 'tuak256' : 'tuak128'
    const service = algorithmID === 'tuak' ? tuak : algorithmID
    if (
      service !== 'milenage' &&
      service !== 'tuak128' &&
      service !== 'tuak256' &&
      service !== 'usimTestAlgorithm'
    ) {
      continue
    }
    yield { service, because: `authenticates with ${service}`, at: number }
  }
  for (const { number } of elementsOf(survey, 'cdmaParameter').slice(0, 1)) {
    yield { service: 'cave', because: 'has parameters of CAVE', at: number }
  }
}

/** Services that a package may ask for although it could do without. */
function* usefulServices(survey: Survey): Generator<Service> {
  const usesSuci = survey.files.some(({ made }) => {
    if (!made) return false
    const key = fileKey(made)
    return key === 'USIM/5FC0/4F07' || key === 'USIM/5FD0/4F01'
  })
  const table = survey.files.find(({ made }) => made && fileKey(made) === 'USIM/6F38')?.made
  const body = table?.kind === 'transparent' ? table.body.octets : undefined
  if (!usesSuci && !isServiceAvailable(body, 125)) return
  yield 'getIdentity'
  yield 'profileAX25519'
  yield 'profileBP256'
}

function suciFile({
  files,
}: Survey): { readonly element: number; readonly content: Uint8Array } | undefined {
  for (const { made, element } of files) {
    if (made?.kind === 'transparent' && fileKey(made) === 'USIM/5FD0/4F01') {
      return { element, content: made.body.octets }
    }
  }
  return undefined
}

const SCHEME_LIST_TAG = 0xa0
const SCHEMES: Readonly<Record<number, Service>> = { 1: 'profileAX25519', 2: 'profileBP256' }

/** Protection scheme identifiers with the keys' places: pairs in `A0` (3GPP TS 31.102 §4.4.11.8). */
function schemesIn(content: Uint8Array): readonly Service[] {
  const length = content[1] ?? 0
  if (content[0] !== SCHEME_LIST_TAG || length > 0x7f) return []
  const pairs = content.subarray(2, 2 + length)
  const services = Array.from(pairs).flatMap((scheme, at) => {
    const service = at % 2 === 0 ? SCHEMES[scheme] : undefined
    return service ? [service] : []
  })
  return [...new Set(services)]
}

function iccidContent({ files }: Survey): Uint8Array | undefined {
  const made = files.find((file) => file.made && fileKey(file.made) === 'MF/2FE2')?.made
  return made?.kind === 'transparent' ? made.body.octets : undefined
}

function iccidElement({ files }: Survey): number | undefined {
  return files.find((file) => file.made && fileKey(file.made) === 'MF/2FE2')?.element
}
