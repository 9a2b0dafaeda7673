/**
 * Files that the standards know: their names, how long they must be, and what stands in them in words
 * (ETSI TS 102 221 §13, 3GPP TS 31.102 §4, 3GPP TS 31.103 §4).
 */

import { bcdToDigits, iccidFromOctets, imsiFromOctets } from '../base/bcd.ts'
import { asBuffer, equalOctets, fromUtf8, hex, toHex } from '../base/octets.ts'
import type { Directory, ElementaryFile, ProfileFile } from './image.ts'
import { servicesIn, usimServiceName } from './usim-services.ts'

/** What a standard says of one file. */
export interface KnownFile {
  readonly name: string
  /** The one length of a transparent file, or of a record. */
  readonly octets?: number
  /** The least length. */
  readonly octetsMin?: number
  /** The length is a multiple of this. */
  readonly entryOctets?: number
  /** Its content, or one of its records, in words. */
  readonly words?: (content: Uint8Array) => string | undefined
}

/** What is known of the file, by the place that it lies in. */
export function knownFile(file: ProfileFile): KnownFile | undefined {
  return FILES[fileKey(file)]
}

/** What is known of the file at a place, such as `USIM/6F07`. */
export function knownFileAt(key: string): KnownFile | undefined {
  return FILES[key]
}

/**
 * A file's place and identifier: `MF/2FE2`, `USIM/6F07`, `USIM/5FC0/4F07`. ADFs go by their application, whatever
 * identifier a package gave them.
 */
export function fileKey(file: ProfileFile): string {
  if (file.kind === 'mf') return 'MF'
  if (file.kind === 'adf') return applicationName(file)
  const id = file.fileId.toString(16).toUpperCase().padStart(4, '0')
  return file.parent ? `${fileKey(file.parent)}/${id}` : id
}

/** The name that the component of an element stands for: `EF.IMSI` for `efImsi`. */
export function fieldName(field: string): string {
  const [, kind = '', rest = ''] = /^(ef|df|adf)(.+)$/.exec(field) ?? []
  return rest === '' ? field.toUpperCase() : `${kind.toUpperCase()}.${rest.toUpperCase()}`
}

/** `USIM`, `ISIM`, `CSIM`, or the AID of another application (ETSI TS 101 220 annex E). */
export function applicationName({ aid }: Directory): string {
  if (!aid) return 'ADF'
  return APPLICATIONS.find(([start]) => equalOctets(aid.subarray(0, 7), start))?.[1] ?? toHex(aid)
}

const APPLICATIONS: readonly (readonly [Uint8Array, string])[] = [
  [hex('A0000000871002'), 'USIM'],
  [hex('A0000000871004'), 'ISIM'],
  [hex('A0000003431002'), 'CSIM'],
]

/** The records of a file that has some, else all of it. */
export function partsOf({ body, recordOctets }: ElementaryFile): readonly Uint8Array[] {
  if (recordOctets === undefined) return [body.octets]
  const parts: Uint8Array[] = []
  for (let at = 0; at < body.octets.length; at += recordOctets) {
    parts.push(body.octets.subarray(at, at + recordOctets))
  }
  return parts
}

/** Whether nothing but filler is in it. */
export function isFiller(octets: Uint8Array): boolean {
  return octets.every((octet) => octet === 0xff)
}

/** The AID of a record of EF.DIR: `61 L 4F L AID …` (ETSI TS 102 221 §13.1). */
export function directoryAid(record: Uint8Array): Uint8Array | undefined {
  const length = record[3] ?? 0
  if (record[0] !== 0x61 || record[2] !== 0x4f || length < 5 || length > 16) return undefined
  return record.length >= 4 + length ? record.subarray(4, 4 + length) : undefined
}

const LABEL_TAG = 0x50

function directoryWords(record: Uint8Array): string | undefined {
  const aid = directoryAid(record)
  if (!aid) return undefined
  const at = 4 + aid.length
  const length = record[at + 1] ?? 0
  const label = record[at] === LABEL_TAG ? record.subarray(at + 2, at + 2 + length) : undefined
  return `AID ${toHex(aid)}${label ? ` "${alphaText(label) ?? toHex(label)}"` : ''}`
}

/**
 * Text of an alpha identifier: UCS2 behind `80`, or the characters that the GSM alphabet and ASCII share
 * (ETSI TS 102 221 annex A). Undefined for anything else.
 */
