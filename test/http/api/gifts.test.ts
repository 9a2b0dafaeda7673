import test, { type ExecutionContext } from 'ava'
import { loadOperatorFile } from '../../../src/operator/operator-file.ts'
import type { GiftingRules } from '../../../src/operator/rules/types.ts'
import { createApi, TOKEN, type Api, type Reply } from './helper.ts'

const YES: GiftingRules = { confirmation: { kind: 'yes', withinMinutes: 5 } }
const ACCEPT: GiftingRules = { acceptance: { kind: 'required', withinHours: 48 } }
const PIN: GiftingRules = {
  confirmation: { kind: 'pin', withinMinutes: 5 },
  pin: { digits: 4, tries: 3 },
}
const CODES: GiftingRules = { claimCodes: { withinHours: 48, endsWithMonth: false } }
const SOCIAL: GiftingRules = { askForData: true, automaticGift: true, blockLists: true }

interface GiftApi extends Api {
  readonly a: string
  readonly b: string
  readonly c: string
  /** Of A, B and C. */
  readonly tokens: readonly [string, string, string]
  give(asked?: object): Promise<Reply>
}

async function createGiftApi(t: ExecutionContext, rules: GiftingRules): Promise<GiftApi> {
  // What the lab offers besides is the tests' own to switch on.
  const { askForData, automaticGift, claimCodes, ...gifting } = loadOperatorFile().gifting
  t.truthy(askForData && automaticGift && claimCodes)
  const shipped = { ...loadOperatorFile(), gifting }
  const file = { ...shipped, gifting: { ...shipped.gifting, ...rules } }
  const api = await createApi(t, { file })
  const [a, b, c] = [await api.subscriber(), await api.subscriber(), await api.subscriber()]
  const tokens = [await api.signIn(a), await api.signIn(b), await api.signIn(c)] as const
  let keys = 0
  return {
    ...api,
    a,
    b,
    c,
    tokens,
    give: (asked = {}) =>
      api.call('POST /api/gifts', {
        body: { from: a, to: b, amountBytes: 1000, ...asked },
        key: `"${++keys}"`,
      }),
  }
}

test('a gift says what it waits for, and goes on by the steps of its two sides', async (t) => {
  const api = await createGiftApi(t, { ...YES, ...ACCEPT })
  const [asA, asB, asC] = api.tokens
  const asked = await api.give()
  t.is(asked.status, 201)
  const { id } = asked.body
  const path = `/api/gifts/${String(id)}`
  t.is(asked.headers.get('location'), path)
  t.like(asked.body, {
    state: 'awaitingConfirmation',
    awaits: { what: 'confirmation', by: api.a, until: '2026-01-15T12:05:00.000Z', pin: false },
    channel: 'api',
  })

  // Each side has its own steps, and others have none.
  const step = (name: string, token: string | null) => api.call(`POST ${path}/${name}`, { token })
  t.is((await step('confirm', asB)).status, 403)
  t.is((await step('confirm', asC)).status, 404)
  t.is((await step('accept', asB)).body.reason, 'wrongState')
  const confirmed = await step('confirm', asA)
  t.is(confirmed.status, 200)
  t.like(confirmed.body, {
    state: 'awaitingAcceptance',
    awaits: { what: 'acceptance', by: api.b, until: '2026-01-17T12:00:00.000Z' },
  })
  t.deepEqual((await step('confirm', asA)).body, confirmed.body)
  t.is((await step('accept', asA)).body.reason, 'otherSide')
  const accepted = await step('accept', asB)
  t.like(accepted.body, { state: 'completed', awaits: null, to: api.b, amountBytes: 1000 })
  const late = await step('cancel', asA)
  t.is(late.status, 409)
  t.is(late.body.reason, 'wrongState')
  t.true(api.operator.audit().balanced)
})

