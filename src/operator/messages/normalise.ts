/** Texts of phones with every keyboard, as the grammars compare them. */

/** Marks of direction and width that come along with copied numbers, and are not seen. */
const UNSEEN = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
const SPACES = /[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+/g
const DASHES = /[\u2010-\u2015\u2212\u30fc]/g

/**
 * A text in upper case, with full-width characters (`＃`, `＊`, `５`) as ASCII, plain dashes, single spaces, and no
 * stop at its end. Only characters of the same meaning are changed: `5²` does not become `52`.
 */
export function normaliseMessage(text: string): string {
  return text
    .replaceAll(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replaceAll(UNSEEN, '')
    .replaceAll(SPACES, ' ')
    .replaceAll(DASHES, '-')
    .toUpperCase()
    .trim()
    .replace(/ ?[.!。]+$/, '')
}
