import test from 'ava'
import { channelsOf, exampleOf, firstStep } from '../../../src/operator/channels/examples.ts'
import { numberingPlan } from '../../../src/operator/messages/numbering.ts'
import { parseMessage } from '../../../src/operator/messages/parser.ts'
import { giftSettingsOf } from '../../../src/store/gift-settings.ts'
import { LANGUAGES } from '../../../src/operator/messages/texts/languages.ts'
import { loadOperators } from '../../../src/operator/operators.ts'
import { LabError } from '../../../src/base/errors.ts'
import { changedFile, createMessagesBench, DAY_MS, GIB, withRules } from './helper.ts'

const GB = 10n ** 9n
const ASKS_YES = withRules({ confirmation: { kind: 'yes', withinMinutes: 5 } })
const ASKS_PIN = withRules({
  confirmation: { kind: 'pin', withinMinutes: 5 },
  pin: { digits: 4, tries: 3, initialPin: '0000' },
})
const WANTS_YES = withRules({ acceptance: { kind: 'required', withinHours: 48 } })

test('a gift by SMS moves data, and both sides have its receipt in their own language', async (t) => {
  const bench = await createMessagesBench(t)
  const anna = await bench.subscriber('t2', 'ru')
  const ben = await bench.subscriber('t2', 'en')
  const [receipt, ...more] = await bench.sms(anna, `ПЕРЕДАТЬ 5 ГБ ${ben}`)
  t.is(more.length, 0)
  t.regex(String(receipt), /^Вы передали 5 ГБ/)
  t.regex(
    bench.last(ben),
    /^You received 5 GB from \+7 000 \*\*\*-\*\*-\d\d\. Use it until 22 Jan 2026/,
  )
  t.deepEqual(bench.got(anna), ['giftSent'])
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 25n * GIB)
  t.deepEqual(bench.operator.audit().faults, [])
})

test('the same message again has the same answer and gives nothing more', async (t) => {
  const bench = await createMessagesBench(t)
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  const first = await bench.sms(anna, `GIVE 1GB ${ben}`, { id: 'once' })
  const again = await bench.operator.messages.sms({
    from: anna,
    text: `GIVE 1GB ${ben}`,
    messageId: 'once',
  })
  t.deepEqual(again, { messages: first, replayed: true })
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
  t.is(bench.got(anna).length, 1)
  await t.throwsAsync(bench.sms(anna, `GIVE 2GB ${ben}`, { id: 'once' }), {
    instanceOf: LabError,
    message: /another text/,
  })
})

test('the same message ten times at once gives once', async (t) => {
  const bench = await createMessagesBench(t)
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  const all = Array.from({ length: 10 }, () => bench.sms(anna, `GIVE 1GB ${ben}`, { id: 'one' }))
  const answers = new Set((await Promise.all(all)).map((texts) => texts.join('|')))
  t.is(answers.size, 1)
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
})

for (const [language, give, yes, no] of [
  ['en', 'GIVE 1GB', 'YES', 'NO'],
  ['ru', 'ПЕРЕДАТЬ 1ГБ', 'Да', 'Нет'],
  ['zh', '转赠 1GB', '是', '否'],
] as const) {
  test(`a question is answered with ${yes} or ${no}`, async (t) => {
    const file = changedFile('lab', ASKS_YES, (json) => (json.languages = ['en', 'ru', 'zh']))
    const bench = await createMessagesBench(t, [file])
    const anna = await bench.subscriber('lab', language)
    const ben = await bench.subscriber('lab')
    t.regex(String(await bench.sms(anna, `${give} ${ben}`)), /1 (GB|ГБ)/)
    t.deepEqual(bench.got(anna), ['giftConfirm'])
    await bench.sms(anna, no)
    t.is(bench.got(anna).at(-1), 'giftCancelled')
    t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 20n * GB)
    await bench.sms(anna, `${give} ${ben}`)
    await bench.sms(anna, yes)
    t.is(bench.got(anna).at(-1), 'giftSent')
    t.deepEqual(bench.got(ben), ['giftReceived'])
    t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
  })
}

