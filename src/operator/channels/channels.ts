/** SMS and USSD of subscribers: `operator.messages`. A message comes in, a command is done, an answer goes out. */

import { createHmac } from 'node:crypto'
import type { Environment } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import {
  findReply,
  findUssdSession,
  forgetReplies,
  keepReply,
  putUssdSession,
} from '../../store/channels.ts'
import type { Connection, Store } from '../../store/engine.ts'
import { giftSecret } from '../../store/gift-settings.ts'
import { markRead, messagesAfter, putMessage, type Message } from '../../store/messages.ts'
import { findByNumber, unknownNumber } from '../accounts.ts'
import { beginRest, noteUse, restNow } from '../charging/admission.ts'
import type { Gifts } from '../gifts/gifts.ts'
import type { MoneyBetween } from '../money/money.ts'
import type { TextChannel } from '../messages/fitting.ts'
import { formsOf, parseMessage } from '../messages/parser.ts'
import { numberingPlan } from '../messages/numbering.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import { fileOf, type Subscriptions } from '../subscriptions/subscriptions.ts'
import { showNext, type Screen } from './dialogue.ts'
import { channelsOf } from './examples.ts'
import { saidOfReason } from './refusals.ts'
import type { ReplyParts } from './reply.ts'
import { reply } from './replies.ts'
import { compose, say, tell, type Composed, type Reader, type Said } from './said.ts'

/** An SMS of a subscriber to the operator. */
export interface IncomingSms {
  readonly from: string
  /** The number that it was sent to; the operator's own unless told. */
  readonly to?: string | undefined
  readonly text: string
  /** What the SMS centre calls it: visible ASCII, at most 100 characters. The same message has the same answer. */
  readonly messageId: string
  /** The SMS centre's time stamp: a message that was late answers no question that came after it. */
  readonly sentAt?: Date | undefined
}

/** Messages that went back, in their order; the first alone where one was enough. */
export interface SmsAnswer {
  readonly messages: readonly string[]
  /** Whether this is the answer that was given before. */
  readonly replayed: boolean
}

/** What a subscriber dialled, or entered on a screen. */
export interface UssdRequest {
  readonly msisdn: string
  /** What the network calls the session: visible ASCII, at most 100 characters. */
  readonly sessionId: string
  readonly text: string
  /** How many screens came before, from 0 on: with it, an entry that comes twice is known from one that is made twice. */
  readonly step?: number | undefined
}

export interface UssdAnswer {
  readonly text: string
  /** Whether an entry is awaited. */
  readonly isOpen: boolean
  /** Of the entry that is awaited. */
  readonly step: number
  readonly replayed: boolean
}

export interface Messages {
  /** @throws {LabError} notFound — the number, or the service; badInput; refused (`coolingAfterRoaming`, `coolingAfterIdle`); idempotencyKeyReused */
  sms(message: IncomingSms): Promise<SmsAnswer>
  /** @throws {LabError} notFound — the number, or the operator has no USSD; badInput; conflict — the step is another; idempotencyKeyReused */
  ussd(request: UssdRequest): Promise<UssdAnswer>
  /** Messages after one, the oldest first. @throws {LabError} notFound */
  inbox(of: {
    readonly msisdn: string
    readonly after?: number | undefined
    readonly limit?: number
  }): readonly Message[]
  /** Notes that messages up to one have been read. @throws {LabError} notFound */
  read(of: { readonly msisdn: string; readonly upTo: number }): Promise<void>
  /** Forgets what was answered more than 30 days ago. Returns how many answers. */
  sweep(): Promise<number>
}

/** A USSD session lasts no longer. */
export const USSD_SESSION_MS = 180_000
const KEPT_MS = 30 * 86_400_000
const INBOX_LIMIT = 100
const ID = /^[\x21-\x7e]{1,100}$/
const TEXT_MAX = 2000

export interface MessagesParts {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
  readonly gifts: Gifts
  readonly money: MoneyBetween
  readonly subscriptions: Subscriptions
}

