/** From a subscriber's message to a command: by the grammars of the operator, and by these only. */

import { readAmount, readWholeAmount } from './amounts.ts'
import type { Command, CommandKind, ParsedMessage, ParseRefusal } from './commands.ts'
import type { TextChannel } from './fitting.ts'
import { GRAMMARS, grammarsOf, type Form, type GrammarId } from './grammars.ts'
import { normaliseMessage } from './normalise.ts'
import { readNumber, type NumberingPlan } from './numbering.ts'
import {
  beginsAs,
  compileTemplate,
  readings,
  READINGS_MAX,
  type Captures,
  type Slot,
  type Template,
} from './templates.ts'

/** What is known of a message beside its text. */
export interface MessageContext {
  readonly channel: TextChannel
  /** The number to which an SMS was sent; unknown when there is none. */
  readonly shortCode?: string
  /** Ids of the operator's grammars. One that there is not counts as none. */
  readonly grammars: readonly string[]
  readonly numbering: NumberingPlan
  /** What the operator calls a gigabyte: 10^9 or 2^30. */
  readonly gigabyteBytes: number
}

/** A command fits into one message: 160 characters of SMS, 182 of USSD. */
export const MESSAGE_CHARACTERS_MAX: Readonly<Record<TextChannel, number>> = { sms: 160, ussd: 182 }

/** A number with each digit apart, an amount and the words around them have fewer words than this. */
const WORDS_MAX = 24

/** A form with its templates, ready to be read. */
export interface CompiledForm extends Form {
  readonly grammar: GrammarId
  readonly ways: readonly Template[]
}

const FORMS: readonly CompiledForm[] = (Object.keys(GRAMMARS) as GrammarId[]).flatMap((grammar) =>
  (GRAMMARS[grammar].forms as readonly Form[]).map((form) => ({
    ...form,
    grammar,
    ways: form.templates.flatMap(compileTemplate),
  })),
)

/**
 * Reads a message. Never throws: what is not one command of the operator's grammars is a reason.
 *
 * A text that can be read as two different commands, or in which two tokens can both be the number or the amount,
 * is refused: data that went to the wrong number does not come back.
 */
export function parseMessage(text: string, context: MessageContext): ParsedMessage {
  if (text.length > MESSAGE_CHARACTERS_MAX[context.channel]) return refused('tooLong')
  const normal = normaliseMessage(text)
  if (normal === '') return refused('empty')
  if (normal.split(' ').length > WORDS_MAX) return refused('badFormat')
  const ways = formsOf(context).flatMap((form) => form.ways.map((way) => ({ form, way })))
  const attempts: Attempt[] = []
  const commands = new Map<string, ParsedMessage>()
  for (const { form, way } of ways) {
    const found = readings(normal, way)
    if (found.length >= READINGS_MAX) return refused('badFormat')
    for (const captures of found) {
      const one = attempt({ form, way, captures, context })
      attempts.push(one)
      if (!one.command || commands.has(keyOf(one.command))) continue
      const { command, grammar } = one
      commands.set(keyOf(command), { understood: true, command, grammar })
    }
  }
  const [only, ...more] = commands.values()
  if (only) return more.length > 0 ? refused('ambiguous') : only
  const isBegun = ways.some(({ way }) => beginsAs(normal, way))
  return refused(nearestReason(attempts) ?? (isBegun ? 'badFormat' : 'unknownCommand'))
}

/** The forms that a message of this channel, to this number, may have. */
export function formsOf(
  context: Pick<MessageContext, 'channel' | 'shortCode' | 'grammars'>,
): readonly CompiledForm[] {
  const { channel, shortCode } = context
  const grammars = grammarsOf(context.grammars)
  return FORMS.filter(
    (form) =>
      grammars.has(form.grammar) &&
      (form.channel ?? channel) === channel &&
      (form.shortCode === undefined || shortCode === undefined || form.shortCode === shortCode),
  )
}

