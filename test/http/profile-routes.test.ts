import test, { type ExecutionContext } from 'ava'
import { createLab } from '../../src/index.ts'
import { toBase64, utf8 } from '../../src/base/octets.ts'
import { PACKAGE_OCTETS_MAX } from '../../src/profile/import.ts'
import { foreignPackage, withoutNumber } from '../helpers/packages.ts'
import { SUBSCRIBER } from '../profile/helper.ts'

const { iccid, imsi, msisdn } = SUBSCRIBER
const PACKAGE = toBase64(foreignPackage())

async function served(t: ExecutionContext) {
  const lab = await createLab({ startAt: new Date('2026-03-01T00:00:00Z') })
  t.teardown(() => lab.close())
  const { operatorUrl, token } = await lab.listen()
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${operatorUrl}${path}`, { headers, ...init })
    const json = (await response.json()) as Record<string, unknown>
    return { status: response.status, json, location: response.headers.get('location') }
  }
  const post = (path: string, body: unknown) =>
    ask(path, { method: 'POST', body: JSON.stringify(body) })
  return { lab, ask, post, operatorUrl, token }
}

test('a package that is posted is on stock, and is told of without its octets', async (t) => {
  const { ask, post } = await served(t)
  const { status, json, location } = await post('/api/profiles', {
    package: PACKAGE,
    profileType: 'ts48',
    profileName: 'Theirs',
    profileClass: 'operational',
    profileOwner: '001-01',
    profilePolicyRules: ['ppr2'],
  })
  t.is(status, 201)
  t.is(location, `/api/profiles/${iccid}`)
  t.like(json, { iccid, imsi, msisdn, profileType: 'ts48', profileName: 'Theirs', noAccount: null })
  const shown = await ask(`/api/profiles/${iccid}`)
  t.deepEqual(Object.keys(shown.json), [
    'iccid',
    'profileType',
    'operator',
    'imsi',
    'msisdn',
    'serviceProviderName',
    'profileName',
    'profileClass',
  ])
  t.deepEqual((await ask('/api/profiles')).json, { profiles: [shown.json] })
  const again = await post('/api/profiles', { package: PACKAGE })
  t.is(again.status, 409)
  t.like(again.json, { field: 'package', reason: 'iccidInUse' })
})

test('imported profiles are listed page by page', async (t) => {
  const { lab, ask } = await served(t)
  const iccids = ['8900112345678901234', '8900112345678901242', '8900112345678901259']
  for (const each of iccids) {
    const octets = withoutNumber(foreignPackage({ subscriber: { iccid: each } }))
    await lab.importProfile({ package: octets })
  }
  const first = (await ask('/api/profiles?limit=2')).json
  t.like(first.profiles, [{ iccid: iccids[0], msisdn: null }, { iccid: iccids[1] }])
  t.is(first.next, iccids[1])
  const second = (await ask(`/api/profiles?limit=2&after=${iccids[1]}`)).json
  t.like(second, { profiles: [{ iccid: iccids[2] }], next: undefined })
  t.is((await ask('/api/profiles?limit=0')).status, 400)
  t.is((await ask('/api/profiles?after=x')).json.field, 'after')
  t.is((await ask('/api/profiles/8900000000000000000')).status, 404)
})

const WRONG: readonly (readonly [title: string, body: unknown, field: string | undefined])[] = [
  ['no package', {}, 'package'],
  ['a package that is not Base64', { package: 'no base64!' }, 'package'],
  ['Base64 without padding', { package: PACKAGE.replace(/=*$/, '').slice(0, -1) }, 'package'],
  ['an empty package', { package: '' }, 'package'],
  ['a package of another type', { package: 1 }, 'package'],
  ['what is no package', { package: toBase64(utf8('no package')) }, 'package'],
  ['an unknown field', { package: PACKAGE, colour: 'red' }, 'colour'],
  ['a field of the prototype', { package: PACKAGE, constructor: 'x' }, 'constructor'],
  ['a name that is too long', { package: PACKAGE, profileName: 'x'.repeat(65) }, 'profileName'],
  ['an empty type', { package: PACKAGE, profileType: '' }, 'profileType'],
  ['an unknown class', { package: PACKAGE, profileClass: 'fun' }, 'profileClass'],
  ['an owner that is none', { package: PACKAGE, profileOwner: 'me' }, 'profileOwner'],
  [
    'rules that are no list',
    { package: PACKAGE, profilePolicyRules: 'ppr1' },
    'profilePolicyRules',
  ],
  ['an unknown rule', { package: PACKAGE, profilePolicyRules: ['ppr3'] }, 'profilePolicyRules.0'],
  ['an icon that is none', { package: PACKAGE, icon: 'AAAA' }, 'icon'],
  ['a list', [PACKAGE], undefined],
]

for (const [title, body, field] of WRONG) {
  test(`refuses ${title}, and puts nothing on stock`, async (t) => {
    const { lab, post } = await served(t)
    const { status, json } = await post('/api/profiles', body)
    t.is(status, 400)
    t.is(json.field, field)
    t.deepEqual(lab.importedProfiles({ limit: 10 }), [])
  })
}

test('bodies are long for packages alone, and not without end', async (t) => {
  const { post, ask } = await served(t)
  const long = toBase64(new Uint8Array(PACKAGE_OCTETS_MAX))
  const read = await post('/api/profiles', { package: long })
  t.is(read.json.reason, 'notAProfilePackage', 'it was read')
  t.is((await post('/api/profiles', { package: `${long}${long}` })).status, 413)
  t.is((await post('/api/orders', { profileType: long })).status, 413)
  const text = await ask('/api/profiles', { method: 'POST', body: 'no JSON' })
  t.is(text.status, 400)
  t.is((await ask('/api/profiles', { method: 'DELETE' })).status, 405)
})

test('packages are taken from who has the token', async (t) => {
  const { operatorUrl } = await served(t)
  const response = await fetch(`${operatorUrl}/api/profiles`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ package: PACKAGE }),
  })
  t.is(response.status, 401)
})

test('an order is repeatable by choice, and is reset at its own path', async (t) => {
  const { lab, post, ask } = await served(t)
  const ordered = await post('/api/orders', { repeatable: true })
  t.is(ordered.status, 201)
  t.true(ordered.json.repeatable)
  t.like((await ask('/api/orders')).json, { orders: [{ repeatable: true }] })
  const path = `/api/orders/${String(ordered.json.iccid)}/reset`
  const reset = await post(path, {})
  t.is(reset.status, 200)
  t.like(reset.json, {
    iccid: ordered.json.iccid,
    state: 'Released',
    activationCode: ordered.json.activationCode,
  })
  t.is((await post(path, { really: true })).json.field, 'really')
  t.is((await ask(path)).status, 405)
  t.is((await post('/api/orders/1/reset', {})).status, 404)
  t.is((await post('/api/orders', { repeatable: 'yes' })).json.field, 'repeatable')
  const { iccid: unreleased } = await lab.order({ release: false })
  const refused = await post(`/api/orders/${unreleased}/reset`, {})
  t.is(refused.status, 409)
  t.is(refused.json.reason, 'isConfirmed')
})
