import test from 'ava'
import fc from 'fast-check'
import { AMOUNT_MAX_BYTES, issueLot } from '../../../src/store/ledger.ts'
import { loadOperators } from '../../../src/operator/operators.ts'
import { messageOfRefusal } from '../../../src/operator/messages/texts/refusals.ts'
import { nextAmountAfter } from '../../../src/operator/rules/maximum.ts'
import { FORMS } from '../../../src/operator/rules/sizes.ts'
import type { ChannelKind } from '../../../src/operator/rules/types.ts'
import { createGiftBench, DAY_MS, HOUR_MS, MINUTE_MS, type GiftBench } from './helper.ts'

const OPERATORS = loadOperators()
const IDS = OPERATORS.list().map(({ id }) => id)
const UNKNOWN = '99901999999'

const who = fc.integer({ min: 0, max: 2 })

/** What happens to subscribers between two questions. */
const happening = fc.oneof(
  fc.record({
    do: fc.constant('wait' as const),
    ms: fc.constantFrom(2 * MINUTE_MS, 25 * HOUR_MS, 4 * DAY_MS, 12 * DAY_MS, 31 * DAY_MS),
  }),
  fc.record({ do: fc.constant('travel' as const), of: who, abroad: fc.boolean() }),
  fc.record({ do: fc.constant('wifi' as const), of: who, on: fc.boolean() }),
  fc.record({ do: fc.constant('topUp' as const), of: who }),
  fc.record({ do: fc.constant('buy' as const), of: who, offer: fc.nat(3) }),
  fc.record({ do: fc.constant('use' as const), of: who, percent: fc.integer({ min: 1, max: 90 }) }),
  fc.record({
    do: fc.constant('details' as const),
    of: who,
    identified: fc.boolean(),
    customerKind: fc.constantFrom('person' as const, 'person' as const, 'company' as const),
    ageGroup: fc.constantFrom('adult' as const, 'adult' as const, 'minor' as const),
    region: fc.constantFrom('north', 'north', 'south'),
  }),
  fc.record({ do: fc.constant('lock' as const), of: who, locked: fc.boolean() }),
  fc.record({ do: fc.constant('block' as const), of: who, number: who, blocked: fc.boolean() }),
  fc.record({ do: fc.constant('allow' as const), of: who }),
  fc.record({
    do: fc.constant('status' as const),
    of: who,
    status: fc.constantFrom('active' as const, 'active' as const, 'suspended' as const),
  }),
)
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

const question = fc.record({
  before: fc.array(happening, { maxLength: 3 }),
  from: who,
  to: fc.constantFrom(0, 1, 2, 'foreign' as const, 'unknown' as const, 0, 1, 2, 0, 1, 2),
  channel: fc.constantFrom<ChannelKind>('api', 'api', 'sms', 'ussd', 'app', 'web'),
  amount: fc.oneof(
    fc.constantFrom('most' as const, 'most' as const, 'next' as const),
    fc.integer({ min: 0, max: 150 }),
  ),
})

const eidOf = (at: number) => `8904903200000000000000000000000${at}`

async function subscribers(bench: GiftBench, of: { readonly id: string; readonly count: number }) {
  const { operator } = bench
  const { profileType } = OPERATORS.get(of.id).profile
  await operator.stock({ count: of.count, profileType })
  const numbers: string[] = []
  for (let at = 0; at < of.count; at++) {
    const { iccid, msisdn } = await operator.openAccount({ profileType })
    const eid = eidOf(at + 1)
    for (const [seq, event] of (['install', 'enable'] as const).entries())
      await operator.handleProfileEvent({ iccid, eid, event, seqNumber: seq + 1 })
    numbers.push(msisdn)
  }
  return numbers
}

async function happen(
  bench: GiftBench,
  of: {
    readonly numbers: readonly string[]
    readonly one: Happening
    readonly id: string
    readonly key: string
  },
) {
  const { one, numbers, key } = of
  const { gifts, subscriptions, charging } = bench.operator
  const file = OPERATORS.get(of.id)
  if (one.do === 'wait') return bench.clock.advance(one.ms)
  const msisdn = numbers[one.of]!
  const eid = eidOf(one.of + 1)
  switch (one.do) {
    case 'travel':
      return charging.movePhone({ eid, country: one.abroad ? 'JP' : 'home' })
    case 'wifi':
      return charging.setWifi({ eid, wifi: one.on })
    case 'topUp':
      return subscriptions.topUp({ msisdn, id: key, amountMinor: file.tariff.topUpMinor.max })
    case 'buy': {
      const packages = file.tariff.packages.filter((offer) => offer.for === 'self')
      const { id: packageId = 'none' } = packages[one.offer % Math.max(packages.length, 1)] ?? {}
      return subscriptions.buy({ msisdn, id: key, packageId })
    }
    case 'use': {
      const { totalBytes } = bench.operator.balance({ msisdn })
      const amountBytes = (totalBytes * BigInt(one.percent)) / 100n
      return bench.operator.attemptUsage({ msisdn, amountBytes, idempotencyKey: key })
    }
    case 'details': {
      const { do: _do, of: _of, ...details } = one
      return subscriptions.setDetails({ msisdn, ...details })
    }
    case 'lock':
      return gifts.lock({ msisdn, locked: one.locked })
    case 'block':
      return gifts.block({ msisdn, number: numbers[one.number]!, blocked: one.blocked })
    case 'allow':
      return gifts.suspend({ msisdn, reason: undefined })
    case 'status':
      return subscriptions.setStatus({ msisdn, status: one.status })
  }
}

