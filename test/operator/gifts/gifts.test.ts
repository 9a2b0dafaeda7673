import test from 'ava'
import fc from 'fast-check'
import { seededRandom } from '../../../src/base/environment.ts'
import { createOperator } from '../../../src/operator/operator.ts'
import { onlyOperator } from '../../../src/operator/operators.ts'
import { consume } from '../../../src/store/ledger.ts'
import type { GiftingRules } from '../../../src/operator/rules/types.ts'
import { createGiftBench, DAY_MS, GIB, HOUR_MS, MINUTE_MS } from './helper.ts'

const YES: GiftingRules = { confirmation: { kind: 'yes', withinMinutes: 5 } }
const PIN: GiftingRules = {
  confirmation: { kind: 'pin', withinMinutes: 5 },
  pin: { digits: 4, tries: 3, initialPin: '0000' },
}
const ACCEPT: GiftingRules = { acceptance: { kind: 'required', withinHours: 48 } }
const CODES: GiftingRules = { claimCodes: { withinHours: 48, endsWithMonth: true } }

// The worked numbers of T2: a gigabyte is 2^30 bytes.
test('T2: A with 20 gives B 5; A has 15, B has 5 that end seven days on', async (t) => {
  const bench = await createGiftBench(t, { id: 't2' })
  const { operator, clock } = bench
  const [a, b, c] = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
  const left = (msisdn: string, origin: string) =>
    operator
      .balance({ msisdn })
      .lots.filter((lot) => lot.origin === origin)
      .reduce((sum, lot) => sum + lot.availableBytes, 0n)
  const accountId = operator.account({ msisdn: b })!.id
  const use = (amountBytes: bigint) =>
    bench.store.write((db) =>
      consume(db, {
        transferId: `use:${amountBytes}`,
        accountId,
        amountBytes,
        atMs: clock.nowMs(),
        order: bench.file.consumption.origins,
      }),
    )
  await use(10n * GIB)
  const { gift } = await bench.give(a, b, 5n * GIB)
  t.is(gift?.state, 'completed')
  t.is(gift?.validUntil?.getTime(), clock.nowMs() + 7 * DAY_MS)
  t.deepEqual([left(a, 'plan'), left(b, 'gift'), left(b, 'plan')], [15n * GIB, 5n * GIB, 10n * GIB])

  // While the gift has data B neither gives nor receives, and it cannot be passed on.
  const onward = await bench.give(b, a, GIB)
  t.is(onward.refusal?.reason, 'giverHasReceived')
  const more = await bench.give(a, b, 26n * GIB)
  t.deepEqual(
    more.refusal?.refusals.map(({ code }) => code),
    ['receiverHasReceived', 'giverMonthBytes', 'moreThanMayBeGiven'],
  )

  // The gift first.
  await use(6n * GIB)
  t.deepEqual([left(b, 'gift'), left(b, 'plan')], [0n, 9n * GIB])
  // Used up, it stands no longer in the way of giving.
  const onto = await bench.give(b, c, GIB)
  t.is(onto.gift?.state ?? onto.refusal?.reason, 'completed')
  // Back to A it would be a ring.
  t.is((await bench.give(b, a, GIB)).refusal?.reason, 'ring')
  t.true(operator.audit().balanced)
})

test('T2: what is left of the gift on day seven expires, and the books add up as before', async (t) => {
  const bench = await createGiftBench(t, { id: 't2' })
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await bench.give(a, b, 5n * GIB)
  const before = bench.operator.audit()
  bench.clock.advance(7 * DAY_MS - 1)
  await bench.operator.sweep()
  t.is(bench.operator.audit().expired, before.expired)
  bench.clock.advance(1)
  await bench.operator.sweep()
  const after = bench.operator.audit()
  t.is(after.expired, before.expired + 5n * GIB)
  t.like(after, { balanced: true, issued: before.issued })
})