interface Attempt {
  readonly grammar: GrammarId
  readonly command: Command | undefined
  /** What was wrong with the slots, in the order of the template. */
  readonly reasons: readonly ParseRefusal[]
  /** How many slots were right: the nearer a text was to a form, the better the reason of that form. */
  readonly rightSlots: number
  /** A form of slots alone takes any text: that it was no PIN says nothing about it. */
  readonly hasWords: boolean
}

interface Values {
  readonly numbers: string[]
  readonly amounts: bigint[]
  readonly words: Map<Slot, string>
}

type SlotValue =
  | { readonly number: string }
  | { readonly amountBytes: bigint }
  | { readonly word: string }
  | { readonly reason: ParseRefusal }

function attempt(one: {
  readonly form: CompiledForm
  readonly way: Template
  readonly captures: Captures
  readonly context: MessageContext
}): Attempt {
  const { form, way, captures, context } = one
  const values: Values = { numbers: [], amounts: [], words: new Map() }
  const reasons: ParseRefusal[] = []
  for (const [slot, text] of captures) {
    const value = slotValue(slot, { text, context })
    if ('reason' in value) reasons.push(value.reason)
    else if ('number' in value) values.numbers.push(value.number)
    else if ('amountBytes' in value) values.amounts.push(value.amountBytes)
    else values.words.set(slot, value.word)
  }
  const { words } = values
  if (words.get('newPin') !== words.get('newPinAgain')) reasons.push('pinsDiffer')
  return {
    grammar: form.grammar,
    command: reasons.length === 0 ? commandOf(form.kind, values) : undefined,
    reasons,
    rightSlots: captures.size - reasons.length,
    hasWords: way.some(({ kind }) => kind === 'literal'),
  }
}

function slotValue(
  slot: Slot,
  { text, context }: { readonly text: string; readonly context: MessageContext },
): SlotValue {
  switch (slot) {
    case 'to':
    case 'from':
      return numberValue(text, context)
    case 'amount':
    case 'mb':
    case 'gb':
      return amountValue(slot, { text, context })
    case 'money':
      return moneyValue(text, context)
    case 'moneyCode':
      return wordValue(text, { pattern: /^[0-9]{3,6}$/, reason: 'badCode' })
    case 'pin':
    case 'oldPin':
    case 'newPin':
    case 'newPinAgain':
      return wordValue(text, { pattern: /^\d{4,8}$/, reason: 'badPin' })
    case 'code':
      return wordValue(text.replaceAll(/[- ]/g, ''), {
        pattern: /^[A-Z0-9]{6,24}$/,
        reason: 'badCode',
      })
    case 'reference':
      return wordValue(text, { pattern: /^[A-Z0-9][A-Z0-9-]{0,39}$/, reason: 'badCode' })
    case 'option':
      return wordValue(text, { pattern: /^[0-9]{1,2}$/, reason: 'unknownCommand' })
  }
}

function numberValue(text: string, { numbering }: MessageContext): SlotValue {
  const read = readNumber(text, numbering)
  return read.ok ? { number: read.msisdn } : { reason: read.reason }
}

function amountValue(
  slot: 'amount' | 'mb' | 'gb',
  { text, context }: { readonly text: string; readonly context: MessageContext },
): SlotValue {
  const { gigabyteBytes, numbering } = context
  // An amount that is a number as well: the two may have changed places.
  const asNumber = readNumber(text, numbering)
  if (asNumber.ok || asNumber.reason === 'ambiguousNumber') return { reason: 'ambiguous' }
  const read =
    slot === 'amount'
      ? readAmount(text, { gigabyteBytes })
      : readWholeAmount(text, { unit: slot === 'mb' ? 'MB' : 'GB', gigabyteBytes })
  if (read.ok) return { amountBytes: read.amountBytes }
  // Where a unit is not to be written at all, or is followed by other words, the form is what is wrong.
  const isForm =
    slot === 'amount'
      ? read.reason === 'unknownUnit' && /\p{L} \p{L}/u.test(text)
      : read.reason === 'badAmount'
  return { reason: isForm ? 'badFormat' : read.reason }
}

