/** A text of the catalogue for one reader: in the language, with the values, in the channel's room. */

import { fitText, type FittedText, type TextChannel } from '../fitting.ts'
import {
  parametersOf,
  type MessageId,
  type MessageParams,
  type ParameterKind,
  type ParameterValues,
  type TextByChannel,
  type TextOverrides,
  type Texts,
} from './catalogue.ts'
import { CHINESE } from './zh.ts'
import { ENGLISH } from './en.ts'
import { formatValue, type TextLocale } from './formats.ts'
import type { Language } from './languages.ts'
import { RUSSIAN } from './ru.ts'

/** The texts that come with esim-lab. */
export const TEXTS: Readonly<Record<Language, Texts>> = { ru: RUSSIAN, en: ENGLISH, zh: CHINESE }

export interface TextOptions {
  readonly channel: TextChannel
  readonly locale: TextLocale
  /** The operator's own words in this language, where it has some. */
  readonly overrides?: TextOverrides
}

const PLACEHOLDER = /\{(\w+)(:short)?\}/g

/** The whole text, whatever its length. Each parameter is formatted for the reader's language and zone. */
export function textOfMessage<Id extends MessageId>(
  id: Id,
  params: MessageParams<Id>,
  { channel, locale, overrides }: TextOptions,
): string {
  const template = forChannel(overrides?.[id] ?? TEXTS[locale.language][id], channel)
  const kinds = parametersOf(id)
  const values = params as Readonly<Record<string, ParameterValues[ParameterKind]>>
  return piecesOf(template)
    .map(({ text, name, isShort }) => {
      if (name === undefined) return text
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
      const value = values[name]
      if (kind === undefined || value === undefined) return text
      return formatValue(kind, value, { locale, isShort })
    })
    .join('')
}

/** A part of a template as it is written; with the name of its parameter where it is a placeholder. */
interface Piece {
  readonly text: string
  readonly name?: string | undefined
  readonly isShort: boolean
}

const pieces = new Map<string, readonly Piece[]>()
/** Far more templates than the catalogue and the operators' own words have; a file that is loaded again brings new ones. */
const TEMPLATES_MAX = 5000

/** Templates are few, and each is read once. */
function piecesOf(template: string): readonly Piece[] {
  const known = pieces.get(template)
  if (known) return known
  const read: Piece[] = []
  let end = 0
  for (const { 0: text, 1: name, 2: short, index } of template.matchAll(PLACEHOLDER)) {
    read.push({ text: template.slice(end, index), isShort: false })
    read.push({ text, name, isShort: short !== undefined })
    end = index + text.length
  }
  read.push({ text: template.slice(end), isShort: false })
  if (pieces.size >= TEMPLATES_MAX) pieces.clear()
  pieces.set(template, read)
  return read
}

/** The text as it goes out: in one USSD screen, or in an SMS of at most three parts. */
export function renderMessage<Id extends MessageId>(
  id: Id,
  params: MessageParams<Id>,
  options: TextOptions,
): FittedText {
  return fitText(textOfMessage(id, params, options), { channel: options.channel })
}

/**
 * What is wrong with a template of a text, for an operator's own words: a parameter that the text does not have, or
 * `:short` at one that is no time. Empty when nothing is.
 */
export function templateFaults(id: MessageId, template: TextByChannel): readonly string[] {
  const kinds = parametersOf(id)
  const texts = typeof template === 'string' ? [template] : [template.sms, template.ussd]
  return texts.flatMap((text) =>
    [...text.matchAll(PLACEHOLDER)].flatMap(([whole, name = '', short]) => {
      if (!Object.hasOwn(kinds, name)) {
        const known = Object.keys(kinds).map((kind) => `{${kind}}`)
        return [`${whole} is not a parameter of "${id}": it has ${known.join(', ') || 'none'}`]
      }
      return short !== undefined && kinds[name] !== 'time' ? [`${whole} is not a time`] : []
    }),
  )
}

/** The template that a channel gets. */
export function forChannel(text: TextByChannel, channel: TextChannel): string {
  return typeof text === 'string' ? text : text[channel]
}
