/** Rules of what stands in the files of a subscription, and how it authenticates (3GPP TS 31.102 §4, TS 33.102). */

import { imsiFromOctets } from '../../base/bcd.ts'
import { equalOctets, toHex } from '../../base/octets.ts'
import { isDirectory } from '../build-files.ts'
import type { Directory, ElementaryFile } from '../image.ts'
import { applicationName, directoryAid, isFiller, knownFileAt, partsOf } from '../known-files.ts'
import type { Survey } from '../survey.ts'
import { isServiceAvailable } from '../usim-files.ts'
import { usimServiceName } from '../usim-services.ts'
import { elementsOf, type Problem, type Rule } from './rule.ts'

export const CONTENT_RULES: readonly Rule[] = [
  {
    id: 'imsi-form',
    severity: 'error',
    check: eachUsim(function* ({ content }) {
      const imsi = content(0x6f07)
      if (!imsi || imsiFromOctets(imsi)) return
      yield `fills EF.IMSI with ${toHex(imsi)}; expected a length, then 9 or 1 in the low nibble and 6 to 15 digits.`
    }),
  },
  {
    id: 'access-class-form',
    severity: 'note',
    check: eachUsim(function* ({ content }) {
      const [high, low] = content(0x6f78) ?? []
      const imsi = imsiFromOctets(content(0x6f07) ?? new Uint8Array(0))
      if (high === undefined || low === undefined || imsi === undefined) return
      const expected = Number(imsi.at(-1))
      if (((high * 256 + low) & 0x3ff) === 1 << expected) return
      yield `fills EF.ACC with ${toHex(Uint8Array.of(high, low))}; the IMSI ends in ${expected}, so the access class would be ${expected}.`
    }),
  },
  {
    id: 'mnc-length',
    severity: 'warning',
    check: eachUsim(function* ({ content }) {
      const ad = content(0x6fad)
      if (!ad) return
      const digits = ad[3]
      if (digits === undefined)
        yield 'makes EF.AD without its fourth octet, so nobody knows how long the MNC is. Add 02 or 03.'
      else if ((digits & 0x0f) !== 2 && (digits & 0x0f) !== 3)
        yield `says in EF.AD that the MNC has ${digits & 0x0f} digits; it has 2 or 3.`
    }),
  },
  {
    id: 'directory-entry',
    severity: 'warning',
    *check(survey) {
      for (const { adf, element } of survey.adfs) {
        const listed = listedAids(survey)
        if (!listed || !adf.aid || listed.aids.some((aid) => isPrefix(aid, adf))) continue
        yield {
          at: element,
          text: `makes ${applicationName(adf)} ${toHex(adf.aid)}, which EF.DIR does not list: phones will not find it.`,
        }
      }
    },
  },
  {
    id: 'directory-application',
    severity: 'warning',
    *check(survey) {
      const listed = listedAids(survey)
      const others = applicationAids(survey)
      for (const aid of listed?.aids ?? []) {
        if (survey.adfs.some(({ adf }) => isPrefix(aid, adf))) continue
        if (others.some((other) => equalOctets(other.subarray(0, aid.length), aid))) continue
        yield {
          at: listed?.element,
          text: `lists ${toHex(aid)} in EF.DIR, and nothing in the package has that AID. Remove the record, or add the application.`,
        }
      }
    },
  },
  {
    id: 'directory-coding',
    severity: 'error',
    *check(survey) {
      const file = directoryFile(survey)
      if (!file) return
      for (const [at, record] of partsOf(file.made).entries()) {
        if (isFiller(record) || directoryAid(record)) continue
        yield {
          at: file.element,
          text: `has a record ${at + 1} of EF.DIR that cannot be read; expected 61, a length, and an AID in 4F.`,
        }
      }
    },
  },
  {
    id: 'service-without-file',
    severity: 'warning',
    check: eachUsim(function* ({ content, has }) {
      const table = content(0x6f38)
      if (!table) return
      for (const [service, place] of SERVICE_FILES) {
        if (!isServiceAvailable(table, service) || has(...place)) continue
        yield `says service ${usimServiceName(service)} is available, and makes no ${pathText(place)}. Add the file, or clear the bit in EF.UST.`
      }
    }),
  },
  {
    id: 'file-without-service',
    severity: 'note',
    check: eachUsim(function* ({ content, has }) {
      const table = content(0x6f38)
      if (!table) return
      for (const [service, place] of SERVICE_FILES) {
        if (isServiceAvailable(table, service) || !has(...place)) continue
        yield `makes ${pathText(place)}, and EF.UST does not have service ${usimServiceName(service)}: phones will not read it.`
      }
    }),
  },
  {
    id: 'suci-calculation',
    severity: 'warning',
    check: eachUsim(function* ({ content, has }) {
      const table = content(0x6f38)
      if (!table) return
      const isOfUsim = isServiceAvailable(table, 125)
      if (isOfUsim && !isServiceAvailable(table, 124))
        yield 'says the USIM calculates the SUCI (service 125) without privacy of the SUPI (service 124). Set both bits in EF.UST.'
      if (!isServiceAvailable(table, 124)) return
      if (isOfUsim && !has(0x5fd0, 0x4f01))
        yield 'says the USIM calculates the SUCI (service 125), and has no keys for it in DF.SAIP. Add EF.SUCI_Calc_Info_USIM, or clear the bit.'
      if (!isOfUsim && !has(0x5fc0, 0x4f07))
        yield 'says the phone calculates the SUCI (service 124), and has no EF.SUCI_Calc_Info for it. Add the file to DF.5GS, or clear the bit.'
    }),
  },
  {
    id: 'authentication-keys',
    severity: 'error',
    *check(survey) {
      for (const { parameter, number } of algorithms(survey)) {
        const { algorithmID, key, opc } = parameter
        const lengths = KEY_OCTETS[algorithmID]
        if (!lengths) {
          yield {
            at: number,
            text: `names the algorithm ${algorithmID}, which the module does not have.`,
          }
          continue
        }
        if (!lengths.key.includes(key.length))
          yield {
            at: number,
            text: `has a key of ${key.length} octets; ${algorithmID} takes ${lengths.key.join(' or ')}.`,
          }
        if (lengths.opc && opc.length !== lengths.opc)
          yield {
            at: number,
            text: `has an OPc or TOPc of ${opc.length} octets; ${algorithmID} takes ${lengths.opc}.`,
          }
      }
    },
  },
  {
    id: 'authentication-keys-zero',
    severity: 'note',
    *check(survey) {
      for (const { parameter, number } of algorithms(survey)) {
        const { algorithmID, key, opc } = parameter
        if (key.every((octet) => octet === 0))
          yield {
            at: number,
            text: 'has a key of zeros. Is it a template that was not personalised?',
          }
        if (
          algorithmID !== 'usimTestAlgorithm' &&
          opc.length > 0 &&
          opc.every((octet) => octet === 0)
        )
          yield {
            at: number,
            text: 'has an OPc or TOPc of zeros. Is it a template that was not personalised?',
          }
      }
    },
  },
]

