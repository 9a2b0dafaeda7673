import type { ExecutionContext } from 'ava'
import { manualClock, seededRandom, type MovableClock } from '../../../src/base/environment.ts'
import { createOperator, type Operator } from '../../../src/operator/operator.ts'
import type { OperatorFile } from '../../../src/operator/operator-file.ts'
import { loadOperators, onlyOperator, type Operators } from '../../../src/operator/operators.ts'
import type { GiftingRules } from '../../../src/operator/rules/types.ts'
import { openStore, type Store } from '../../../src/store/engine.ts'

export const GIB = 2n ** 30n
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

const EID = '89049032000000000000000000000001'
const OPERATORS = loadOperators()

export interface GiftBench {
  readonly store: Store
  readonly clock: MovableClock
  readonly operator: Operator
  readonly file: OperatorFile
  /** A subscriber with an enabled profile, of the operator or of another one. */
  subscriber(operatorId?: string): Promise<string>
  give(from: string, to: string, amountBytes: bigint): ReturnType<Operator['gifts']['give']>
}

/** An operator of the shipped files, its rules changed where a test wants it; or all of them. */
export async function createGiftBench(
  t: ExecutionContext | undefined,
  of: { readonly id: string; readonly rules?: GiftingRules; readonly isAmongAll?: boolean },
): Promise<GiftBench> {
  const store = openStore({ path: ':memory:' })
  t?.teardown(() => store.close())
  const clock = manualClock(new Date('2026-01-10T12:00:00Z'))
  const shipped = OPERATORS.get(of.id)
  const file = { ...shipped, gifting: { ...shipped.gifting, ...of.rules } }
  const operators: Operators = of.isAmongAll ? OPERATORS : onlyOperator(file)
  const operator = createOperator({
    store,
    environment: { clock, random: seededRandom('gifts') },
    file,
    operators,
  })
  let keys = 0
  const stocked = new Set<string>()
  return {
    store,
    clock,
    operator,
    file,
    async subscriber(operatorId = of.id) {
      const { profileType } = operators.get(operatorId).profile
      if (!stocked.has(profileType)) await operator.stock({ count: 10, profileType })
      stocked.add(profileType)
      const { iccid, msisdn } = await operator.openAccount({ profileType })
      for (const [at, event] of (['install', 'enable'] as const).entries())
        await operator.handleProfileEvent({ iccid, eid: EID, event, seqNumber: at + 1 })
      return msisdn
    },
    give: (from, to, amountBytes) =>
      operator.gifts.give({ caller: 't', idempotencyKey: `${++keys}`, from, to, amountBytes }),
  }
}
