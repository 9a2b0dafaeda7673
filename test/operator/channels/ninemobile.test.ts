import test from 'ava'
import { createMessagesBench } from './helper.ts'

const MB = 1_000_000n

test('9mobile gives by one code with the PIN in it, once the PIN is not 0000 any more', async (t) => {
  const bench = await createMessagesBench(t)
  const { operator, sms } = bench
  const [anna, ben] = [await bench.subscriber('ninemobile'), await bench.subscriber('ninemobile')]
  let sessions = 0
  const dial = async (text: string) => {
    const sessionId = `s${++sessions}`
    return (await operator.messages.ussd({ msisdn: anna, sessionId, text })).text
  }
  const total = (msisdn: string) => operator.balance({ msisdn }).totalBytes
  t.regex(await dial(`*229*0000*50*${ben}#`), /PIN/)
  t.is(total(ben), 1000n * MB, 'the first PIN gives nothing')
  t.regex((await sms(anna, 'CHANGE 0000 4711 4711')).join(), /PIN/)
  t.regex(await dial(`*229*1234*50*0${ben.slice(3)}#`), /Wrong PIN: try 1 of 3/)
  t.regex(await dial(`*229*4711*50*0${ben.slice(3)}#`), /^You gave 50 MB/)
  t.is(total(ben), 1050n * MB)
  const [source] = operator.balance({ msisdn: anna }).lots
  const given = operator.balance({ msisdn: ben }).lots.find(({ origin }) => origin === 'gift')
  t.is(given?.validUntilMs, source?.validUntilMs, "what was left of the giver's validity")
  t.regex(await dial(`*229*4711*51*${ben}#`), /50 MB/)
  t.regex(await dial(`*229*4711*9*${ben}#`), /10 MB/)
  t.regex(await dial(`*229*4711*${ben}*50#`), /\*229\*PIN\*50\*234/, 'in the wrong order')
  t.is(total(ben), 1050n * MB)
  t.false(bench.operator.inbox({ msisdn: anna, limit: 50 }).some(({ text }) => /4711/.test(text)))
})