interface Usim {
  /** What is in a transparent file directly in the USIM. */
  readonly content: (fileId: number) => Uint8Array | undefined
  /** Whether there is a file at the path. */
  readonly has: (...path: readonly number[]) => boolean
}

/** A rule that looks at one USIM after the other. */
function eachUsim(look: (usim: Usim) => Iterable<string>): (survey: Survey) => Iterable<Problem> {
  return function* (survey) {
    for (const { adf, element } of survey.adfs) {
      if (applicationName(adf) !== 'USIM') continue
      for (const text of look(usimOf(adf, survey.mf))) yield { at: element, text }
    }
  }
}

function usimOf(adf: Directory, mf: Directory | undefined): Usim {
  return {
    content(fileId) {
      const file = adf.files.find((one) => one.fileId === fileId)
      return file?.kind === 'transparent' ? file.body.octets : undefined
    },
    has(...path) {
      const isGlobal = path[0] === 0x7f10
      let at: Directory | undefined = isGlobal ? mf : adf
      for (const [place, id] of path.entries()) {
        const found: Directory['files'][number] | undefined = at?.files.find(
          ({ fileId }) => fileId === id,
        )
        if (!found) return false
        if (place < path.length - 1) at = isDirectory(found) ? found : undefined
      }
      return true
    },
  }
}

