/** Tables of what to break, in the order of a function's checks, and the tests that a table stands for. */

import test, { type ExecutionContext } from 'ava'
import { RspError } from '../../src/rsp/status-codes.ts'

/** One thing that can be wrong with an attempt, and the code that the function answers for it. */
export interface Fault<Attempt> {
  readonly title: string
  /** `subject/reason`, or another word where the function has no such codes. */
  readonly code: string
  readonly breaks: (attempt: Attempt) => Attempt
}

/**
 * Two tests per fault: it alone, and it together with every later one, which must not show. Earlier faults are applied
 * last, so that they win where two of them change one thing.
 */
export function testRefusals<Attempt>(options: {
  readonly name: string
  readonly flawless: Attempt
  readonly faults: readonly Fault<Attempt>[]
  /** Makes an attempt and holds that it is refused with the code and changes nothing. */
  readonly refuses: (
    t: ExecutionContext,
    call: { readonly attempt: Attempt; readonly code: string },
  ) => Promise<void>
}): void {
  const { name, flawless, faults, refuses } = options
  for (const [at, { title, code, breaks }] of faults.entries()) {
    test(`${name} refuses ${title} with ${code}`, (t) =>
      refuses(t, { attempt: breaks(flawless), code }))
    if (at === faults.length - 1) continue
    test(`${name} refuses ${title} with ${code} before it looks at what is checked later`, (t) => {
      const attempt = faults
        .slice(at)
        .reduceRight((broken, fault) => fault.breaks(broken), flawless)
      return refuses(t, { attempt, code })
    })
  }
}

/** Holds that a call is refused with a code by an RSP server. */
export async function refusedWith(
  t: ExecutionContext,
  refused: { readonly call: Promise<unknown>; readonly code: string },
): Promise<void> {
  const error = await t.throwsAsync(refused.call, { instanceOf: RspError })
  t.is(error?.code, refused.code, error?.message)
}
