import test from 'ava'
import { createApi } from './helper.ts'

const GB = 10n ** 9n

test('an SMS gives data, its answer is kept, and both inboxes have receipts', async (t) => {
  const api = await createApi(t)
  const [anna, ben] = [await api.subscriber(), await api.subscriber()]
  const body = { from: anna, text: `GIVE 1GB ${ben}`, messageId: 'one' }
  const first = await api.call('POST /api/sms', { body })
  t.is(first.status, 200)
  t.like(first.body, { replayed: false })
  const again = await api.call('POST /api/sms', { body })
  t.deepEqual(again.body, { ...first.body, replayed: true })
  t.is(api.operator.balance({ msisdn: ben }).totalBytes, 21n * GB)
  const inbox = await api.call(`GET /api/subscribers/${ben}/inbox`)
  t.like(inbox.body, { messages: [{ textId: 'giftReceived', direction: 'out' }] })
  const page = await api.call(`GET /api/subscribers/${anna}/inbox?limit=1`)
  const { next, messages } = page.body as { next: string; messages: { id: number }[] }
  t.is(next, String(messages[0]?.id))
  const rest = await api.call(`GET /api/subscribers/${anna}/inbox?after=${next}`)
  t.is((rest.body.messages as unknown[]).length, 1)
  t.false('next' in rest.body)
})

test('another text under the same name, wrong fields and unknown numbers are refused', async (t) => {
  const api = await createApi(t)
  const anna = await api.subscriber()
  const body = { from: anna, text: 'BALANCE', messageId: 'one' }
  await api.call('POST /api/sms', { body })
  for (const [change, status] of [
    [{ text: 'LIMIT' }, 422],
    [{ messageId: 'with space' }, 400],
    [{ messageId: '' }, 400],
    [{ sentAt: 'yesterday' }, 400],
    [{ text: 'x'.repeat(2001) }, 400],
    [{ more: 1 }, 400],
    [{ from: '99912345678' }, 404],
    [{ messageId: 'two', to: '808' }, 404],
  ] as const) {
    const { status: found } = await api.call('POST /api/sms', { body: { ...body, ...change } })
    t.is(found, status, JSON.stringify(change))
  }
  const none = await api.call('POST /api/ussd', {
    body: { msisdn: '99912345678', sessionId: '1', text: '*1#' },
  })
  t.is(none.status, 404)
  const unknown = await api.call('POST /api/ussd', {
    body: { msisdn: anna, sessionId: '1', text: '*1#' },
  })
  t.like(unknown, { status: 200, body: { isOpen: false } })
  t.regex(String(unknown.body.text), /Send, for example: HELP/)
})

test('a subscriber sends, reads and is advised for the own number alone', async (t) => {
  const api = await createApi(t)
  const [anna, ben] = [await api.subscriber(), await api.subscriber()]
  const token = await api.signIn(anna)
  const sms = (from: string) =>
    api.call('POST /api/sms', { token, body: { from, text: 'BALANCE', messageId: from } })
  t.is((await sms(anna)).status, 200)
  t.is((await sms(ben)).status, 403)
  for (const [path, status] of [
    [`/api/subscribers/${anna}/inbox`, 200],
    [`/api/subscribers/${ben}/inbox`, 403],
    [`/api/subscribers/${anna}/advice`, 200],
    [`/api/subscribers/${ben}/advice`, 403],
  ] as const) {
    t.is((await api.call(`GET ${path}`, { token })).status, status, path)
  }
})

test('advice comes with its figures, in the language asked for', async (t) => {
  const api = await createApi(t)
  const anna = await api.subscriber()
  const { body } = await api.call(`GET /api/subscribers/${anna}/advice?language=zh`)
  t.like(body, { historyDays: 0, usedBytes: 0, advice: [{ code: 'tooLittleHistory' }] })
  const [advice] = body.advice as { text: string; figures: object }[]
  t.regex(String(advice?.text), /目前只有0天的记录/)
  t.deepEqual(advice?.figures, { days: 0, needed: 30 })
  t.is((await api.call(`GET /api/subscribers/${anna}/advice?language=!`)).status, 400)
})