export function createMessages(parts: MessagesParts): Messages {
  const { store, environment } = parts
  const nowMs = () => environment.clock.nowMs()
  const replyParts: ReplyParts = { ...parts, nowMs }
  const inTurn = turns()
  const readerOf = (number: string, field: string) => reader(parts, { number, field })
  const digest = (text: string) =>
    store.write((db) => {
      const secret = giftSecret(db, () => environment.random.unique(32))
      return createHmac('sha256', secret).update(text).digest('hex')
    })

  return {
    async sms(message) {
      requireText(message.text)
      requireId(message.messageId, 'messageId')
      const from = readerOf(message.from, 'from')
      const to = requireService(from.file, message.to)
      await requireOutgoing(store, { ...from, atMs: nowMs() })
      const fingerprint = await digest(`${to} ${message.text}`)
      return inTurn(from.account.id, () =>
        answerSms(replyParts, { ...from, message: { ...message, to }, fingerprint }),
      )
    },
    async ussd(request) {
      requireText(request.text)
      requireId(request.sessionId, 'sessionId')
      const from = readerOf(request.msisdn, 'msisdn')
      if (!channelsOf(from.file).ussd) {
        throw new LabError('notFound', `${from.file.name} has no USSD`, { field: 'msisdn' })
      }
      const fingerprint = await digest(request.text)
      return inTurn(from.account.id, () =>
        answerUssd(replyParts, { ...from, request, fingerprint }),
      )
    },
    inbox({ msisdn, after, limit = INBOX_LIMIT }) {
      const { account } = readerOf(msisdn, 'msisdn')
      return store.read((db) => messagesAfter(db, { accountId: account.id, after, limit }))
    },
    async read({ msisdn, upTo }) {
      const { account } = readerOf(msisdn, 'msisdn')
      await store.write((db) => markRead(db, { accountId: account.id, id: upTo, atMs: nowMs() }))
    },
    sweep: () => store.write((db) => forgetReplies(db, { atMs: nowMs() - KEPT_MS })),
  }
}

interface SmsInput extends Reader {
  readonly message: IncomingSms & { readonly to: string }
  readonly fingerprint: string
}

async function answerSms(parts: ReplyParts, input: SmsInput): Promise<SmsAnswer> {
  const { message, account, fingerprint } = input
  const key = `sms:${message.messageId}`
  const earlier = earlierAnswer(parts, { accountId: account.id, key, fingerprint })
  if (earlier) return { messages: earlier.messages as readonly string[], replayed: true }
  const said = await saidBack(parts, input)
  const composed = compose(said, { ...input, channel: 'sms' })
  const messages = composed.map(({ text }) => text)
  await parts.store.write((db) => {
    const atMs = parts.nowMs()
    noteIncoming(db, { ...input, channel: 'sms', peer: message.to, text: message.text, key, atMs })
    for (const one of composed) putAnswer(db, { ...input, one, peer: message.to, atMs })
    const answer = JSON.stringify({ messages })
    keepReply(db, { accountId: account.id, key, fingerprint, answer, atMs })
  })
  return { messages, replayed: false }
}

async function saidBack(parts: ReplyParts, input: SmsInput): Promise<readonly Said[]> {
  const { message, file } = input
  const read = parseMessage(message.text, {
    channel: 'sms',
    shortCode: message.to,
    grammars: channelsOf(file).sms?.grammars ?? [],
    numbering: numberingPlan(file.country, [file.ranges.msisdn]),
    gigabyteBytes: file.gigabyteBytes,
  })
  if (!read.understood) return [saidOfReason({ ...input, channel: 'sms' }, read.reason)]
  const { said } = await reply(parts, {
    ...input,
    command: read.command,
    channel: 'sms',
    key: message.messageId,
    sentAtMs: message.sentAt?.getTime(),
  })
  return said
}

interface UssdInput extends Reader {
  readonly request: UssdRequest
  readonly fingerprint: string
}

/** A session as far as it has come. */
interface Course {
  readonly step: number
  readonly screen: Screen | undefined
  readonly openedAtMs: number
}