test('the pairs of the article: T2 to T2, MTS to MTS, Russia to China', async (t) => {
  const bench = await createGiftBench(t, { id: 't2', isAmongAll: true })
  const [t2, other] = [await bench.subscriber('t2'), await bench.subscriber('t2')]
  const [mts, wife] = [await bench.subscriber('mts'), await bench.subscriber('mts')]
  const china = await bench.subscriber('china-mobile')
  t.is((await bench.give(t2, other, 5n * GIB)).gift?.state, 'completed')
  t.is((await bench.give(mts, wife, 5n * GIB)).refusal?.reason, 'groupOnly')
  const abroad = await bench.give(t2, china, 5n * GIB)
  t.like(abroad.refusal?.refusals[0], {
    code: 'otherOperator',
    alternatives: ['rollover', 'useItYourself'],
  })
})

test('a gift waits for its confirmation, five minutes and no longer', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: YES })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const total = (msisdn: string) => bench.operator.balance({ msisdn }).totalBytes
  const first = (await bench.give(a, b, 100n)).gift!
  t.is(first.state, 'awaitingConfirmation')
  t.is(total(b), total(a))
  bench.clock.advance(5 * MINUTE_MS - 1)
  const { gift } = await gifts.confirm({ id: first.id, by: a })
  t.is(gift.state, 'completed')
  t.is(total(b) - total(a), 200n)
  // The same YES once more is answered again and moves nothing.
  t.deepEqual((await gifts.confirm({ id: first.id, by: a })).gift, gift)
  t.is(total(b) - total(a), 200n)

  const second = (await bench.give(a, b, 100n)).gift!
  bench.clock.advance(5 * MINUTE_MS)
  t.is(gifts.find({ id: second.id })?.state, 'expired')
  await t.throwsAsync(gifts.confirm({ id: second.id, by: a }), undefined, 'tooLate')
  const late = await t.throwsAsync(gifts.confirm({ id: second.id, by: a }))
  t.like(late, { code: 'conflict' })
  t.is(total(b) - total(a), 200n)
})

test('another subscriber has no say in a gift', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: { ...YES, ...ACCEPT } })
  const { gifts } = bench.operator
  const [a, b, c] = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
  const { id } = (await bench.give(a, b, 100n)).gift!
  for (const step of ['confirm', 'cancel', 'accept', 'decline'] as const)
    t.like(await t.throwsAsync(gifts[step]({ id, by: c })), { code: 'notFound' })
  t.like(await t.throwsAsync(gifts.confirm({ id, by: b })), { code: 'notFound' })
})

test('PINs: the initial one gives nothing, three wrong ones lock, and the operator unlocks', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: PIN })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const { id } = (await bench.give(a, b, 100n)).gift!
  t.like(await t.throwsAsync(gifts.confirm({ id, by: a, pin: '0000' })), { reason: 'pinNotSet' })
  t.like(await t.throwsAsync(gifts.changePin({ msisdn: a, oldPin: '0000', newPin: '0000' })), {
    code: 'badInput',
    field: 'newPin',
  })
  t.like(await t.throwsAsync(gifts.changePin({ msisdn: a, oldPin: '1111', newPin: '2580' })), {
    reason: 'wrongPin',
  })
  await gifts.changePin({ msisdn: a, oldPin: '0000', newPin: '2580' })
  t.is((await gifts.confirm({ id, by: a, pin: '1234' })).refusal?.reason, 'wrongPin')
  t.is((await gifts.confirm({ id, by: a, pin: '2580' })).gift.state, 'completed')

  const next = (await bench.give(a, b, 100n)).gift!
  const tries = []
  for (const pin of ['1', '2', '3']) tries.push(await gifts.confirm({ id: next.id, by: a, pin }))
  t.deepEqual(
    tries.map(({ refusal, gift }) => [refusal?.reason, gift.state]),
    [
      ['wrongPin', 'awaitingConfirmation'],
      ['wrongPin', 'awaitingConfirmation'],
      ['pinLocked', 'failed'],
    ],
  )
  await gifts.resetPin({ msisdn: a })
  await gifts.changePin({ msisdn: a, oldPin: '0000', newPin: '1357' })
  const asked = { caller: 't', idempotencyKey: 'pin', from: a, to: b, amountBytes: 1n, pin: '1357' }
  t.is((await gifts.give(asked)).gift?.state, 'completed')
  const rows = bench.store.read((db) =>
    db.sql<{ pin_digest: Uint8Array }>('SELECT pin_digest FROM gift_settings').all(),
  )
  t.false(rows.some(({ pin_digest }) => Buffer.from(pin_digest).includes('1357')))
})

