/** Files as a profile package describes them: TCA eUICC Profile Package, `File` and `Fcp` (ETSI TS 102 222 §6.3.2). */

import { Asn1Error } from '../asn1/der.ts'
import {
  choice,
  implicit,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  optional,
  sequence,
  sequenceOf,
  type Asn1Type,
  type Infer,
  type OptionalComponent,
} from '../asn1/schema.ts'
import { automaticChoice, automaticSequence } from './automatic.ts'

const UINT8_MAX = 255
const UINT15_MAX = 32_767
const UINT16_MAX = 65_535

/** UInt8 ::= INTEGER (0..255) */
export const UInt8 = unsigned(UINT8_MAX)
/** UInt15 ::= INTEGER (0..32767) */
export const UInt15 = unsigned(UINT15_MAX)
/** UInt16 ::= INTEGER (0..65535) */
export const UInt16 = unsigned(UINT16_MAX)

/** INTEGER (0..max). */
export function unsigned(max: number): Asn1Type<number> {
  const checked = (value: number): number => {
    if (value < 0 || value > max) throw new Asn1Error(`${value} is not in 0 to ${max}`)
    return value
  }
  return {
    ...integer,
    readValue: (input) => checked(integer.readValue(input)),
    write: (output, value) => integer.write(output, checked(value)),
  }
}

/** ApplicationIdentifier ::= OCTET STRING (SIZE(5..16)) */
export const ApplicationIdentifier = octetString({ min: 5, max: 16 })

/** PEHeader ::= SEQUENCE { mandated NULL OPTIONAL, identification UInt15 } */
export const PEHeader = automaticSequence('PEHeader', {
  mandated: optional(nothing),
  identification: UInt15,
})
export type PEHeader = Infer<typeof PEHeader>

/** ProprietaryInfo; an absent `specialFileInformation` means `00`, an absent `fileDetails` means `01`. */
export const ProprietaryInfo = sequence('ProprietaryInfo', {
  specialFileInformation: optional(implicit(0xc0, octetString({ min: 1, max: 1 }))),
  fillPattern: optional(implicit(0xc1, octetString({ min: 1, max: 200 }))),
  repeatPattern: optional(implicit(0xc2, octetString({ min: 1, max: 200 }))),
  maximumFileSize: optional(implicit(0x86, octetString())),
  fileDetails: optional(implicit(0x84, octetString({ min: 1, max: 1 }))),
})

/** Fcp, what CREATE FILE is told of a file; an absent `lcsi` means `05`, activated. */
export const Fcp = sequence('Fcp', {
  fileDescriptor: optional(implicit(0x82, octetString({ min: 2, max: 4 }))),
  fileID: optional(implicit(0x83, octetString({ min: 2, max: 2 }))),
  dfName: optional(implicit(0x84, ApplicationIdentifier)),
  lcsi: optional(implicit(0x8a, octetString({ min: 1, max: 1 }))),
  securityAttributesReferenced: optional(implicit(0x8b, octetString({ min: 1, max: 3 }))),
  efFileSize: optional(implicit(0x80, octetString())),
  pinStatusTemplateDO: optional(implicit(0xc6, octetString())),
  shortEFID: optional(implicit(0x88, octetString({ max: 1 }))),
  proprietaryEFInfo: optional(implicit(0xa5, ProprietaryInfo)),
  linkPath: optional(implicit(0xc7, octetString({ max: 8 }))),
})
export type Fcp = Infer<typeof Fcp>

/** One step of a File: doNotCreate NULL, fileDescriptor Fcp, fillFileOffset UInt16, fillFileContent OCTET STRING */
export const FileStep = automaticChoice('File', {
  doNotCreate: nothing,
  fileDescriptor: Fcp,
  fillFileOffset: UInt16,
  fillFileContent: octetString(),
})

/** File ::= SEQUENCE OF CHOICE { … }: how one file of a template differs from it, and what is in it. */
export const File = sequenceOf(FileStep)
export type File = Infer<typeof File>

/** FileManagement ::= SEQUENCE (SIZE (1..MAX)) OF CHOICE { filePath, createFCP, fillFileOffset, fillFileContent } */
export const FileManagement = sequenceOf(
  choice('FileManagement', {
    filePath: implicit(0x80, octetString({ max: 8 })),
    createFCP: implicit(0x62, Fcp),
    fillFileOffset: UInt16,
    fillFileContent: implicit(0x81, octetString()),
  }),
  { min: 1 },
)
export type FileManagement = Infer<typeof FileManagement>

/** templateID OBJECT IDENTIFIER, which names the files a file system element creates. */
export const TemplateId = objectIdentifier

/** Optional files in the module's order. */
export function optionalFiles<const N extends string>(
  names: readonly N[],
): { readonly [K in N]: OptionalComponent<File> } {
  const entries = names.map((name) => [name, optional(File)])
  return Object.fromEntries(entries) as { readonly [K in N]: OptionalComponent<File> }
}

/** Files that an element must have, in the module's order. */
export function requiredFiles<const N extends string>(
  names: readonly N[],
): { readonly [K in N]: typeof File } {
  return Object.fromEntries(names.map((name) => [name, File])) as {
    readonly [K in N]: typeof File
  }
}

const FILE_OCTETS_MAX = 65_535

/**
 * What a card finds in the file once it is made: the octets filled in, with `FF` where an offset skips.
 * Cut at 65,535 octets, the longest file there is, so that offsets cannot ask for more memory than that.
 */
export function fileContent(file: File): Uint8Array {
  const parts: Uint8Array[] = []
  let room = FILE_OCTETS_MAX
  for (const { fillFileContent, fillFileOffset = 0 } of file) {
    const part = (fillFileContent ?? Buffer.alloc(Math.min(fillFileOffset, room), 0xff)).subarray(
      0,
      room,
    )
    if (part.length > 0) parts.push(part)
    room -= part.length
  }
  return Buffer.concat(parts)
}

/** A file with this content and, where the template leaves them open, these parameters. */
export function transparentFile(content: Uint8Array, fcp?: Fcp): File {
  return fcp
    ? [{ fileDescriptor: fcp }, { fillFileContent: content }]
    : [{ fillFileContent: content }]
}

/** efFileSize: the least number of octets. */
export function sizeOctets(size: number): Uint8Array {
  return size < 0x100 ? Uint8Array.of(size) : Uint8Array.of(size >> 8, size & 0xff)
}