async function answerUssd(parts: ReplyParts, input: UssdInput): Promise<UssdAnswer> {
  const { request, account, fingerprint } = input
  const course = courseOf(parts, input)
  const last = course && course.step - 1
  // Without its number an entry is the last one again only where that was a code: no screen has been seen since.
  const isAgain = last !== undefined && (request.step === last || isLastDialled(parts, input, last))
  const step = isAgain ? last : (request.step ?? course?.step ?? 0)
  const key = keyOf(request, step)
  const earlier = earlierAnswer(parts, { accountId: account.id, key, fingerprint })
  if (earlier) return { ...(earlier as unknown as UssdAnswer), replayed: true }
  if (step !== (course?.step ?? 0)) {
    throw new LabError('conflict', `the session awaits step ${course?.step ?? 0}`, {
      field: 'step',
      reason: 'wrongStep',
    })
  }
  const { said, screen } = await nextScreen(parts, { ...input, course, step })
  return shownAnswer(parts, { ...input, said, screen, course, step, key })
}

function nextScreen(
  parts: ReplyParts,
  input: UssdInput & { readonly course: Course | undefined; readonly step: number },
): Promise<{ readonly said: readonly Said[]; readonly screen: Screen | undefined }> {
  const { course, request, step } = input
  const isOver =
    course !== undefined && (!course.screen || parts.nowMs() >= course.openedAtMs + USSD_SESSION_MS)
  if (isOver) return Promise.resolve({ said: [say('sessionOver', {})], screen: undefined })
  const key = `${request.sessionId}.${step}`
  return showNext(parts, { ...input, text: request.text, key, screen: course?.screen })
}

/** One screen goes back; what has no room on it comes as SMS. */
async function shownAnswer(
  parts: ReplyParts,
  input: UssdInput & {
    readonly said: readonly Said[]
    readonly screen: Screen | undefined
    readonly course: Course | undefined
    readonly step: number
    readonly key: string
  },
): Promise<UssdAnswer> {
  const { account, request, screen, step, key, fingerprint } = input
  const [first, ...rest] = compose(input.said, { ...input, channel: 'ussd' })
  const answer = { text: first?.text ?? '', isOpen: screen !== undefined, step: step + 1 }
  await parts.store.write((db) => {
    const atMs = parts.nowMs()
    const peer = channelsOf(input.file).ussd?.shortCode ?? input.file.name
    noteIncoming(db, { ...input, channel: 'ussd', peer, text: request.text, key, atMs })
    const shown = { accountId: account.id, direction: 'out', channel: 'ussd', peer } as const
    putMessage(db, { ...shown, textId: first?.said[0]?.id, text: answer.text, atMs })
    for (const said of rest.flatMap((one) => one.said)) tell(db, { ...input, said, atMs })
    putUssdSession(db, {
      accountId: account.id,
      id: request.sessionId,
      step: step + 1,
      state: screen && JSON.stringify(screen),
      openedAtMs: input.course?.openedAtMs ?? atMs,
    })
    const kept = JSON.stringify(answer)
    keepReply(db, { accountId: account.id, key, fingerprint, answer: kept, atMs })
  })
  return { ...answer, replayed: false }
}

function courseOf(parts: ReplyParts, { account, request }: UssdInput): Course | undefined {
  const found = parts.store.read((db) =>
    findUssdSession(db, { accountId: account.id, id: request.sessionId }),
  )
  if (!found) return undefined
  const { step, state, openedAtMs } = found
  return {
    step,
    openedAtMs,
    screen: state === undefined ? undefined : (JSON.parse(state) as Screen),
  }
}

function isLastDialled(parts: ReplyParts, input: UssdInput, last: number): boolean {
  const { account, request, fingerprint } = input
  if (request.step !== undefined || !/^\s*[*＊]/.test(request.text)) return false
  const of = { accountId: account.id, key: keyOf(request, last) }
  return parts.store.read((db) => findReply(db, of))?.fingerprint === fingerprint
}

function keyOf({ sessionId }: UssdRequest, step: number): string {
  return `ussd:${sessionId}.${step}`
}

/** @throws {LabError} idempotencyKeyReused — another text has come under the same name */
function earlierAnswer(
  parts: ReplyParts,
  of: { readonly accountId: number; readonly key: string; readonly fingerprint: string },
): Readonly<Record<string, unknown>> | undefined {
  const earlier = parts.store.read((db) => findReply(db, of))
  if (!earlier) return undefined
  if (earlier.fingerprint === of.fingerprint) {
    return JSON.parse(earlier.answer) as Readonly<Record<string, unknown>>
  }
  throw new LabError('idempotencyKeyReused', `another text came as ${of.key} before`)
}

