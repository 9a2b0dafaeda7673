import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../../src/base/errors.ts'
import { fitText } from '../../../src/operator/messages/fitting.ts'
import type { UssdAnswer } from '../../../src/operator/channels/channels.ts'
import { changedFile, createMessagesBench, GIB, withRules, type Change } from './helper.ts'

const ASKS_YES = withRules({ confirmation: { kind: 'yes', withinMinutes: 5 } })
const ASKS_PIN = withRules({
  confirmation: { kind: 'pin', withinMinutes: 5 },
  pin: { digits: 4, tries: 3 },
})

/** Two subscribers of T2, and a session of the first. */
async function session(t: ExecutionContext, ...changes: readonly Change[]) {
  const bench = await createMessagesBench(t, [changedFile('t2', ...changes)])
  const anna = await bench.subscriber('t2', 'en')
  const ben = await bench.subscriber('t2', 'en')
  const dial = (text: string, more: { readonly id?: string; readonly step?: number } = {}) => {
    const { id: sessionId = 's1', step } = more
    return bench.operator.messages.ussd({ msisdn: anna, sessionId, text, step })
  }
  const total = (msisdn: string) => bench.operator.balance({ msisdn }).totalBytes
  return { ...bench, anna, ben, dial, total }
}

test('a code of the operator gives at once, on one screen, and the receipt comes as SMS', async (t) => {
  const { dial, anna, ben, got, total } = await session(t)
  const answer = await dial(`*974*${ben}*5#`)
  t.false(answer.isOpen)
  t.regex(answer.text, /^You gave 5 GB to/)
  t.is(total(ben), 25n * GIB)
  t.deepEqual(got(anna), ['giftSent', 'giftSent'], 'the receipt and the screen')
  t.deepEqual(got(ben), ['giftReceived'])
})

test('a code that comes twice in a session is answered as the first time', async (t) => {
  const { dial, ben, total } = await session(t)
  const first = await dial(`*974*${ben}*5#`)
  t.deepEqual(await dial(`*974*${ben}*5#`), { ...first, replayed: true })
  t.deepEqual(await dial(`*974*${ben}*5#`, { step: 0 }), { ...first, replayed: true })
  t.is(total(ben), 25n * GIB)
  await t.throwsAsync(dial(`*974*${ben}*6#`, { step: 0 }), { instanceOf: LabError })
  t.is((await dial(`*974*${ben}*6#`)).text, 'The session is over. Please dial again.')
})

test('a question is answered on its screen with 1 or 2', async (t) => {
  const { dial, ben, anna, got, total } = await session(t, ASKS_YES)
  const question = await dial(`*974*${ben}*5#`)
  t.true(question.isOpen)
  t.regex(question.text, /^Give 5 GB to .*1 Yes\n2 No/s)
  t.deepEqual(await dial(`*974*${ben}*5#`), { ...question, replayed: true })
  t.is((await dial('9')).text, question.text, 'anything else shows it again')
  const sent = await dial('1')
  t.false(sent.isOpen)
  t.is(total(ben), 25n * GIB)
  t.true(got(anna).includes('giftSent'))
})

test('a session ends after 180 seconds, and nothing that is entered then counts', async (t) => {
  const { dial, ben, clock, total } = await session(t, ASKS_YES)
  await dial(`*974*${ben}*5#`)
  clock.advance(180_000)
  const late = await dial('1')
  t.is(late.text, 'The session is over. Please dial again.')
  t.false(late.isOpen)
  t.is(total(ben), 20n * GIB)
})

test('a question that was left is asked again by the code of the service', async (t) => {
  const { dial, ben, clock, total } = await session(t, ASKS_YES)
  const question = await dial(`*974*${ben}*5#`)
  clock.advance(200_000)
  const again = await dial('*974#', { id: 's2' })
  t.deepEqual(again, { ...question, step: 1 })
  await dial('1', { id: 's2' })
  t.is(total(ben), 25n * GIB)
})

test('a yes on the screen of a question that is over gives nothing else', async (t) => {
  const { dial, ben, sms, anna, total } = await session(t, ASKS_YES)
  await dial(`*974*${ben}*5#`)
  await sms(anna, 'NO')
  await sms(anna, `GIVE 9GB ${ben}`)
  const answer = await dial('1')
  t.false(answer.isOpen)
  t.is(answer.text, 'The gift is cancelled. Your data is still yours.')
  t.is(total(ben), 20n * GIB)
})