export function alphaText(field: Uint8Array): string | undefined {
  if (field[0] === 0x80) {
    const units = field.subarray(1, field.length - ((field.length - 1) % 2))
    const text = Buffer.from(units).swap16().toString('utf16le')
    const end = text.indexOf('\uffff')
    return end < 0 ? text : text.slice(0, end)
  }
  const end = field.indexOf(0xff)
  const text = asBuffer(end < 0 ? field : field.subarray(0, end)).toString('latin1')
  return /^[ -#%-?A-Za-z]*$/.test(text) ? text : undefined
}

function spnWords(content: Uint8Array): string | undefined {
  const text = alphaText(content.subarray(1))
  return text ? `"${text}"` : undefined
}

const NUMBER_TAIL_OCTETS = 14

/** The last fourteen octets: length, type of number, digits, two references (3GPP TS 31.102 §4.2.26). */
export function dialledDigits(record: Uint8Array): string | undefined {
  if (record.length < NUMBER_TAIL_OCTETS) return undefined
  const tail = record.subarray(-NUMBER_TAIL_OCTETS)
  const [length = 0] = tail
  return length < 2 || length > 11 ? undefined : bcdToDigits(tail.subarray(2, 1 + length))
}

/** The digits of a record, in its way of writing, with its name. */
export function numberWords(record: Uint8Array): string | undefined {
  const digits = dialledDigits(record)
  if (digits === undefined) return undefined
  const type = record.at(1 - NUMBER_TAIL_OCTETS) ?? 0
  const name = alphaText(record.subarray(0, -NUMBER_TAIL_OCTETS))
  return `${(type & 0x70) === 0x10 ? '+' : ''}${digits}${name ? ` "${name}"` : ''}`
}

/** `001-01`; undefined for filler and for what is no PLMN (3GPP TS 24.008 §10.5.1.13). */
export function plmnWords(octets: Uint8Array): string | undefined {
  const digits = toHex(octets.subarray(0, 3))
  const [m2, m1, n3, m3, n2, n1] = digits
  const mnc = `${n1}${n2}${n3 === 'F' ? '' : n3}`
  const plmn = `${m1}${m2}${m3}-${mnc}`
  return /^\d{3}-\d{2,3}$/.test(plmn) ? plmn : undefined
}

const ACCESS_TECHNOLOGIES: readonly (readonly [number, string])[] = [
  [0x8000, 'UTRAN'],
  [0x4000, 'E-UTRAN'],
  [0x0800, 'NG-RAN'],
  [0x0080, 'GSM'],
]

function plmnList(entryOctets: number): (content: Uint8Array) => string | undefined {
  return (content) => {
    const entries: string[] = []
    for (let at = 0; at + entryOctets <= content.length; at += entryOctets) {
      const plmn = plmnWords(content.subarray(at, at + 3))
      if (plmn === undefined) continue
      const bits = (content[at + 3] ?? 0) * 256 + (content[at + 4] ?? 0)
      const names = ACCESS_TECHNOLOGIES.filter(([bit]) => (bits & bit) !== 0).map(
        ([, name]) => name,
      )
      entries.push(entryOctets === 5 && names.length > 0 ? `${plmn} (${names.join(', ')})` : plmn)
    }
    return entries.length > 0 ? entries.join(', ') : undefined
  }
}

const MODES: Readonly<Record<number, string>> = {
  0x00: 'normal operation',
  0x80: 'type approval',
  0x01: 'normal operation and specific facilities',
  0x81: 'type approval and specific facilities',
  0x02: 'maintenance',
  0x04: 'cell test',
}

function administrativeWords(content: Uint8Array): string | undefined {
  const [mode = 0, , , mnc] = content
  const length = mnc === undefined ? '' : `, MNC of ${mnc & 0x0f} digits`
  return `${MODES[mode] ?? `mode ${mode}`}${length}`
}

function accessClassWords([high = 0, low = 0]: Uint8Array): string {
  const bits = high * 256 + low
  const classes = Array.from({ length: 16 }, (_, at) => at).filter((at) => (bits & (1 << at)) !== 0)
  return classes.length === 0 ? 'no access class' : `access class ${classes.join(', ')}`
}

function digitsWords(content: Uint8Array): string | undefined {
  return bcdToDigits(content) || undefined
}

function emergencyWords(record: Uint8Array): string | undefined {
  return digitsWords(record.subarray(0, 3))
}

/** `80`, a length, UTF-8 (3GPP TS 31.103 §4.2). */
function uriWords(content: Uint8Array): string | undefined {
  const length = content[1] ?? 0
  if (content[0] !== 0x80 || length === 0 || length > 0x7f) return undefined
  return fromUtf8(content.subarray(2, 2 + length))
}

function serviceWords(content: Uint8Array): string | undefined {
  const services = servicesIn(content)
  return services.length === 0 ? 'no services' : services.map(usimServiceName).join(', ')
}

function numberedWords(content: Uint8Array): string | undefined {
  return `services ${servicesIn(content).join(', ') || 'none'}`
}

function languageWords(content: Uint8Array): string | undefined {
  const text = asBuffer(content).toString('latin1').replaceAll(/\xff+/g, '')
  return /^([a-z]{2})+$/.test(text) ? (text.match(/../g) ?? []).join(', ') : undefined
}

function networkNameWords(record: Uint8Array): string | undefined {
  const name = packedName(record)
  return name && `"${name}"`
}

/** The full name: `43`, a length, coding, then packed septets or UCS2 (3GPP TS 24.008 §10.5.3.5a). */
function packedName(record: Uint8Array): string | undefined {
  const [tag, length = 0, coding = 0] = record
  if (tag !== 0x43 || length < 2 || record.length < 2 + length) return undefined
  const text = record.subarray(3, 2 + length)
  if ((coding & 0x70) === 0x10) {
    return Buffer.from(text.subarray(0, text.length - (text.length % 2)))
      .swap16()
      .toString('utf16le')
  }
  const septets = Math.floor((text.length * 8 - (coding & 0x07)) / 7)
  const characters = Array.from({ length: Math.max(septets, 0) }, (_, at) => {
    const bit = at * 7
    const two = (text[bit >> 3] ?? 0) | ((text[(bit >> 3) + 1] ?? 0) << 8)
    return String.fromCharCode((two >> (bit & 7)) & 0x7f)
  }).join('')
  return /^[ -#%-?A-Za-z]+$/.test(characters) ? characters : undefined
}

const plmnsWithAccess = { entryOctets: 5, words: plmnList(5) }
const plmns = { entryOctets: 3, words: plmnList(3) }
const dialling = { octetsMin: NUMBER_TAIL_OCTETS, words: numberWords }

const FILES: Readonly<Record<string, KnownFile>> = {
  'MF/2FE2': { name: 'EF.ICCID', octets: 10, words: iccidFromOctets },
  'MF/2F00': { name: 'EF.DIR', octetsMin: 9, words: directoryWords },
  'MF/2F05': { name: 'EF.PL', entryOctets: 2, words: languageWords },
  'MF/2F06': { name: 'EF.ARR' },
  'MF/2F08': { name: 'EF.UMPC', octets: 5 },
  'MF/7F10/6F06': { name: 'EF.ARR' },
  'MF/7F10/5F3A/4F3A': { name: 'EF.ADN', ...dialling },
  'USIM/5F3A/4F3A': { name: 'EF.ADN', ...dialling },
  'USIM/6F05': { name: 'EF.LI', entryOctets: 2, words: languageWords },
  'USIM/6F06': { name: 'EF.ARR' },
  'USIM/6F07': { name: 'EF.IMSI', octets: 9, words: imsiFromOctets },
  'USIM/6F08': { name: 'EF.Keys', octets: 33 },
  'USIM/6F09': { name: 'EF.KeysPS', octets: 33 },
  'USIM/6F2C': { name: 'EF.DCK', octets: 16 },
  'USIM/6F31': { name: 'EF.HPPLMN', octets: 1 },
  'USIM/6F37': { name: 'EF.ACMmax', octets: 3 },
  'USIM/6F38': { name: 'EF.UST', octetsMin: 1, words: serviceWords },
  'USIM/6F39': { name: 'EF.ACM', octets: 3 },
  'USIM/6F3B': { name: 'EF.FDN', ...dialling },
  'USIM/6F3C': { name: 'EF.SMS', octets: 176 },
  'USIM/6F3E': { name: 'EF.GID1', octetsMin: 1 },
  'USIM/6F3F': { name: 'EF.GID2', octetsMin: 1 },
  'USIM/6F40': { name: 'EF.MSISDN', ...dialling },
  'USIM/6F41': { name: 'EF.PUCT', octets: 5 },
  'USIM/6F42': { name: 'EF.SMSP', octetsMin: 28 },
  'USIM/6F43': { name: 'EF.SMSS', octetsMin: 2 },
  'USIM/6F45': { name: 'EF.CBMI', entryOctets: 2 },
  'USIM/6F46': { name: 'EF.SPN', octets: 17, words: spnWords },
  'USIM/6F47': { name: 'EF.SMSR', octets: 30 },
  'USIM/6F48': { name: 'EF.CBMID', entryOctets: 2 },
  'USIM/6F49': { name: 'EF.SDN', ...dialling },
  'USIM/6F4B': { name: 'EF.EXT2', octets: 13 },
  'USIM/6F4C': { name: 'EF.EXT3', octets: 13 },
  'USIM/6F4D': { name: 'EF.BDN', octetsMin: 15 },
  'USIM/6F4E': { name: 'EF.EXT5', octets: 13 },
  'USIM/6F50': { name: 'EF.CBMIR', entryOctets: 4 },
  'USIM/6F55': { name: 'EF.EXT4', octets: 13 },
  'USIM/6F56': { name: 'EF.EST', octetsMin: 1, words: numberedWords },
  'USIM/6F5B': { name: 'EF.START-HFN', octets: 6 },
  'USIM/6F5C': { name: 'EF.THRESHOLD', octets: 3 },
  'USIM/6F60': { name: 'EF.PLMNwAcT', octetsMin: 40, ...plmnsWithAccess },
  'USIM/6F61': { name: 'EF.OPLMNwAcT', octetsMin: 40, ...plmnsWithAccess },
  'USIM/6F62': { name: 'EF.HPLMNwAcT', ...plmnsWithAccess },
  'USIM/6F73': { name: 'EF.PSLOCI', octets: 14 },
  'USIM/6F78': { name: 'EF.ACC', octets: 2, words: accessClassWords },
  'USIM/6F7B': { name: 'EF.FPLMN', octetsMin: 12, ...plmns },
  'USIM/6F7E': { name: 'EF.LOCI', octets: 11 },
  'USIM/6F80': { name: 'EF.ICI', octetsMin: 28 },
  'USIM/6F81': { name: 'EF.OCI', octetsMin: 27 },
  'USIM/6F82': { name: 'EF.ICT', octets: 3 },
  'USIM/6F83': { name: 'EF.OCT', octets: 3 },
  'USIM/6FAD': { name: 'EF.AD', octetsMin: 4, words: administrativeWords },
  'USIM/6FB5': { name: 'EF.eMLPP', octets: 2 },
  'USIM/6FB6': { name: 'EF.AAeM', octets: 1 },
  'USIM/6FB7': { name: 'EF.ECC', octetsMin: 4, words: emergencyWords },
  'USIM/6FC5': { name: 'EF.PNN', octetsMin: 3, words: networkNameWords },
  'USIM/6FC6': { name: 'EF.OPL', octets: 8 },
  'USIM/6FC7': { name: 'EF.MBDN', ...dialling },
  'USIM/6FC8': { name: 'EF.EXT6', octets: 13 },
  'USIM/6FC9': { name: 'EF.MBI', octetsMin: 4 },
  'USIM/6FCA': { name: 'EF.MWIS', octetsMin: 5 },
  'USIM/6FCB': { name: 'EF.CFIS', octets: 16 },
  'USIM/6FCC': { name: 'EF.EXT7', octets: 13 },
  'USIM/6FD9': { name: 'EF.EHPLMN', ...plmns },
  'USIM/6FDB': { name: 'EF.EHPLMNPI', octets: 1 },
  'USIM/6FDC': { name: 'EF.LRPLMNSI', octets: 1 },
  'USIM/6FE3': { name: 'EF.EPSLOCI', octets: 18 },
  'USIM/6FE4': { name: 'EF.EPSNSC', octetsMin: 54 },
  'USIM/5FC0/4F01': { name: 'EF.5GS3GPPLOCI', octets: 20 },
  'USIM/5FC0/4F02': { name: 'EF.5GSN3GPPLOCI', octets: 20 },
  'USIM/5FC0/4F03': { name: 'EF.5GS3GPPNSC', octetsMin: 57 },
  'USIM/5FC0/4F04': { name: 'EF.5GSN3GPPNSC', octetsMin: 57 },
  'USIM/5FC0/4F05': { name: 'EF.5GAUTHKEYS', octetsMin: 68 },
  'USIM/5FC0/4F06': { name: 'EF.UAC_AIC', octets: 4 },
  'USIM/5FC0/4F07': { name: 'EF.SUCI_Calc_Info' },
  'USIM/5FC0/4F08': { name: 'EF.OPL5G', octetsMin: 10 },
  'USIM/5FC0/4F09': { name: 'EF.SUPI_NAI' },
  'USIM/5FC0/4F0A': { name: 'EF.Routing_Indicator', octets: 4, words: routingWords },
  'USIM/5FC0/4F0B': { name: 'EF.URSP' },
  'USIM/5FC0/4F0C': { name: 'EF.TN3GPPSNN', octetsMin: 1 },
  'USIM/5FD0/4F01': { name: 'EF.SUCI_Calc_Info_USIM' },
  'ISIM/6F02': { name: 'EF.IMPI', words: uriWords },
  'ISIM/6F03': { name: 'EF.DOMAIN', words: uriWords },
  'ISIM/6F04': { name: 'EF.IMPU', words: uriWords },
  'ISIM/6F06': { name: 'EF.ARR' },
  'ISIM/6F07': { name: 'EF.IST', octetsMin: 1, words: numberedWords },
  'ISIM/6FAD': { name: 'EF.AD', octetsMin: 3, words: administrativeWords },
}

function routingWords(content: Uint8Array): string | undefined {
  return digitsWords(content.subarray(0, 2))
}