test('what each operator says may be given is what a gift then does, whatever has happened before', async (t) => {
  const seen = new Map<string, { given: number; refused: number }>()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...IDS),
      fc.array(question, { minLength: 2, maxLength: 10 }),
      async (id, questions) => {
        const bench = await createGiftBench(undefined, { id, isAmongAll: true })
        const { gifts } = bench.operator
        const rules = OPERATORS.get(id).gifting
        const numbers = await subscribers(bench, { id, count: 3 })
        const [foreign = ''] = await subscribers(bench, {
          id: id === 'lab' ? 't2' : 'lab',
          count: 1,
        })
        let keys = 0
        for (const { before, from: at, to: other, channel, amount } of questions) {
          for (const one of before) {
            await happen(bench, { numbers, one, id, key: `${++keys}` }).catch(
              (error: { code?: string }) =>
                t.regex(`${error.code}`, /refused|conflict/, String(error)),
            )
          }
          const from = numbers[at]!
          const to = other === 'foreign' ? foreign : other === 'unknown' ? UNKNOWN : numbers[other]!
          const { bytes, binding, text } = gifts.maximum({ from, to, channel })
          const next = nextAmountAfter(bytes, rules) ?? bytes + 1n
          const { totalBytes } = bench.operator.balance({ msisdn: from })
          const amountBytes =
            amount === 'most'
              ? bytes
              : amount === 'next'
                ? next
                : (totalBytes * BigInt(amount)) / 100n
          const hasForm = Object.values(FORMS).every((form) => form.fits(amountBytes, rules))
          const { gift, refusal } = await gifts.give({
            caller: 't',
            idempotencyKey: `${++keys}`,
            from,
            to,
            amountBytes,
            channel,
          })
          const why = `${id} ${from}>${to} ${channel} ${amountBytes} of ${bytes} (${text}): ${refusal?.text}`
          t.is(gift !== undefined, amountBytes > 0n && hasForm && amountBytes <= bytes, why)
          if (bytes === 0n) t.true(binding.length > 0, why)
          for (const one of [...binding, ...(refusal?.refusals ?? [])]) {
            const said = messageOfRefusal(one, { to, currency: { code: 'XXX', minorDigits: 2 } })
            t.not(said.id, 'refused', `${id}: ${one.code}`)
          }
          const sum = seen.get(id) ?? { given: 0, refused: 0 }
          seen.set(
            id,
            gift ? { ...sum, given: sum.given + 1 } : { ...sum, refused: sum.refused + 1 },
          )
          if (gift?.state === 'awaitingConfirmation')
            await gifts.confirm({ id: gift.id, by: from }).catch(() => undefined)
          const now = gift && gifts.find(gift)
          if (now?.state === 'awaitingAcceptance')
            await gifts.accept({ id: now.id, by: to }).catch(() => undefined)
        }
        t.true(bench.operator.audit().balanced)
        await bench.store.close()
      },
    ),
    { numRuns: 100, seed: 9 },
  )
  t.deepEqual([...seen.keys()].toSorted(), IDS.toSorted())
  const given = [...seen.values()].reduce((sum, one) => sum + one.given, 0)
  t.true(given > 50, `${given} given`)
})

test('a gift to oneself is refused as such, also when it is the first thing of a new period', async (t) => {
  const bench = await createGiftBench(t, { id: 'lg-uplus' })
  const from = await bench.subscriber()
  bench.clock.advance(31 * DAY_MS)
  const { refusal } = await bench.give(from, from, 1n)
  t.is(refusal?.refusals[0]?.code, 'sameAccount')
})

test('what may be given to a number that nobody has is nothing, as a gift to it says', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const from = await bench.subscriber()
  const { bytes, binding } = bench.operator.gifts.maximum({ from, to: UNKNOWN })
  const { refusal } = await bench.give(from, UNKNOWN, 1n)
  t.is(bytes, 0n)
  t.deepEqual(
    binding.map(({ code }) => code),
    refusal?.refusals.map(({ code }) => code),
  )
})

test('what may be given is never more than an amount can be', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const [from, to] = [await bench.subscriber(), await bench.subscriber()]
  const account = bench.operator.account({ msisdn: from })!
  const now = bench.clock.now().getTime()
  for (const at of [1, 2])
    await bench.store.write((db) =>
      issueLot(db, {
        transferId: `huge-${at}`,
        accountId: account.id,
        origin: 'purchased',
        giftable: true,
        amountBytes: AMOUNT_MAX_BYTES,
        validFromMs: now,
        validUntilMs: now + DAY_MS,
        trafficClass: 'general',
        scope: 'any',
        atMs: now,
      }),
    )
  const most = bench.operator.gifts.maximum({ from, to })
  t.like(most, { bytes: AMOUNT_MAX_BYTES, because: 'amountTooLarge' })
  t.like(most.binding, [{ code: 'amountTooLarge', params: { mostBytes: AMOUNT_MAX_BYTES } }])
  t.is((await bench.give(from, to, most.bytes)).gift?.state, 'completed')
})