/** What a step has told already, with its event, is not told again. */
function putAnswer(
  db: Connection,
  to: Reader & { readonly one: Composed; readonly peer: string; readonly atMs: number },
): void {
  const { one, account, peer, atMs } = to
  const [first] = one.said
  const message = { accountId: account.id, direction: 'out', channel: 'sms', peer } as const
  const eventId = one.said.length === 1 ? first?.eventId : undefined
  putMessage(db, { ...message, textId: first?.id, text: one.text, atMs, eventId })
}

function noteIncoming(
  db: Connection,
  message: Reader & {
    readonly channel: TextChannel
    readonly peer: string
    readonly text: string
    readonly key: string
    readonly atMs: number
  },
): void {
  const { account, channel, peer, atMs, key } = message
  putMessage(db, {
    accountId: account.id,
    direction: 'in',
    channel,
    peer,
    text: withoutPins(message.text),
    atMs,
    eventId: `in:${account.id}:${key}`,
  })
}

/** Any word of digits alone that is as long as a PIN may be one. */
function withoutPins(text: string): string {
  return text.replaceAll(/(?<![\p{L}\p{N}])\p{Nd}{4,8}(?![\p{L}\p{N}])/gu, '****')
}

/** One message of a subscriber after the other: a yes must find the question that came before it. */
function turns() {
  const last = new Map<number, Promise<unknown>>()
  return <T>(accountId: number, work: () => Promise<T>): Promise<T> => {
    const before = last.get(accountId) ?? Promise.resolve()
    const mine = before.then(work, work)
    const settled = mine
      .catch(() => undefined)
      .then(() => {
        if (last.get(accountId) === settled) last.delete(accountId)
      })
    last.set(accountId, settled)
    return mine
  }
}

function reader(
  { store, operators }: MessagesParts,
  of: { readonly number: string; readonly field: string },
): Reader {
  const msisdn = normaliseMsisdn(of.number, of.field)
  const account = store.read((db) => findByNumber(db, msisdn))
  if (account) return { account, file: fileOf(operators, account) }
  throw unknownNumber(msisdn, of.field)
}

/** The number of a service of the operator. @throws {LabError} notFound */
function requireService(file: OperatorFile, to: string | undefined): string {
  const { sms } = channelsOf(file)
  if (!sms) throw new LabError('notFound', `${file.name} has no SMS service`, { field: 'to' })
  const forms = formsOf({ channel: 'sms', grammars: sms.grammars })
  const numbers = [sms.shortCode, ...forms.map(({ shortCode }) => shortCode)].filter(
    (number) => number !== undefined,
  )
  const [own = file.name] = numbers
  if (to === undefined) return own
  if (numbers.includes(to.trim())) return to.trim()
  throw new LabError(
    'notFound',
    `no service of ${file.name} has the number ${to}; there is ${own}`,
    {
      field: 'to',
    },
  )
}

/** @throws {LabError} refused (`coolingAfterRoaming`, `coolingAfterIdle`) — by law the phone sends no SMS now */
async function requireOutgoing(
  store: Store,
  of: Reader & { readonly atMs: number },
): Promise<void> {
  const rest = store.read((db) => restNow(db, of))
  if (!rest) {
    if (of.file.regulation.coolingAfterIdle) await store.write((db) => noteUse(db, of))
    return
  }
  const { reason, untilMs } = rest
  if (rest.begins) await store.write((db) => beginRest(db, { ...of, untilMs }))
  const until = new Date(untilMs).toISOString()
  throw new LabError('refused', `By law this phone sends no SMS until ${until}.`, { reason })
}

function requireText(text: unknown): void {
  if (typeof text === 'string' && text.length <= TEXT_MAX) return
  throw new LabError('badInput', `text must be at most ${TEXT_MAX} characters`, { field: 'text' })
}

function requireId(id: unknown, field: string): void {
  if (typeof id === 'string' && ID.test(id)) return
  throw new LabError('badInput', `${field} must be 1 to 100 visible ASCII characters`, { field })
}
