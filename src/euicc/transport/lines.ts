/** Text that comes as a stream, line by line, with a longest line. */

import { StringDecoder } from 'node:string_decoder'

/** What stands for a line that was longer than allowed; its text is not kept. */
export const TOO_LONG = Symbol('too long')

/**
 * The lines of a stream of UTF-8, without their ends. A last line without an end is no line: whoever wrote it did not
 * finish it. A stream that breaks off is one that ends.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array | string>,
  options: { readonly charactersMax: number },
): AsyncGenerator<string | typeof TOO_LONG> {
  const { charactersMax } = options
  const decoder = new StringDecoder('utf8')
  let kept: string[] = []
  let length = 0
  for await (const chunk of unbroken(chunks)) {
    const parts = textOf(decoder, chunk).split('\n')
    for (const [at, part] of parts.entries()) {
      length += part.length
      if (length <= charactersMax) kept.push(part)
      else kept = []
      const isEnded = at < parts.length - 1
      if (!isEnded) continue
      yield length > charactersMax ? TOO_LONG : kept.join('').replace(/\r$/, '')
      kept = []
      length = 0
    }
  }
}

function textOf(decoder: StringDecoder, chunk: Uint8Array | string): string {
  return typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk))
}

/** The chunks of a stream up to its end, whether its other side ended it or broke it off. */
export async function* unbroken<T>(chunks: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await iterator.next().catch(() => undefined)
      if (!next || next.done) return
      yield next.value
    }
  } finally {
    await iterator.return?.().catch(() => undefined)
  }
}
