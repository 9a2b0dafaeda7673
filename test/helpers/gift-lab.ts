/** An operator over a database file whose gifts wait to be accepted or claimed; run as a program, it gives until it is killed. */

import { manualClock, seededRandom } from '../../src/base/environment.ts'
import { createOperator } from '../../src/operator/operator.ts'
import { loadOperatorFile } from '../../src/operator/operator-file.ts'
import type { GiftingRules } from '../../src/operator/rules/types.ts'
import { openStore } from '../../src/store/engine.ts'
import type { Delivery } from '../../src/store/outbox.ts'

const RULES: GiftingRules = {
  acceptance: { kind: 'required', withinHours: 48 },
  claimCodes: { withinHours: 48, endsWithMonth: false },
}
const STREAMS = 4
const NOON = new Date('2026-01-10T12:00:00Z')

/** What becomes of a gift once it is asked for; `wait` leaves it as it is. */
export type End = 'accept' | 'decline' | 'cancel' | 'claim' | 'wait'

/** A line of the program: a step that is about to be sent, or has been answered. */
export interface Line {
  readonly is: 'sent' | 'answered'
  readonly step: 'give' | End
  readonly key: string
  readonly from: string
  /** Who receives it, or will claim it. */
  readonly to: string
  readonly amountBytes: number
  readonly end: End
  readonly id?: string
  readonly state?: string
}

/** A line of the program: an event that a listener has taken. */
export interface Told {
  readonly is: 'told'
  readonly event: string
  readonly type: string
  /** The gift. */
  readonly subject: string
}

export function toldOf({ event }: Delivery): Told {
  return { is: 'told', event: event.id, type: event.type, subject: event.subject }
}

export function openGiftLab(path: string, seed: string) {
  const store = openStore({ path })
  const clock = manualClock(NOON)
  const file = loadOperatorFile()
  const operator = createOperator({
    store,
    environment: { clock, random: seededRandom(seed) },
    file: { ...file, gifting: { ...file.gifting, ...RULES } },
  })
  return { store, clock, operator, gifts: operator.gifts }
}

export type GiftLab = ReturnType<typeof openGiftLab>

/** Asks for the gift of a line; the same line is the same request. */
export function giveOf({ gifts }: GiftLab, line: Line) {
  const { key, from, to, end, amountBytes } = line
  return gifts.give({
    caller: 'crash',
    idempotencyKey: key,
    from,
    to: end === 'claim' ? undefined : to,
    amountBytes: BigInt(amountBytes),
  })
}

/** Takes the gift of a line to its end. */
export async function endOf({ gifts }: GiftLab, line: Line): Promise<string> {
  const { end, from, to, id = '' } = line
  if (end === 'claim') {
    const code = gifts.claimCode({ id, by: from })
    return (await gifts.claim({ code, by: to })).gift.state
  }
  if (end === 'wait') return gifts.find({ id })?.state ?? ''
  return (await gifts[end]({ id, by: end === 'cancel' ? from : to })).gift.state
}

function say(line: Line | Told): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

async function stream(lab: GiftLab, of: { readonly name: string; readonly numbers: string[] }) {
  const random = seededRandom(of.name)
  const ends: readonly End[] = ['accept', 'decline', 'cancel', 'claim', 'wait']
  for (let turn = 0; ; turn++) {
    const first = random.below(of.numbers.length)
    const second = (first + 1 + random.below(of.numbers.length - 1)) % of.numbers.length
    const asked = {
      key: `${of.name}-${turn}`,
      from: of.numbers[first] ?? '',
      to: of.numbers[second] ?? '',
      amountBytes: 1 + random.below(1_000_000),
      end: ends[random.below(ends.length)] ?? 'wait',
    }
    say({ is: 'sent', step: 'give', ...asked })
    const { gift } = await giveOf(lab, { is: 'sent', step: 'give', ...asked })
    const given = { ...asked, id: gift?.id ?? '' }
    say({ is: 'answered', step: 'give', ...given, state: gift?.state ?? 'refused' })
    if (asked.end === 'wait') continue
    say({ is: 'sent', step: asked.end, ...given })
    const state = await endOf(lab, { is: 'sent', step: asked.end, ...given })
    say({ is: 'answered', step: asked.end, ...given, state })
  }
}

/** Tells what is to be told, and seals the journals, all the while. */
async function tellAndSweep({ operator }: GiftLab): Promise<never> {
  for (;;) {
    await operator.events.deliverDue(async (delivery) => say(toldOf(delivery)))
    await operator.sweep()
  }
}

if (process.argv[1] === import.meta.filename) {
  const [path = '', round = '', ...numbers] = process.argv.slice(2)
  const lab = openGiftLab(path, round)
  for (let name = 0; name < STREAMS; name++) {
    void stream(lab, { name: `${round}-${name}`, numbers })
  }
  void tellAndSweep(lab)
}
