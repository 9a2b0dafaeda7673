/** The language that a reader asks for (RFC 9110 §12.5.4), and refusals of gifts in it. */

import { LANGUAGES, type Language } from '../../operator/messages/texts/languages.ts'
import type { TextOverrides } from '../../operator/messages/texts/catalogue.ts'
import {
  messageOfRefusal,
  textOfRefusal,
  type RefusedGift,
} from '../../operator/messages/texts/refusals.ts'
import type { OperatorFile } from '../../operator/operator-file.ts'

/** The title of a refusal, for who reads no English. */
export const REFUSED_TITLES: Readonly<Record<Exclude<Language, 'en'>, string>> = {
  ru: 'Операция не разрешена правилами',
  zh: '规则不允许此操作',
}

/** Which of our languages an `Accept-Language` prefers: English where it asks for none of them. */
export function languageAsked(header: string | undefined): Language {
  const ranges = (header ?? '').split(',').flatMap(rangeOf)
  const ranked = LANGUAGES.map((language) => ({ language, ...wishFor(language, ranges) }))
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality || a.at - b.at)
  return ranked[0]?.language ?? 'en'
}

/** A rule that is broken, with its English text. */
export type ToldRefusal = RefusedGift & { readonly text: string }

/** A refusal as subscribers are told of it, in the words of the operator; `undefined` where there are none for it. */
export function refusalIn(
  language: Language,
  of: {
    readonly refusal: ToldRefusal
    readonly file: OperatorFile
    readonly to: string | undefined
  },
): string | undefined {
  const { refusal, file, to } = of
  const { timeZone, gigabyteBytes, currency } = file
  const tag = file.languages.find((known) => known.toLowerCase().split('-')[0] === language)
  const overrides = file.texts[tag ?? language] as TextOverrides | undefined
  if (messageOfRefusal(refusal, { to, currency }).id === 'refused') return undefined
  return textOfRefusal(refusal, {
    channel: 'sms',
    locale: { language, timeZone, gigabyteBytes },
    to,
    currency,
    ...(overrides && { overrides }),
  })
}

interface Range {
  readonly tag: string
  readonly quality: number
}

const RANGE = /^([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)(?:;q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/

/** What is no language range is passed over. */
function rangeOf(text: string): readonly Range[] {
  const [, tag, quality = '1'] = RANGE.exec(text.toLowerCase().replaceAll(/[ \t]/g, '')) ?? []
  return tag === undefined ? [] : [{ tag, quality: Number(quality) }]
}

/** The best range that names a language speaks for it, unless the language as a whole is refused; `*` for those that none names. */
function wishFor(
  language: Language,
  ranges: readonly Range[],
): { readonly quality: number; readonly at: number } {
  const naming = ranges.filter(({ tag }) => tag.split('-')[0] === language)
  const refused = naming.some(({ tag, quality }) => tag === language && quality === 0)
  const [best] = naming.toSorted((a, b) => b.quality - a.quality)
  if (best) return { quality: refused ? 0 : best.quality, at: ranges.indexOf(best) }
  const any = ranges.find(({ tag }) => tag === '*')
  // Where any language does, English does.
  return { quality: any?.quality ?? 0, at: language === 'en' ? ranges.length : ranges.length + 1 }
}
