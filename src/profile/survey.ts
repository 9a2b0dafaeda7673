/**
 * What a package describes, as far as it can be read: its elements, the files they make, and to whom codes and
 * parameters go. Unlike the card, it goes on behind what cannot be made, so that everything wrong is seen at once.
 */

import { readHeader, readTlv } from '../asn1/der.ts'
import { messageOf } from '../base/errors.ts'
import {
  describesDirectory,
  fcpOf,
  fileAt,
  fillAt,
  isDirectory,
  makeDirectory,
  makeFile,
  makeMasterFile,
  PROFILE_OCTETS_MAX,
  type BuildingImage,
} from './build-files.ts'
import { ElementProblem } from './element-problem.ts'
import { elementName } from './element-names.ts'
import type { PeGenericFileManagement } from './elements/general.ts'
import { elementHeader, readProfileElement, type ProfileElement } from './elements.ts'
import { fileSystemTemplate, type FileSystemTemplate } from './file-templates/index.ts'
import type { FileTemplate } from './file-templates/types.ts'
import type { Fcp, File, PEHeader } from './file.ts'
import type { Directory, ElementaryFile, ProfileFile } from './image.ts'

/** An element of a package. */
export interface SurveyedElement {
  /** Its place in the package; the header's is 0. */
  readonly number: number
  readonly name: string
  readonly offset: number
  readonly element: ProfileElement
  /** Absent for the header, and for elements that have none. */
  readonly header: PEHeader | undefined
  /** The template that it names, if that is known. */
  readonly template: FileSystemTemplate | undefined
  /** The directory that its codes belong to; of an element with files, the one made or entered last. */
  readonly directory: Directory | undefined
  /** The ADF that its parameters or optional files belong to. */
  readonly adf: Directory | undefined
}

/** A file that an element describes. */
export interface SurveyedFile {
  /** The place of the element. */
  readonly element: number
  /** The component of the element; absent for a file of PE-GenericFileManagement. */
  readonly field: string | undefined
  readonly row: FileTemplate | undefined
  readonly fcp: Fcp
  /** What fills it, and where; without the description. */
  readonly steps: File
  readonly parent: Directory | undefined
  /** Absent when it could not be made. */
  readonly made: ProfileFile | undefined
  /** Why it was not made, or not filled. */
  readonly problem: string | undefined
}

/** Where reading ended before the octets did. */
export interface BrokenElement {
  readonly number: number
  readonly name: string
  readonly offset: number
  readonly problem: string
}

export interface Survey {
  readonly elements: readonly SurveyedElement[]
  readonly broken: BrokenElement | undefined
  /** In the order of the package. */
  readonly files: readonly SurveyedFile[]
  readonly mf: Directory | undefined
  /** The ADFs, each with the place of the element that made it. */
  readonly adfs: readonly { readonly adf: Directory; readonly element: number }[]
}

/** Reads as many elements as can be read, and makes as many files as can be made. Never throws. */
export function surveyPackage(octets: Uint8Array): Survey {
  const { elements, broken } = readWhatCanBeRead(octets)
  const work: Work = {
    image: {
      mf: undefined,
      freeOctets: PROFILE_OCTETS_MAX,
      directoryCount: 0,
      naas: [],
      securityDomains: [],
      applications: [],
    },
    files: [],
    adfs: [],
    current: undefined,
    adf: undefined,
  }
  const surveyed = elements.map((placed): SurveyedElement => {
    const template = templateOf(placed.element)
    makeFiles(work, { ...placed, template })
    return { ...placed, template, directory: work.current, adf: work.adf }
  })
  const { files, adfs } = work
  return { elements: surveyed, broken, files, mf: work.image.mf, adfs }
}

type Placed = Pick<SurveyedElement, 'number' | 'name' | 'offset' | 'element' | 'header'>

function readWhatCanBeRead(octets: Uint8Array): {
  readonly elements: readonly Placed[]
  readonly broken: BrokenElement | undefined
} {
  const elements: Placed[] = []
  for (let offset = 0; offset < octets.length;) {
    const number = elements.length
    let name = 'unreadable'
    try {
      const { tag } = readHeader(octets, offset)
      name = elementName(tag)
      const { end } = readTlv(octets, offset)
      const element = readProfileElement({ tag, raw: octets.subarray(offset, end) })
      elements.push({ number, name, offset, element, header: headerOf(element) })
      offset = end
    } catch (error) {
      return { elements, broken: { number, name, offset, problem: messageOf(error) } }
    }
  }
  return { elements, broken: undefined }
}

