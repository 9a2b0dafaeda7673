/** What a file system template says of each file: TCA eUICC Profile Package: Interoperable Format, annex A. */

import { hex } from '../../base/octets.ts'
import type { DeclaredKind } from '../elements.ts'

export type TemplateFileKind =
  'mf' | 'df' | 'adf' | 'transparent' | 'linearFixed' | 'cyclic' | 'berTlv'

/** What a package must say of a file because its template leaves it open. */
export type FileNeed =
  | 'pinStatus'
  | 'fileId'
  | 'dfName'
  | 'size'
  | 'recordOctets'
  | 'records'
  | 'shortFileId'
  | 'content'

/** Puts what a file holds before the package fills it into one record, or into all of a file without records. */
export type DefaultContent = (part: Uint8Array) => void

/** One row of a template. */
export interface FileTemplate {
  /** The component of the element that describes this file. */
  readonly field: string
  /** 0 where the package gives it: of ADFs, the temporary one. */
  readonly fileId: number
  /** Where a field stands for several files: the last identifier; each file but the first names its own. */
  readonly lastFileId?: number
  readonly kind: TemplateFileKind
  /** The component of the directory that the file lies in; absent for the element's own directory. */
  readonly parent?: string
  /** 1 to 30; without it, the file has none unless the package gives one. */
  readonly shortFileId?: number
  /** The record of EF.ARR. */
  readonly accessRule: number
  /** Of transparent and BER-TLV files. */
  readonly sizeOctets?: number
  readonly recordOctets?: number
  readonly records?: number
  readonly defaultContent?: DefaultContent
  /** Written so often that the card keeps it where writing does not wear it out (ETSI TS 102 222 §6.3.2.2.3). */
  readonly isHighUpdate?: boolean
  /** Whether the element's component may be absent. */
  readonly isOptional: boolean
  /** What the package must say of the file when it has it. */
  readonly needs: readonly FileNeed[]
}

/** The files of one element, by the OBJECT IDENTIFIER in its `templateID`. */
export interface FileSystemTemplate {
  readonly oid: string
  /** The element that names the template. */
  readonly element: DeclaredKind
  /** Whether its files are made although the package has nothing of them, unless it says `doNotCreate`. */
  readonly createdByDefault: boolean
  /** In the order of the element's components: directories before what is in them. */
  readonly files: readonly FileTemplate[]
}

/** The octets of `start`, then `filler` up to those of `end`. */
export function patterned(pattern: {
  readonly start?: string
  readonly filler: string
  readonly end?: string
}): DefaultContent {
  const start = hex(pattern.start ?? '')
  const end = hex(pattern.end ?? '')
  const [filler] = hex(pattern.filler)
  return (part) => {
    part.fill(filler ?? 0xff)
    part.set(end.subarray(0, part.length), Math.max(0, part.length - end.length))
    part.set(start.subarray(0, part.length))
  }
}

/** The octets over and over again. */
export function repeated(digits: string): DefaultContent {
  const octets = hex(digits)
  return (part) => {
    for (let at = 0; at < part.length; at++) part[at] = octets[at % octets.length] as number
  }
}
