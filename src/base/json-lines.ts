/** Where in a JSON text a field stands, for people who have to mend it. */

/**
 * The line, counted from 1, of a field by its path (`plans[0].amount`); of a field that is not there, the line of the object
 * or list in which it should be. The text must be JSON.
 */
export function lineOfField(text: string, path: string): number {
  const names = path.split(/[.[\]]+/).filter((name) => name !== '')
  let at = skipSpace(text, 0)
  for (const name of names) {
    const next = memberOf(text, { at, name })
    if (next === undefined) break
    at = next
  }
  return text.slice(0, at).split('\n').length
}

/** Where a member's value begins. */
function memberOf(
  text: string,
  of: { readonly at: number; readonly name: string },
): number | undefined {
  const isObject = text[of.at] === '{'
  if (!isObject && text[of.at] !== '[') return undefined
  let found: number | undefined
  let at = skipSpace(text, of.at + 1)
  for (let index = 0; at < text.length && !']}'.includes(text.charAt(at)); index++) {
    const keyEnd = isObject ? skipValue(text, at) : at
    const name = isObject ? (JSON.parse(text.slice(at, keyEnd)) as string) : String(index)
    const value = isObject ? skipSpace(text, skipSpace(text, keyEnd) + 1) : at
    // As in JSON.parse, the last one of a name counts.
    if (name === of.name) found = value
    at = skipSpace(text, skipValue(text, value))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return found
}

const SPACE = /\s*/y
const SCALAR = /"(?:[^"\\]|\\.)*"|[^\s,\]}]+/y

function skipSpace(text: string, at: number): number {
  return endOf(SPACE, { text, at })
}

function skipValue(text: string, from: number): number {
  let at = from
  let depth = 0
  do {
    const character = text.charAt(at)
    if ('{['.includes(character)) {
      depth++
      at++
    } else if (']}'.includes(character)) {
      depth--
      at++
    } else if (',:'.includes(character)) at++
    else at = Math.max(at + 1, endOf(SCALAR, { text, at }))
    if (depth > 0) at = skipSpace(text, at)
  } while (depth > 0 && at < text.length)
  return at
}

function endOf(
  pattern: RegExp,
  { text, at }: { readonly text: string; readonly at: number },
): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
