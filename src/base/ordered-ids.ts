/** Names for rows that are many: each later than the one before, so that what is written together lies together. */

import { toHex } from './octets.ts'
import type { Environment } from './environment.ts'

const ORDER_OCTETS = 6
const CHANCE_OCTETS = 6
/** Fits 48 bits for the next 500 years, and so many names a millisecond keep the clock's pace. */
const STEPS_PER_MS = 16

/**
 * Makes ids of 24 hexadecimal digits: 12 that grow with the lab's clock, and never go back while the lab is open, then 12
 * by chance, which tell ids apart whatever was done to the clock between two runs. Never from the seed: a lab that is
 * opened again must not call a new thing by an old name.
 */
export function orderedIds({ clock, random }: Environment): () => string {
  let last = 0
  return () => {
    last = Math.max(clock.nowMs() * STEPS_PER_MS, last + 1)
    const order = last
      .toString(16)
      .toUpperCase()
      .padStart(ORDER_OCTETS * 2, '0')
    return order + toHex(random.unique(CHANCE_OCTETS))
  }
}

/** The part of an id that grows, which no other has while the lab is open: short enough to be read out and typed. */
export function receiptNumberOf(id: string): string {
  return id.slice(0, ORDER_OCTETS * 2)
}
