/**
 * Kills a program that gives data, tells of it and seals its journals at each step of gifts that wait, and holds it to
 * every word it gave.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { temporaryDirectory } from '../cli/helper.ts'
import {
  endOf,
  giveOf,
  openGiftLab,
  toldOf,
  type End,
  type GiftLab,
  type Line,
  type Told,
} from '../helpers/gift-lab.ts'

const PROGRAM = fileURLToPath(new URL('../helpers/gift-lab.ts', import.meta.url))
const EID = '89049032000000000000000000000001'
const HOUR_MS = 3_600_000

/** Each round ends with the so-manieth of these lines. */
const ROUNDS = [
  { is: 'sent', step: 'give', count: 30 },
  { is: 'answered', step: 'give', count: 25 },
  { is: 'sent', step: 'accept', count: 6 },
  { is: 'answered', step: 'accept', count: 5 },
  { is: 'sent', step: 'claim', count: 6 },
  { is: 'answered', step: 'claim', count: 5 },
  { is: 'sent', step: 'decline', count: 6 },
  { is: 'sent', step: 'cancel', count: 6 },
] as const

/** What a gift is when it is left alone, and what each end makes of it. */
const BEGUN = { claim: 'held', other: 'awaitingAcceptance' } as const
const ENDED: Readonly<Record<Exclude<End, 'wait'>, string>> = {
  accept: 'completed',
  claim: 'completed',
  decline: 'declined',
  cancel: 'cancelled',
}

const begunAs = (end: End) => (end === 'claim' ? BEGUN.claim : BEGUN.other)
const endedAs = (end: End) => (end === 'wait' ? BEGUN.other : ENDED[end])

test('a gift that was held or awaited its receiver before kill -9 is where it was, and goes on from there', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.sqlite')
  const numbers = await subscribersOf(path)
  const gifts = new Map<string, Line>()
  const told: Told[] = []
  let plans: bigint | undefined
  for (const [number, round] of ROUNDS.entries()) {
    const lines = await giveUntilKilled(path, { round: `${number}`, until: round, numbers, told })
    const lab = openGiftLab(path, 'check')
    plans ??= BigInt(numbers.length) * lab.operator.file.plan.amountBytes
    t.true(lab.operator.audit().balanced, lab.operator.audit().faults.join('; '))
    nothingAnsweredIsLost(t, { lab, lines })
    for (const line of await whatWasCutOffGoesOn(t, { lab, lines })) gifts.set(line.key, line)
    theBooksAreAsTold(t, { lab, gifts: [...gifts.values()], numbers, plans })
    while ((await deliverTo(told, lab)) > 0);
    eachStepIsTold(t, { gifts: [...gifts.values()], told })
    await lab.operator.sweep()
    t.is(lab.operator.audit().sealed.transferSeq, lastTransferOf(lab))
    await lab.store.close()
  }
  t.true(gifts.size > 100)
  await nothingStaysHeld(t, { path, gifts: [...gifts.values()] })
})

async function subscribersOf(path: string): Promise<string[]> {
  const { operator, store } = openGiftLab(path, 'begin')
  await operator.stock({ count: 5 })
  const numbers: string[] = []
  for (let count = 0; count < 5; count++) {
    const { iccid, msisdn } = await operator.openAccount()
    for (const [at, event] of (['install', 'enable'] as const).entries())
      await operator.handleProfileEvent({ iccid, eid: EID, event, seqNumber: at + 1 })
    numbers.push(msisdn)
  }
  await operator.events.register({ callback: 'http://127.0.0.1:1/' })
  await store.close()
  return numbers
}

