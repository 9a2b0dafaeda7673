/**
 * The frames of vsmartcard's virtual reader: a length of 2 octets, big-endian, and as many octets, both ways. A frame of one
 * octet is a control: 00 power off, 01 power on, 02 reset, none of which is answered, and 04, answered with the ATR.
 * Every other frame is a command APDU, and is answered with its response APDU.
 */

import type { Duplex } from 'node:stream'
import { asBuffer, concat } from '../../base/octets.ts'
import type { ApduCard } from '../apdu/types.ts'
import { unbroken } from './lines.ts'
import { write } from './writing.ts'

const LENGTH_OCTETS = 2
const FRAME_OCTETS_MAX = 0xffff
const CONTROLS = { powerOff: 0, powerOn: 1, reset: 2, getAtr: 4 } as const

/**
 * Lets a client use the card until it goes, however it goes. The card has power from the start; what a card keeps without
 * power it keeps, and what it forgets it has forgotten when this settles. Frames of no octets and unknown controls are passed over.
 */
export async function serveFrames(stream: Duplex, card: ApduCard): Promise<void> {
  // A client that breaks off is one that goes.
  stream.on('error', () => {})
  card.powerOn()
  try {
    for await (const frame of framesOf(stream)) {
      const answer = await answerTo(frame, card)
      if (answer && !(await write(stream, framed(answer)))) return
    }
  } finally {
    card.powerOff()
    stream.destroy()
  }
}

/** Octets as one frame. Length and octets go out together: alone, each would wait for the other's acknowledgement. */
export function framed(octets: Uint8Array): Uint8Array {
  const length = Buffer.alloc(LENGTH_OCTETS)
  length.writeUInt16BE(octets.length)
  return concat(length, octets)
}

async function* framesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let kept: Buffer = Buffer.alloc(0)
  for await (const chunk of unbroken(chunks)) {
    kept = Buffer.concat([kept, asBuffer(chunk)])
    for (let frame = firstOf(kept); frame; frame = firstOf(kept)) {
      kept = kept.subarray(LENGTH_OCTETS + frame.length)
      if (frame.length > 0) yield Uint8Array.from(frame)
    }
  }
}

function firstOf(kept: Buffer): Buffer | undefined {
  if (kept.length < LENGTH_OCTETS) return undefined
  const end = LENGTH_OCTETS + kept.readUInt16BE(0)
  return kept.length < end ? undefined : kept.subarray(LENGTH_OCTETS, end)
}

async function answerTo(frame: Uint8Array, card: ApduCard): Promise<Uint8Array | undefined> {
  if (frame.length > 1) {
    const answer = await card.transmit(frame)
    return answer.length <= FRAME_OCTETS_MAX ? answer : Uint8Array.of(0x67, 0x00)
  }
  const [control] = frame
  if (control === CONTROLS.getAtr) return card.atr
  if (control === CONTROLS.powerOff) card.powerOff()
  if (control === CONTROLS.powerOn) card.powerOn()
  if (control === CONTROLS.reset) card.reset()
  return undefined
}
