/** Delivery of what the operator is still to be told: in order, each until it is acknowledged. */

import type { DownloadProgressCall, DownloadProgressInfo } from '../rsp/es2plus-progress.ts'
import {
  countProgress,
  countProgressTry,
  firstProgress,
  removeProgress,
  type WaitingProgress,
} from '../store/progress.ts'
import { requesterOf } from './progress.ts'
import type { SmdpContext } from './smdp.ts'

/** Brings one call to the operator; it settles when the operator has acknowledged it, and is rejected otherwise. */
export type SendProgress = (call: DownloadProgressCall) => Promise<void>

/** What came of it. */
export interface ProgressDelivery {
  readonly delivered: number
  /** Calls that were given up: the operator has refused them too often. */
  readonly dropped: number
  /** Calls that still wait. */
  readonly waiting: number
  /** Why the delivery has stopped before the end, and how often the call at which it stopped was tried. */
  readonly failure?: { readonly error: unknown; readonly tries: number }
}

/** With the waits of the one who delivers these are hours; what comes behind shall not wait for ever. */
const TRIES_MAX = 40

/** Delivers until nothing is left or a call fails, which then is the first one of the next delivery. */
export async function deliverProgress(
  context: SmdpContext,
  send: SendProgress,
): Promise<ProgressDelivery> {
  const { store } = context
  const done = { delivered: 0, dropped: 0 }
  for (;;) {
    const waiting = store.read(firstProgress)
    if (!waiting) return { ...done, waiting: 0 }
    const error = await send(callOf(context, waiting)).then(
      () => undefined,
      (cause: unknown) => cause ?? new Error('refused'),
    )
    const isGivenUp = error !== undefined && waiting.tries + 1 >= TRIES_MAX
    if (error === undefined || isGivenUp) {
      await store.write((db) => removeProgress(db, waiting.number))
      if (isGivenUp) done.dropped++
      else done.delivered++
      continue
    }
    await store.write((db) => countProgressTry(db, waiting.number))
    const failure = { error, tries: waiting.tries + 1 }
    return { ...done, waiting: store.read(countProgress), failure }
  }
}

function callOf(context: SmdpContext, { number, body }: WaitingProgress): DownloadProgressCall {
  return {
    header: {
      functionRequesterIdentifier: requesterOf(context),
      functionCallIdentifier: `progress-${number}`,
    },
    ...(JSON.parse(body) as DownloadProgressInfo),
  }
}
