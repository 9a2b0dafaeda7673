/** Files of a profile as a card has it, by their places. */

import { isDirectory } from './build-files.ts'
import type { Directory, ElementaryFile, ProfileImage } from './image.ts'
import type { UsimFiles } from './usim-files.ts'

const EF_ICCID = 0x2fe2
const EF_OF_USIM = {
  imsi: 0x6f07,
  ust: 0x6f38,
  gid1: 0x6f3e,
  gid2: 0x6f3f,
  spn: 0x6f46,
  ad: 0x6fad,
} as const satisfies Record<keyof UsimFiles, number>

/** An EF by file identifiers from a directory. */
export function fileIn(directory: Directory, path: readonly number[]): ElementaryFile | undefined {
  const [fileId, ...rest] = path
  const found = directory.files.find((file) => file.fileId === fileId && file.kind !== 'adf')
  if (!found) return undefined
  if (isDirectory(found)) return rest.length > 0 ? fileIn(found, rest) : undefined
  return rest.length === 0 ? found : undefined
}

/** The content of EF.ICCID; `undefined` when the profile has none. */
export function iccidIn({ mf }: ProfileImage): Uint8Array | undefined {
  return fileIn(mf, [EF_ICCID])?.body.octets
}

/** Whole contents of the first USIM's files, whatever has filled them; none without a USIM. */
export function usimFilesIn({ naas }: ProfileImage): UsimFiles {
  const usim = naas.find(({ kind }) => kind === 'usim')
  if (!usim) return {}
  const contents = Object.entries(EF_OF_USIM).flatMap(([name, fileId]) => {
    const file = fileIn(usim.adf, [fileId])
    return file ? [[name, file.body.octets] as const] : []
  })
  return Object.fromEntries(contents)
}
