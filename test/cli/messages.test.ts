import test from 'ava'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

test('phones write to their operator, read what comes, and are advised', async (t) => {
  const data = temporaryDirectory(t)
  const { ready } = await serve(t, '--data', data)
  const at = ['--data', data] as const
  await runJson(t, ['download', ready.activationCode, ...at])
  await runJson(t, ['enable', ...at])
  const [order] = await runJson(t, ['order', ...at])
  await runJson(t, ['download', String(order?.activationCode), '--phone', 'p2', ...at])

  const [help] = await runJson(t, ['sms', 'HELP', ...at])
  t.regex(String(help?.messages), /GIVE 1 GB TO/)
  const sent = ['sms', `GIVE 1GB ${String(order?.msisdn)}`, '--id', 'one', ...at]
  const [first] = await runJson(t, sent)
  const [again] = await runJson(t, sent)
  t.deepEqual(again, { ...first, replayed: true })
  const got = await runJson(t, ['inbox', '--phone', 'p2', ...at])
  t.like(got, [{ direction: 'out', textId: 'giftReceived' }])
  t.is(got.length, 1)
  const shown = await run('inbox', ...at)
  t.regex(shown.stdout, /SMS to 123\n {2}HELP/)

  const advice = await run('advice', '--language', 'ru', ...at)
  t.regex(advice.stdout, /0 days: 0 bytes used.*\n- Истории пока 0 дн\./)
  const [menu] = await runJson(t, ['ussd', '*123#', ...at])
  t.like(menu, { isOpen: true })
  const wrong = await run('sms', 'HELP', '--to', '808', ...at, '--json')
  t.is(wrong.exitCode, 5)
  t.like(errorOf(wrong), { code: 'notFound' })
})

test('a code is dialled and its screens are answered', async (t) => {
  const data = temporaryDirectory(t)
  await serve(t, '--data', data)
  const at = ['--data', data] as const
  const [order] = await runJson(t, ['order', '--operator', 't2', ...at])
  await runJson(t, ['download', String(order?.activationCode), ...at])
  const [menu, answer] = await runJson(t, ['ussd', '*974#', '1', ...at])
  t.like(menu, { isOpen: true, step: 1 })
  t.like(answer, { isOpen: false, step: 2 })
  t.regex(String(answer?.text), /20 ГБ/)
  const [opened] = await runJson(t, ['ussd', '*974#', '--session', 'mine', ...at])
  t.like(opened, { sessionId: 'mine', isOpen: true })
  const [number] = await runJson(t, ['ussd', '2', '--session', 'mine', ...at])
  t.regex(String(number?.text), /номер телефона/)
})