function headerOf(element: ProfileElement): PEHeader | undefined {
  if (element.kind === 'header') return undefined
  try {
    return elementHeader(element)
  } catch {
    // An element that is not declared here may begin otherwise.
    return undefined
  }
}

/** The OBJECT IDENTIFIER of an element that makes files of a template. */
export function templateIdOf(element: ProfileElement): string | undefined {
  if (element.kind === 'other' || !('templateID' in element.value)) return undefined
  return element.value.templateID
}

function templateOf(element: ProfileElement): FileSystemTemplate | undefined {
  const id = templateIdOf(element)
  return id === undefined ? undefined : fileSystemTemplate(id)
}

interface Work {
  readonly image: BuildingImage
  readonly files: SurveyedFile[]
  readonly adfs: { readonly adf: Directory; readonly element: number }[]
  current: Directory | undefined
  adf: Directory | undefined
}

type FileMaker = Pick<SurveyedElement, 'number' | 'element' | 'template'>

function makeFiles(work: Work, maker: FileMaker): void {
  const { element, number, template } = maker
  if (element.kind === 'genericFileManagement') return manageFiles(work, { ...element, number })
  if (!template || template.element !== element.kind) return
  const content = element.value as unknown as Readonly<Record<string, unknown>>
  const base = baseOf(work, template)
  const made = new Map<string, Directory>()
  for (const row of template.files) {
    const described = content[row.field] as File | undefined
    const parent = row.parent === undefined ? base : made.get(row.parent)
    if (!isWanted(template, { row, described })) continue
    for (const steps of severalFiles(row, described ?? [])) {
      makeOfTemplate(work, { number, row, steps, parent, made })
    }
  }
}

function baseOf(work: Work, { element }: FileSystemTemplate): Directory | undefined {
  const { mf } = work.image
  if (element === 'mf' || UNDER_MF.includes(element)) return mf
  if (element === 'phonebook') return work.current
  if (work.adf) work.current = work.adf
  return work.adf
}

const UNDER_MF: readonly string[] = ['cd', 'telecom', 'usim', 'isim', 'csim', 'iot']

function isWanted(
  template: FileSystemTemplate,
  { row, described }: { readonly row: FileTemplate; readonly described: File | undefined },
): boolean {
  if (described) return !described.some(({ doNotCreate }) => doNotCreate !== undefined)
  return template.createdByDefault && row.needs.length === 0
}

/** A component may stand for several files: each begins with its own description. */
function severalFiles({ lastFileId }: FileTemplate, steps: File): readonly File[] {
  if (lastFileId === undefined) return [steps]
  const files: File[number][][] = [[]]
  for (const step of steps) {
    if (step.fileDescriptor && files.at(-1)?.some(({ fileDescriptor }) => fileDescriptor)) {
      files.push([])
    }
    files.at(-1)?.push(step)
  }
  return files
}

interface TemplateWork {
  readonly number: number
  readonly row: FileTemplate
  readonly steps: File
  readonly parent: Directory | undefined
  readonly made: Map<string, Directory>
}

function makeOfTemplate(work: Work, { number, row, steps, parent, made }: TemplateWork): void {
  const fcp = fcpOf(steps)
  const described = { element: number, field: row.field, row, fcp, steps: withoutFcp(steps) }
  if (row.kind === 'mf') {
    const result = attempt(() => makeMasterFile({ template: row, file: steps }))
    work.files.push({ ...described, parent: undefined, ...result })
    if (result.made) work.image.mf ??= result.made
    work.current = work.image.mf
    if (result.made) made.set(row.field, result.made)
    return
  }
  const within = parent ?? (row.parent === undefined ? work.image.mf : undefined)
  const result = make(work, { row, fcp, steps, parent: within })
  work.files.push({ ...described, parent: within, ...result })
  if (result.made && isDirectory(result.made)) {
    made.set(row.field, result.made)
    if (row.parent === undefined) enter(work, { directory: result.made, number })
  }
}

function withoutFcp(steps: File): File {
  return steps.filter(({ fileDescriptor }) => !fileDescriptor)
}

