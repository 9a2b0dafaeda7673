import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import type { OrderedProfile } from '../../src/operator/ordering.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { testLab } from '../helpers/lab.ts'

const GB = 1_000_000_000n

interface Subscriber {
  readonly phone: Phone
  readonly order: OrderedProfile
}

/** A phone whose profile was ordered, downloaded, enabled and reported. */
async function subscriber(lab: Lab, name: string): Promise<Subscriber> {
  const phone = lab.createPhone({ name })
  const order = await lab.order()
  await phone.download({ activationCode: parseActivationCode(order.activationCode) })
  await phone.enable(order)
  await phone.sendNotifications()
  return { phone, order }
}

function give(lab: Lab, gift: { from: Subscriber; to: Subscriber; key: string }) {
  return lab.operator.giveData({
    caller: 'test',
    idempotencyKey: gift.key,
    from: gift.from.order.msisdn,
    to: gift.to.order.msisdn,
    amountBytes: GB,
  })
}

test('two phones download, enable and gift; a deleted profile can neither give nor receive', async (t) => {
  const lab = await testLab(t)
  const [anna, ben] = [await subscriber(lab, 'anna'), await subscriber(lab, 'ben')]
  const before = lab.operator.balance(ben.order).totalBytes

  const gift = await give(lab, { from: anna, to: ben, key: 'one' })
  t.is(gift.amountBytes, GB)
  t.is(lab.operator.balance(ben.order).totalBytes, before + GB)
  t.is(lab.operator.balance(anna.order).totalBytes, before - GB)

  await anna.phone.disable(anna.order)
  await anna.phone.delete(anna.order)
  t.is(lab.operator.account(anna.order)?.profileState, 'enabled', 'the card has not told yet')
  await anna.phone.sendNotifications()
  t.is(lab.operator.account(anna.order)?.profileState, 'deleted')
  const given = await t.throwsAsync(give(lab, { from: anna, to: ben, key: 'two' }), {
    instanceOf: LabError,
  })
  t.is(given?.reason, 'giverProfileDeleted')
  const received = await t.throwsAsync(give(lab, { from: ben, to: anna, key: 'three' }), {
    instanceOf: LabError,
  })
  t.is(received?.reason, 'receiverProfileDeleted')
  t.is(lab.operator.giftable(anna.order).giftableBytes, 0n)
  t.deepEqual(lab.operator.audit().faults, [])
})

test('a profile that is ordered but not installed can neither give nor receive', async (t) => {
  const lab = await testLab(t)
  const anna = await subscriber(lab, 'anna')
  const ben = { phone: lab.createPhone(), order: await lab.order() }
  const received = await t.throwsAsync(give(lab, { from: anna, to: ben, key: 'one' }), {
    instanceOf: LabError,
  })
  t.is(received?.reason, 'receiverProfileNotInstalled')
  const given = await t.throwsAsync(give(lab, { from: ben, to: anna, key: 'two' }), {
    instanceOf: LabError,
  })
  t.is(given?.reason, 'giverProfileNotInstalled')
})

test('a reset card tells that its profiles are gone', async (t) => {
  const lab = await testLab(t)
  const anna = await subscriber(lab, 'anna')
  await anna.phone.memoryReset()
  await anna.phone.sendNotifications()
  t.is(lab.operator.account(anna.order)?.profileState, 'deleted')
})

test('one phone holds profiles of several subscribers, one of them enabled', async (t) => {
  const lab = await testLab(t)
  const { phone, order: first } = await subscriber(lab, 'anna')
  const second = await lab.order()
  await phone.download({ activationCode: parseActivationCode(second.activationCode) })
  await phone.enable(second)
  await phone.sendNotifications()
  t.is(lab.operator.account(first)?.profileState, 'disabled')
  t.is(lab.operator.account(second)?.profileState, 'enabled')
  t.deepEqual(
    (await phone.profiles()).map(({ state }) => state),
    ['disabled', 'enabled'],
  )
})
