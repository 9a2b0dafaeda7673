/** Reads a Bound Profile Package as it trickles in and hands out its TLVs (SGP.22 §2.5.4, §2.5.5). */

import { readHeader, type Tlv } from '../asn1/der.ts'
import { concat } from '../base/octets.ts'
import { SEGMENT_OCTETS_MAX } from '../crypto/bsp.ts'
import { BOUND_PROFILE_PACKAGE_OCTETS_MAX } from '../rsp/es9plus.ts'

/** The blocks of a package, in order; each sequence says which TLVs it holds. */
export type BppBlock =
  'configureISDP' | 'storeMetadata' | 'replaceSessionKeys' | 'loadProfileElements'

/** What the reader found in the octets it was given. */
export type BppEvent =
  | { readonly kind: 'initialiseSecureChannel'; readonly tlv: Uint8Array }
  | { readonly kind: 'protected'; readonly block: BppBlock; readonly tlv: Uint8Array }
  | { readonly kind: 'blockEnd'; readonly block: BppBlock }
  | { readonly kind: 'end' }

interface BlockSpec {
  readonly block: BppBlock
  readonly sequenceTag: number
  readonly tlvTag: number
  readonly optional: boolean
}

const BLOCKS: readonly BlockSpec[] = [
  { block: 'configureISDP', sequenceTag: 0xa0, tlvTag: 0x87, optional: false },
  { block: 'storeMetadata', sequenceTag: 0xa1, tlvTag: 0x88, optional: false },
  { block: 'replaceSessionKeys', sequenceTag: 0xa2, tlvTag: 0x87, optional: true },
  { block: 'loadProfileElements', sequenceTag: 0xa3, tlvTag: 0x86, optional: false },
]

const PACKAGE_TAG = 0xbf36
const INITIALISE_TAG = 0xbf23
/** The longest element that is kept whole: a segment, or InitialiseSecureChannel. */
const ELEMENT_OCTETS_MAX = SEGMENT_OCTETS_MAX
/** Tag BF36 and a length of three octets with its count. */
const HEADER_OCTETS_MAX = 6

/**
 * The structure of the package as a small machine. `accepts` tells, before anything is consumed, whether octets begin
 * with what is expected next: a card answers 6A88 to others and keeps its session (SGP.22 §5.7.6).
 */
export class BppReader {
  #pending: Uint8Array = new Uint8Array(0)
  #stage: 'package' | 'initialise' | 'sequence' | 'tlv' | 'end' = 'package'
  #blockAt = 0
  #consumed = 0
  #packageEnd = 0
  #blockEnd = 0

  /** Whether the first octet of a new segment may come now. */
  accepts(segment: Uint8Array): boolean {
    if (this.#stage === 'end' || segment.length === 0) return false
    if (this.#pending.length > 0) return true
    return this.#expectedTags().includes(segment[0] as number)
  }

  /** The block that is under way, or the next that must come; none before the secure channel is there. */
  get block(): BppBlock | undefined {
    if (this.#stage === 'package' || this.#stage === 'initialise') return undefined
    if (this.#stage === 'sequence') return this.#openBlocks().at(-1)?.block
    return BLOCKS[this.#blockAt]?.block
  }

  /** Consumes octets; ends with `undefined` at the first that do not fit the structure. */
  *read(octets: Uint8Array): Generator<BppEvent | undefined> {
    this.#pending = concat(this.#pending, octets)
    for (;;) {
      const step = this.#step()
      if (step === 'more') return
      if (step === 'broken') {
        yield undefined
        return
      }
      yield* step
      if (this.#stage === 'end') return
    }
  }

  #expectedTags(): number[] {
    if (this.#stage === 'package') return [0xbf]
    if (this.#stage === 'initialise') return [0xbf]
    if (this.#stage === 'tlv') return [BLOCKS[this.#blockAt]?.tlvTag ?? 0]
    return this.#openBlocks().map((spec) => spec.sequenceTag)
  }

  #openBlocks(): BlockSpec[] {
    const rest = BLOCKS.slice(this.#blockAt)
    const required = rest.findIndex((spec) => !spec.optional)
    return rest.slice(0, required + 1)
  }

  #step(): BppEvent[] | 'more' | 'broken' {
    if (this.#stage === 'package') return this.#openPackage()
    if (this.#stage === 'initialise') return this.#initialise()
    if (this.#stage === 'sequence') return this.#openSequence()
    return this.#protected()
  }

  #openPackage(): BppEvent[] | 'more' | 'broken' {
    const header = this.#header(BOUND_PROFILE_PACKAGE_OCTETS_MAX)
    if (typeof header === 'string') return header
    if (header.tag !== PACKAGE_TAG) return 'broken'
    this.#take(header.valueStart)
    this.#packageEnd = this.#consumed + (header.end - header.valueStart)
    this.#stage = 'initialise'
    return []
  }

  #initialise(): BppEvent[] | 'more' | 'broken' {
    const header = this.#header(ELEMENT_OCTETS_MAX)
    if (typeof header === 'string') return header
    if (header.tag !== INITIALISE_TAG || this.#consumed + header.end > this.#packageEnd)
      return 'broken'
    if (this.#pending.length < header.end) return 'more'
    const tlv = this.#take(header.end)
    this.#stage = 'sequence'
    return [{ kind: 'initialiseSecureChannel', tlv }]
  }

  #openSequence(): BppEvent[] | 'more' | 'broken' {
    const header = this.#header(BOUND_PROFILE_PACKAGE_OCTETS_MAX)
    if (typeof header === 'string') return header
    const spec = this.#openBlocks().find((open) => open.sequenceTag === header.tag)
    const end = this.#consumed + header.end
    const isLast = spec === BLOCKS.at(-1)
    if (!spec || (isLast ? end !== this.#packageEnd : end > this.#packageEnd)) return 'broken'
    this.#blockAt = BLOCKS.indexOf(spec)
    this.#take(header.valueStart)
    this.#blockEnd = this.#consumed + (header.end - header.valueStart)
    this.#stage = 'tlv'
    return this.#endOfBlock(spec)
  }

  #protected(): BppEvent[] | 'more' | 'broken' {
    const header = this.#header(ELEMENT_OCTETS_MAX)
    if (typeof header === 'string') return header
    const spec = BLOCKS[this.#blockAt] as BlockSpec
    if (header.tag !== spec.tlvTag || this.#consumed + header.end > this.#blockEnd) return 'broken'
    if (this.#pending.length < header.end) return 'more'
    const tlv = this.#take(header.end)
    return [{ kind: 'protected', block: spec.block, tlv }, ...this.#endOfBlock(spec)]
  }

  #endOfBlock(spec: BlockSpec): BppEvent[] {
    if (this.#consumed < this.#blockEnd) return []
    this.#blockAt++
    const isEnd = this.#blockAt === BLOCKS.length
    this.#stage = isEnd ? 'end' : 'sequence'
    const ended: BppEvent = { kind: 'blockEnd', block: spec.block }
    return isEnd ? [ended, { kind: 'end' }] : [ended]
  }

  /** The tag and length at hand; their element may still be on its way. */
  #header(octetsMax: number): Tlv | 'more' | 'broken' {
    try {
      const header = readHeader(this.#pending, 0)
      return header.end <= octetsMax ? header : 'broken'
    } catch {
      return this.#pending.length < HEADER_OCTETS_MAX ? 'more' : 'broken'
    }
  }

  #take(length: number): Uint8Array {
    const taken = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    this.#consumed += length
    return taken
  }
}
