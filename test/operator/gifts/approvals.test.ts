import test from 'ava'
import { seededRandom } from '../../../src/base/environment.ts'
import { createOperator } from '../../../src/operator/operator.ts'
import { onlyOperator } from '../../../src/operator/operators.ts'
import { createGiftBench, type GiftBench } from './helper.ts'

/** The same operator, with its service of giving pending or granted. */
function operatorWith({ store, clock, file }: GiftBench, state: 'pending' | 'granted') {
  const approvals = [{ service: 'gifting' as const, state }]
  const now = { ...file, regulation: { ...file.regulation, approvals } }
  const environment = { clock, random: seededRandom('later') }
  return createOperator({ store, environment, file: now, operators: onlyOperator(now) })
}

async function toldOnceGranted(bench: GiftBench, msisdn: string): Promise<readonly unknown[]> {
  await operatorWith(bench, 'granted').sweep()
  const inbox = operatorWith(bench, 'granted').messages.inbox({ msisdn })
  return inbox.map(({ textId }) => textId).filter((id) => id === 'approvalGranted')
}

test('who confirms a gift that waits for an approval is told when it is there', async (t) => {
  const rules = { confirmation: { kind: 'yes', withinMinutes: 5 } } as const
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const { gift } = await bench.give(a, b, 5n)
  const { refusal } = await operatorWith(bench, 'pending').gifts.confirm({ id: gift!.id, by: a })
  t.is(refusal?.reason, 'serviceAwaitsApproval')
  t.deepEqual(await toldOnceGranted(bench, a), ['approvalGranted'])
  t.deepEqual(await toldOnceGranted(bench, b), [])
})

test('who would buy a gift that waits for an approval is told when it is there', async (t) => {
  const bench = await createGiftBench(t, { id: 'beeline' })
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const wish = { kind: 'package', packageId: 'beeline-gift-1', for: b } as const
  await bench.operator.subscriptions.topUp({ msisdn: a, id: 'money', amountMinor: 100_000n })
  const order = { caller: 't', idempotencyKey: '1', msisdn: a, wish }
  const { refusal } = await operatorWith(bench, 'pending').attemptOrder(order)
  t.is(refusal?.reason, 'serviceAwaitsApproval')
  t.deepEqual(await toldOnceGranted(bench, a), ['approvalGranted'])
})

test('a giver whose gifts were stopped is told, once, that they are allowed again', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const { gifts, messages } = bench.operator
  const a = await bench.subscriber()
  const told = () => messages.inbox({ msisdn: a }).map(({ text }) => text)
  await gifts.suspend({ msisdn: a, reason: 'resale' })
  t.deepEqual(told(), [])
  for (const reason of [undefined, undefined]) await gifts.suspend({ msisdn: a, reason })
  t.deepEqual(told(), ['Your operator allows gifts from your number again.'])
})