/** Makes it as the card does, and catches why it cannot. */
function make(
  { image }: Work,
  plan: {
    readonly row?: FileTemplate
    readonly fcp: Fcp
    readonly steps: File
    readonly parent: Directory | undefined
  },
): Attempt<ProfileFile> {
  const { row, fcp, steps, parent } = plan
  if (!parent) return { made: undefined, problem: 'it has no directory to lie in' }
  const isForDirectory = row
    ? row.kind === 'df' || row.kind === 'adf'
    : fcp.dfName !== undefined || describesDirectory(fcp)
  const before = parent.files.length
  const shared = { ...(row && { template: row }), fcp, parent, image }
  const result = attempt<ProfileFile>(() =>
    isForDirectory ? makeDirectory(shared) : makeFile({ ...shared, steps }),
  )
  // It was made, and then not filled.
  const isUnfilled = !result.made && parent.files.length > before
  return isUnfilled ? { ...result, made: parent.files.at(-1) } : result
}

interface Attempt<F extends ProfileFile> {
  readonly made: F | undefined
  readonly problem: string | undefined
}

function attempt<F extends ProfileFile>(making: () => F): Attempt<F> {
  try {
    return { made: making(), problem: undefined }
  } catch (error) {
    if (!(error instanceof ElementProblem)) throw error
    return { made: undefined, problem: error.message }
  }
}

function enter(
  work: Work,
  { directory, number }: { readonly directory: Directory; readonly number: number },
): void {
  work.current = directory
  if (directory.kind !== 'adf') return
  work.adf = directory
  work.adfs.push({ adf: directory, element: number })
}

interface Cursor {
  directory: Directory | undefined
  /** The file that is filled, by its place among the surveyed ones. */
  file: ElementaryFile | undefined
  at: number
}

/** It begins in the master file, and goes on from one list of commands to the next (§8.3.5). */
function manageFiles(
  work: Work,
  managed: { readonly value: PeGenericFileManagement; readonly number: number },
): void {
  const cursor: Cursor = { directory: work.image.mf, file: undefined, at: 0 }
  const commands = managed.value.fileManagementCMD.flat()
  for (const [place, command] of commands.entries()) {
    const { filePath, createFCP, fillFileOffset, fillFileContent } = command
    if (filePath) select(work, { cursor, found: fileAt(work.image, filePath) })
    else if (createFCP) {
      const steps = fillingsBehind(commands, place)
      create(work, { cursor, fcp: createFCP, steps, number: managed.number })
    } else if (fillFileOffset !== undefined) cursor.at += fillFileOffset
    else if (fillFileContent) fillOn(cursor, fillFileContent)
  }
  work.current = cursor.directory
}

type Command = PeGenericFileManagement['fileManagementCMD'][number][number]

/** What fills the file that the command at `place` creates. */
function fillingsBehind(commands: readonly Command[], place: number): File {
  const steps: File[number][] = []
  for (let at = place + 1; at < commands.length; at++) {
    const { fillFileOffset, fillFileContent } = commands[at] as Command
    if (fillFileContent) steps.push({ fillFileContent })
    else if (fillFileOffset !== undefined) steps.push({ fillFileOffset })
    else break
  }
  return steps
}

function create(
  work: Work,
  made: {
    readonly cursor: Cursor
    readonly fcp: Fcp
    readonly steps: File
    readonly number: number
  },
): void {
  const { cursor, fcp, steps, number } = made
  const parent = fcp.dfName === undefined ? cursor.directory : work.image.mf
  const result = make(work, { fcp, steps, parent })
  work.files.push({
    element: number,
    field: undefined,
    row: undefined,
    fcp,
    steps,
    parent,
    ...result,
  })
  if (result.made?.kind === 'adf') enter(work, { directory: result.made, number })
  select(work, { cursor, found: result.made })
  // Its content is in it already.
  if (result.made && !isDirectory(result.made)) cursor.file = undefined
}

function select(
  work: Work,
  { cursor, found }: { readonly cursor: Cursor; readonly found: ProfileFile | undefined },
): void {
  cursor.at = 0
  cursor.file = undefined
  if (!found) return
  if (isDirectory(found)) cursor.directory = found
  else {
    cursor.directory = found.parent
    cursor.file = found
  }
  const adf = work.adfs.find((made) => made.adf === cursor.directory)
  if (adf) work.adf = adf.adf
}

function fillOn(cursor: Cursor, octets: Uint8Array): void {
  if (!cursor.file) return
  try {
    fillAt(cursor.file, { at: cursor.at, octets })
  } catch (error) {
    if (!(error instanceof ElementProblem)) throw error
  }
  cursor.at += octets.length
}
