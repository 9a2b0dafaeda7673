/**
 * The protocol of lpac's `stdio` drivers: JSON, one object a line, in which an LPA asks its host for a card and for HTTP.
 * The host opens the logical channel and selects the ISD-R itself; commands come with the channel in their class.
 */

import type { Readable, Writable } from 'node:stream'
import { fromHex, toHex, concat } from '../../base/octets.ts'
import { classOf } from '../apdu/command.ts'
import type { ApduCard } from '../apdu/types.ts'
import { linesOf, TOO_LONG } from './lines.ts'
import { write } from './writing.ts'

export interface HttpRequest {
  readonly url: string
  readonly body: Uint8Array
  /** As lines, `Content-Type: application/json`. */
  readonly headers: readonly string[]
}

export interface HttpAnswer {
  readonly status: number
  readonly body: Uint8Array
}

export interface StdioOptions {
  readonly card: ApduCard
  /** What the LPA says. */
  readonly input: Readable
  /** What it is told. */
  readonly output: Writable
  /** Carries out a request for the LPA. A request that cannot be carried out throws: the LPA is told 502, and `report` why. */
  readonly http: (request: HttpRequest) => Promise<HttpAnswer>
  /** Given the LPA's lines that ask for nothing of the host, such as results. What it answers is written as it stands. */
  readonly onOther: (line: string) => Promise<string | undefined>
  /** Told, in a sentence, of what went wrong without ending the work. */
  readonly report: (detail: string) => void
}

/** A request carries a notification at most: this is far more. */
const LINE_CHARACTERS_MAX = 1024 * 1024
const BAD_REQUEST = 400
const BAD_GATEWAY = 502

/**
 * Serves one LPA until it ends its side or does not listen any more; the card is without power then. What cannot be
 * understood is answered with `ecode` -1, and the next line has its chance.
 */
export async function serveStdio(options: StdioOptions): Promise<void> {
  const { card, input, output, report } = options
  // An LPA that is gone is one that has ended.
  output.on('error', () => {})
  const session: Session = { ...options, isConnected: false }
  try {
    for await (const line of linesOf(input, { charactersMax: LINE_CHARACTERS_MAX })) {
      if (line === TOO_LONG) report(`a line of more than ${LINE_CHARACTERS_MAX} characters.`)
      const answer = line === TOO_LONG ? FAILED : await answerTo(session, line)
      if (answer !== undefined && !(await write(output, answer))) return
    }
  } finally {
    card.powerOff()
  }
}

interface Session extends StdioOptions {
  isConnected: boolean
}

function apduAnswer(payload: { readonly ecode: number; readonly data?: string }): string {
  return `${JSON.stringify({ type: 'apdu', payload })}\n`
}

const FAILED = apduAnswer({ ecode: -1 })

/** Lines by which LPAs tell their user something. */
const OTHER_TYPES = ['progress', 'lpa', 'driver', 'notification']

async function answerTo(session: Session, line: string): Promise<string | undefined> {
  const { type, payload } = objectOf(line)
  if (type === 'apdu') return answerApdu(session, objectOf(payload))
  if (type === 'http') return answerHttp(session, objectOf(payload))
  if (typeof type === 'string' && OTHER_TYPES.includes(type)) return session.onOther(line)
  session.report('a line that is no request.')
  return FAILED
}

type Json = Readonly<Record<string, unknown>>

function objectOf(value: unknown): Json {
  const parsed = typeof value === 'string' ? parsedJson(value) : value
  return typeof parsed === 'object' && parsed !== null ? (parsed as Json) : {}
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

async function answerApdu(session: Session, { func, param }: Json): Promise<string> {
  const octets = typeof param === 'string' ? fromHex(param) : undefined
  if (func === 'connect') return connect(session)
  if (!session.isConnected) return FAILED
  if (func === 'disconnect') return disconnect(session)
  if (func === 'logic_channel_open' && octets) return openChannel(session, octets)
  if (func === 'logic_channel_close' && octets) return closeChannel(session, octets)
  if (func === 'transmit' && octets) return transmit(session, octets)
  session.report('a request for the card that is malformed or unknown.')
  return FAILED
}

function connect(session: Session): string {
  session.card.powerOn()
  session.isConnected = true
  return apduAnswer({ ecode: 0 })
}

function disconnect(session: Session): string {
  session.card.powerOff()
  session.isConnected = false
  return apduAnswer({ ecode: 0 })
}

const AID_OCTETS_MAX = 16

/** MANAGE CHANNEL, and SELECT by AID on the channel that it gave (ETSI TS 102 221 §11.1.17, §11.1.1). */
async function openChannel(session: Session, aid: Uint8Array): Promise<string> {
  if (aid.length > AID_OCTETS_MAX) return FAILED
  const opened = await session.card.transmit(Uint8Array.of(0x00, 0x70, 0x00, 0x00, 0x01))
  const [channel] = opened
  if (opened.length !== 3 || channel === undefined) return FAILED
  const header = Uint8Array.of(classOf({ channel, base: 0x00 }), 0xa4, 0x04, 0x00, aid.length)
  const selected = await session.card.transmit(concat(header, aid))
  const statusWord1 = selected.at(-2)
  if (statusWord1 === 0x90 || statusWord1 === 0x61) return apduAnswer({ ecode: channel })
  await closeChannel(session, Uint8Array.of(channel))
  return FAILED
}

async function closeChannel(session: Session, [channel = 0]: Uint8Array): Promise<string> {
  const answer = await session.card.transmit(Uint8Array.of(0x00, 0x70, 0x80, channel, 0x00))
  return answer.at(-2) === 0x90 ? apduAnswer({ ecode: 0 }) : FAILED
}

async function transmit(session: Session, command: Uint8Array): Promise<string> {
  const answer = await session.card.transmit(command)
  return apduAnswer({ ecode: 0, data: toHex(answer).toLowerCase() })
}

function httpAnswer({ status, body }: HttpAnswer): string {
  const payload = { rcode: status, rx: toHex(body).toLowerCase() }
  return `${JSON.stringify({ type: 'http', payload })}\n`
}

const NOTHING = new Uint8Array()

async function answerHttp(session: Session, { url, tx, headers }: Json): Promise<string> {
  const body = typeof tx === 'string' ? fromHex(tx) : undefined
  const lines = Array.isArray(headers) ? headers : []
  if (typeof url !== 'string' || !body || !lines.every((line) => typeof line === 'string')) {
    session.report('a request for HTTP that is malformed.')
    return httpAnswer({ status: BAD_REQUEST, body: NOTHING })
  }
  try {
    return httpAnswer(await session.http({ url, body, headers: lines }))
  } catch (error) {
    session.report(error instanceof Error ? error.message : String(error))
    return httpAnswer({ status: BAD_GATEWAY, body: NOTHING })
  }
}
