/** The repository as text, for tests that read it. */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A file's text, by its path from the repository's root. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** A file's text without its comments: what a comment speaks of is not done. */
export function codeOf(path: string): string {
  return textOf(path)
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1')
}

/** A JSON file, of which the caller knows the form. */
export function jsonOf<T>(path: string): T {
  return JSON.parse(textOf(path)) as T
}

/** The paths of all files below a folder, or of one that is a file itself; none when there is no such thing. */
export function filesIn(path: string): string[] {
  const status = statSync(join(ROOT, path), { throwIfNoEntry: false })
  if (!status) return []
  if (!status.isDirectory()) return [path]
  return readdirSync(join(ROOT, path))
    .sort()
    .flatMap((name) => filesIn(`${path}/${name}`))
}

/** The TypeScript files below a folder. */
export function sourcesIn(folder: string): string[] {
  return filesIn(folder).filter((path) => path.endsWith('.ts'))
}

/** Everything that is written by hand. */
export function everyFile(): string[] {
  const folders = ['src', 'test', 'bin', 'web', 'docs', 'fixtures', 'profiles', '.ci']
  const files = readdirSync(ROOT).filter((name) => /\.(md|json)$/.test(name))
  return [...folders.flatMap(filesIn), ...files.filter((name) => name !== 'package-lock.json')]
}

/** The files of the repository that a file imports, types included. */
export function importsOf(path: string): string[] {
  return importsIn(codeOf(path), path)
}

/** The files that are loaded when a file is. */
export function loadsOf(path: string): string[] {
  return importsIn(
    codeOf(path).replaceAll(/\b(import|export) type [\s\S]*?from '[^']*'/g, ''),
    path,
  )
}

function importsIn(code: string, path: string): string[] {
  const specifiers = code.matchAll(/\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)
  return [...specifiers].map(([, specifier]) =>
    relative(ROOT, resolve(ROOT, dirname(path), specifier as string)),
  )
}

/** The packages that a file imports. */
export function packagesOf(path: string): string[] {
  return [...codeOf(path).matchAll(/\b(?:from|import)\s*\(?\s*'([^.'][^']*)'/g)].map(
    ([, name]) => name as string,
  )
}
