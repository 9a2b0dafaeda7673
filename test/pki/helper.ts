/** What the tests of certificates share: a PKI, certificates with faults, openssl. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { seededRandom } from '../../src/base/environment.ts'
import { generateKeyPair, type Curve, type KeyPair } from '../../src/crypto/ec.ts'
import type { Extension, Recipe } from '../../src/pki/issue.ts'
import { extension } from '../../src/pki/forge.ts'
import { EXTENSION_OIDS, type ExtensionName } from '../../src/pki/oids.ts'
import { createTestPki } from '../../src/pki/test-pki.ts'

export const random = seededRandom('pki tests')
export const pki = createTestPki({ random })

export function newKeyPair(curve: Curve = 'P-256'): KeyPair {
  return generateKeyPair({ curve, random })
}

export type Change = (recipe: Recipe) => Recipe

export function without(name: ExtensionName): Change {
  return (recipe) => ({
    ...recipe,
    extensions: recipe.extensions.filter(({ id }) => id !== EXTENSION_OIDS[name]),
  })
}

/** Another value for an extension that is there, or one more at the end. */
export function withExtension(
  name: ExtensionName,
  content: { readonly value: Uint8Array; readonly critical?: boolean },
): Change {
  return (recipe) => ({
    ...recipe,
    extensions: replaced(recipe.extensions, extension(name, content)),
  })
}

export function withCriticality(name: ExtensionName, critical: boolean): Change {
  return (recipe) => ({
    ...recipe,
    extensions: recipe.extensions.map((found) =>
      found.id === EXTENSION_OIDS[name] ? { ...found, critical } : found,
    ),
  })
}

export function both(first: Change, second: Change): Change {
  return (recipe) => second(first(recipe))
}

function replaced(all: readonly Extension[], changed: Extension): Extension[] {
  const isThere = all.some(({ id }) => id === changed.id)
  return isThere
    ? all.map((found) => (found.id === changed.id ? changed : found))
    : [...all, changed]
}

/** Runs openssl over files in a directory of their own; `undefined`, with a log line, where there is no openssl. */
export function openssl(
  t: ExecutionContext,
  call: { readonly args: readonly string[]; readonly files?: Record<string, Uint8Array | string> },
): string | undefined {
  if (!hasOpenssl()) {
    t.log('skipped: there is no openssl on this machine')
    return undefined
  }
  const directory = mkdtempSync(join(tmpdir(), 'esim-lab-pki-'))
  try {
    for (const [name, octets] of Object.entries(call.files ?? {})) {
      writeFileSync(join(directory, name), octets)
    }
    return execFileSync('openssl', call.args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}
