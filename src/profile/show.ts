/** A package for people: its elements in order, each with where it lies and what its header says. */

import { formatTag } from '../asn1/der.ts'
import { toHex } from '../base/octets.ts'
import { elementHeader, type ProfileHeader } from './elements.ts'
import { fileContent, type File } from './file.ts'
import type { PackageFacts, PlacedElement } from './import.ts'

const CONTENT_OCTETS_SHOWN = 24

/** One element of a package. */
export interface ShownElement {
  readonly offset: number
  readonly octets: number
  readonly tag: string
  readonly name: string
  /** Absent for the header, and for elements without one of their own. */
  readonly identification: number | undefined
  readonly mandated: boolean
  /** What it makes or sets, by the module's names. */
  readonly parts: readonly string[]
}

/** The elements of a package that was read. */
export function shownElements({ elements }: Pick<PackageFacts, 'elements'>): ShownElement[] {
  return elements.map((placed) => {
    const { element, offset, name } = placed
    const header = headerOf(placed)
    return {
      offset,
      octets: element.raw.length,
      tag: formatTag(element.tag),
      name,
      identification: header?.identification,
      mandated: header?.mandated === null,
      parts: partsOf(placed),
    }
  })
}

/** One line for each element, with what is in it below. */
export function showPackage(facts: PackageFacts): string[] {
  return shownElements(facts).flatMap(({ offset, octets, name, identification, ...shown }) => {
    const number = identification === undefined ? '' : ` ${identification}`
    const mandated = shown.mandated ? ', mandated' : ''
    return [
      `${String(offset).padStart(6)}  ${name}${number} (${octets} octets${mandated})`,
      ...shown.parts.map((part) => `          ${part}`),
    ]
  })
}

function headerOf({ element }: PlacedElement) {
  if (element.kind === 'header') return undefined
  try {
    return elementHeader(element)
  } catch {
    // An element that is not declared here may begin otherwise.
    return undefined
  }
}

function partsOf({ element }: PlacedElement): string[] {
  if (element.kind === 'other') return []
  if (element.kind === 'header') return headerParts(element.value)
  if (element.kind === 'genericFileManagement') {
    return element.value.fileManagementCMD.flat().flatMap(({ filePath, createFCP }) => {
      if (filePath) return [`path ${toHex(filePath) || '(MF)'}`]
      return createFCP
        ? [`file ${toHex(createFCP.fileID ?? createFCP.dfName ?? new Uint8Array(0))}`]
        : []
    })
  }
  return Object.entries(element.value).flatMap(([name, value]) =>
    isFile(name, value) ? [`${name}${contentText(value)}`] : [],
  )
}

/** Files are the components whose names say so. */
function isFile(name: string, value: unknown): value is File {
  return /^(ef|adf|mf$)/.test(name) && Array.isArray(value)
}

function contentText(file: File): string {
  const content = fileContent(file)
  if (content.length === 0) return ''
  const more = content.length > CONTENT_OCTETS_SHOWN ? `… (${content.length} octets)` : ''
  return ` ${toHex(content.subarray(0, CONTENT_OCTETS_SHOWN))}${more}`
}

function headerParts(header: ProfileHeader): string[] {
  const services = Object.keys(header.eUICCMandatoryServices)
  return [
    `version ${header.majorVersion}.${header.minorVersion}`,
    ...(header.profileType === undefined ? [] : [`profileType "${header.profileType}"`]),
    `iccid ${toHex(header.iccid)}`,
    `services ${services.join(', ') || 'none'}`,
    ...header.eUICCMandatoryGFSTEList.map((oid) => `template ${oid}`),
  ]
}
