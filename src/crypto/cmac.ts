/** AES-128-CMAC (RFC 4493, NIST SP 800-38B). */

import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto'

export const BLOCK_OCTETS = 16

/** The 16-octet CMAC of a message under a 16-octet key. */
export function cmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const subkeys = deriveSubkeys(encryptBlock(key, new Uint8Array(BLOCK_OCTETS)))
  const cbc = createCipheriv('aes-128-cbc', aesKey(key), Buffer.alloc(BLOCK_OCTETS)).setAutoPadding(
    false,
  )
  return cbc.update(closeMessage(message, subkeys)).subarray(-BLOCK_OCTETS)
}

export interface Subkeys {
  readonly whole: Uint8Array
  readonly padded: Uint8Array
}

/** K1 and K2 of RFC 4493 §2.3 from L, the encrypted zero block. */
export function deriveSubkeys(encryptedZero: Uint8Array): Subkeys {
  const whole = double(encryptedZero)
  return { whole, padded: double(whole) }
}

/** How many octets a message takes with its last block completed. */
export function closedOctets(messageOctets: number): number {
  return Math.max(1, Math.ceil(messageOctets / BLOCK_OCTETS)) * BLOCK_OCTETS
}

/** Completes and masks the last block of a message that lies at the start of `closed`, ready for CBC (RFC 4493 §2.4). */
export function closeInPlace(closed: Uint8Array, messageOctets: number, subkeys: Subkeys): void {
  const isWhole = messageOctets === closed.length
  if (!isWhole) {
    closed.fill(0, messageOctets)
    closed[messageOctets] = 0x80
  }
  xorInto(closed.subarray(-BLOCK_OCTETS), isWhole ? subkeys.whole : subkeys.padded)
}

function closeMessage(message: Uint8Array, subkeys: Subkeys): Uint8Array {
  const closed = Buffer.alloc(closedOctets(message.length))
  closed.set(message)
  closeInPlace(closed, message.length, subkeys)
  return closed
}

export function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  return createCipheriv('aes-128-ecb', aesKey(key), null).setAutoPadding(false).update(block)
}

/** A key as node:crypto takes it fastest: octets cost it three times as much. */
export function aesKey(octets: Uint8Array): KeyObject {
  return createSecretKey(octets)
}

/** XORs `mask` onto the first octets of `target`, in place. */
export function xorInto(target: Uint8Array, mask: Uint8Array): void {
  const { length } = mask
  for (let at = 0; at < length; at++) target[at] = (target[at] as number) ^ (mask[at] as number)
}

/** Multiplication by x in GF(2^128). */
function double(block: Uint8Array): Uint8Array {
  const out = Buffer.alloc(BLOCK_OCTETS)
  for (let at = 0; at < BLOCK_OCTETS; at++) {
    const carried = (block[at + 1] ?? 0) >> 7
    out[at] = (((block[at] as number) << 1) & 0xff) | carried
  }
  if ((block[0] as number) & 0x80) out[BLOCK_OCTETS - 1] = (out[BLOCK_OCTETS - 1] as number) ^ 0x87
  return out
}
