import type { ExecutionContext } from 'ava'
import { fileURLToPath } from 'node:url'
import { manualClock, seededRandom, type MovableClock } from '../../../src/base/environment.ts'
import { parseOperatorFile, type OperatorFile } from '../../../src/operator/operator-file.ts'
import { loadOperators, OPERATORS_DIRECTORY } from '../../../src/operator/operators.ts'
import { createOperator, type Operator } from '../../../src/operator/operator.ts'
import type { Operators } from '../../../src/operator/operators.ts'
import { openStore, type Store } from '../../../src/store/engine.ts'
import { readFileSync } from 'node:fs'

export const GIB = 2n ** 30n
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

export interface MessagesBench {
  readonly store: Store
  readonly clock: MovableClock
  readonly operator: Operator
  /** A subscriber of an operator whose profile is enabled on a card of its own. */
  subscriber(operatorId?: string, language?: string): Promise<string>
  /** Sends an SMS under a name of its own and returns what came back. */
  sms(
    from: string,
    text: string,
    more?: { readonly id?: string; readonly to?: string; readonly sentAt?: Date },
  ): Promise<readonly string[]>
  /** Ids of the texts that a phone got, the oldest first. */
  got(msisdn: string): readonly (string | undefined)[]
  /** The text of the latest message that a phone got. */
  last(msisdn: string): string
}

/** What is other in an operator's file. */
export type Change = (json: Record<string, unknown>) => void

const rule = (value: unknown) => ({ value, source: 'a test', trust: 'I' })

/** Changes rules of a file, by their names. */
export function withRules(rules: Readonly<Record<string, unknown>>): Change {
  return (json) => {
    const gifting = json.gifting as Record<string, unknown>
    for (const [name, value] of Object.entries(rules)) gifting[name] = rule(value)
  }
}

/** The operator of a file that comes with esim-lab, changed. */
export function changedFile(id: string, ...changes: readonly Change[]): OperatorFile {
  const path = new URL(`${id}.json`, OPERATORS_DIRECTORY)
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  for (const change of changes) change(json)
  return parseOperatorFile(json, (name) => readFileSync(fileURLToPath(new URL(name, path))))
}

/** Every operator, in memory, with files changed. */
export async function createMessagesBench(
  t: ExecutionContext,
  changed: readonly OperatorFile[] = [],
): Promise<MessagesBench> {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  const clock = manualClock(new Date('2026-01-15T12:00:00Z'))
  const operators = changedOperators(changed)
  const environment = { clock, random: seededRandom('messages') }
  const operator = createOperator({ store, environment, file: operators.default, operators })
  let cards = 0
  let sent = 0
  const inbox = (msisdn: string) =>
    operator.messages.inbox({ msisdn, limit: 500 }).filter(({ direction }) => direction === 'out')
  return {
    store,
    clock,
    operator,
    async subscriber(operatorId = 'lab', language) {
      const { profileType } = operators.get(operatorId).profile
      await operator.stock({ count: 1, profileType })
      const { msisdn, iccid } = await operator.openAccount({ profileType })
      const eid = String(89_049_032).padEnd(28, '0') + String(++cards).padStart(4, '0')
      for (const [at, event] of (['install', 'enable'] as const).entries()) {
        await operator.handleProfileEvent({ iccid, eid, event, seqNumber: at + 1 })
      }
      if (language) await operator.subscriptions.setDetails({ msisdn, language })
      return msisdn
    },
    async sms(from, text, { id = `m${++sent}`, ...more } = {}) {
      const answer = await operator.messages.sms({ from, text, messageId: id, ...more })
      return answer.messages
    },
    got: (msisdn) => inbox(msisdn).map(({ textId }) => textId),
    last: (msisdn) => inbox(msisdn).at(-1)?.text ?? '',
  }
}

function changedOperators(changed: readonly OperatorFile[]): Operators {
  const operators = loadOperators()
  const list = operators.list().map((file) => changed.find(({ id }) => id === file.id) ?? file)
  const [first] = list
  return {
    ...operators,
    default: first as OperatorFile,
    list: () => list,
    find: (id) => list.find((file) => file.id === id),
    get: (id) => list.find((file) => file.id === id) ?? operators.get(id),
    ofProfileType: (type) =>
      list.find(({ profile }) => profile.profileType === type) ?? (first as OperatorFile),
  }
}
