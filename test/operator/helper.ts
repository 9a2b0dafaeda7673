import type { ExecutionContext } from 'ava'
import { manualClock, seededRandom, type MovableClock } from '../../src/base/environment.ts'
import { createOperator, type Operator } from '../../src/operator/operator.ts'
import { loadOperatorFile, type OperatorFile } from '../../src/operator/operator-file.ts'
import { openStore, type Store } from '../../src/store/engine.ts'
import { issueLot, type LotOrigin, type TrafficClass } from '../../src/store/ledger.ts'
import { attachNumber } from '../helpers/usim.ts'

export const GB = 1_000_000_000n
export const DAY_MS = 86_400_000
export const EID = '89049032000000000000000000000001'
export const OTHER_EID = '89049032000000000000000000000002'

export interface Bench {
  readonly store: Store
  readonly clock: MovableClock
  readonly operator: Operator
  /** A subscriber whose profile is enabled, or only ordered; an attached one has answered the network's challenge. */
  subscriber(state?: 'ordered' | 'enabled' | 'attached' | 'deleted'): Promise<string>
  issue(
    msisdn: string,
    lot: {
      readonly amountBytes: bigint
      readonly days?: number
      readonly giftable?: boolean
      readonly trafficClass?: TrafficClass
      readonly origin?: Exclude<LotOrigin, 'gift'>
    },
  ): Promise<number>
}

/** An operator in memory with numbers in stock, closed when the test ends. */
export async function createBench(
  t: ExecutionContext | undefined,
  options: { readonly stock?: number; readonly file?: OperatorFile } = {},
): Promise<Bench> {
  const store = openStore({ path: ':memory:' })
  t?.teardown(() => store.close())
  const clock = manualClock(new Date('2026-01-15T12:00:00Z'))
  const environment = { clock, random: seededRandom('test') }
  const operator = createOperator({ store, environment, file: options.file ?? loadOperatorFile() })
  await operator.stock({ count: options.stock ?? 10 })
  let issued = 0
  return {
    store,
    clock,
    operator,
    async subscriber(state = 'enabled') {
      const { msisdn, iccid } = await operator.openAccount()
      const events =
        state === 'ordered'
          ? []
          : (['install', 'enable', 'delete'] as const).slice(0, state === 'deleted' ? 3 : 2)
      for (const [at, event] of events.entries()) {
        await operator.handleProfileEvent({ iccid, eid: EID, event, seqNumber: at + 1 })
      }
      if (state === 'attached') await attachNumber(operator, msisdn)
      return msisdn
    },
    issue(msisdn, lot) {
      const atMs = clock.nowMs()
      return store.write((db) =>
        issueLot(db, {
          transferId: `test:${++issued}`,
          atMs,
          accountId: operator.account({ msisdn })!.id,
          origin: lot.origin ?? 'purchased',
          trafficClass: lot.trafficClass ?? 'general',
          giftable: lot.giftable ?? true,
          amountBytes: lot.amountBytes,
          validFromMs: atMs,
          validUntilMs: atMs + (lot.days ?? 10) * DAY_MS,
        }),
      )
    },
  }
}
