/** USSD dialogues: what each screen asks, and what an entry on it means. */

import { parseMessage } from '../messages/parser.ts'
import { readAmount } from '../messages/amounts.ts'
import type { Command } from '../messages/commands.ts'
import { normaliseMessage } from '../messages/normalise.ts'
import { numberingPlan, readNumber } from '../messages/numbering.ts'
import { saidOfReason } from './refusals.ts'
import { openOffers, openQuestion } from './gift-replies.ts'
import { replyOfGift, type Asked, type Reply, type ReplyParts } from './reply.ts'
import { reply } from './replies.ts'
import { say, type Reader, type Said } from './said.ts'

/** Where a dialogue is: which screen the subscriber sees. */
export type Screen =
  | { readonly at: 'menu' | 'giveNumber' | 'askNumber' | 'code' | 'moneyCode' }
  | { readonly at: 'giveAmount' | 'askAmount'; readonly number: string }
  | { readonly at: 'question' | 'offer'; readonly giftId: string }

/** An entry of a dialogue. */
export interface Entry extends Reader {
  readonly text: string
  readonly key: string
  /** The screen that was answered; none for a code that was dialled. */
  readonly screen: Screen | undefined
}

/** What is shown, and the screen that it is when the dialogue goes on. */
export interface Shown {
  readonly said: Reply['said']
  readonly screen: Screen | undefined
}

/** Goes one screen on. */
export function showNext(parts: ReplyParts, entry: Entry): Promise<Shown> {
  const { screen } = entry
  switch (screen?.at) {
    case undefined:
      return dialled(parts, entry)
    case 'menu':
      return chosen(parts, entry)
    case 'giveNumber':
    case 'askNumber':
      return numberEntered({ ...entry, screen: { at: screen.at } })
    case 'giveAmount':
    case 'askAmount':
      return amountEntered(parts, { ...entry, screen })
    case 'code':
      return codeEntered(parts, entry)
    case 'moneyCode':
      return moneyCodeEntered(parts, entry)
    case 'question':
    case 'offer':
      return answered(parts, { ...entry, screen })
  }
}

/** A code: the service's own opens the menu, all others are commands. */
function dialled(parts: ReplyParts, entry: Entry): Promise<Shown> {
  const { file } = entry
  const channel = file.channels.find(({ kind }) => kind === 'ussd')
  if (channel?.shortCode === normaliseMessage(entry.text)) return opened(parts, entry)
  const read = parseMessage(entry.text, {
    channel: 'ussd',
    grammars: channel?.grammars ?? [],
    numbering: numberingPlan(file.country, [file.ranges.msisdn]),
    gigabyteBytes: file.gigabyteBytes,
  })
  if (!read.understood) return shown([saidOfReason(entry, read.reason)])
  return read.command.kind === 'menu' ? opened(parts, entry) : commanded(parts, entry, read.command)
}

/** What waits for an answer comes before the menu. */
async function opened(parts: ReplyParts, entry: Entry): Promise<Shown> {
  const question = openQuestion(parts, entry)
  if (question) {
    const { said } = replyOfGift(parts, { ...entry, giftId: question.id, side: 'sender' })
    return { said, screen: { at: 'question', giftId: question.id } }
  }
  const [offer] = openOffers(parts, entry)
  if (offer) {
    const { said } = replyOfGift(parts, { ...entry, giftId: offer.id, side: 'receiver' })
    return { said, screen: { at: 'offer', giftId: offer.id } }
  }
  return shown([say('menu', {})], { at: 'menu' })
}

function chosen(parts: ReplyParts, entry: Entry): Promise<Shown> {
  switch (normaliseMessage(entry.text)) {
    case '1':
      return commanded(parts, entry, { kind: 'balance' })
    case '2':
      return shown([say('enterNumber', {})], { at: 'giveNumber' })
    case '3':
      return shown([say('enterNumber', {})], { at: 'askNumber' })
    case '4':
      return shown([say('enterCode', {})], { at: 'code' })
    case '5':
      return commanded(parts, entry, { kind: 'help' })
    default:
      return shown([say('menu', {})], { at: 'menu' })
  }
}

