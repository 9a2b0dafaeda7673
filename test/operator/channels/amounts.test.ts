import test from 'ava'
import { createMessagesBench } from './helper.ts'

const AMOUNTS =
  '0MB|-5MB|1e3MB|1.0000000001GB|99999999999GB|18446744073709551616B|NaNMB|∞GB|5 MB 5 MB|5KG|MB|½GB|--5MB|5MB-|0x5MB|٥MB'

for (const amount of AMOUNTS.split('|')) {
  test(`a message of no amount gives and asks for nothing: ${amount}`, async (t) => {
    const bench = await createMessagesBench(t)
    const { operator, sms } = bench
    const [from, to] = [await bench.subscriber(), await bench.subscriber()]
    const [caller, called] = [await bench.subscriber('t2'), await bench.subscriber('t2')]
    const asks = () => operator.gifts.asks({ msisdn: to, side: 'got' })
    const before = operator.audit()
    const texts = [`GIVE ${amount} ${to}`, `GIVE ${to} ${amount}`, `ASK ${amount} FROM ${to}`]
    for (const text of texts) t.is((await sms(from, text)).length, 1)
    const dialled = [`*974*${called}*${amount}#`, `*974*${amount}*${called}#`]
    for (const [at, text] of dialled.entries()) {
      const shown = await operator.messages.ussd({ msisdn: caller, sessionId: `s${at}`, text })
      t.false(shown.isOpen, shown.text)
    }
    t.deepEqual(operator.audit(), before)
    t.deepEqual(asks(), [])
    for (const msisdn of [from, caller])
      t.deepEqual(operator.gifts.list({ msisdn }), [], 'nor is there a gift to be confirmed')
  })
}

test('and those of an amount do', async (t) => {
  const bench = await createMessagesBench(t)
  const { operator, sms } = bench
  const [from, to] = [await bench.subscriber(), await bench.subscriber()]
  const [caller, called] = [await bench.subscriber('t2'), await bench.subscriber('t2')]
  await sms(from, `GIVE 5MB ${to}`)
  t.is(operator.gifts.list({ msisdn: from }).length, 1)
  await operator.messages.ussd({ msisdn: caller, sessionId: 's', text: `*974*${called}*5#` })
  t.is(operator.gifts.list({ msisdn: caller }).length, 1)
})
