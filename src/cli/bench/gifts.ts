/** Durable gifts in process, from many callers at once. */

import { join } from 'node:path'
import { systemRandom } from '../../base/environment.ts'
import { manualClock } from '../../base/environment.ts'
import { assert } from '../../base/errors.ts'
import { loadOperatorFile } from '../../operator/operator-file.ts'
import { createOperator, type Operator } from '../../operator/operator.ts'
import { openStore } from '../../store/engine.ts'
import { median } from './floor.ts'

export interface GiftFigures {
  readonly giftsPerSecond: number
  readonly giftP50Ms: number
  readonly giftP99Ms: number
}

const ACCOUNTS = 200
const CALLERS = 64
const GIFTS_PER_CALLER = 300
const GIFT_BYTES = 1_000_000n

/** Each caller waits for its gift to be on disk before it makes the next. */
export async function giftFigures(directory: string): Promise<GiftFigures> {
  const store = openStore({ path: join(directory, 'gifts.sqlite') })
  const environment = {
    clock: manualClock(new Date('2026-01-01T00:00:00Z')),
    random: systemRandom(),
  }
  const operator = createOperator({ store, environment, file: loadOperatorFile() })
  const numbers = await liveAccounts(operator)
  const latenciesMs: number[] = []
  const startedMs = performance.now()
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let round = 0; round < GIFTS_PER_CALLER; round++) {
        const at = caller * 31 + round * 7
        const from = numbers[at % ACCOUNTS] ?? ''
        const to = numbers[(at + 1 + (round % (ACCOUNTS - 1))) % ACCOUNTS] ?? ''
        const beganMs = performance.now()
        await operator.giveData({
          idempotencyKey: `bench-${caller}-${round}`,
          from,
          to: from === to ? (numbers[(at + 1) % ACCOUNTS] ?? '') : to,
          amountBytes: GIFT_BYTES,
        })
        latenciesMs.push(performance.now() - beganMs)
      }
    }),
  )
  const tookMs = performance.now() - startedMs
  assert(operator.audit().balanced, 'the books of the bench do not balance')
  await store.close()
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  return {
    giftsPerSecond: (latenciesMs.length / tookMs) * 1000,
    giftP50Ms: median(sorted),
    giftP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  }
}

async function liveAccounts(operator: Operator): Promise<string[]> {
  await operator.stock({ count: ACCOUNTS })
  const opened = Array.from({ length: ACCOUNTS }, async (_, at) => {
    const { iccid, msisdn } = await operator.openAccount()
    const eid = String(at).padStart(32, '0')
    await operator.handleProfileEvent({ iccid, eid, event: 'install', seqNumber: 1 })
    return msisdn
  })
  return Promise.all(opened)
}