test('what waits for acceptance is held: it counts, it comes back, and it moves when the receiver says yes', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const giftable = () => bench.operator.giftable({ msisdn: a }).giftableBytes
  const all = giftable()
  const one = (await bench.give(a, b, 100n)).gift!
  t.is(one.state, 'awaitingAcceptance')
  t.is(giftable(), all - 100n)
  t.is((await gifts.decline({ id: one.id, by: b })).gift.state, 'declined')
  t.is(giftable(), all)
  const two = (await bench.give(a, b, all)).gift!
  t.is((await gifts.accept({ id: two.id, by: b })).gift.state, 'completed')
  t.is(giftable(), 0n)
  const three = (await bench.give(b, a, 100n)).gift!
  bench.clock.advance(48 * HOUR_MS)
  t.is(await gifts.sweep(), 1)
  t.is(gifts.find({ id: three.id })?.state, 'expired')
  t.like(bench.operator.audit(), { balanced: true, held: 0n })
})

test('data that ends while it is held expires, and does not come back to life', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  bench.clock.advance(30 * DAY_MS - HOUR_MS)
  const gift = (await bench.give(a, b, 100n)).gift!
  t.is(gift.deadline?.getTime(), bench.clock.nowMs() + HOUR_MS)
  bench.clock.advance(HOUR_MS)
  t.like(await t.throwsAsync(bench.operator.gifts.accept({ id: gift.id, by: b })), {
    code: 'conflict',
    reason: 'tooLate',
  })
  await bench.operator.sweep()
  t.like(bench.operator.audit(), { balanced: true, held: 0n, available: 0n })
})

test('rules are checked again when the gift is posted', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const { id } = (await bench.give(a, b, 100n)).gift!
  await gifts.suspend({ msisdn: a, reason: 'looked into' })
  const outcome = await gifts.accept({ id, by: b })
  t.like(outcome, { gift: { state: 'failed', reason: 'giverSuspended' } })
  t.like(bench.operator.audit(), { balanced: true, held: 0n })
})

test('a claim code is data for whoever brings it, once', async (t) => {
  const bench = await createGiftBench(t, { id: 'mineo', rules: CODES })
  const { gifts } = bench.operator
  const [a, b, c] = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
  const asked = {
    caller: 't',
    idempotencyKey: 'code',
    from: a,
    to: undefined,
    amountBytes: 10n ** 7n,
  }
  const { gift } = await gifts.give(asked)
  t.like(gift, { state: 'held', to: '' })
  const code = gifts.claimCode({ id: gift!.id, by: a })
  t.throws(() => gifts.claimCode({ id: gift!.id, by: b }), { message: /no gift/ })
  t.is((await gifts.claim({ code, by: a })).refusal?.reason, 'sameAccount')
  t.like((await gifts.claim({ code: ` ${code.toLowerCase()} `, by: b })).gift, {
    state: 'completed',
    to: b,
  })
  t.like(await t.throwsAsync(gifts.claim({ code, by: c })), { code: 'conflict' })
  t.like(await t.throwsAsync(gifts.claim({ code: 'AAAAAAAAAA', by: c })), { code: 'notFound' })
  t.is((await bench.operator.gifts.give(asked)).gift?.id, gift?.id)
})

