/** The languages in which subscribers are spoken to. */

export const LANGUAGES = ['ru', 'en', 'zh'] as const

export type Language = (typeof LANGUAGES)[number]

/** The language of a BCP 47 tag such as `zh-Hans-CN`; English when it is none of ours. */
export function languageOf(tag: string): Language {
  const primary = tag.toLowerCase().split('-')[0]
  return LANGUAGES.find((language) => language === primary) ?? 'en'
}
