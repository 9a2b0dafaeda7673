import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../../src/base/errors.ts'
import { createMessagesBench, HOUR_MS } from '../channels/helper.ts'

const MINUTE_MS = 60_000

/** Anna has 1000 roubles left of 1199 and has spent 199; Ben has nothing. */
async function session(t: ExecutionContext, language = 'en') {
  const bench = await createMessagesBench(t)
  const { operator } = bench
  const [anna, ben] = [
    await bench.subscriber('beeline', language),
    await bench.subscriber('beeline', language),
  ]
  await operator.subscriptions.topUp({ msisdn: anna, id: 'money', amountMinor: 119_900n })
  const order = { msisdn: anna, id: 'spent', packageId: 'beeline-gift-1', for: ben }
  await operator.subscriptions.buy(order)
  let sessions = 0
  return {
    ...bench,
    anna,
    ben,
    dial: (text: string, more: { readonly id?: string; readonly step?: number } = {}) =>
      operator.messages.ussd({
        msisdn: anna,
        sessionId: more.id ?? `s${++sessions}`,
        text,
        step: more.step,
      }),
    money: (msisdn: string) => operator.subscriptions.wallet({ msisdn }).moneyMinor,
  }
}

/** The command that a question names. */
function codeIn(text: string): string {
  return /\*145\*\d{3}#/.exec(text)?.[0] ?? ''
}

function wrong(code: string): string {
  return code === '*145*000#' ? '*145*001#' : '*145*000#'
}

