/**
 * BSP, the BPP Security Protocol: SCP03t keys and segments (SGP.22 §2.5.4, §2.6.4, §5.5.1, Annex G; SGP.02 §4.1.3.3).
 *
 * The SM-DP+ protects with `BspProtector`, which streams; the eUICC opens with `BspOpener`, which goes by the book.
 */

import { createCipheriv, createDecipheriv, createHash, type Cipheriv } from 'node:crypto'
import { elementHeader } from '../asn1/der.ts'
import { concat, equalOctets } from '../base/octets.ts'
import {
  aesKey,
  BLOCK_OCTETS,
  closedOctets,
  closeInPlace,
  cmac,
  deriveSubkeys,
  encryptBlock,
  xorInto,
  type Subkeys,
} from './cmac.ts'

/** S-ENC, S-MAC and the initial MAC chaining value; 16 octets each. */
export interface BspKeys {
  readonly macChainingValue: Uint8Array
  readonly sEnc: Uint8Array
  readonly sMac: Uint8Array
}

/** The longest protected TLV, tag, length and MAC included (SGP.22 §2.5.3). */
export const SEGMENT_OCTETS_MAX = 1020
const MAC_OCTETS = 8
const HEADER_OCTETS_MAX = 4
/** What fits into one segment: encrypted data loses at least one octet to padding. */
export const ENCRYPTED_PLAIN_OCTETS_MAX =
  Math.floor((SEGMENT_OCTETS_MAX - HEADER_OCTETS_MAX - MAC_OCTETS) / BLOCK_OCTETS) * BLOCK_OCTETS -
  1
export const MAC_ONLY_OCTETS_MAX = SEGMENT_OCTETS_MAX - HEADER_OCTETS_MAX - MAC_OCTETS

/** Control reference template values of SGP.22 §5.5.1. */
export const KEY_TYPE_AES = 0x88
export const KEY_LENGTH_OCTETS = 0x10

/** ANSI X9.63 KDF with SHA-256 (BSI TR-03111 §4.3.3). */
export function x963Kdf(input: {
  readonly sharedSecret: Uint8Array
  readonly sharedInfo: Uint8Array
  readonly lengthOctets: number
}): Uint8Array {
  const blocks = Math.ceil(input.lengthOctets / 32)
  const hashed = Array.from({ length: blocks }, (_, at) => {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(at + 1)
    return createHash('sha256')
      .update(input.sharedSecret)
      .update(counter)
      .update(input.sharedInfo)
      .digest()
  })
  return concat(...hashed).subarray(0, input.lengthOctets)
}

/** Session keys of a key agreement; the MAC chaining value comes first (SGP.22 Annex G). */
export function deriveBspKeys(input: {
  readonly sharedSecret: Uint8Array
  readonly hostId: Uint8Array
  /** The EID's 16 octets. */
  readonly eid: Uint8Array
}): BspKeys {
  const sharedInfo = concat(
    Uint8Array.of(KEY_TYPE_AES, KEY_LENGTH_OCTETS, input.hostId.length),
    input.hostId,
    Uint8Array.of(input.eid.length),
    input.eid,
  )
  const data = x963Kdf({ sharedSecret: input.sharedSecret, sharedInfo, lengthOctets: 48 })
  return {
    macChainingValue: data.subarray(0, 16),
    sEnc: data.subarray(16, 32),
    sMac: data.subarray(32, 48),
  }
}

/**
 * Protects the TLVs of one BPP in order: one counter, one MAC chain.
 *
 * CBC already carries what the protocol chains: the last ciphertext block of a CMAC is the next chaining value, so one
 * cipher object serves the whole MAC chain and one the whole encryption.
 */
export class BspProtector {
  readonly #icvs: Cipheriv
  readonly #encryption: Cipheriv
  readonly #mac: Cipheriv
  readonly #subkeys: Subkeys
  #lastCiphertext: Uint8Array = Buffer.alloc(BLOCK_OCTETS)
  #chainStart: Uint8Array
  #counter = 0

