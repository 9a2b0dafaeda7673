/** Reads C-APDUs: class, channel, lengths (ISO/IEC 7816-4 §5.4, ETSI TS 102 221 §10.1). */

import { SW } from './status-words.ts'

/** A C-APDU taken apart. */
export interface ApduCommand {
  readonly isProprietary: boolean
  /** The logical channel, 0 to 19. */
  readonly channel: number
  readonly ins: number
  readonly p1: number
  readonly p2: number
  readonly data: Uint8Array
  /** Octets wanted at most, 1 to 256; absent when no Le came. */
  readonly le: number | undefined
}

const HEADER_OCTETS = 4

/**
 * A C-APDU with short lengths, or the status word that refuses it: 6700 for lengths that do not add up and for
 * extended ones, 6E00 for an unknown class, 6882 and 6884 for secure messaging and chaining by class.
 */
export function readCommand(octets: Uint8Array): ApduCommand | number {
  if (octets.length < HEADER_OCTETS) return SW.wrongLength
  const [cla, ins, p1, p2] = octets as unknown as [number, number, number, number]
  const target = readClass(cla)
  if (typeof target === 'number') return target
  const body = readBody(octets)
  return body ? { ...target, ins, p1, p2, ...body } : SW.wrongLength
}

function readBody(octets: Uint8Array): Pick<ApduCommand, 'data' | 'le'> | undefined {
  const none = octets.subarray(0, 0)
  if (octets.length === HEADER_OCTETS) return { data: none, le: undefined }
  const first = octets[HEADER_OCTETS] as number
  const dataStart = HEADER_OCTETS + 1
  if (octets.length === dataStart) return { data: none, le: first || 256 }
  const dataEnd = dataStart + first
  if (first === 0 || octets.length < dataEnd || octets.length > dataEnd + 1) return undefined
  const le = octets[dataEnd]
  return {
    data: octets.subarray(dataStart, dataEnd),
    le: le === undefined ? undefined : le || 256,
  }
}

/** Channels 0 to 3 stand in the classes 0X and 8X, 4 to 19 in 4X and CX. */
function readClass(cla: number): Pick<ApduCommand, 'isProprietary' | 'channel'> | number {
  const isProprietary = cla >= 0x80
  const isFurther = (cla & 0x40) !== 0
  const isReserved = !isFurther && (cla & 0x20) !== 0
  if (isReserved || cla === 0xff) return SW.classNotSupported
  if ((cla & 0x10) !== 0) return SW.chainingNotSupported
  if (isFurther) {
    if ((cla & 0x20) !== 0) return SW.secureMessagingNotSupported
    return { isProprietary, channel: 4 + (cla & 0x0f) }
  }
  if ((cla & 0x0c) !== 0) return SW.secureMessagingNotSupported
  return { isProprietary, channel: cla & 0x03 }
}

/** The class octet of a channel. @throws {RangeError} a channel above 19 */
export function classOf(to: { readonly channel: number; readonly base: 0x00 | 0x80 }): number {
  if (to.channel < 0 || to.channel > 19) throw new RangeError(`no logical channel ${to.channel}`)
  return to.channel < 4 ? to.base | to.channel : to.base | 0x40 | (to.channel - 4)
}
