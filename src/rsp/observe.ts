/** The seam around every function of a protocol: one wrapper that lets others see what goes in and out. */

import { toHex } from '../base/octets.ts'
import type { Json } from './json-binding.ts'
import type { CardAnswer, Es10, Es10FunctionName } from './es10.ts'
import { ES10 } from './es10.ts'

/** One message of a protocol, decoded. */
export interface ProtocolMessage {
  readonly interface: string
  readonly function: string
  /** `tolerated` comes before the request, or before the answer of the call, in which it was found. */
  readonly direction: 'request' | 'response' | 'refusal' | 'tolerated'
  /** The message's value, what was thrown, or what was tolerated in words. */
  readonly message: unknown
}

/** Told of each message in its order. What it throws is its caller's to see, so it should not throw. */
export type Observer = (message: ProtocolMessage) => void

type Functions = Readonly<Record<string, (request: never) => Promise<unknown>>>
type Table = Readonly<Record<string, { readonly interface: string }>>

/** The same interface, with an observer told of every call and its outcome. */
export function observed<T extends Functions>(
  seen: { readonly table: Table; readonly observer: Observer },
  implementation: T,
): T {
  const wrapped = Object.entries(implementation).map(([name, call]) => {
    const side = { interface: seen.table[name]?.interface ?? '', function: name }
    return [name, observedCall({ ...side, observer: seen.observer }, call)]
  })
  return Object.fromEntries(wrapped) as T
}

function observedCall(
  seen: { readonly interface: string; readonly function: string; readonly observer: Observer },
  call: (request: never) => Promise<unknown>,
) {
  const { observer, ...side } = seen
  return async (request: never): Promise<unknown> => {
    observer({ ...side, direction: 'request', message: request })
    try {
      const response = await call(request)
      observer({ ...side, direction: 'response', message: response })
      return response
    } catch (error) {
      observer({ ...side, direction: 'refusal', message: error })
      throw error
    }
  }
}

/** ES10 with an observer, segments of Bound Profile Packages included. */
export function observedEs10(observer: Observer, es10: Es10): Es10 {
  const { loadBoundProfilePackage, ...functions } = es10
  const side = { interface: 'ES10b', function: 'loadBoundProfilePackage', observer }
  return {
    ...observed<Pick<Es10, Es10FunctionName>>({ table: ES10, observer }, functions),
    loadBoundProfilePackage: observedCall(side, loadBoundProfilePackage) as (
      segment: Uint8Array,
    ) => Promise<CardAnswer>,
  }
}

/** A message as JSON for people: octets in hexadecimal, signed objects by what they say, errors by their words. */
export function toPlainJson(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return toHex(value)
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return errorToJson(value)
  if (Array.isArray(value)) return value.map(toPlainJson)
  if (typeof value === 'object') return objectToJson(value)
  return value as Json
}

function objectToJson(value: object): Json {
  if ('raw' in value && 'value' in value) return toPlainJson(value.value)
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries.map(([name, member]) => [name, toPlainJson(member)]))
}

function errorToJson(error: Error): Json {
  const { code } = error as { readonly code?: unknown }
  return { ...(typeof code === 'string' ? { code } : {}), message: error.message }
}