/** Services and a file that each of them needs (3GPP TS 31.102 §4.2 and §4.4). */
const SERVICE_FILES: readonly (readonly [number, readonly number[]])[] = [
  [2, [0x6f3b]],
  [4, [0x6f49]],
  [6, [0x6f4d]],
  [10, [0x6f3c]],
  [11, [0x6f47]],
  [12, [0x6f42]],
  [15, [0x6f45]],
  [16, [0x6f50]],
  [17, [0x6f3e]],
  [18, [0x6f3f]],
  [19, [0x6f46]],
  [20, [0x6f60]],
  [21, [0x6f40]],
  [34, [0x6f56]],
  [35, [0x6f57]],
  [42, [0x6f61]],
  [43, [0x6f62]],
  [45, [0x6fc5]],
  [46, [0x6fc6]],
  [47, [0x6fc7]],
  [48, [0x6fca]],
  [49, [0x6fcb]],
  [51, [0x6fcd]],
  [71, [0x6fd9]],
  [73, [0x6fdb]],
  [74, [0x6fdc]],
  [85, [0x6fe3]],
  [96, [0x6fe8]],
  [97, [0x6fec]],
  [122, [0x5fc0, 0x4f01]],
  [123, [0x5fc0, 0x4f05]],
  [126, [0x5fc0, 0x4f06]],
  [129, [0x5fc0, 0x4f08]],
]

function pathText(path: readonly number[]): string {
  const key = ['USIM', ...path.map((id) => id.toString(16).toUpperCase().padStart(4, '0'))].join(
    '/',
  )
  const name = knownFileAt(key)?.name
  return name === undefined ? key : `${name} (${key})`
}

interface DirectoryFile {
  readonly made: ElementaryFile
  readonly element: number
}

const EF_DIR = 0x2f00

function directoryFile({ files, mf }: Survey): DirectoryFile | undefined {
  for (const { made, element } of files) {
    if (made && !isDirectory(made) && made.fileId === EF_DIR && made.parent === mf) {
      return { made, element }
    }
  }
  return undefined
}

function listedAids(
  survey: Survey,
): { readonly aids: readonly Uint8Array[]; readonly element: number } | undefined {
  const file = directoryFile(survey)
  if (!file) return undefined
  const aids = partsOf(file.made).flatMap((record) => directoryAid(record) ?? [])
  return { aids, element: file.element }
}

function isPrefix(aid: Uint8Array, adf: Directory): boolean {
  return adf.aid !== undefined && equalOctets(adf.aid.subarray(0, aid.length), aid)
}

function applicationAids(survey: Survey): readonly Uint8Array[] {
  return survey.elements.flatMap(({ element }) => {
    if (element.kind === 'application') {
      return (element.value.instanceList ?? []).map(({ instanceAID }) => instanceAID)
    }
    if (element.kind === 'securityDomain') return [element.value.instance.instanceAID]
    return element.kind === 'rfm' ? [element.value.instanceAID] : []
  })
}

const KEY_OCTETS: Readonly<
  Record<string, { readonly key: readonly number[]; readonly opc?: number }>
> = {
  milenage: { key: [16], opc: 16 },
  tuak: { key: [16, 32], opc: 32 },
  usimTestAlgorithm: { key: [16] },
}

function algorithms(survey: Survey) {
  return elementsOf(survey, 'akaParameter').flatMap(({ element, number }) => {
    const parameter = element.value.algoConfiguration.algoParameter
    return parameter ? [{ parameter, number }] : []
  })
}