test('the operator takes back what is unused, once', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: { reversalHours: 24 } })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const whole = (await bench.give(a, b, 100n)).gift!
  t.is((await gifts.reverse({ id: whole.id })).state, 'reversed')
  t.like(await t.throwsAsync(gifts.reverse({ id: whole.id })), { reason: 'wrongState' })
  const late = (await bench.give(a, b, 100n)).gift!
  bench.clock.advance(24 * HOUR_MS)
  t.like(await t.throwsAsync(gifts.reverse({ id: late.id })), { reason: 'reversalOver' })
  t.true(bench.operator.audit().balanced)
})

test('suspicion stops a giver until the operator lifts it', async (t) => {
  const abuse = { windowHours: 24, fanOut: 1, action: 'suspend' } as const
  const bench = await createGiftBench(t, { id: 'lab', rules: { abuse } })
  const [a, b, c] = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
  await bench.give(a, b, 1n)
  t.is((await bench.give(a, c, 1n)).refusal?.reason, 'fanOut')
  t.is((await bench.give(a, b, 1n)).refusal?.reason, 'giverSuspended')
  t.like(bench.operator.gifts.suspended(), [{ msisdn: a, reason: 'fanOut' }])
  await bench.operator.gifts.suspend({ msisdn: a, reason: undefined })
  t.is((await bench.give(a, b, 1n)).gift?.state, 'completed')
})

test('a question is answered with data or with no; an automatic gift is what would end soon', async (t) => {
  const rules = { askForData: true, automaticGift: true }
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const ask = await gifts.ask({ from: b, to: a, amountBytes: 100n })
  t.deepEqual(gifts.asks({ msisdn: a, side: 'got' }), [ask])
  t.like(await t.throwsAsync(gifts.ask({ from: b, to: a, amountBytes: 1n })), {
    reason: 'askedAlready',
  })
  t.like(await gifts.answer({ id: ask.id, by: a, gives: true }), {
    gift: { state: 'completed', to: b },
  })
  t.like(await t.throwsAsync(gifts.answer({ id: ask.id, by: a, gives: true })), {
    reason: 'wrongState',
  })

  await gifts.automatic({ msisdn: a, gift: { to: b, hoursBefore: 48 } })
  t.is(await gifts.sweep(), 0)
  const left = bench.operator.balance({ msisdn: a }).totalBytes
  bench.clock.advance(29 * DAY_MS)
  t.is(await gifts.sweep(), 1)
  t.is(bench.operator.balance({ msisdn: a }).totalBytes, 0n)
  t.is(gifts.list({ msisdn: a })[0]?.amountBytes, left)
  const told = (msisdn: string) =>
    bench.operator.messages.inbox({ msisdn }).map(({ textId }) => textId)
  t.is(told(a).at(-1), 'giftAutomatic')
  t.is(told(b).at(-1), 'giftReceived')
})

test('an automatic gift that must be accepted tells its giver what is kept, and what came of it', async (t) => {
  const rules = { automaticGift: true, ...ACCEPT }
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await gifts.automatic({ msisdn: a, gift: { to: b, hoursBefore: 720 } })
  bench.clock.advance(DAY_MS)
  t.is(await gifts.sweep(), 1)
  t.is(await gifts.sweep(), 0)
  const [gift] = gifts.list({ msisdn: a })
  await gifts.accept({ id: gift!.id, by: b })
  t.deepEqual(
    bench.operator.messages.inbox({ msisdn: a }).map(({ textId }) => textId),
    ['giftWaiting', 'giftAccepted'],
  )
})