test('the sender cancels, the receiver declines, and both may be said twice', async (t) => {
  const api = await createGiftApi(t, ACCEPT)
  const before = api.operator.balance({ msisdn: api.a }).totalBytes
  for (const [name, state] of [
    ['cancel', 'cancelled'],
    ['decline', 'declined'],
  ]) {
    const { body } = await api.give()
    const path = `POST /api/gifts/${String(body.id)}/${name}`
    const once = await api.call(path)
    t.like(once, { status: 200, body: { state, awaits: null } })
    t.deepEqual((await api.call(path)).body, once.body)
  }
  t.is(api.operator.balance({ msisdn: api.a }).totalBytes, before)
  t.is((await api.call('POST /api/gifts/nothing/cancel')).status, 404)
})

test('a step after the deadline is refused, and the gift is expired', async (t) => {
  const api = await createGiftApi(t, YES)
  const { body } = await api.give()
  api.clock.advance(5 * 60_000)
  const expired = await api.call('GET /api/gifts?state=expired')
  t.is((expired.body.gifts as object[]).length, 1)
  const late = await api.call(`POST /api/gifts/${String(body.id)}/confirm`)
  t.like(late, { status: 409, body: { reason: 'tooLate' } })
  const read = await api.call(`GET /api/gifts/${String(body.id)}`)
  t.is(read.body.state, 'expired')
})

test('a gift that breaks a rule when it is confirmed fails with every rule', async (t) => {
  const api = await createGiftApi(t, { ...YES, ...SOCIAL })
  const { body } = await api.give()
  const blocked = [api.a]
  await api.call(`PUT /api/accounts/${api.b}/gift-settings`, {
    body: { locked: false, blocked, automatic: null },
  })
  await api.call(`PUT /api/accounts/${api.a}/gift-settings`, {
    body: { locked: true, blocked: [], automatic: null },
  })
  const refused = await api.call(`POST /api/gifts/${String(body.id)}/confirm`)
  t.is(refused.status, 422)
  t.is(refused.body.reason, 'giverLocked')
  t.deepEqual(codesOf(refused), ['giverLocked', 'blockedByReceiver'])
  t.like(refused.body.gift, { state: 'failed', reason: 'giverLocked' })
})

test('a refused gift has every rule with its numbers, again under the same key', async (t) => {
  const api = await createGiftApi(t, { minBytes: 5000n, stepBytes: 1000n, keepBytes: 20_000n })
  const call = { body: { from: api.a, to: api.b, amountBytes: 1500 }, key: '"k"' }
  const refused = await api.call('POST /api/gifts', call)
  t.is(refused.status, 422)
  t.deepEqual(codesOf(refused), ['amountTooSmall', 'notInSteps'])
  t.like(refused.body, {
    reason: 'amountTooSmall',
    refusals: [{ params: { leastBytes: 5000 } }, { params: { stepBytes: 1000 } }],
  })
  const again = await api.call('POST /api/gifts', call)
  t.is(again.headers.get('idempotency-replayed'), 'true')
  t.deepEqual(again.body, refused.body)
})

test('a PIN confirms with the gift or after it; wrong ones lock it until the operator resets it', async (t) => {
  const api = await createGiftApi(t, PIN)
  const [asA] = api.tokens
  const choose = (body: object) =>
    api.call(`PUT /api/accounts/${api.a}/gift-settings/pin`, { body, token: asA })
  t.is((await choose({ newPin: '12' })).status, 400)
  t.is((await choose({ newPin: '1234' })).status, 204)
  t.like(await choose({ newPin: '4321' }), { status: 422, body: { reason: 'pinMissing' } })
  t.is((await choose({ oldPin: '1234', newPin: '4321' })).status, 204)
  t.is((await api.give({ pin: '4321' })).body.state, 'completed')

  const { body } = await api.give()
  t.like(body, { state: 'awaitingConfirmation', awaits: { pin: true } })
  const confirm = (pin?: string) =>
    api.call(`POST /api/gifts/${String(body.id)}/confirm`, {
      token: asA,
      ...(pin !== undefined && { body: { pin } }),
    })
  t.is((await confirm()).body.reason, 'pinMissing')
  t.is((await confirm('x')).status, 400)
  for (const reason of ['wrongPin', 'wrongPin', 'pinLocked']) {
    const wrong = await confirm('7531')
    t.like(wrong, { status: 422, body: { reason } })
    t.false(JSON.stringify(wrong.body).includes('7531'))
  }
  t.is((await confirm('4321')).body.reason, 'wrongState')
  const settings = async () =>
    (await api.call(`GET /api/accounts/${api.a}/gift-settings`, { token: asA })).body.pin
  t.deepEqual(await settings(), { chosen: true, locked: true })
  const reset = `DELETE /api/accounts/${api.a}/gift-settings/pin`
  t.is((await api.call(reset, { token: asA })).status, 403)
  t.is((await api.call(reset)).status, 204)
  t.deepEqual(await settings(), { chosen: false, locked: false })
})

