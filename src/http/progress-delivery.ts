/** ES2+.HandleDownloadProgressInfo over HTTP: the SM-DP+ calls its operator (SGP.22 §5.3.5, §6.5.2.5). */

import { LabError } from '../base/errors.ts'
import { PROGRESS_PATH } from '../rsp/es2plus-progress.ts'
import type { SendProgress } from '../smdp/progress-outbox.ts'
import type { Smdp } from '../smdp/smdp.ts'
import { ADMIN_PROTOCOL } from './rsp-headers.ts'

const LOOK_EVERY_MS = 200
const WAIT_MAX_MS = 10 * 60_000
const TIMEOUT_MS = 10_000

export interface Delivering {
  /** Begins no other call, and settles when the one under way is done. */
  stop(): Promise<void>
}

/**
 * Tells the operator of downloads from now on, in order. A call that is not acknowledged with HTTP 2xx is tried again,
 * after waits that double up to ten minutes; what waits outlives the process.
 * @throws {LabError} badInput — the URL is none
 */
export function startProgressDelivery(
  smdp: Pick<Smdp, 'deliverProgress' | 'reportProgress'>,
  to: { readonly url: string; readonly reportDefect: (error: unknown) => void },
): Delivering {
  const ending = new AbortController()
  const send = progressSender({ url: to.url, signal: ending.signal })
  smdp.reportProgress({ isWanted: true })
  let timer: NodeJS.Timeout | undefined
  let last: Promise<void> = Promise.resolve()

  async function deliver(): Promise<void> {
    const { dropped, failure } = await smdp.deliverProgress(send)
    if (ending.signal.aborted) return
    if (dropped > 0)
      to.reportDefect(new Error(`${to.url} never took ${dropped} reports of downloads`))
    later(failure ? Math.min(WAIT_MAX_MS, LOOK_EVERY_MS * 2 ** failure.tries) : LOOK_EVERY_MS)
  }

  function later(waitMs: number): void {
    timer = setTimeout(() => {
      last = deliver().catch((error: unknown) => {
        to.reportDefect(error)
        if (!ending.signal.aborted) later(WAIT_MAX_MS)
      })
    }, waitMs).unref()
  }

  later(0)
  return {
    async stop() {
      ending.abort()
      clearTimeout(timer)
      smdp.reportProgress({ isWanted: false })
      await last
    },
  }
}

/** Posts one call; the path is the function's own unless the URL has one. @throws {LabError} badInput */
export function progressSender(to: {
  readonly url: string
  readonly signal?: AbortSignal
}): SendProgress {
  const url = progressUrlOf(to.url)
  return async (call) => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Admin-Protocol': ADMIN_PROTOCOL },
      body: JSON.stringify(call),
      redirect: 'error',
      signal: to.signal ? AbortSignal.any([to.signal, timeout]) : timeout,
    })
    await response.body?.cancel()
    if (response.ok) return
    throw new LabError('unavailable', `${url.href} answered HTTP ${response.status}.`)
  }
}

/** Where calls go. @throws {LabError} badInput — the text is no URL */
export function progressUrlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new LabError('badInput', `${text} is no http or https URL.`, { field: 'progressUrl' })
  }
  return url.pathname === '/' ? new URL(PROGRESS_PATH, url) : url
}
