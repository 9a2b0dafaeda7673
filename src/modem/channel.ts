/** A logical channel to the card: commands with their procedure bytes, and files read whole (ETSI TS 102 221 §7.3, §11.1). */

import { LabError } from '../base/errors.ts'
import { concat, hex, toHex } from '../base/octets.ts'
import type { UiccTransport } from '../nas/uicc.ts'
import { valueAt } from '../nas/tlv.ts'

export interface UiccCommand {
  /** `00` unless told; `80` for what 3GPP and ETSI added. The channel is put in. */
  readonly cla?: 0x00 | 0x80
  readonly ins: number
  readonly p1: number
  readonly p2: number
  readonly data?: Uint8Array
  /** Whether an answer of up to 256 octets is expected. */
  readonly expectsData?: boolean
}

export interface UiccAnswer {
  readonly statusWord: number
  readonly data: Uint8Array
}

export interface UiccChannel {
  transmit(command: UiccCommand): Promise<UiccAnswer>
  /** Selects a file by its path from the MF (2F00) or the current application (7FFF…); its FCP, or `undefined` when there is none. */
  selectPath(path: Uint8Array): Promise<Uint8Array | undefined>
  /** The content of a transparent file; `undefined` when there is none. @throws {LabError} refused — as `checkStatus` */
  readTransparent(path: Uint8Array): Promise<Uint8Array | undefined>
  /** The records of a file with records. @throws {LabError} refused — as `checkStatus` */
  readRecords(path: Uint8Array): Promise<readonly Uint8Array[]>
  /** Gives the channel back to the card. */
  close(): Promise<void>
}

export const SW = {
  ok: 0x9000,
  securityStatusNotSatisfied: 0x6982,
  authenticationMethodBlocked: 0x6983,
  fileNotFound: 0x6a82,
  recordNotFound: 0x6a83,
  incorrectMac: 0x9862,
} as const

/** Opens a logical channel, or takes the basic one of a card that has no other left (ETSI TS 102 221 §11.1.17). */
export async function openChannel(card: UiccTransport): Promise<UiccChannel> {
  const opened = await exchange(card, hex('0070000001'))
  const [number] = opened.data
  const isOpen = opened.statusWord === SW.ok && number !== undefined && number <= CHANNEL_MAX
  return channelOver(card, isOpen ? number : 0)
}

/** @throws {LabError} refused, reason `statusWord` — the command was not carried out, naming the command and the answer */
export function checkStatus(answer: UiccAnswer, command: string): void {
  const { statusWord } = answer
  if (statusWord === SW.ok || statusWord >> 8 === PROACTIVE_COMMAND_WAITS) return
  const word = statusWord.toString(16).toUpperCase().padStart(4, '0')
  throw new LabError('refused', `the card answered ${command} with ${word}.`, {
    reason: 'statusWord',
  })
}

const CHANNEL_MAX = 19
const PROACTIVE_COMMAND_WAITS = 0x91
const MORE_DATA = 0x61
const WRONG_LE = 0x6c
/** Sent in the class of the command that it follows. */
const GET_RESPONSE = 0xc0
/** A card answers in pieces of 256 octets; nothing that a modem reads is longer than this many. */
const PIECES_MAX = 300
/** What READ BINARY can address. */
const FILE_OCTETS_MAX = 0x8000
const RECORDS_MAX = 254
/** The path begins at the MF, or at the current application as 7FFF; FCP is answered (ETSI TS 102 221 §11.1.1.2). */
const SELECT_BY_PATH = { ins: 0xa4, p1: 0x08, p2: 0x04 } as const

function channelOver(card: UiccTransport, number: number): UiccChannel {
  const transmit = (command: UiccCommand): Promise<UiccAnswer> =>
    exchange(card, octetsOf(command, number))
  const channel: UiccChannel = {
    transmit,
    async selectPath(path) {
      const answer = await transmit({ ...SELECT_BY_PATH, data: path, expectsData: true })
      if (answer.statusWord === SW.fileNotFound) return undefined
      checkStatus(answer, `SELECT ${toHex(path)}`)
      return answer.data
    },
    async readTransparent(path) {
      const fcp = await channel.selectPath(path)
      return fcp && readBinary(channel, { path, sizeOctets: sizeIn(fcp) })
    },
    async readRecords(path) {
      const records: Uint8Array[] = []
      if (!(await channel.selectPath(path))) return records
      for (let record = 1; record <= RECORDS_MAX; record++) {
        const answer = await transmit({ ins: 0xb2, p1: record, p2: 0x04, expectsData: true })
        if (answer.statusWord === SW.recordNotFound) break
        checkStatus(answer, `READ RECORD ${record} of ${toHex(path)}`)
        records.push(answer.data)
      }
      return records
    },
    async close() {
      if (number > 0) await transmit({ ins: 0x70, p1: 0x80, p2: number })
    },
  }
  return channel
}

/** The file size of FCP (tag 80), ETSI TS 102 221 §11.1.1.4.1. */
function sizeIn(fcp: Uint8Array): number {
  const size = valueAt(fcp, 0x62, 0x80) ?? hex('00')
  return size.reduce((total, octet) => total * 256 + octet, 0)
}

async function readBinary(
  channel: UiccChannel,
  file: { readonly path: Uint8Array; readonly sizeOctets: number },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < Math.min(file.sizeOctets, FILE_OCTETS_MAX);) {
    const answer = await channel.transmit({
      ins: 0xb0,
      p1: at >> 8,
      p2: at & 0xff,
      expectsData: true,
    })
    checkStatus(answer, `READ BINARY of ${toHex(file.path)}`)
    if (answer.data.length === 0) break
    pieces.push(answer.data)
    at += answer.data.length
  }
  return concat(...pieces)
}

/** CLA with its channel: 0 to 3 in the low bits, 4 to 19 as a further interindustry class (ETSI TS 102 221 §10.1.1). */
function octetsOf(command: UiccCommand, channel: number): Uint8Array {
  const { cla = 0x00, ins, p1, p2, data, expectsData } = command
  const classOctet = channel < 4 ? cla | channel : cla | 0x40 | (channel - 4)
  const parts: Uint8Array[] = [Uint8Array.of(classOctet, ins, p1, p2)]
  if (data) parts.push(Uint8Array.of(data.length), data)
  if (expectsData) parts.push(hex('00'))
  return concat(...parts)
}

/** 61xx and 6Cxx are for the transport, as with T=0 (ETSI TS 102 221 §7.3.1.1). */
async function exchange(card: UiccTransport, command: Uint8Array): Promise<UiccAnswer> {
  const parts: Uint8Array[] = []
  let next = command
  for (let piece = 0; piece < PIECES_MAX; piece++) {
    const response = await card.transmit(next)
    if (response.length < 2) throw noAnswer()
    const [sw1 = 0, sw2 = 0] = response.subarray(-2)
    parts.push(response.subarray(0, -2))
    if (sw1 === MORE_DATA) next = Uint8Array.of(command[0] ?? 0, GET_RESPONSE, 0, 0, sw2)
    else if (sw1 === WRONG_LE) next = concat(next.subarray(0, -1), Uint8Array.of(sw2))
    else return { statusWord: sw1 * 256 + sw2, data: concat(...parts) }
  }
  throw noAnswer()
}

function noAnswer(): LabError {
  return new LabError('refused', 'the card does not come to the end of an answer.', {
    reason: 'noAnswer',
  })
}
