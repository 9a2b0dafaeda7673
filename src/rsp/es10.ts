/** ES10a, ES10b and ES10c together: one table, from which the LPA's client and the eUICC's dispatcher are made. */

import { decode, encode, type Asn1Type } from '../asn1/schema.ts'
import { ES10A } from './es10a.ts'
import { ES10B } from './es10b.ts'
import { ES10C } from './es10c.ts'

export const ES10 = { ...ES10A, ...ES10B, ...ES10C } as const
export type Es10FunctionName = keyof typeof ES10

type MessageOf<T> = T extends Asn1Type<infer V> ? V : never
export type Es10Request<N extends Es10FunctionName> = MessageOf<(typeof ES10)[N]['request']>
export type Es10Response<N extends Es10FunctionName> = MessageOf<(typeof ES10)[N]['response']>

/** ES10 as the LPA calls it; what the eUICC refuses is a value of the response. */
export type Es10 = {
  readonly [N in Es10FunctionName]: (request: Es10Request<N>) => Promise<Es10Response<N>>
} & {
  /** Hands one segment of a Bound Profile Package to the eUICC (SGP.22 §5.7.6). */
  loadBoundProfilePackage(segment: Uint8Array): Promise<CardAnswer>
}

/** What a card answers to a whole command: its data and the status word (ISO/IEC 7816-4 §5.6). */
export interface CardAnswer {
  readonly statusWord: number
  readonly data: Uint8Array
}

export const STATUS_WORDS = {
  ok: 0x9000,
  conditionsOfUseNotSatisfied: 0x6985,
  incorrectData: 0x6a80,
  referenceDataNotFound: 0x6a88,
  wrongLength: 0x6700,
} as const

/** The way to an eUICC's ISD-R: one whole command (STORE DATA, reassembled) in, its answer out (SGP.22 §5.7.2). */
export interface Es10Transport {
  transmit(command: Uint8Array): Promise<CardAnswer>
}

/** A card that answered with a status word in place of a response. */
export class CardError extends Error {
  override readonly name = 'CardError'
  readonly statusWord: number

  constructor(functionName: string, statusWord: number) {
    super(`the eUICC answered ${functionName} with status word ${hexWord(statusWord)}`)
    this.statusWord = statusWord
  }
}

function hexWord(statusWord: number): string {
  return statusWord.toString(16).toUpperCase().padStart(4, '0')
}

/**
 * The functions of ES10 over a transport. Each throws `CardError` for a status word that is not 9000 and `Asn1Error`
 * for a response that is not what the function gives.
 */
export function es10Client(transport: Es10Transport): Es10 {
  async function call(name: Es10FunctionName, request: unknown): Promise<unknown> {
    const { request: requestType, response: responseType } = ES10[name]
    const answer = await transport.transmit(encode(requestType as Asn1Type<unknown>, request))
    if (answer.statusWord !== STATUS_WORDS.ok) throw new CardError(name, answer.statusWord)
    return decode(responseType as Asn1Type<unknown>, answer.data)
  }
  const names = Object.keys(ES10) as Es10FunctionName[]
  const functions = Object.fromEntries(
    names.map((name) => [name, (request: unknown) => call(name, request)]),
  )
  return {
    ...functions,
    loadBoundProfilePackage: (segment: Uint8Array) => transport.transmit(segment),
  } as Es10
}

/** The function whose command begins with a tag. */
export function es10FunctionOfTag(tag: number): Es10FunctionName | undefined {
  return byTag.get(tag)
}

const byTag = new Map(
  (Object.keys(ES10) as Es10FunctionName[]).map((name) => [ES10[name].request.tags[0], name]),
)
