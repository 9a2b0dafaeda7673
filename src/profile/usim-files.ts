/** The USIM's files that a profile's metadata are taken from or must agree with, whichever way its package makes them. */

import { equalOctets, hex, toHex } from '../base/octets.ts'
import type { ProfileElement } from './elements.ts'
import { fileContent, type Fcp, type File, type FileManagement } from './file.ts'

/** Contents of the first USIM's files; a file that the package does not fill is absent. */
export interface UsimFiles {
  readonly imsi?: Uint8Array
  readonly ust?: Uint8Array
  readonly gid1?: Uint8Array
  readonly gid2?: Uint8Array
  readonly spn?: Uint8Array
  readonly ad?: Uint8Array
}

type UsimFileName = keyof UsimFiles

/** File identifiers within ADF.USIM (3GPP TS 31.102 §4.7). */
const FILE_NAMES: Readonly<Record<string, UsimFileName>> = {
  '6F07': 'imsi',
  '6F38': 'ust',
  '6F3E': 'gid1',
  '6F3F': 'gid2',
  '6F46': 'spn',
  '6FAD': 'ad',
}

/**
 * What a package fills them with, also one that our card does not execute: an installed profile has `usimFilesIn`.
 * Looks into PE-USIM and PE-OPT-USIM, and into files that PE-GenericFileManagement puts into a USIM.
 */
export function usimFiles(elements: readonly ProfileElement[]): UsimFiles {
  const found: { -readonly [N in UsimFileName]?: Uint8Array } = {}
  for (const [name, file] of filledFiles(elements)) found[name] ??= fileContent(file)
  return found
}

/** Service n is a bit of EF.UST, counted from 1 at the least significant bit of the first octet (3GPP TS 31.102 §4.2.8). */
export function isServiceAvailable(ust: Uint8Array | undefined, service: number): boolean {
  const octet = ust?.[(service - 1) >> 3] ?? 0
  return (octet & (1 << ((service - 1) & 7))) !== 0
}

type NamedFile = readonly [UsimFileName, File]

function* filledFiles(elements: readonly ProfileElement[]): Generator<NamedFile> {
  const usimDirectories = new Set<string>()
  for (const element of elements) {
    if (element.kind === 'usim') {
      const { adfUsim, efImsi, efUst, efSpn, efAd } = element.value
      for (const { fileDescriptor } of adfUsim) remember(usimDirectories, fileDescriptor)
      yield ['imsi', efImsi]
      yield ['ust', efUst]
      yield ['spn', efSpn]
      if (efAd) yield ['ad', efAd]
    } else if (element.kind === 'optUsim') {
      if (element.value.efGid1) yield ['gid1', element.value.efGid1]
      if (element.value.efGid2) yield ['gid2', element.value.efGid2]
    } else if (element.kind === 'genericFileManagement') {
      for (const command of element.value.fileManagementCMD) {
        yield* genericFiles(command, usimDirectories)
      }
    }
  }
}

/** A created directory becomes the current one; a path leads to another. */
function* genericFiles(
  command: FileManagement,
  usimDirectories: Set<string>,
): Generator<NamedFile> {
  let inUsim = false
  for (const [at, { filePath, createFCP }] of command.entries()) {
    if (filePath) inUsim = usimDirectories.has(toHex(filePath))
    if (!createFCP) continue
    if (isDirectory(createFCP)) {
      inUsim = isUsim(createFCP)
      if (inUsim) remember(usimDirectories, createFCP)
      continue
    }
    const name = FILE_NAMES[toHex(createFCP.fileID ?? new Uint8Array(0))]
    if (inUsim && name) yield [name, fillingsFrom(command, at + 1)]
  }
}

/** What fills the file created just before `from`. */
function fillingsFrom(command: FileManagement, from: number): File {
  const fillings: File[number][] = []
  for (let at = from; at < command.length; at++) {
    const { createFCP, filePath, fillFileContent, fillFileOffset } = command[at] ?? {}
    if (createFCP ?? filePath) break
    if (fillFileContent) fillings.push({ fillFileContent })
    else if (fillFileOffset !== undefined) fillings.push({ fillFileOffset })
  }
  return fillings
}

function remember(directories: Set<string>, fcp: Fcp | undefined): void {
  if (fcp?.fileID) directories.add(toHex(fcp.fileID))
}

const DIRECTORY_BITS = 0x38

function isDirectory({ fileDescriptor }: Fcp): boolean {
  return ((fileDescriptor?.[0] ?? 0) & DIRECTORY_BITS) === DIRECTORY_BITS
}

const USIM_APPLICATION = hex('A0000000871002')

function isUsim({ dfName }: Fcp): boolean {
  return !!dfName && equalOctets(dfName.subarray(0, USIM_APPLICATION.length), USIM_APPLICATION)
}
