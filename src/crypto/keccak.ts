/** The permutation Keccak-f[1600], which TUAK runs bare: node:crypto has only the hashes that are built on it (FIPS 202 §3). */

/** Octets of the state. */
export const KECCAK_STATE_OCTETS = 200

const LANES = 25

/** Keccak-f[1600] on a state of 200 octets, in place; lanes are little endian, as FIPS 202 §B.1 orders the bits. */
export function keccakF1600(state: Uint8Array): void {
  const view = new DataView(state.buffer, state.byteOffset, KECCAK_STATE_OCTETS)
  const words = new Int32Array(2 * LANES)
  for (let at = 0; at < words.length; at++) words[at] = view.getInt32(4 * at, true)
  permute(words)
  for (let at = 0; at < words.length; at++) view.setInt32(4 * at, words[at] as number, true)
}

/** A lane x, y is two words at 2(x + 5y): the low half, then the high one. */
function permute(lanes: Int32Array): void {
  const columns = new Int32Array(10)
  const moved = new Int32Array(2 * LANES)
  for (let round = 0; round < ROUNDS; round++) {
    theta(lanes, columns)
    rhoAndPi(lanes, moved)
    chi(moved, lanes)
    lanes[0] = word(lanes, 0) ^ word(ROUND_CONSTANTS, 2 * round)
    lanes[1] = word(lanes, 1) ^ word(ROUND_CONSTANTS, 2 * round + 1)
  }
}

function theta(lanes: Int32Array, columns: Int32Array): void {
  for (let at = 0; at < 10; at++) {
    columns[at] =
      word(lanes, at) ^
      word(lanes, at + 10) ^
      word(lanes, at + 20) ^
      word(lanes, at + 30) ^
      word(lanes, at + 40)
  }
  for (let x = 0; x < 5; x++) {
    const before = 2 * ((x + 4) % 5)
    const after = 2 * ((x + 1) % 5)
    const low = word(columns, after)
    const high = word(columns, after + 1)
    const maskLow = word(columns, before) ^ ((low << 1) | (high >>> 31))
    const maskHigh = word(columns, before + 1) ^ ((high << 1) | (low >>> 31))
    for (let at = 2 * x; at < lanes.length; at += 10) {
      lanes[at] = word(lanes, at) ^ maskLow
      lanes[at + 1] = word(lanes, at + 1) ^ maskHigh
    }
  }
}

function rhoAndPi(from: Int32Array, to: Int32Array): void {
  for (let lane = 0; lane < LANES; lane++) {
    const offset = word(OFFSETS, lane)
    const target = 2 * word(TARGETS, lane)
    const swapped = offset >= 32 ? 1 : 0
    const low = word(from, 2 * lane + swapped)
    const high = word(from, 2 * lane + 1 - swapped)
    const bits = offset & 31
    to[target] = bits === 0 ? low : (low << bits) | (high >>> (32 - bits))
    to[target + 1] = bits === 0 ? high : (high << bits) | (low >>> (32 - bits))
  }
}

function chi(from: Int32Array, to: Int32Array): void {
  for (let row = 0; row < from.length; row += 10) {
    for (let at = 0; at < 10; at++) {
      const next = word(from, row + ((at + 2) % 10))
      const afterNext = word(from, row + ((at + 4) % 10))
      to[row + at] = word(from, row + at) ^ (~next & afterNext)
    }
  }
}

function word(words: Int32Array, at: number): number {
  return words[at] as number
}

const ROUNDS = 24

/** How far ρ turns each lane, in bits (FIPS 202 §3.2.2): triangular numbers along the path on which π moves the lanes. */
const OFFSETS: Int32Array = (() => {
  const offsets = new Int32Array(LANES)
  let [x, y] = [1, 0]
  for (let t = 0; t < 24; t++) {
    offsets[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64
    ;[x, y] = [y, (2 * x + 3 * y) % 5]
  }
  return offsets
})()

/** Where π puts each lane: x, y goes to y, 2x + 3y (FIPS 202 §3.2.3). */
const TARGETS: Int32Array = Int32Array.from({ length: LANES }, (_, lane) => {
  const x = lane % 5
  const y = Math.floor(lane / 5)
  return y + 5 * ((2 * x + 3 * y) % 5)
})

/** ι's constants, low and high words (FIPS 202 §3.2.5): bits 2^j − 1 of each come from one linear feedback shift register. */
const ROUND_CONSTANTS: Int32Array = (() => {
  const constants = new Int32Array(2 * ROUNDS)
  let register = 1
  for (let round = 0; round < ROUNDS; round++) {
    for (let j = 0; j <= 6; j++) {
      const bit = 2 ** j - 1
      const at = 2 * round + (bit >> 5)
      if (register & 1) constants[at] = word(constants, at) ^ (1 << (bit & 31))
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0)
    }
  }
  return constants
})()