  constructor(keys: BspKeys) {
    this.#icvs = createCipheriv('aes-128-ecb', aesKey(keys.sEnc), null).setAutoPadding(false)
    this.#encryption = cbcFromZero(keys.sEnc)
    this.#mac = cbcFromZero(keys.sMac)
    // The first block yields L for the subkeys; masking with L undoes it, so that the chain still starts at the MCV.
    const encryptedZero = this.#mac.update(Buffer.alloc(BLOCK_OCTETS))
    this.#subkeys = deriveSubkeys(encryptedZero)
    this.#chainStart = Buffer.from(keys.macChainingValue)
    xorInto(this.#chainStart, encryptedZero)
  }

  /** Encrypted and authenticated TLVs (tag 86 or 87), each of at most 1020 octets; none for empty data. */
  encryptAndMac(tag: number, data: Uint8Array): Uint8Array[] {
    const parts = slices(data, ENCRYPTED_PLAIN_OCTETS_MAX)
    const icvs = this.#icvs.update(counterBlocks({ first: this.#counter + 1, count: parts.length }))
    this.#counter += parts.length
    const segments = parts.map((slice, at) => {
      const segment = paddedSegment(tag, slice)
      this.#encrypt(segment.data, icvs.subarray(at * BLOCK_OCTETS, (at + 1) * BLOCK_OCTETS))
      return segment
    })
    return this.#authenticate(segments)
  }

  /** Authenticated TLVs in clear (tag 88), each of at most 1020 octets; none for empty data. */
  macOnly(tag: number, data: Uint8Array): Uint8Array[] {
    const segments = slices(data, MAC_ONLY_OCTETS_MAX).map((slice) => {
      const segment = newSegment(tag, slice.length)
      segment.data.set(slice)
      return segment
    })
    this.#counter += segments.length
    return this.#authenticate(segments)
  }

  /** Encrypts padded data in place. */
  #encrypt(padded: Uint8Array, icv: Uint8Array): void {
    xorInto(padded, icv)
    xorInto(padded, this.#lastCiphertext)
    const ciphertext = this.#encryption.update(padded)
    padded.set(ciphertext)
    this.#lastCiphertext = ciphertext.subarray(-BLOCK_OCTETS)
  }

  /** Writes the MACs into the segments; one call for all, since each call costs more than its kilobyte. */
  #authenticate(segments: readonly Segment[]): Uint8Array[] {
    if (segments.length === 0) return []
    const chain = this.#mac.update(this.#closedMessages(segments))
    let end = 0
    return segments.map(({ octets }) => {
      end += closedOctets(messageOctets(octets))
      const mac = chain.subarray(end - BLOCK_OCTETS, end - BLOCK_OCTETS + MAC_OCTETS)
      octets.set(mac, octets.length - MAC_OCTETS)
      return octets
    })
  }