test('the menu leads to a gift, screen by screen, and a wrong entry may be made again', async (t) => {
  const { dial, ben, total } = await session(t, ASKS_YES)
  const menu = await dial('*974#')
  t.regex(menu.text, /^1 Balance\n2 Give data/)
  t.is((await dial('2')).text, 'Enter the phone number:')
  const wrong = await dial('12')
  t.true(wrong.isOpen)
  t.regex(wrong.text, /phone number is not right/)
  t.regex((await dial(ben)).text, /^Enter the amount/)
  t.regex((await dial('5')).text, /The unit is missing/)
  const question = await dial('5GB')
  t.regex(question.text, /^Give 5 GB/)
  const sent = await dial('1')
  t.regex(sent.text, /^You gave 5 GB/)
  t.deepEqual(await dial('1', { step: sent.step - 1 }), { ...sent, replayed: true })
  t.is(total(ben), 25n * GIB)
})

test('the menu shows the balance and help, asks for data and takes codes', async (t) => {
  const { dial } = await session(t, withRules({ askForData: true }))
  await dial('*974#')
  t.regex((await dial('1')).text, /^You have 20 GB/)
  await dial('*974#', { id: 's2' })
  t.regex((await dial('5', { id: 's2' })).text, /\*974\*7000220\d{4}\*1#/)
  await dial('*974#', { id: 's3' })
  t.is((await dial('4', { id: 's3' })).text, 'Enter the gift code:')
  t.regex((await dial('?', { id: 's3' })).text, /code is not right/)
  t.regex((await dial('ABCD-EFGH-JK', { id: 's3' })).text, /^This code is unknown/)
})

test('a PIN is entered on the screen; a wrong one leaves it open until it is locked', async (t) => {
  const { dial, ben, anna, operator, total } = await session(t, ASKS_PIN)
  await operator.gifts.changePin({ msisdn: anna, newPin: '4711' })
  t.regex((await dial(`*974*${ben}*5#`)).text, /Enter your PIN/)
  const wrong = await dial('1111')
  t.true(wrong.isOpen)
  t.is(wrong.text, 'Wrong PIN: try 1 of 3. Enter your own PIN again.')
  t.regex((await dial('4711')).text, /^You gave 5 GB/)
  t.is(total(ben), 25n * GIB)
})

test('an offer is on the first screen of the menu of who may accept it', async (t) => {
  const wants = withRules({ acceptance: { kind: 'required', withinHours: 48 } })
  const { dial, ben, anna, operator, total } = await session(t, wants)
  t.regex((await dial(`*974*${ben}*5#`)).text, /are kept for/)
  const answer = (text: string, step: number) =>
    operator.messages.ussd({ msisdn: ben, sessionId: 'b1', text, step })
  t.regex((await answer('*974#', 0)).text, /gives you 5 GB.*1 Accept\n2 Decline/s)
  t.regex((await answer('1', 1)).text, /^You accepted 5 GB/)
  t.is(total(ben), 25n * GIB)
  t.is(total(anna), 15n * GIB)
})

test('in every language each screen is one screen', async (t) => {
  const file = changedFile('t2', ASKS_YES, (json) => (json.languages = ['ru', 'en', 'zh']))
  const { operator, subscriber } = await createMessagesBench(t, [file])
  const ben = await subscriber('t2')
  const far = await subscriber('mts')
  for (const language of ['ru', 'en', 'zh']) {
    const msisdn = await subscriber('t2', language)
    const screens: UssdAnswer[] = []
    const entries = ['*974#', '2', ben, '5GB', '2']
    for (const text of entries) {
      screens.push(await operator.messages.ussd({ msisdn, sessionId: 'a', text }))
    }
    for (const [at, text] of [`*974*${far}*1#`, '*155*0#', '*999#'].entries()) {
      screens.push(await operator.messages.ussd({ msisdn, sessionId: `b${at}`, text }))
    }
    for (const { text } of screens) {
      const { isShortened, parts } = fitText(text, { channel: 'ussd' })
      t.false(isShortened, text)
      t.is(parts.length, 1)
    }
    const texts = operator.messages.inbox({ msisdn }).map(({ textId }) => textId)
    t.true(texts.includes('simHandover'), 'what has no room on the screen comes as SMS')
  }
})

test('an operator without USSD has none, and a step out of turn is a conflict', async (t) => {
  const { operator, subscriber, dial } = await session(t)
  const smart = await subscriber('smart')
  const none = await t.throwsAsync(
    operator.messages.ussd({ msisdn: smart, sessionId: '1', text: '*1#' }),
    { instanceOf: LabError },
  )
  t.is(none?.code, 'notFound')
  const early = await t.throwsAsync(dial('1', { id: 's9', step: 3 }), { instanceOf: LabError })
  t.is(early?.reason, 'wrongStep')
})