test('a code is made once for its key, claimed by whoever has it, and of use once', async (t) => {
  const api = await createGiftApi(t, CODES)
  const [asA, asB, asC] = api.tokens
  const call = { body: { from: api.a, amountBytes: 1000 }, key: '"code"', token: asA }
  const made = await api.call('POST /api/gift-codes', call)
  t.is(made.status, 201)
  t.like(made.body.gift, { state: 'held', to: '', awaits: { what: 'claim', by: null } })
  const again = await api.call('POST /api/gift-codes', call)
  t.like(again, { status: 201, body: { code: made.body.code } })

  const claim = (code: string, by: string, token: string) =>
    api.call(`POST /api/gift-codes/${encodeURIComponent(code)}/claim`, { body: { by }, token })
  t.like(await claim('NONE', api.b, asB), { status: 404, body: { field: 'code' } })
  const own = await claim(String(made.body.code), api.a, asA)
  t.like(own, { status: 422, body: { reason: 'sameAccount', gift: { state: 'held' } } })
  t.is((await claim(String(made.body.code), api.b, asC)).status, 403)
  const typed = String(made.body.code).toLowerCase().replace(/^.../, '$&-')
  t.like(await claim(typed, api.b, asB), { status: 200, body: { state: 'completed', to: api.b } })
  t.like(await claim(typed, api.c, asC), { status: 409, body: { reason: 'wrongState' } })

  // Nobody accepts a code that nobody has claimed.
  const other = await api.call('POST /api/gift-codes', { ...call, key: '"other"' })
  const { id } = other.body.gift as { readonly id: string }
  t.is((await api.call(`POST /api/gifts/${id}/accept`)).body.reason, 'wrongState')
  t.is((await api.call(`POST /api/gifts/${id}/cancel`)).body.state, 'cancelled')
  const plain = await createGiftApi(t, {})
  const none = { body: { from: plain.a, amountBytes: 1 }, key: 'k' }
  t.is((await plain.call('POST /api/gift-codes', none)).body.reason, 'claimCodesNotOffered')
})

test('gifts are listed by number and state, page by page, the newest first', async (t) => {
  const api = await createGiftApi(t, YES)
  const [asA, , asC] = api.tokens
  const ids: string[] = []
  for (let gifts = 0; gifts < 5; gifts++) {
    ids.unshift(String((await api.give()).body.id))
    api.clock.advance(1000)
  }
  await api.call(`POST /api/gifts/${ids[1]}/confirm`)
  const list = async (query: string, token: string = TOKEN) => {
    const { status, body } = await api.call(`GET /api/gifts${query}`, { token })
    t.is(status, 200, query)
    return { ids: (body.gifts as { id: string }[]).map(({ id }) => id), next: body.next }
  }
  t.deepEqual(await list(''), { ids, next: undefined })
  t.deepEqual(await list(`?msisdn=${api.b}&state=completed`), { ids: [ids[1]], next: undefined })
  t.deepEqual(await list('', asA), { ids, next: undefined })
  t.deepEqual(await list('', asC), { ids: [], next: undefined })
  const first = await list('?limit=2')
  t.deepEqual(first, { ids: ids.slice(0, 2), next: ids[1] })
  t.deepEqual(await list(`?limit=3&after=${String(first.next)}`), {
    ids: ids.slice(2),
    next: undefined,
  })
  t.is((await api.call('GET /api/gifts?state=lost')).status, 400)
  t.is((await api.call('GET /api/gifts?msisdn=99999999999')).status, 404)
  t.is((await api.call(`GET /api/gifts?msisdn=${api.b}`, { token: asA })).status, 403)
})