test('a yes without a question, before it, or twice does nothing', async (t) => {
  const bench = await createMessagesBench(t, [changedFile('lab', ASKS_YES)])
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  await bench.sms(anna, 'YES')
  t.is(bench.got(anna).at(-1), 'nothingToAnswer')
  const early = bench.clock.now()
  bench.clock.advance(1000)
  await bench.sms(anna, `GIVE 1GB ${ben}`)
  await bench.sms(anna, 'YES', { sentAt: early })
  t.is(bench.got(anna).at(-1), 'nothingToAnswer')
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 20n * GB)
  await bench.sms(anna, 'YES', { sentAt: bench.clock.now() })
  await bench.sms(anna, 'YES')
  t.is(bench.got(anna).at(-1), 'nothingToAnswer')
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
})

test('while a question is open another gift asks it again, so that a late yes means only one thing', async (t) => {
  const bench = await createMessagesBench(t, [changedFile('lab', ASKS_YES)])
  const anna = await bench.subscriber()
  const [ben, carl] = [await bench.subscriber(), await bench.subscriber()]
  const question = await bench.sms(anna, `GIVE 1GB ${ben}`)
  t.deepEqual(await bench.sms(anna, `GIVE 7GB ${carl}`), question)
  await bench.sms(anna, 'YES')
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
  t.is(bench.operator.balance({ msisdn: carl }).totalBytes, 20n * GB)
})

test('a question that was not answered in time is over, which is told once', async (t) => {
  const bench = await createMessagesBench(t, [changedFile('lab', ASKS_YES)])
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  await bench.sms(anna, `GIVE 1GB ${ben}`)
  bench.clock.advance(5 * 60_000)
  await bench.sms(anna, 'YES')
  t.is(bench.got(anna).at(-1), 'nothingToAnswer')
  await bench.operator.sweep()
  await bench.operator.sweep()
  t.deepEqual(bench.got(anna), ['giftConfirm', 'nothingToAnswer', 'giftTimedOut'])
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 20n * GB)
})

test('a PIN confirms; wrong ones are counted and lock; no inbox keeps one', async (t) => {
  const bench = await createMessagesBench(t, [changedFile('lab', ASKS_PIN)])
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  await bench.sms(anna, `GIVE 1GB ${ben}`)
  t.is(bench.got(anna).at(-1), 'giftConfirmPin')
  await bench.sms(anna, '0000')
  t.is(bench.got(anna).at(-1), 'pinDefault')
  await bench.sms(anna, 'CHANGE 0000 4711 4711')
  t.is(bench.got(anna).at(-1), 'pinChanged')
  await bench.sms(anna, 'YES')
  t.is(bench.got(anna).at(-1), 'pinNeeded')
  t.deepEqual(await bench.sms(anna, 'PIN 1111'), [
    'Wrong PIN: try 1 of 3. Enter your own PIN again.',
  ])
  await bench.sms(anna, '4711')
  t.is(bench.got(anna).at(-1), 'giftSent')
  for (const wrong of ['1111', '2222', '3333'])
    await bench.sms(anna, `GIVE 1GB ${ben} PIN ${wrong}`)
  t.is(bench.got(anna).at(-1), 'pinBlocked')
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
  const texts = bench.operator.messages.inbox({ msisdn: anna }).map(({ text }) => text)
  t.true(texts.some((text) => text === 'CHANGE **** **** ****'))
  t.false(texts.some((text) => /\b(4711|1111|0000)\b/.test(text)))
})

