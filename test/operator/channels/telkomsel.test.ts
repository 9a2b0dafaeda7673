import test from 'ava'
import { createMessagesBench } from './helper.ts'

const MB = 1_000_000n

test('Telkomsel takes TRF to 363, asks, and gives at YA; what was received goes no further', async (t) => {
  const bench = await createMessagesBench(t)
  const { operator } = bench
  const [anna, ben] = [await bench.subscriber('telkomsel'), await bench.subscriber('telkomsel')]
  const total = (msisdn: string) => operator.balance({ msisdn }).totalBytes
  const send = async (from: string, text: string) =>
    (await bench.sms(from, text, { to: '363' })).join(' ')
  t.regex(await send(anna, `TRF 500 ${ben}`), /^Give 500 MB to .*YES/)
  t.is(total(ben), 10_000n * MB)
  t.regex(await send(anna, 'YA'), /^You gave 500 MB/)
  t.is(total(ben), 10_500n * MB)
  t.regex(await send(ben, `TRF 10200 ${anna}`), /500 MB/)
  const menu = await operator.messages.ussd({ msisdn: anna, sessionId: 's', text: '*363#' })
  t.true(menu.isOpen)
  t.is(total(anna), 9500n * MB)
})