test('how much may be given is a gift that is allowed, and one more byte is refused', async (t) => {
  const api = await createGiftApi(t, { maxBytes: 5000n, senderDayBytes: 7000n })
  await api.give({ amountBytes: 4000 })
  const most = await api.call(`GET /api/accounts/${api.a}/giftable?to=${api.b}`)
  t.like(most.body, { msisdn: api.a, to: api.b, amountBytes: 3000, reason: 'giverDayBytes' })
  t.deepEqual(
    (most.body.binding as { code: string }[]).map(({ code }) => code),
    ['giverDayBytes'],
  )
  t.is((await api.give({ amountBytes: 3001 })).body.reason, 'giverDayBytes')
  t.is((await api.give({ amountBytes: 3000 })).status, 201)
  const unknown = await api.call(`GET /api/accounts/${api.a}/giftable?to=99999999999`)
  t.like(unknown, { status: 200, body: { amountBytes: 0, reason: 'unknownReceiver' } })
  t.is((await api.give({ to: '99999999999' })).body.reason, 'unknownReceiver')
  const self = await api.call(`GET /api/accounts/${api.a}/giftable?to=${api.a}`)
  t.like(self.body, { amountBytes: 0, reason: 'sameAccount' })
})

test('who is asked for data gives it or says no; a question is asked once for its key', async (t) => {
  const api = await createGiftApi(t, SOCIAL)
  const [asA, asB, asC] = api.tokens
  const ask = (key: string, more: object = {}) =>
    api.call('POST /api/asks', {
      body: { from: api.b, to: api.a, amountBytes: 1000, ...more },
      key,
      token: asB,
    })
  const asked = await ask('"one"')
  t.like(asked, { status: 201, body: { from: api.b, to: api.a, amountBytes: 1000 } })
  t.like(await ask('"one"'), { status: 201, body: asked.body })
  t.is((await ask('"one"', { amountBytes: 2 })).status, 422)
  t.is((await ask('"two"')).body.reason, 'askedAlready')
  t.is((await ask('"two"')).headers.get('idempotency-replayed'), 'true')
  t.is((await ask('"three"', { amountBytes: 0 })).status, 400)

  const got = await api.call(`GET /api/asks?msisdn=${api.a}&side=got`, { token: asA })
  t.deepEqual(got.body.asks, [asked.body])
  const answer = (gives: boolean, token: string) =>
    api.call(`POST /api/asks/${String(asked.body.id)}/answer`, { body: { gives }, token })
  t.is((await answer(true, asB)).body.reason, 'otherSide')
  t.is((await answer(true, asC)).status, 404)
  t.like(await answer(true, asA), { status: 200, body: { state: 'completed', to: api.b } })
  t.like(await answer(true, asA), { status: 409, body: { reason: 'wrongState' } })
  const second = await ask('"four"')
  const no = await api.call(`POST /api/asks/${String(second.body.id)}/answer`, {
    body: { gives: false },
  })
  t.is(no.status, 204)
  const plain = await createGiftApi(t, {})
  const body = { from: plain.b, to: plain.a, amountBytes: 1 }
  t.is((await plain.call('POST /api/asks', { body, key: 'k' })).body.reason, 'askingNotOffered')
})