/** Whole units; one that is a number as well may have changed places with it. */
function moneyValue(text: string, { numbering }: MessageContext): SlotValue {
  const asNumber = readNumber(text, numbering)
  if (asNumber.ok || asNumber.reason === 'ambiguousNumber') return { reason: 'ambiguous' }
  if (/^-\d+$/.test(text)) return { reason: 'negativeAmount' }
  if (/^0+$/.test(text)) return { reason: 'zeroAmount' }
  return wordValue(text, { pattern: /^[1-9][0-9]{0,8}$/, reason: 'badFormat' })
}

function wordValue(
  text: string,
  { pattern, reason }: { readonly pattern: RegExp; readonly reason: ParseRefusal },
): SlotValue {
  return pattern.test(text) ? { word: text } : { reason }
}

function commandOf(kind: CommandKind, { numbers, amounts, words }: Values): Command {
  const [number = ''] = numbers
  const [amountBytes = 0n] = amounts
  const pin = words.get('pin')
  const withPin = pin === undefined ? {} : { pin }
  const reference = words.get('reference')
  const withReference = reference === undefined ? {} : { reference }
  switch (kind) {
    case 'give':
      return { kind, to: number, amountBytes, ...withPin }
    case 'ask':
      return { kind, from: number, amountBytes }
    case 'makeCode':
      return { kind, amountBytes, ...withPin }
    case 'claim':
      return { kind, code: words.get('code') ?? '' }
    case 'sendMoney':
      return { kind, to: number, units: BigInt(words.get('money') ?? 0) }
    case 'confirmMoney':
      return { kind, code: words.get('moneyCode') ?? '' }
    case 'confirm':
      return { kind, ...withPin }
    case 'accept':
    case 'decline':
      return { kind, ...withReference }
    case 'changePin':
      return { kind, oldPin: words.get('oldPin') ?? '', newPin: words.get('newPin') ?? '' }
    case 'choose':
      return { kind, option: Number(words.get('option')) }
    default:
      return { kind }
  }
}

/**
 * The reason of the form that the text came nearest to. Where of several slots none was right, the text was another
 * thing altogether, unless it was one that can be read in two ways.
 */
function nearestReason(attempts: readonly Attempt[]): ParseRefusal | undefined {
  const [best] = attempts
    .filter(({ hasWords }) => hasWords)
    .toSorted(
      (one, other) =>
        other.rightSlots - one.rightSlots || severity(one.reasons) - severity(other.reasons),
    )
  const [reason] = best?.reasons.toSorted((one, other) => rank(one) - rank(other)) ?? []
  const isFar = best !== undefined && best.rightSlots === 0 && best.reasons.length > 1
  return isFar && reason !== 'ambiguous' ? 'badFormat' : reason
}

/** The most telling reason first: what the writer can mend, then what was not understood at all. */
const TELLING: readonly ParseRefusal[] = [
  'ambiguous',
  'ambiguousNumber',
  'ambiguousAmount',
  'negativeAmount',
  'zeroAmount',
  'fractionalBytes',
  'amountTooLarge',
  'unitMissing',
  'unknownUnit',
  'pinsDiffer',
  'badCode',
  'badPin',
  'badNumber',
  'badAmount',
]

function rank(reason: ParseRefusal): number {
  const at = TELLING.indexOf(reason)
  return at < 0 ? TELLING.length : at
}

function severity(reasons: readonly ParseRefusal[]): number {
  return Math.min(...reasons.map(rank))
}

function keyOf(command: Command): string {
  return JSON.stringify(command, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}

function refused(reason: ParseRefusal): ParsedMessage {
  return { understood: false, reason }
}