test('money is asked for with a number and a sum, and sent with the code', async (t) => {
  const { dial, anna, ben, money, got, last, operator } = await session(t)
  const question = await dial(`*145*${ben}*100#`)
  t.regex(question.text, /^Send RUB 100 to .*dial \*145\*\d{3}# within 10 min/)
  t.is(money(anna), 100_000n, 'nothing has moved yet')
  const sent = await dial(codeIn(question.text))
  t.regex(sent.text, /^You sent RUB 100 to/)
  t.false(sent.isOpen)
  t.deepEqual([money(anna), money(ben)], [90_000n, 10_000n])
  t.is(got(anna).filter((id) => id === 'moneySent').length, 2, 'the receipt and the screen')
  t.regex(last(ben), /^You received RUB 100 from .* Transaction [0-9A-F]+\.$/)
  t.true(operator.audit().balanced)
})

test('the number may be written as at home, and the code entered on the screen that asks for it', async (t) => {
  const { dial, ben, money } = await session(t)
  const question = await dial(`*145*8${ben.slice(1)}*150#`, { id: 's' })
  t.true(question.isOpen)
  const code = codeIn(question.text).slice(5, 8)
  t.regex((await dial(code, { id: 's' })).text, /^You sent RUB 150/)
  t.is(money(ben), 15_000n)
})

test('a code is good once, for its minutes, and for the last that was asked for', async (t) => {
  const { dial, ben, money, clock } = await session(t)
  const first = codeIn((await dial(`*145*${ben}*100#`)).text)
  const second = codeIn((await dial(`*145*${ben}*50#`)).text)
  if (first !== second) t.regex((await dial(first)).text, /^Wrong code: try 1 of 3/)
  t.regex((await dial(second)).text, /^You sent RUB 50/)
  t.regex((await dial(second)).text, /^No money waits for a code/)
  clock.advance(2 * MINUTE_MS)
  const late = codeIn((await dial(`*145*${ben}*100#`)).text)
  clock.advance(10 * MINUTE_MS)
  t.regex((await dial(late)).text, /^No money waits for a code/)
  t.is(money(ben), 5000n)
})

test('after three wrong codes the right one is worth nothing', async (t) => {
  const { dial, ben, money } = await session(t)
  const code = codeIn((await dial(`*145*${ben}*100#`)).text)
  t.regex((await dial(wrong(code))).text, /^Wrong code: try 1 of 3/)
  t.regex((await dial(wrong(code))).text, /^Wrong code: try 2 of 3/)
  t.regex((await dial(wrong(code))).text, /wrong too often/)
  t.regex((await dial(code)).text, /^No money waits/)
  t.is(money(ben), 0n)
})

test('what comes again is answered again, and nothing is sent or counted twice', async (t) => {
  const { dial, anna, ben, money, store } = await session(t)
  const question = await dial(`*145*${ben}*100#`, { id: 'a', step: 0 })
  const replayed = await dial(`*145*${ben}*100#`, { id: 'a', step: 0 })
  t.deepEqual(replayed, { ...question, replayed: true })
  const code = codeIn(question.text)
  t.regex((await dial(wrong(code), { id: 'b' })).text, /try 1 of 3/)
  // As if the answers had been lost before they were kept.
  const lose = () =>
    store.write((db) => {
      db.sql('DELETE FROM channel_answers').run()
      db.sql('DELETE FROM ussd_sessions').run()
    })
  await lose()
  t.is((await dial(`*145*${ben}*100#`, { id: 'a' })).text, question.text)
  t.regex((await dial(wrong(code), { id: 'b' })).text, /try 1 of 3/, 'not counted again')
  await dial(code, { id: 'c' })
  await lose()
  t.regex((await dial(code, { id: 'c' })).text, /^You sent RUB 100/)
  t.regex((await dial(code, { id: 'c' })).text, /^You sent RUB 100/)
  t.deepEqual([money(anna), money(ben)], [90_000n, 10_000n])
})

test('every rule that refuses is told at once, and again when the code comes', async (t) => {
  const { dial, ben, money, anna, operator } = await session(t)
  const refused = await dial(`*145*${ben}*1000#`)
  t.is(refused.isOpen, false)
  t.regex(
    refused.text,
    /too much at once. The most is RUB 150.*At most RUB 300 can be sent in a day/,
  )
  const poor = await operator.messages.ussd({
    msisdn: ben,
    sessionId: 'x',
    text: `*145*${anna}*10#`,
  })
  t.regex(poor.text, /spent RUB 150 on your own account.*At least RUB 60 must be left/)
  const code = codeIn((await dial(`*145*${ben}*100#`)).text)
  await operator.gifts.block({ msisdn: ben, number: anna, blocked: true })
  t.regex((await dial(code)).text, /^The other number cannot receive money/)
  await operator.gifts.block({ msisdn: ben, number: anna, blocked: false })
  t.regex((await dial(code)).text, /^No money waits/, 'the code was used')
  t.is(money(ben), 0n)
})

test('a day has 300 roubles, each two minutes after the other', async (t) => {
  const { dial, ben, money, clock } = await session(t)
  const send = async (sum: number) => {
    const { text } = await dial(`*145*${ben}*${sum}#`)
    return codeIn(text) ? (await dial(codeIn(text))).text : text
  }
  t.regex(await send(150), /^You sent/)
  t.regex(await send(100), /^You sent money a moment ago/)
  clock.advance(2 * MINUTE_MS)
  t.regex(await send(150), /^You sent RUB 150/)
  clock.advance(2 * MINUTE_MS)
  t.regex(await send(10), /^At most RUB 300 can be sent in a day/)
  clock.advance(9 * HOUR_MS)
  t.regex(await send(10), /^You sent RUB 10 /, 'after midnight in Moscow')
  t.is(money(ben), 31_000n)
})

test('what is not understood gets the form that is, and money goes to nobody outside', async (t) => {
  const { dial, ben, money, anna, subscriber } = await session(t)
  t.regex((await dial(`*145*100*${ben}#`)).text, /\*145\*7000999\d+\*150#/, 'in the wrong order')
  t.regex((await dial(`*145*${ben}*1.5#`)).text, /\*145\*7000999\d+\*150#/)
  const other = await subscriber('t2')
  t.regex((await dial(`*145*${other}*100#`)).text, /is not on this network/)
  t.regex((await dial('*145*70009998888*100#')).text, /is not on this network/)
  t.regex((await dial(`*145*${anna}*100#`)).text, /to yourself/)
  t.is(money(anna), 100_000n)
})

for (const language of ['ru', 'en']) {
  test(`the question with the longest values has room on one screen in ${language}`, async (t) => {
    const { dial, ben } = await session(t, language)
    const { text } = await dial(`*145*${ben}*150#`)
    t.not(codeIn(text), '')
    t.true(text.length <= (language === 'ru' ? 80 : 182))
  })
}

test('another text under the name of a step is refused', async (t) => {
  const { dial, ben } = await session(t)
  await dial(`*145*${ben}*100#`, { id: 'a', step: 0 })
  await t.throwsAsync(dial(`*145*${ben}*110#`, { id: 'a', step: 0 }), { instanceOf: LabError })
})