test('lock, block list and automatic gift are settled at once, or not at all', async (t) => {
  const api = await createGiftApi(t, { ...SOCIAL, automaticGift: false })
  const [asA] = api.tokens
  const path = `/api/accounts/${api.a}/gift-settings`
  const put = (body: object) => api.call(`PUT ${path}`, { body, token: asA })
  const body = { locked: true, blocked: [`+${api.b}`, api.c], automatic: null }
  const settled = await put(body)
  t.deepEqual(settled.body, {
    msisdn: api.a,
    locked: true,
    blocked: [api.b, api.c].toSorted(),
    automatic: null,
    pin: { chosen: false, locked: false },
    suspended: null,
  })
  const automatic = { to: api.b, hoursBefore: 48 }
  const refused = await put({ locked: false, blocked: [], automatic })
  t.like(refused, { status: 422, body: { reason: 'automaticGiftsNotOffered' } })
  t.deepEqual((await api.call(`GET ${path}`, { token: asA })).body, settled.body)
  t.is((await put({ locked: false })).status, 400)
  t.like(await put({ ...body, automatic: { to: api.b, hoursBefore: 0 } }), { status: 400 })
  t.is((await api.give()).body.reason, 'giverLocked')
  t.like(await put({ locked: false, blocked: [], automatic: null }), {
    body: { locked: false, blocked: [] },
  })
  t.is((await api.give()).status, 201)
  const social = await createGiftApi(t, SOCIAL)
  const there = `PUT /api/accounts/${social.a}/gift-settings`
  const choices = { locked: false, blocked: [], automatic: { to: social.b, hoursBefore: 48 } }
  t.deepEqual((await social.call(there, { body: choices })).body.automatic, choices.automatic)
})

test('the operator takes back what is unused of a gift, once', async (t) => {
  const api = await createGiftApi(t, { reversalHours: 24 })
  const { body } = await api.give()
  const path = `POST /api/gifts/${String(body.id)}/reverse`
  t.is((await api.call(path, { token: api.tokens[0] })).status, 403)
  const reversed = await api.call(path, { body: { reason: 'mistake' } })
  t.like(reversed, { status: 200, body: { state: 'reversed', reason: 'mistake' } })
  t.like(await api.call(path), { status: 409, body: { reason: 'wrongState' } })
  const late = await api.give()
  api.clock.advance(24 * 3_600_000)
  const over = await api.call(`POST /api/gifts/${String(late.body.id)}/reverse`)
  t.like(over, { status: 422, body: { reason: 'reversalOver' } })
  t.is((await api.call('POST /api/gifts/nothing/reverse')).status, 404)
})

test('suspensions show what was counted, and end when the operator says so', async (t) => {
  const abuse = { windowHours: 24, gifts: 2, ringHands: 3, action: 'suspend' } as const
  const api = await createGiftApi(t, { abuse })
  const list = async () => (await api.call('GET /api/suspensions')).body.suspensions as object[]
  await api.give()
  api.clock.advance(1000)
  await api.give({ from: api.b, to: api.c })
  api.clock.advance(1000)
  t.deepEqual(await list(), [])
  t.is((await api.give({ from: api.c, to: api.a })).body.reason, 'ring')
  const [ring] = await list()
  t.like(ring, {
    msisdn: api.c,
    reason: 'ring',
    evidence: [
      {
        code: 'ring',
        count: 3,
        limit: 3,
        windowHours: 24,
        refused: { to: api.a, amountBytes: '1000' },
        gifts: [
          { from: api.a, to: api.b, at: '2026-01-15T12:00:00.000Z' },
          { from: api.b, to: api.c, at: '2026-01-15T12:00:01.000Z' },
        ],
      },
    ],
  })
  await api.give({ to: api.c })
  t.is((await api.give({ to: api.c })).body.reason, 'velocity')
  const [velocity] = await list()
  t.like(velocity, {
    msisdn: api.a,
    evidence: [{ code: 'velocity', count: 3, limit: 2, gifts: [{ to: api.b }, { to: api.c }] }],
  })

  const path = `/api/suspensions/${api.c}`
  t.is((await api.call(`DELETE ${path}`)).status, 204)
  t.is((await api.call(`DELETE ${path}`)).status, 404)
  t.is((await api.call(`PUT ${path}`, { body: { reason: 'resale' } })).status, 204)
  t.like(
    (await list()).find((one) => (one as { msisdn: string }).msisdn === api.c),
    {
      reason: 'resale',
      evidence: [],
    },
  )
  t.is((await api.give({ from: api.c })).body.reason, 'giverSuspended')
})