test('a no, and an answer to an offer, whose answer was lost is the same when it comes again', async (t) => {
  const rules = withRules({
    confirmation: { kind: 'yes', withinMinutes: 5 },
    acceptance: { kind: 'required', withinHours: 24 },
  })
  const bench = await createMessagesBench(t, [changedFile('lab', rules)])
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  const twice = async (from: string, text: string) => {
    const before = await bench.sms(from, text, { id: text })
    await bench.store.write((db) => db.sql('DELETE FROM channel_answers').run())
    t.deepEqual(await bench.sms(from, text, { id: text }), before, text)
    return bench.got(from).at(-1)
  }
  await bench.sms(anna, `GIVE 1GB ${ben}`, { id: 'one' })
  t.is(await twice(anna, 'NO'), 'giftCancelled')
  await bench.sms(anna, `GIVE 1GB ${ben}`, { id: 'two' })
  await bench.sms(anna, 'YES', { id: 'yes' })
  t.is(await twice(ben, 'DECLINE'), 'giftRefusedByYou')
  await bench.sms(anna, `GIVE 1GB ${ben}`, { id: 'three' })
  await bench.sms(anna, 'YES', { id: 'yes2' })
  t.is(await twice(ben, 'ACCEPT'), 'giftTaken')
})

test('a message whose answer was lost before it was kept is done once, when it comes again', async (t) => {
  const bench = await createMessagesBench(t, [
    changedFile('lab', ASKS_PIN, withRules({ askForData: true })),
  ])
  const { store, operator } = bench
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  const triesOf = (msisdn: string) =>
    store.read((db) => giftSettingsOf(db, operator.account({ msisdn })!.id)).pinTries
  // As after a fall between the command and the answer that is kept.
  const twice = async (text: string, id: string) => {
    const before = await bench.sms(anna, text, { id })
    const tries = triesOf(anna)
    await store.write((db) => db.sql('DELETE FROM channel_answers').run())
    t.deepEqual(await bench.sms(anna, text, { id }), before, text)
    t.is(triesOf(anna), tries, text)
    return bench.got(anna).at(-1)
  }
  t.is(await twice('CHANGE 0000 4711 4711', 'first'), 'pinChanged')
  t.is(await twice('CHANGE 1111 4712 4712', 'wrong'), 'pinWrong')
  t.is(await twice(`ASK 1GB FROM ${ben}`, 'ask'), 'askSent')
  t.is(operator.gifts.asks({ msisdn: ben, side: 'got' }).length, 1)
  t.is(await twice(`GIVE 1GB ${ben}`, 'give'), 'giftConfirmPin')
  t.is(await twice('PIN 2222', 'no'), 'pinWrong')
  t.is(triesOf(anna), 2)
  t.is(await twice('PIN 4711', 'yes'), 'giftSent')
  t.is(operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
  await t.throwsAsync(
    operator.gifts.changePin({
      msisdn: anna,
      oldPin: '4711',
      newPin: '9999',
      once: {
        caller: `sms:${operator.account({ msisdn: anna })!.id}`,
        idempotencyKey: 'first',
      },
    }),
    { code: 'idempotencyKeyReused' },
  )
})

test('who is asked for data, in whatever way, reads it and may answer; who asked reads a no', async (t) => {
  const asks = changedFile('lab', withRules({ askForData: true }))
  const bench = await createMessagesBench(t, [asks])
  const { gifts } = bench.operator
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  const ask = (key: string) =>
    gifts.askOnce({ caller: 'c', idempotencyKey: key, from: anna, to: ben, amountBytes: GB })
  await ask('1')
  await ask('1')
  t.deepEqual(bench.got(ben), ['askReceived'])
  const [, reference = ''] = /ACCEPT (\w+)/.exec(bench.last(ben)) ?? []
  await bench.sms(ben, `ACCEPT ${reference}`)
  t.is(bench.operator.balance({ msisdn: anna }).totalBytes, 21n * GB)
  const { ask: second } = await ask('2')
  await gifts.answer({ id: second!.id, by: ben, gives: false })
  t.is(bench.got(anna).at(-1), 'askDeclined')
  const foreign = await bench.subscriber('t2')
  await t.throwsAsync(gifts.ask({ from: anna, to: foreign, amountBytes: GB }))
})

test('an offer is accepted or declined by its number, and both are told', async (t) => {
  const bench = await createMessagesBench(t, [changedFile('lab', WANTS_YES)])
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  await bench.sms(anna, `GIVE 1GB ${ben}`)
  bench.clock.advance(1000)
  await bench.sms(anna, `GIVE 2GB ${ben}`)
  t.deepEqual(bench.got(anna), ['giftWaiting', 'giftWaiting'])
  const [first = '', second = ''] = bench.operator.messages
    .inbox({ msisdn: ben })
    .map(({ text }) => /ACCEPT (\w+)/.exec(text)?.[1] ?? '')
  await bench.sms(ben, 'ACCEPT')
  t.is(bench.got(ben).at(-1), 'ambiguous')
  await bench.sms(ben, `ACCEPT ${first}`)
  t.is(bench.got(ben).at(-1), 'giftTaken')
  t.is(bench.got(anna).at(-1), 'giftAccepted')
  await bench.sms(ben, `DECLINE ${second}`)
  t.is(bench.got(ben).at(-1), 'giftRefusedByYou')
  t.is(bench.got(anna).at(-1), 'giftDeclined')
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
  t.is(bench.operator.balance({ msisdn: anna }).totalBytes, 19n * GB)
  await bench.sms(ben, 'ACCEPT')
  t.is(bench.got(ben).at(-1), 'nothingToAnswer')
})

test('an offer that nobody takes returns, and both are told', async (t) => {
  const bench = await createMessagesBench(t, [changedFile('lab', WANTS_YES)])
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  await bench.sms(anna, `GIVE 1GB ${ben}`)
  bench.clock.advance(2 * DAY_MS)
  await bench.operator.sweep()
  t.is(bench.got(anna).at(-1), 'giftReturned')
  t.is(bench.got(ben).at(-1), 'giftOfferOver')
  t.is(bench.operator.balance({ msisdn: anna }).totalBytes, 20n * GB)
})

test('a code is made, claimed by another, and of use once', async (t) => {
  const codes = withRules({ claimCodes: { withinHours: 48, endsWithMonth: false } })
  const bench = await createMessagesBench(t, [changedFile('lab', codes)])
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  const [made] = await bench.sms(anna, 'CODE 1GB')
  const [, code = ''] = /code (\w{10})/.exec(String(made)) ?? []
  t.is(code.length, 10)
  await bench.sms(ben, `CLAIM ${code}`)
  t.is(bench.got(ben).at(-1), 'codeTaken')
  t.is(bench.got(anna).at(-1), 'codeClaimed')
  await bench.sms(ben, `CLAIM ${code}`, { id: 'again' })
  t.is(bench.got(ben).at(-1), 'codeUnknown')
  await bench.sms(ben, 'CLAIM ABCDEFGHJK')
  t.is(bench.got(ben).at(-1), 'codeUnknown')
  t.is(bench.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
})

test('one asks for data, the other gives it or says no', async (t) => {
  const bench = await createMessagesBench(t, [changedFile('lab', withRules({ askForData: true }))])
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  await bench.sms(anna, `ASK 1GB FROM ${ben}`)
  t.is(bench.got(anna).at(-1), 'askSent')
  t.is(bench.got(ben).at(-1), 'askReceived')
  await bench.sms(anna, `ASK 2GB FROM ${ben}`)
  t.is(bench.got(anna).at(-1), 'askTwice')
  await bench.sms(ben, 'ACCEPT')
  t.is(bench.got(ben).at(-1), 'giftSent')
  t.is(bench.got(anna).at(-1), 'giftReceived')
  await bench.sms(anna, `ASK 1GB FROM ${ben}`)
  await bench.sms(ben, 'DECLINE')
  t.is(bench.got(ben).at(-1), 'askRefusedByYou')
  t.is(bench.got(anna).at(-1), 'askDeclined')
  t.is(bench.operator.balance({ msisdn: anna }).totalBytes, 21n * GB)
})

test('balance, limit, lock, notices and help are answered', async (t) => {
  const bench = await createMessagesBench(t)
  const [anna, ben] = [await bench.subscriber(), await bench.subscriber()]
  t.regex(String(await bench.sms(anna, 'BALANCE')), /^You have 20 GB\./)
  t.deepEqual(await bench.sms(anna, 'LIMIT'), ['You can give at most 20 GB now.'])
  await bench.sms(anna, 'LOCK')
  await bench.sms(anna, `GIVE 1GB ${ben}`)
  t.is(bench.got(anna).at(-1), 'giftsLocked')
  await bench.sms(anna, 'LIMIT')
  t.regex(bench.last(anna), /^You cannot give data now\. You have locked gifts\./)
  await bench.sms(anna, 'UNLOCK')
  await bench.sms(anna, 'STOP')
  t.is(bench.got(anna).at(-1), 'stopped')
  await bench.sms(anna, `GIVE 1GB ${ben}`)
  t.is(bench.got(anna).at(-1), 'giftSent', 'receipts still come')
  await bench.sms(anna, 'START')
  const [help] = await bench.sms(anna, 'HELP')
  t.regex(String(help), /GIVE 1 GB TO 99901/)
})

test('a received package gets its longer life by SMS, for its price', async (t) => {
  const bench = await createMessagesBench(t)
  const anna = await bench.subscriber('t2', 'en')
  const ben = await bench.subscriber('t2', 'en')
  await bench.sms(ben, 'EXTEND')
  t.is(bench.got(ben).at(-1), 'notExtendable')
  await bench.sms(anna, `GIVE 5GB ${ben}`)
  await bench.sms(ben, 'EXTEND')
  t.is(bench.got(ben).at(-1), 'noMoney')
  await bench.operator.subscriptions.topUp({ msisdn: ben, id: 'one', amountMinor: 10_000n })
  const [extended] = await bench.sms(ben, 'EXTEND')
  t.regex(String(extended), /until 14 Feb 2026 15:00 MSK\. Fee: RUB 50\./)
})

test('every rule that refuses is told at once, and what else there is for somebody outside', async (t) => {
  const bench = await createMessagesBench(t)
  const anna = await bench.subscriber('t2', 'ru')
  const other = await bench.subscriber('mts', 'ru')
  const messages = await bench.sms(anna, `ПЕРЕДАТЬ 1ГБ ${other}`)
  const all = messages.join('\n')
  t.regex(all, /номер другого оператора/)
  t.regex(all, /Что можно: купить пакет/)
  t.regex(all, /Дарите трафик, а не SIM/)
  const [few] = await bench.sms(anna, `ПЕРЕДАТЬ 500МБ ${await bench.subscriber('t2')}`)
  t.regex(String(few), /Не меньше 1 ГБ: .*кратен 1 ГБ/)
})

test('who is not understood is told what this operator understands, on this channel, in their language', async (t) => {
  const bench = await createMessagesBench(t)
  const first = await bench.sms(await bench.subscriber('safaricom', 'en'), 'HELP')
  t.deepEqual(first, ['We did not understand this. Send, for example: 10*254000123456'])
  const unit = await bench.sms(await bench.subscriber('smart'), 'PASADATA 09170000001 50MB')
  t.regex(unit.join(), /^The form is not right. An example: PASADATA \d+ \d+$/)
  const unicom = await bench.subscriber('china-unicom', 'zh')
  t.deepEqual(await bench.sms(unicom, '你好'), ['无法识别。请发送，例如：帮助'])
  t.regex((await bench.sms(unicom, '帮助')).join(), /^转赠请发送：转赠/)
  await t.throwsAsync(bench.sms(unicom, 'CXLL', { to: '10086' }), { message: /10010/ })
})

for (const file of loadOperators().list()) {
  test(`${file.id}: what is shown as an example is understood where it is shown`, async (t) => {
    const bench = await createMessagesBench(t)
    const msisdn = await bench.subscriber(file.id)
    const account = bench.operator.account({ msisdn })!
    t.truthy(account)
    for (const [channel, way] of Object.entries(channelsOf(file))) {
      if (!way) continue
      for (const language of LANGUAGES) {
        const reader = { file, account: { ...account, language } }
        for (const text of [
          exampleOf(reader, channel as 'sms'),
          firstStep(reader, channel as 'sms'),
        ]) {
          // A word stands for the PIN, which is the reader's own.
          const read = parseMessage(text.replace('*PIN*', '*4711*'), {
            channel: channel as 'sms',
            ...(way.shortCode && { shortCode: way.shortCode }),
            grammars: way.grammars,
            numbering: numberingPlan(file.country, [file.ranges.msisdn]),
            gigabyteBytes: file.gigabyteBytes,
          })
          t.true(read.understood || text === way.shortCode, `${channel} ${language}: ${text}`)
        }
      }
    }
  })
}

test('a wrong number of a service, an unknown sender and bad ids are refused', async (t) => {
  const bench = await createMessagesBench(t)
  const anna = await bench.subscriber('smart')
  for (const [message, code] of [
    [{ from: '99900000000', text: 'HELP', messageId: '1' }, 'notFound'],
    [{ from: anna, to: '444', text: 'HELP', messageId: '1' }, 'notFound'],
    [{ from: anna, text: 'HELP', messageId: '' }, 'badInput'],
    [{ from: anna, text: 'HELP', messageId: 'a b' }, 'badInput'],
    [{ from: anna, text: 'x'.repeat(2001), messageId: '1' }, 'badInput'],
  ] as const) {
    const error = await t.throwsAsync(bench.operator.messages.sms(message), {
      instanceOf: LabError,
    })
    t.is(error?.code, code)
  }
  await bench.sms(anna, '')
  t.is(bench.got(anna).at(-1), 'empty')
  await bench.sms(anna, 'what is this')
  t.is(bench.got(anna).at(-1), 'unknownCommand')
})

test('by law a phone that came home from abroad sends no SMS for a while', async (t) => {
  const bench = await createMessagesBench(t)
  const anna = await bench.subscriber('t2', 'ru')
  const eid = String(bench.operator.bindings({ msisdn: anna })[0]?.eid)
  await bench.operator.charging.movePhone({ eid, country: 'CN' })
  await bench.sms(anna, 'БАЛАНС')
  t.is(bench.got(anna).at(-1), 'balanceNow')
  bench.clock.advance(DAY_MS)
  await bench.operator.charging.movePhone({ eid, country: 'RU' })
  const error = await t.throwsAsync(bench.sms(anna, 'БАЛАНС'), { instanceOf: LabError })
  t.is(error?.reason, 'coolingAfterRoaming')
  bench.clock.advance(DAY_MS)
  await bench.sms(anna, 'БАЛАНС')
  t.is(bench.got(anna).at(-1), 'balanceNow')
})

test('who has sent STOP is told neither of use nor of ends, but of gifts and what the law says', async (t) => {
  const bench = await createMessagesBench(t)
  const [anna, ben] = [await bench.subscriber('t2', 'en'), await bench.subscriber('t2', 'en')]
  const eid = String(bench.operator.bindings({ msisdn: ben })[0]?.eid)
  await bench.sms(ben, 'STOP')
  await bench.sms(anna, `GIVE 5GB ${ben}`)
  bench.clock.advance(6 * DAY_MS)
  await bench.operator.sweep()
  t.false(bench.got(ben).includes('expirySoon'))
  t.true(bench.got(ben).includes('giftReceived'))
  await bench.operator.charging.movePhone({ eid, country: 'CN' })
  await bench.operator.charging.movePhone({ eid, country: 'home' })
  t.true(bench.got(ben).includes('coolingAfterRoaming'))
  await bench.operator.charging.liftCooling({ msisdn: ben })
  await bench.sms(ben, 'START')
  await bench.operator.sweep()
  t.true(bench.got(ben).includes('expirySoon'))
})
