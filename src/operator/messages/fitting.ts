/** Texts in the room that a channel has: one USSD screen, or an SMS and its parts. */

import { septetsOfCharacter, septetsOfText } from './gsm7.ts'

export type Alphabet = 'gsm7' | 'ucs2'

/** A channel that carries short texts. */
export type TextChannel = 'sms' | 'ussd'

/**
 * Room in units: septets for the GSM 7 bit alphabet, 16 bit units for UCS-2.
 *
 * SMS: 140 octets, of which a concatenated part gives 6 to its header (3GPP TS 23.040, 9.2.3.24.1).
 * USSD: 160 octets (3GPP TS 24.080, Annex A), hence 182 packed septets (TS 23.038, 6.1.2.3) or 80 of UCS-2.
 */
export const ROOM = {
  sms: { single: { gsm7: 160, ucs2: 70 }, part: { gsm7: 153, ucs2: 67 } },
  ussd: { screen: { gsm7: 182, ucs2: 80 } },
} as const

/** As many parts as an SMS of this operator may have. */
export const SMS_PARTS_MAX = 3

/** A text as it goes out. */
export interface FittedText {
  readonly channel: TextChannel
  readonly alphabet: Alphabet
  /** What each message or screen carries; joined they are the text that is sent. */
  readonly parts: readonly string[]
  /** Units of all parts together, without headers. */
  readonly units: number
  /** The text was longer than the channel takes, and its end is missing. */
  readonly isShortened: boolean
}

/** Typography that has a plain equal in the GSM 7 bit alphabet: not worth half of the room. */
const PLAIN: Readonly<Record<string, string>> = {
  '\u00a0': ' ',
  '\u2009': ' ',
  '\u202f': ' ',
  '\u2010': '-',
  '\u2011': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2018': "'",
  '\u2019': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u2026': '...',
}

const HAS_PLAIN_EQUAL = new RegExp(`[${Object.keys(PLAIN).join('')}]`)

/** Which alphabet a text needs: UCS-2 as soon as one character is not in GSM 7 bit. */
export function alphabetOf(text: string): Alphabet {
  return septetsOfText(text) === undefined ? 'ucs2' : 'gsm7'
}

/** The units that a text takes in an alphabet. Characters outside the basic plane take two of UCS-2. */
export function unitsOf(text: string, alphabet: Alphabet): number {
  if (alphabet === 'ucs2') return text.length
  return (
    septetsOfText(text) ??
    [...text].reduce((sum, character) => sum + (septetsOfCharacter(character) ?? 1), 0)
  )
}

/**
 * A text in a channel's room. An SMS is split where no character is torn; a USSD screen stays one.
 *
 * What exceeds the room is cut, at a word's end where there is one, and the cut is shown and told.
 */
export function fitText(
  text: string,
  options: { readonly channel: TextChannel; readonly partsMax?: number },
): FittedText {
  const { channel } = options
  const plain = plainText(text)
  const alphabet = alphabetOf(plain)
  const all = split(plain, { channel, alphabet })
  const partsMax = channel === 'ussd' ? 1 : (options.partsMax ?? SMS_PARTS_MAX)
  const isShortened = all.length > partsMax
  const parts = isShortened ? shortened(all, { channel, alphabet, partsMax }) : all
  const units = parts.reduce((sum, part) => sum + unitsOf(part, alphabet), 0)
  return { channel, alphabet, parts, units, isShortened }
}

/** The text with plain characters, when these bring it into the GSM 7 bit alphabet; else as it is. */
function plainText(text: string): string {
  if (!HAS_PLAIN_EQUAL.test(text)) return text
  const plain = [...text].map((character) => PLAIN[character] ?? character).join('')
  return alphabetOf(plain) === 'gsm7' ? plain : text
}

interface Carrier {
  readonly channel: TextChannel
  readonly alphabet: Alphabet
}

function split(text: string, { channel, alphabet }: Carrier): string[] {
  const units = unitsOf(text, alphabet)
  const single = channel === 'sms' ? ROOM.sms.single : ROOM.ussd.screen
  if (units <= single[alphabet]) return [text]
  const room = channel === 'sms' ? ROOM.sms.part : ROOM.ussd.screen
  return chunks(text, { alphabet, room: room[alphabet] })
}

function chunks(
  text: string,
  { alphabet, room }: { readonly alphabet: Alphabet; readonly room: number },
): string[] {
  const parts: string[] = []
  let part = ''
  let used = 0
  for (const character of text) {
    const units = unitsOf(character, alphabet)
    if (used + units > room) {
      parts.push(part)
      part = ''
      used = 0
    }
    part += character
    used += units
  }
  return [...parts, part]
}

function shortened(
  all: readonly string[],
  { channel, alphabet, partsMax }: Carrier & { readonly partsMax: number },
): string[] {
  const kept = all.slice(0, partsMax)
  const last = kept.pop() ?? ''
  const end = alphabet === 'gsm7' ? '...' : '…'
  const alone = channel === 'sms' ? ROOM.sms.single : ROOM.ussd.screen
  const room = kept.length > 0 && channel === 'sms' ? ROOM.sms.part : alone
  const [head = ''] = chunks(last, { alphabet, room: room[alphabet] - unitsOf(end, alphabet) })
  const wordEnd = head.lastIndexOf(' ')
  const cut = wordEnd > head.length / 2 ? head.slice(0, wordEnd) : head
  return [...kept, cut + end]
}
