/** The device's side: ES10 commands cut into STORE DATA, answers gathered by GET RESPONSE (SGP.22 §5.7.1, §5.7.2). */

import { concat, hex } from '../../base/octets.ts'
import type { CardAnswer, Es10Transport } from '../../rsp/es10.ts'
import { classOf } from './command.ts'
import { performedResponseTo } from './proactive.ts'
import { ISDR_AID } from './state.ts'
import { SW } from './status-words.ts'
import type { ApduCard } from './types.ts'

export interface Es10OverApduOptions {
  /** The AID to select; the one of SGP.22 unless told. */
  readonly isdrAid?: Uint8Array
  /** The length of the next block of STORE DATA, 1 to 255; 255 unless told. */
  readonly nextBlockOctets?: () => number
  /** What becomes of a proactive command: fetched and answered as performed unless told, as a modem does. */
  readonly proactive?: 'perform' | 'ignore'
}

/** A way to an eUICC's ISD-R over APDUs, with a logical channel of its own. */
export interface Es10OverApdu extends Es10Transport {
  /** Closes the channel; the next command opens one again. */
  close(): Promise<void>
}

/**
 * Opens a channel and selects the ISD-R with the first command, and again when the card has been reset in between.
 * An answer of 91xx counts as 9000.
 */
export function es10OverApdu(card: ApduCard, options: Es10OverApduOptions = {}): Es10OverApdu {
  let channel: number | undefined
  let last: Promise<unknown> = Promise.resolve()

  async function send(command: Uint8Array): Promise<Exchanged> {
    const on = channel ?? (await openChannel(card, options.isdrAid ?? ISDR_AID))
    if (typeof on !== 'number') return on
    channel = on
    return sendBlocks(card, { command, channel, options })
  }

  async function sendOnOpenChannel(command: Uint8Array): Promise<CardAnswer> {
    const { wasTaken, ...given } = await send(command)
    if (!LOST_CHANNEL.includes(given.statusWord)) return given
    channel = undefined
    if (wasTaken) return given
    const { statusWord, data } = await send(command)
    return { statusWord, data }
  }

  async function close(): Promise<void> {
    if (channel !== undefined) await closeChannel(card, channel)
    channel = undefined
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }

  return {
    transmit: (command) => inTurn(() => sendOnOpenChannel(command)),
    close: () => inTurn(close),
  }
}

/** An answer, and whether the command had been executed when it came: what was is not sent again. */
interface Exchanged extends CardAnswer {
  readonly wasTaken: boolean
}

/** What a card answers on a channel that a reset has closed. */
const LOST_CHANNEL: readonly number[] = [SW.channelNotAvailable, SW.applicationNotSelected]

/** TERMINAL CAPABILITY of a device with a whole LPA (SGP.22 §3.4.2). */
const TERMINAL_CAPABILITY = hex('80AA000005A903830107')

async function openChannel(card: ApduCard, aid: Uint8Array): Promise<number | Exchanged> {
  // A card may not know this command, and needs it or not.
  await exchange(card, TERMINAL_CAPABILITY)
  const opened = await exchange(card, hex('0070000001'))
  const channel = opened.data[0]
  if (!isNormal(opened.statusWord) || channel === undefined) return opened
  const cla = classOf({ channel, base: 0x00 })
  const select = concat(Uint8Array.of(cla, 0xa4, 0x04, 0x00, aid.length), aid)
  const selected = await exchange(card, select)
  if (isNormal(selected.statusWord)) return channel
  await closeChannel(card, channel)
  return selected
}

async function closeChannel(card: ApduCard, channel: number): Promise<void> {
  await exchange(card, Uint8Array.of(0x00, 0x70, 0x80, channel))
}

async function sendBlocks(
  card: ApduCard,
  sent: {
    readonly command: Uint8Array
    readonly channel: number
    readonly options: Es10OverApduOptions
  },
): Promise<Exchanged> {
  const { command, channel, options } = sent
  const cla = classOf({ channel, base: 0x80 })
  for (let at = 0, block = 0; ; block++) {
    const data = command.subarray(at, at + (options.nextBlockOctets?.() ?? 255))
    at += data.length
    const isLast = at >= command.length
    const header = Uint8Array.of(cla, 0xe2, isLast ? 0x91 : 0x11, block & 0xff, data.length)
    const given = await exchange(card, concat(header, data, isLast ? hex('00') : hex('')))
    if (!isNormal(given.statusWord)) return given
    if (isLast) return finish(card, { given, options })
  }
}

async function finish(
  card: ApduCard,
  done: { readonly given: Exchanged; readonly options: Es10OverApduOptions },
): Promise<Exchanged> {
  const { given, options } = done
  const isProactive = given.statusWord >> 8 === 0x91
  if (isProactive && options.proactive !== 'ignore') {
    await perform(card, given.statusWord & 0xff)
  }
  return { ...given, statusWord: SW.ok }
}

async function perform(card: ApduCard, octets: number): Promise<void> {
  const fetched = await exchange(card, Uint8Array.of(0x80, 0x12, 0x00, 0x00, octets))
  const response = performedResponseTo(fetched.data)
  if (!response) return
  await exchange(card, concat(Uint8Array.of(0x80, 0x14, 0x00, 0x00, response.length), response))
}

function isNormal(statusWord: number): boolean {
  return statusWord === SW.ok || statusWord >> 8 === 0x91
}

/** One command with all that belongs to it: GET RESPONSE for 61xx, once more with the right Le for 6Cxx. */
async function exchange(card: ApduCard, command: Uint8Array): Promise<Exchanged> {
  const parts: Uint8Array[] = []
  let given = split(await card.transmit(command))
  if (given.statusWord >> 8 === 0x6c) {
    given = split(await card.transmit(concat(command.subarray(0, 4), leOf(given))))
  }
  while (given.statusWord >> 8 === 0x61) {
    parts.push(given.data)
    const cla = command[0] as number
    const getResponse = concat(Uint8Array.of(cla, 0xc0, 0x00, 0x00), leOf(given))
    given = split(await card.transmit(getResponse))
  }
  return {
    statusWord: given.statusWord,
    data: concat(...parts, given.data),
    wasTaken: parts.length > 0,
  }
}

function leOf(given: CardAnswer): Uint8Array {
  return Uint8Array.of(given.statusWord & 0xff)
}

function split(response: Uint8Array): CardAnswer {
  const [sw1 = 0, sw2 = 0] = response.subarray(-2)
  return { statusWord: sw1 * 256 + sw2, data: response.subarray(0, -2) }
}