test('each role reaches its routes about gifts, and no other', async (t) => {
  const api = await createGiftApi(t, { ...YES, ...CODES, ...SOCIAL })
  const made = await api.call('POST /api/tokens', { body: { role: 'auditor', label: 'audit' } })
  const tokens = [TOKEN, String(made.body.token), ...api.tokens]
  const { body } = await api.give()
  const gift = `/api/gifts/${String(body.id)}`
  const account = `/api/accounts/${api.a}`
  const settings = { locked: false, blocked: [], automatic: null }
  // Statuses for the operator, an auditor, A, B (the receiver) and C.
  const permissions: readonly (readonly [string, object | undefined, readonly number[]])[] = [
    ['GET /api/gifts', undefined, [200, 200, 200, 200, 200]],
    [`GET /api/gifts?msisdn=${api.a}`, undefined, [200, 200, 200, 403, 403]],
    [`GET ${gift}`, undefined, [200, 200, 200, 200, 404]],
    [`POST ${gift}/accept`, undefined, [409, 403, 403, 409, 404]],
    [`POST ${gift}/decline`, undefined, [409, 403, 403, 409, 404]],
    [`POST ${gift}/confirm`, {}, [200, 403, 200, 403, 404]],
    [`POST ${gift}/cancel`, undefined, [409, 403, 409, 403, 404]],
    [`POST ${gift}/reverse`, {}, [200, 403, 403, 403, 403]],
    [`GET ${account}/giftable`, undefined, [200, 200, 200, 403, 403]],
    [`GET ${account}/gift-settings`, undefined, [200, 200, 200, 403, 403]],
    [`PUT ${account}/gift-settings`, settings, [200, 403, 200, 403, 403]],
    [`PUT ${account}/gift-settings/pin`, { newPin: '1x' }, [400, 403, 400, 400, 400]],
    [`DELETE ${account}/gift-settings/pin`, undefined, [204, 403, 403, 403, 403]],
    ['POST /api/gift-codes', { from: api.a, amountBytes: 1 }, [201, 403, 201, 403, 403]],
    ['POST /api/gift-codes/NONE/claim', { by: api.a }, [404, 403, 404, 403, 403]],
    ['POST /api/asks', { from: api.a, to: api.b, amountBytes: 1 }, [201, 403, 422, 403, 403]],
    [`GET /api/asks?msisdn=${api.a}&side=made`, undefined, [200, 200, 200, 403, 403]],
    ['POST /api/asks/none/answer', { gives: true }, [404, 403, 404, 404, 404]],
    ['GET /api/suspensions', undefined, [200, 200, 403, 403, 403]],
    [`PUT /api/suspensions/${api.c}`, { reason: 'x' }, [204, 403, 403, 403, 403]],
    [`DELETE /api/suspensions/${api.c}`, undefined, [204, 403, 403, 403, 403]],
  ]
  for (const [request, content, answers] of permissions) {
    const call = { ...(content && { body: content }), key: '"key"' }
    for (const [at, expected] of answers.entries()) {
      const { status } = await api.call(request, { ...call, token: tokens[at] ?? null })
      t.is(status, expected, `${request} as ${['operator', 'auditor', 'A', 'B', 'C'][at]}`)
    }
    t.is((await api.call(request, { ...call, token: null })).status, 401, request)
  }
})

function codesOf(reply: Reply): readonly string[] {
  return (reply.body.refusals as { readonly code: string }[]).map(({ code }) => code)
}
