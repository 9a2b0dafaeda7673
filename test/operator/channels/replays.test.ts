import test from 'ava'
import fc from 'fast-check'
import { changedFile, createMessagesBench, withRules } from './helper.ts'

const MB = 10n ** 6n
const FILE = changedFile(
  'lab',
  withRules({
    confirmation: { kind: 'yes', withinMinutes: 5 },
    acceptance: { kind: 'required', withinHours: 48 },
    askForData: true,
  }),
)

/** A message of one of three subscribers, sent perhaps more than once and at another place than it was written. */
const message = fc.record({
  from: fc.nat({ max: 2 }),
  to: fc.nat({ max: 2 }),
  what: fc.constantFrom(
    'give',
    'give',
    'yes',
    'yes',
    'no',
    'accept',
    'accept',
    'decline',
    'ask',
    'junk',
  ),
  copies: fc.integer({ min: 1, max: 3 }),
  place: fc.nat(),
  pauseMs: fc.constantFrom(0, 0, 0, 0, 1000, 400_000, 14_400_000),
})

test('messages that are lost, repeated and out of order give nothing twice and lose nothing', async (t) => {
  let completed = 0
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 20, maxLength: 40 }), async (written) => {
      const bench = await createMessagesBench(t, [FILE])
      const numbers = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
      const texts = { yes: 'YES', no: 'NO', accept: 'ACCEPT', decline: 'DECLINE', junk: '??' }
      const sent = written
        .flatMap((one, at) => Array.from({ length: one.copies }, () => ({ ...one, id: `m${at}` })))
        .toSorted((a, b) => a.place - b.place)
      const answers = new Map<string, readonly string[]>()
      for (const { from, to, what, id, pauseMs } of sent) {
        bench.clock.advance(pauseMs)
        const own = numbers[from] as string
        const text =
          what === 'give'
            ? `GIVE 100MB ${numbers[to]}`
            : what === 'ask'
              ? `ASK 100MB FROM ${numbers[to]}`
              : texts[what]
        const answer = await bench.sms(own, text, { id })
        t.deepEqual(answer, answers.get(id) ?? answer)
        answers.set(id, answer)
      }
      bench.clock.advance(3 * 86_400_000)
      await bench.operator.sweep()
      const gives = written.filter(({ what }) => what === 'give' || what === 'ask').length
      const moved = numbers.flatMap((msisdn) =>
        bench.operator.gifts.list({ msisdn }).filter(({ state }) => state === 'completed'),
      )
      const total = numbers.reduce(
        (sum, msisdn) => sum + bench.operator.balance({ msisdn }).totalBytes,
        0n,
      )
      t.is(total, 60_000n * MB)
      const gifts = new Set(moved.map(({ id }) => id)).size
      completed += gifts
      t.true(gifts <= gives)
      t.deepEqual(bench.operator.audit().faults, [])
    }),
    { numRuns: 15, seed: 20 },
  )
  t.true(completed > 5, `${completed} gifts`)
})