test('who is refused for want of an approval is told when it is there, once, and nobody else is', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const { store, clock, file } = bench
  const [a, b, c] = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
  let state: 'pending' | 'granted' = 'pending'
  const operatorNow = () => {
    const approvals = [{ service: 'gifting' as const, state }]
    const now = { ...file, regulation: { ...file.regulation, approvals } }
    return createOperator({
      store,
      environment: { clock, random: seededRandom('later') },
      file: now,
      operators: onlyOperator(now),
    })
  }
  const give = (key: string, from: string) =>
    operatorNow().gifts.give({ caller: 't', idempotencyKey: key, from, to: b, amountBytes: 5n })
  for (const key of ['1', '2']) t.is((await give(key, a)).refusal?.reason, 'serviceAwaitsApproval')
  await operatorNow().sweep()
  const told = (msisdn: string) =>
    operatorNow()
      .messages.inbox({ msisdn })
      .map(({ text }) => text)
  t.deepEqual(told(a), [])
  state = 'granted'
  await operatorNow().sweep()
  await operatorNow().sweep()
  t.deepEqual(told(a), ['The regulator has approved giving data. You can use it now.'])
  t.deepEqual([...told(b), ...told(c)], [])
  t.is((await give('3', a)).gift?.state, 'completed')
})

test('locks and block lists hold', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await gifts.lock({ msisdn: a, locked: true })
  await gifts.block({ msisdn: b, number: a, blocked: true })
  const { refusal } = await bench.give(a, b, 1n)
  t.deepEqual(
    refusal?.refusals.map(({ code }) => code),
    ['giverLocked', 'blockedByReceiver'],
  )
})

test('whatever subscribers do and however time goes, the books add up and nothing stays held', async (t) => {
  const who = fc.integer({ min: 0, max: 2 })
  const action = fc.oneof(
    fc.record({
      do: fc.constant('give' as const),
      from: who,
      to: who,
      part: fc.integer({ min: 0, max: 130 }),
    }),
    fc.record({
      do: fc.constantFrom(
        'confirm' as const,
        'cancel' as const,
        'accept' as const,
        'decline' as const,
        'reverse' as const,
      ),
      gift: fc.nat(20),
    }),
    fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, MINUTE_MS * 5, HOUR_MS * 48, DAY_MS * 11),
    }),
    fc.constant({ do: 'sweep' as const }),
  )
  let completed = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 5, maxLength: 25 }),
      fc.constantFrom<GiftingRules>(YES, ACCEPT, { ...YES, ...ACCEPT }, {}),
      async (actions, rules) => {
        const bench = await createGiftBench(undefined, { id: 'lab', rules })
        const { gifts } = bench.operator
        const numbers = [
          await bench.subscriber(),
          await bench.subscriber(),
          await bench.subscriber(),
        ]
        const ids: string[] = []
        for (const act of actions) {
          if (act.do === 'wait') bench.clock.advance(act.ms)
          else if (act.do === 'sweep') await bench.operator.sweep()
          else if (act.do === 'give') {
            const [from, to] = [numbers[act.from]!, numbers[act.to]!]
            const most = gifts.maximum({ from, to }).bytes
            const amountBytes =
              (bench.operator.giftable({ msisdn: from }).availableBytes * BigInt(act.part)) / 100n
            const { gift } = await bench.give(from, to, amountBytes)
            t.is(gift !== undefined, amountBytes > 0n && amountBytes <= most)
            if (gift) ids.push(gift.id)
          } else if (ids.length > 0) {
            const id = ids[act.gift % ids.length]!
            const { from, to, state } = gifts.find({ id })!
            const by = act.do === 'confirm' || act.do === 'cancel' ? from : to
            const step = act.do === 'reverse' ? gifts.reverse({ id }) : gifts[act.do]({ id, by })
            await step.catch((error: { code?: string }) =>
              t.regex(`${error.code}`, /conflict|refused/),
            )
            if (state === 'expired') t.is(gifts.find({ id })?.state, 'expired')
          }
          const books = bench.operator.audit()
          t.true(books.balanced, books.faults.join('; '))
        }
        completed += ids.filter((id) => gifts.find({ id })!.lots.length > 0).length
        bench.clock.advance(DAY_MS * 40)
        await bench.operator.sweep()
        t.like(bench.operator.audit(), { balanced: true, held: 0n, available: 0n })
        await bench.store.close()
      },
    ),
    { numRuns: 25, seed: 5 },
  )
  t.true(completed > 5, `${completed} completed`)
})