function numberEntered(
  entry: Entry & { readonly screen: { readonly at: 'giveNumber' | 'askNumber' } },
): Promise<Shown> {
  const { file, screen } = entry
  const plan = numberingPlan(file.country, [file.ranges.msisdn])
  const read = readNumber(normaliseMessage(entry.text), plan)
  if (!read.ok) return shown([saidOfReason(entry, read.reason)], screen)
  const at = screen.at === 'giveNumber' ? 'giveAmount' : 'askAmount'
  return shown([say('enterAmount', {})], { at, number: read.msisdn })
}

function amountEntered(
  parts: ReplyParts,
  entry: Entry & {
    readonly screen: { readonly at: 'giveAmount' | 'askAmount'; readonly number: string }
  },
): Promise<Shown> {
  const { screen, file } = entry
  const read = readAmount(normaliseMessage(entry.text), file)
  if (!read.ok) return shown([saidOfReason(entry, read.reason)], screen)
  const { amountBytes } = read
  const { number } = screen
  return commanded(
    parts,
    entry,
    screen.at === 'giveAmount'
      ? { kind: 'give', to: number, amountBytes }
      : { kind: 'ask', from: number, amountBytes },
  )
}

function codeEntered(parts: ReplyParts, entry: Entry): Promise<Shown> {
  const code = normaliseMessage(entry.text).replaceAll(/[- ]/g, '')
  if (!/^[A-Z0-9]{6,24}$/.test(code)) return shown([say('badCode', {})], { at: 'code' })
  return commanded(parts, entry, { kind: 'claim', code })
}

/** The code alone, or all of the command that has it. */
function moneyCodeEntered(parts: ReplyParts, entry: Entry): Promise<Shown> {
  const code = normaliseMessage(entry.text)
  if (!/^[0-9]{3,6}$/.test(code)) return dialled(parts, { ...entry, screen: undefined })
  return commanded(parts, entry, { kind: 'confirmMoney', code })
}

const YES = ['1', 'YES', 'Y', 'OK', 'ДА', '是', '好']
const NO = ['2', 'NO', 'N', 'НЕТ', '否', '不']

/** Yes, no, or a PIN; anything else shows the question again. */
async function answered(
  parts: ReplyParts,
  entry: Entry & {
    readonly screen: { readonly at: 'question' | 'offer'; readonly giftId: string }
  },
): Promise<Shown> {
  const { screen, file } = entry
  const text = normaliseMessage(entry.text)
  const isOffer = screen.at === 'offer'
  const isPin = !isOffer && file.gifting.confirmation?.kind === 'pin'
  const again = (): Shown => {
    const side = isOffer ? 'receiver' : 'sender'
    const { said } = replyOfGift(parts, { ...entry, giftId: screen.giftId, side })
    return { said, screen }
  }
  if (isOffer) {
    const reference = screen.giftId.toUpperCase()
    if (YES.includes(text)) return commanded(parts, entry, { kind: 'accept', reference })
    if (NO.includes(text)) return commanded(parts, entry, { kind: 'decline', reference })
    return again()
  }
  // Another question than the one on the screen is not what was answered.
  if (openQuestion(parts, entry)?.id !== screen.giftId) return { ...again(), screen: undefined }
  if (isPin && /^\d{4,8}$/.test(text)) {
    return commanded(parts, entry, { kind: 'confirm', pin: text })
  }
  if (NO.includes(text)) return commanded(parts, entry, { kind: 'cancel' })
  if (!isPin && YES.includes(text)) return commanded(parts, entry, { kind: 'confirm' })
  return again()
}

async function commanded(parts: ReplyParts, entry: Entry, command: Command): Promise<Shown> {
  const asked: Asked = { ...entry, channel: 'ussd', command }
  const { said, giftId, mayTryAgain = false, awaitsCode = false } = await reply(parts, asked)
  if (awaitsCode) return { said, screen: { at: 'moneyCode' } }
  const asks = giftId !== undefined && openQuestion(parts, entry)?.id === giftId
  return { said, screen: asks || mayTryAgain ? questionScreen(giftId) : undefined }
}

function questionScreen(giftId: string | undefined): Screen | undefined {
  return giftId === undefined ? undefined : { at: 'question', giftId }
}

async function shown(said: readonly [Said, ...Said[]], screen?: Screen): Promise<Shown> {
  return { said, screen }
}