  /** What is fed into the MAC chain: for each segment a block that carries the chain on, then the segment without MAC. */
  #closedMessages(segments: readonly Segment[]): Uint8Array {
    const sizes = segments.map(({ octets }) => closedOctets(messageOctets(octets)))
    const all = Buffer.allocUnsafe(sizes.reduce((total, size) => total + size, 0))
    let start = 0
    for (const [at, { octets }] of segments.entries()) {
      const end = start + (sizes[at] as number)
      const closed = all.subarray(start, end)
      closed.set(this.#chainStart)
      closed.set(octets.subarray(0, -MAC_OCTETS), BLOCK_OCTETS)
      closeInPlace(closed, messageOctets(octets), this.#subkeys)
      this.#chainStart = ZERO_BLOCK
      start = end
    }
    return all
  }
}

function messageOctets(segment: Uint8Array): number {
  return BLOCK_OCTETS + segment.length - MAC_OCTETS
}

/** A protected TLV under construction: all of it, and the part between length and MAC. */
interface Segment {
  readonly octets: Uint8Array
  readonly data: Uint8Array
}

function newSegment(tag: number, dataOctets: number): Segment {
  const head = elementHeader(tag, dataOctets + MAC_OCTETS)
  const octets = Buffer.allocUnsafe(head.length + dataOctets + MAC_OCTETS)
  octets.set(head)
  return { octets, data: octets.subarray(head.length, -MAC_OCTETS) }
}

/** A segment with its data padded for encryption: at least one octet, `80` and zeros. */
function paddedSegment(tag: number, slice: Uint8Array): Segment {
  const paddedOctets = (Math.floor(slice.length / BLOCK_OCTETS) + 1) * BLOCK_OCTETS
  const segment = newSegment(tag, paddedOctets)
  segment.data.set(slice)
  segment.data.fill(0, slice.length)
  segment.data[slice.length] = 0x80
  return segment
}

const ZERO_BLOCK = Buffer.alloc(BLOCK_OCTETS)

function cbcFromZero(key: Uint8Array): Cipheriv {
  return createCipheriv('aes-128-cbc', aesKey(key), ZERO_BLOCK).setAutoPadding(false)
}

function slices(data: Uint8Array, octetsMax: number): Uint8Array[] {
  const count = Math.ceil(data.length / octetsMax)
  return Array.from({ length: count }, (_, at) =>
    data.subarray(at * octetsMax, (at + 1) * octetsMax),
  )
}

/** Block counters as the cipher takes them: 16 octets each, big endian. */
function counterBlocks(counters: { readonly first: number; readonly count: number }): Uint8Array {
  const blocks = Buffer.alloc(counters.count * BLOCK_OCTETS)
  for (let at = 0; at < counters.count; at++) {
    blocks.writeUInt32BE(counters.first + at, (at + 1) * BLOCK_OCTETS - 4)
  }
  return blocks
}

/** Why a protected TLV was not accepted: its form, or its MAC or padding (ErrorReason 7 and 8 of SGP.22 §2.5.6). */
export type BspFault = 'structure' | 'security'

export type BspOpened =
  | { readonly ok: true; readonly data: Uint8Array }
  | { readonly ok: false; readonly fault: BspFault }

/** Checks and opens the TLVs of one BPP in order. After a fault it must not be used again. */
export class BspOpener {
  readonly #keys: BspKeys
  #macChainingValue: Uint8Array
  #counter = 0

  constructor(keys: BspKeys) {
    this.#keys = keys
    this.#macChainingValue = keys.macChainingValue
  }

  /** Opens one whole TLV; tags 86 and 87 are encrypted, 88 is not. */
  open(tlv: Uint8Array): BspOpened {
    const headerOctets = headerLength(tlv)
    if (tlv.length > SEGMENT_OCTETS_MAX || tlv.length < headerOctets + MAC_OCTETS) {
      return { ok: false, fault: 'structure' }
    }
    this.#counter++
    const mac = cmac(this.#keys.sMac, concat(this.#macChainingValue, tlv.subarray(0, -MAC_OCTETS)))
    if (!equalOctets(mac.subarray(0, MAC_OCTETS), tlv.subarray(-MAC_OCTETS))) {
      return { ok: false, fault: 'security' }
    }
    this.#macChainingValue = mac
    const data = tlv.subarray(headerOctets, -MAC_OCTETS)
    return tlv[0] === 0x88 ? { ok: true, data } : this.#decrypt(data)
  }

  #decrypt(ciphertext: Uint8Array): BspOpened {
    if (ciphertext.length === 0 || ciphertext.length % BLOCK_OCTETS !== 0) {
      return { ok: false, fault: 'structure' }
    }
    const icv = encryptBlock(this.#keys.sEnc, counterBlocks({ first: this.#counter, count: 1 }))
    const decipher = createDecipheriv('aes-128-cbc', aesKey(this.#keys.sEnc), icv).setAutoPadding(
      false,
    )
    const padded = decipher.update(ciphertext)
    const end = padded.lastIndexOf(0x80)
    const isPadding =
      end >= padded.length - BLOCK_OCTETS && padded.subarray(end + 1).every((o) => o === 0)
    if (end < 0 || !isPadding) return { ok: false, fault: 'security' }
    return { ok: true, data: padded.subarray(0, end) }
  }
}

function headerLength(tlv: Uint8Array): number {
  const first = tlv[1] ?? 0
  return first < 0x80 ? 2 : 2 + (first & 0x7f)
}
