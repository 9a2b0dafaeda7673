/** Time and chance: the one place where they enter, so that a lab can be repeated and its clock moved. */

import { createCipheriv, createHash, randomBytes, type Cipheriv } from 'node:crypto'

/** The lab's time. Certificates, orders, quota and gifts are judged by it. */
export interface Clock {
  now(): Date
  nowMs(): number
}

/** A clock that stands still until it is moved, or that runs from an offset of the wall clock. */
export interface MovableClock extends Clock {
  /** Moves the clock forward (or back, for a negative number). */
  advance(ms: number): void
  /** Sets the clock to an instant. */
  set(instant: Date): void
}

/** Octets by chance. `bytes` follows the lab's seed; `unique` never repeats, whatever the seed. */
export interface Random {
  bytes(length: number): Uint8Array
  /** A uniform integer from 0 up to, not including, `limit`. */
  below(limit: number): number
  /** For TransactionIDs and EventIDs, which never repeat within an SM-DP+'s lifetime (SGP.22 §5.5.1, §3.6.1.1). */
  unique(length: number): Uint8Array
  /** An independent stream under a name, so that one user of chance does not shift another's. */
  stream(label: string): Random
}

export interface Environment {
  readonly clock: MovableClock
  readonly random: Random
}

/** The wall clock, until it is moved; then the wall clock with an offset. */
export function systemClock(): MovableClock {
  let offsetMs = 0
  return clockOver({
    read: () => Date.now() + offsetMs,
    write: (instantMs) => void (offsetMs = instantMs - Date.now()),
  })
}

/** A clock that moves only when told. */
export function manualClock(start: Date): MovableClock {
  let nowMs = start.getTime()
  return clockOver({ read: () => nowMs, write: (instantMs) => void (nowMs = instantMs) })
}

function clockOver(time: { read(): number; write(instantMs: number): void }): MovableClock {
  return {
    now: () => new Date(time.read()),
    nowMs: time.read,
    advance: (ms) => time.write(time.read() + ms),
    set: (instant) => time.write(instant.getTime()),
  }
}

/** The wall clock for what must live by it whatever the lab's clock says: TLS leaves (and timings shown to people). */
export const wallClock: Clock = { now: () => new Date(), nowMs: () => Date.now() }

/** The operating system's generator, asked for more than is needed now: a request for each few octets is slow. */
export function systemRandom(): Random {
  const random = randomOver(pooledBytes(), () => random)
  return random
}

const POOL_OCTETS = 4096

function pooledBytes(): (length: number) => Uint8Array {
  let pool = Buffer.alloc(0)
  return (length) => {
    if (length > POOL_OCTETS) return randomBytes(length)
    if (length > pool.length) pool = randomBytes(POOL_OCTETS)
    const taken = Buffer.from(pool.subarray(0, length))
    pool.fill(0, 0, length)
    pool = pool.subarray(length)
    return taken
  }
}

const uniqueBytes = pooledBytes()

/** Repeatable octets: AES-128-CTR under a key made from the seed and the stream's name. Not for secrets of real networks. */
export function seededRandom(seed: string): Random {
  const key = createHash('sha256').update(`esim-lab:${seed}`).digest().subarray(0, 16)
  const keystream: Cipheriv = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  return randomOver(
    (length) => keystream.update(Buffer.alloc(length)),
    (label) => seededRandom(`${seed}/${label}`),
  )
}

function randomOver(
  bytes: (length: number) => Uint8Array,
  stream: (label: string) => Random,
): Random {
  return { bytes, below: (limit) => uniformBelow(limit, bytes), unique: uniqueBytes, stream }
}

function uniformBelow(limit: number, bytes: (length: number) => Uint8Array): number {
  const range = 2 ** 32
  const fair = range - (range % limit)
  for (;;) {
    const drawn = Buffer.from(bytes(4)).readUInt32BE()
    if (drawn < fair) return drawn % limit
  }
}
