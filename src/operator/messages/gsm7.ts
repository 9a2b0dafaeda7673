/** The GSM 7 bit default alphabet with its extension table (3GPP TS 23.038, sections 6.2.1 and 6.2.1.1). */

/** The escape to the extension table; a receiver that does not know what follows shows a space. */
const ESCAPE = 0x1b

/** Codes 0x00 to 0x7f, eight rows of sixteen. The escape's place is held by U+001B, which no text has. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅå' +
  'Δ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ' +
  ' !"#¤%&\'()*+,-./' +
  '0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNO' +
  'PQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmno' +
  'pqrstuvwxyzäöñüà'

const EXTENSION: ReadonlyMap<number, string> = new Map([
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
])

const SEPTETS: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...[...BASIC].map((character, code) => [character, [code]] as const),
  ...[...EXTENSION].map(([code, character]) => [character, [ESCAPE, code]] as const),
])

const ANY_SEPTETS = allOf([...SEPTETS.keys()].filter((character) => character !== '\u001b'))
const EXTENDED = new RegExp(`[${escapedForClass([...EXTENSION.values()])}]`, 'g')

/** How many septets a text takes, or nothing when the alphabet lacks a character of it. */
export function septetsOfText(text: string): number | undefined {
  if (!ANY_SEPTETS.test(text)) return undefined
  return text.length + (text.match(EXTENDED)?.length ?? 0)
}

function allOf(characters: readonly string[]): RegExp {
  return new RegExp(`^[${escapedForClass(characters)}]*$`)
}

function escapedForClass(characters: readonly string[]): string {
  return characters.join('').replaceAll(/[\\\]^-]/g, '\\$&')
}

/** How many septets a character takes: 1, 2 from the extension table, or none when the alphabet lacks it. */
export function septetsOfCharacter(character: string): 1 | 2 | undefined {
  if (character === '\u001b') return undefined
  const septets = SEPTETS.get(character)
  return septets && (septets.length === 1 ? 1 : 2)
}

/** The septets of a text, one to an octet (not packed), or nothing when the alphabet lacks a character of it. */
export function encodeGsm7(text: string): Uint8Array | undefined {
  const septets: number[] = []
  for (const character of text) {
    if (septetsOfCharacter(character) === undefined) return undefined
    septets.push(...(SEPTETS.get(character) ?? []))
  }
  return Uint8Array.from(septets)
}

/**
 * The text of septets, one to an octet. As section 6.2.1.1 has it, an escape before a code that the extension
 * table lacks shows that code's basic character, and an escape before an escape or at the end shows a space.
 */
export function decodeGsm7(septets: Uint8Array): string {
  let text = ''
  for (let at = 0; at < septets.length; at += 1) {
    const code = (septets[at] ?? 0) & 0x7f
    if (code !== ESCAPE) {
      text += BASIC.charAt(code)
      continue
    }
    at += 1
    const next = septets[at]
    text += next === undefined || next === ESCAPE ? ' ' : escaped(next & 0x7f)
  }
  return text
}

function escaped(code: number): string {
  return EXTENSION.get(code) ?? BASIC.charAt(code)
}