async function giveUntilKilled(
  path: string,
  of: {
    readonly round: string
    readonly until: Pick<Line, 'is' | 'step'> & { readonly count: number }
    readonly numbers: readonly string[]
    readonly told: Told[]
  },
): Promise<readonly Line[]> {
  const child = spawn(process.execPath, [PROGRAM, path, of.round, ...of.numbers], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines: Line[] = []
  let left: number = of.until.count
  for await (const text of createInterface({ input: child.stdout })) {
    // What was not written to its end was not told.
    if (!text.endsWith('}')) continue
    const line = JSON.parse(text) as Line | Told
    if (line.is === 'told') {
      of.told.push(line)
      continue
    }
    lines.push(line)
    if (line.is !== of.until.is || line.step !== of.until.step || --left !== 0) continue
    child.kill('SIGKILL')
  }
  await ended
  return lines
}

/** Each gift is in the state that was told last, or one step on, where that step was sent and not answered. */
function nothingAnsweredIsLost(
  t: ExecutionContext,
  of: { readonly lab: GiftLab; readonly lines: readonly Line[] },
): void {
  for (const { is, step, id = '', state = '', end } of of.lines) {
    const now = of.lab.gifts.find({ id })?.state ?? ''
    if (is === 'sent') continue
    if (step === 'give') {
      t.is(state, begunAs(end))
      t.true([begunAs(end), endedAs(end)].includes(now as never), `${now} after ${end}`)
    } else {
      t.is(state, endedAs(step))
      t.is(now, state)
    }
  }
}

/** Requests are sent again under their keys, and gifts are taken to their ends. */
async function whatWasCutOffGoesOn(
  t: ExecutionContext,
  of: { readonly lab: GiftLab; readonly lines: readonly Line[] },
): Promise<readonly Line[]> {
  const { lab, lines } = of
  const asked = lines.filter(({ is, step }) => is === 'sent' && step === 'give')
  const gone: Line[] = []
  for (const sent of asked) {
    const answered = lines.find(
      ({ is, step, key }) => is === 'answered' && step === 'give' && key === sent.key,
    )
    const { gift, replayed } = await giveOf(lab, sent)
    t.is(gift?.state, begunAs(sent.end))
    if (answered) t.deepEqual([gift?.id, replayed], [answered.id, true])
    t.deepEqual(await giveOf(lab, sent), { gift, replayed: true } as never)
    const line = { ...sent, id: gift?.id ?? '' }
    const now = lab.gifts.find({ id: line.id })?.state
    if (now !== endedAs(line.end)) t.is(await endOf(lab, line), endedAs(line.end))
    gone.push(line)
  }
  return gone
}

/** How many events went to a listener now. */
async function deliverTo(told: Told[], { operator }: GiftLab): Promise<number> {
  const { delivered } = await operator.events.deliverDue(async (delivery) => {
    told.push(toldOf(delivery))
  })
  return delivered
}

/** Each step is told at least once, and under one name, however often. */
function eachStepIsTold(
  t: ExecutionContext,
  of: { readonly gifts: readonly Line[]; readonly told: readonly Told[] },
): void {
  const events = new Map<string, Set<string>>()
  for (const { subject, type, event } of of.told)
    events.set(subject, (events.get(subject) ?? new Set()).add(`${type} ${event}`))
  for (const { id = '', end } of of.gifts) {
    const types = [...(events.get(id) ?? [])].map((one) => one.split(' ')[0]).toSorted()
    const ended = end === 'decline' || end === 'cancel' ? 'Cancel' : 'StateChange'
    const expected = ['Create', ...(end === 'wait' ? [] : [ended])]
    t.deepEqual(types, expected.map((what) => `TransferBalance${what}Event`).toSorted(), end)
  }
}

function lastTransferOf({ store }: GiftLab): number {
  const query = 'SELECT max(seq) AS seq FROM transfers'
  return store.read((db) => db.sql<{ seq: number }>(query).get())?.seq ?? 0
}

/** Every balance is the plan with each gift counted once, where it has come to. */
function theBooksAreAsTold(
  t: ExecutionContext,
  of: {
    readonly lab: GiftLab
    readonly gifts: readonly Line[]
    readonly numbers: readonly string[]
    readonly plans: bigint
  },
): void {
  const { lab, numbers, plans } = of
  const expected = new Map(numbers.map((number) => [number, plans / BigInt(numbers.length)]))
  const add = (number: string, bytes: bigint) =>
    expected.set(number, (expected.get(number) ?? 0n) + bytes)
  let held = 0n
  for (const { from, to, end, amountBytes } of of.gifts) {
    if (end === 'decline' || end === 'cancel') continue
    add(from, -BigInt(amountBytes))
    if (end === 'wait') held += BigInt(amountBytes)
    else add(to, BigInt(amountBytes))
  }
  for (const number of numbers)
    t.is(lab.operator.balance({ msisdn: number }).totalBytes, expected.get(number) as bigint)
  t.like(lab.operator.audit(), { balanced: true, held, issued: plans, available: plans - held })
}

async function nothingStaysHeld(
  t: ExecutionContext,
  of: { readonly path: string; readonly gifts: readonly Line[] },
): Promise<void> {
  const lab = openGiftLab(of.path, 'end')
  lab.clock.advance(48 * HOUR_MS)
  await lab.operator.sweep()
  const waiting = of.gifts.filter(({ end }) => end === 'wait')
  t.true(waiting.length > 5)
  for (const { id = '' } of waiting) t.is(lab.gifts.find({ id })?.state, 'expired')
  t.like(lab.operator.audit(), { balanced: true, held: 0n })
  await lab.store.close()
}
