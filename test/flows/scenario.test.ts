import { readFileSync } from 'node:fs'
import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { createDriver } from '../helpers/driver.ts'
import { orderOf, orderState, testLab } from '../helpers/lab.ts'
import { refusedWith } from '../helpers/refusals.ts'

const EXAMPLE = new URL('../../fixtures/scenarios/conformance.json', import.meta.url)
const example = (): unknown => JSON.parse(readFileSync(EXAMPLE, 'utf8'))
const EID = '89049032123451234512345678901235'
const HEAD = { name: 'mine', source: 'a test' }
const ICCID = '8999901000000000001'

interface Wanted {
  readonly matchingId: string
  readonly confirmationCode?: string
}

async function authenticate(lab: Lab, wanted: Wanted & { readonly phone?: Phone }) {
  const phone = wanted.phone ?? lab.createPhone()
  return createDriver(lab, { ...wanted, phone }).through('authenticateServer')
}

test('the example has an order for each beginning and each refusal', async (t) => {
  const lab = await testLab(t)
  const loaded = await lab.loadScenario(example())
  t.is(loaded.profiles, 16)
  t.is(loaded.orders.length, 13)
  for (const [matchingId, code] of [
    ['AC-EID', '8.1.1/3.8'],
    ['AC-CONFIRMED', '8.2/1.2'],
    ['AC-EXPIRED', '8.8.5/4.10'],
    ['AC-TRIES', '8.8.5/6.4'],
    ['AC-ERROR', '8.2.6/3.8'],
  ] as const) {
    const driver = await authenticate(lab, { matchingId })
    await refusedWith(t, { call: driver.authenticateClient(), code })
  }
  const wrong = await authenticate(lab, { matchingId: 'AC-LAST-CODE', confirmationCode: '0' })
  await wrong.authenticateClient()
  await wrong.prepareDownload()
  await refusedWith(t, { call: wrong.getBoundProfilePackage(), code: '8.2.7/6.4' })
})

test('the profiles of the example install, with their icons, rules and codes', async (t) => {
  const lab = await testLab(t)
  await lab.loadScenario(example())
  const eid = lab.createPhone({ name: 'example' }).eid
  for (const wanted of [
    { matchingId: 'AC-ANY' },
    { matchingId: 'AC-CODE', confirmationCode: '12345678' },
    { matchingId: 'AC-ICON' },
    { matchingId: 'AC-AGAIN' },
    { matchingId: 'AC-AGAIN' },
    { matchingId: 'AC-PPR1' },
  ]) {
    const phone = lab.createPhone()
    const driver = createDriver(lab, { ...wanted, phone })
    await driver.through('load')
    const [profile] = await phone.profiles()
    t.truthy(profile, wanted.matchingId)
  }
  t.not(eid, EID)
})

test('a scenario that is loaded again puts everything back', async (t) => {
  const lab = await testLab(t)
  const first = await lab.loadScenario(example())
  const phone = lab.createPhone()
  await createDriver(lab, { phone, matchingId: 'AC-ANY' }).through('load')
  await phone.sendNotifications()
  const iccid = '8999901000000090001'
  t.is(orderState(lab, { iccid }), 'Installed')
  t.deepEqual(await lab.loadScenario(example()), first)
  t.like(orderOf(lab, { iccid }), { state: 'Released', downloadAttempts: 0, eid: undefined })
  await t.notThrowsAsync(
    createDriver(lab, { phone: lab.createPhone(), matchingId: 'AC-ANY' }).through('load'),
  )
})

function header(functionRequesterIdentifier: string) {
  return { functionRequesterIdentifier, functionCallIdentifier: 'TX-1' }
}

test('a type is for the requesters that a scenario names: 8.2.5/1.2', async (t) => {
  const lab = await testLab(t)
  await lab.loadScenario(example())
  const profileType = 'conformance-stock'
  const stranger = header('2.999.21')
  await refusedWith(t, {
    call: lab.es2Plus.downloadOrder({ profileType, header: stranger }),
    code: '8.2.5/1.2',
  })
  await refusedWith(t, {
    call: lab.es2Plus.downloadOrder({ iccid: '8999901000000094001', header: stranger }),
    code: '8.2.1/1.2',
  })
  await t.notThrowsAsync(lab.es2Plus.downloadOrder({ profileType, header: header('2.999.20') }))
})

test('the settings of a scenario hold from then on', async (t) => {
  const lab = await testLab(t)
  await lab.loadScenario({ ...HEAD, settings: { downloadAttemptsMax: 0 } })
  const { matchingId } = await lab.order()
  const driver = await authenticate(lab, { matchingId })
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.8.5/6.4' })
})

test('a test profile of a scenario installs, and so does one of another network', async (t) => {
  const lab = await testLab(t)
  await lab.loadScenario({
    ...HEAD,
    profiles: [
      { iccids: [ICCID], profileClass: 'test', mcc: '310', mnc: '410', gid1: '0A' },
      { iccids: ['8999901000000000002F'], profileType: 'long', fillerOctets: 5000 },
    ],
    orders: [
      { iccid: ICCID, matchingId: 'A' },
      { iccid: '8999901000000000002', matchingId: 'B' },
    ],
  })
  for (const matchingId of ['A', 'B']) {
    const phone = lab.createPhone()
    const result = await (await authenticate(lab, { matchingId, phone })).through('load')
    t.is((await phone.profiles()).length, 1, String(result.transactionId))
  }
})

for (const [title, scenario, field] of [
  ['no name', { source: 'a test' }, 'name'],
  ['no source', { name: 'mine' }, 'source'],
  ['a field that there is not', { ...HEAD, order: [] }, 'order'],
  ['a setting that there is not', { ...HEAD, settings: { strict: true } }, 'settings.strict'],
  ['an ICCID of letters', { ...HEAD, profiles: [{ iccids: ['x'] }] }, 'profiles[0].iccids[0]'],
  ['an ICCID twice', { ...HEAD, profiles: [{ iccids: [ICCID, `${ICCID}F`] }] }, 'profiles'],
  [
    'an icon that is none',
    { ...HEAD, profiles: [{ iccids: [ICCID], icon: 'AAAA' }] },
    'profiles[0].icon',
  ],
  [
    'a rule that there is not',
    { ...HEAD, profiles: [{ iccids: [ICCID], profilePolicyRules: ['ppr3'] }] },
    'profiles[0].profilePolicyRules[0]',
  ],
  [
    'a state that there is not',
    { ...HEAD, orders: [{ iccid: ICCID, state: 'Gone' }] },
    'orders[0].state',
  ],
  [
    'a linked order without an EID',
    { ...HEAD, orders: [{ iccid: ICCID, state: 'Linked' }] },
    'orders[0].eid',
  ],
  [
    'an empty MatchingID without an EID',
    { ...HEAD, orders: [{ iccid: ICCID, matchingId: '' }] },
    'orders[0].eid',
  ],
  [
    'a stocked profile with a MatchingID',
    { ...HEAD, orders: [{ iccid: ICCID, state: 'Available', matchingId: 'A' }] },
    'orders[0].matchingId',
  ],
  [
    'an instant that is none',
    { ...HEAD, orders: [{ iccid: ICCID, expiresAt: 'soon' }] },
    'orders[0].expiresAt',
  ],
  [
    'two expiries',
    { ...HEAD, orders: [{ iccid: ICCID, expiresAt: '2027-01-01T00:00:00Z', expiresInSeconds: 5 }] },
    'orders[0].expiresInSeconds',
  ],
  ['an order for no profile', { ...HEAD, orders: [{ iccid: ICCID }] }, 'orders[0].iccid'],
  [
    'one MatchingID for two orders',
    {
      ...HEAD,
      profiles: [{ iccids: [ICCID, '8999901000000000002'] }],
      orders: [
        { iccid: ICCID, matchingId: 'A' },
        { iccid: '8999901000000000002', matchingId: 'A' },
      ],
    },
    'orders[1].matchingId',
  ],
  [
    'the ICCID of somebody else',
    { ...HEAD, profiles: [{ iccids: ['8900101000000000019'] }] },
    'profiles[0].iccids[0]',
  ],
] as const) {
  test(`a scenario with ${title} is refused at ${field}, and nothing of it is there`, async (t) => {
    const lab = await testLab(t)
    const before = lab.smdp.orders({ limit: 100 })
    const error = await t.throwsAsync(lab.loadScenario(scenario), {
      instanceOf: LabError,
    })
    if (field === 'orders[0].iccid') t.is(error?.code, 'notFound')
    t.is(error?.field, field, error?.message)
    t.deepEqual(lab.smdp.orders({ limit: 100 }), before)
    await refusedWith(t, {
      call: lab.es2Plus.downloadOrder({ iccid: ICCID }),
      code: '8.2.1/3.9',
    })
  })
}

for (const scenario of [undefined, null, 5, [], 'x']) {
  test(`${JSON.stringify(scenario)} is no scenario`, async (t) => {
    const lab = await testLab(t)
    await t.throwsAsync(lab.loadScenario(scenario), { instanceOf: LabError })
  })
}

test('an order of a scenario may have an event at an SM-DS, and has it again when it is loaded again', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { eid } = phone
  const order = { iccid: ICCID, eid, matchingId: 'EVENT', smDs: 'alternative' }
  const scenario = { ...HEAD, profiles: [{ iccids: [ICCID] }], orders: [order] }
  for (const _ of [1, 2]) {
    await lab.loadScenario(scenario)
    const { events, failed } = await phone.discover()
    t.deepEqual(failed, [])
    t.deepEqual(
      events.map(({ eventId }) => eventId),
      ['EVENT'],
    )
  }
  await lab.loadScenario({ ...scenario, orders: [{ ...order, state: 'Confirmed' }] })
  t.deepEqual((await phone.discover()).events, [])
  await lab.es2Plus.releaseProfile({ iccid: ICCID })
  t.is((await phone.discover()).events.length, 1)
  await lab.loadScenario({ ...scenario, orders: [{ iccid: ICCID, state: 'Available' }] })
  await lab.smdp.settleEvents()
  t.deepEqual((await phone.discover()).events, [])
})

for (const [title, change, field] of [
  ['without an EID', { eid: undefined }, 'eid'],
  ['with an empty MatchingID', { matchingId: '' }, 'matchingId'],
  ['that has ended', { state: 'Installed' }, 'smDs'],
] as const) {
  test(`an order of a scenario ${title} has no event`, async (t) => {
    const lab = await testLab(t)
    const order = { iccid: ICCID, eid: EID, matchingId: 'EVENT', smDs: 'root', ...change }
    const load = lab.loadScenario({ ...HEAD, profiles: [{ iccids: [ICCID] }], orders: [order] })
    const error = await t.throwsAsync(load, { instanceOf: LabError })
    t.is(error.field, `orders[0].${field}`)
  })
}

test('a scenario whose SM-DS does not answer is there all the same, and says so', async (t) => {
  const lab = await testLab(t)
  const order = { iccid: ICCID, eid: EID, matchingId: 'EVENT', smDs: 'nobody.example.com' }
  const load = lab.loadScenario({ ...HEAD, profiles: [{ iccids: [ICCID] }], orders: [order] })
  const error = await t.throwsAsync(load, { instanceOf: LabError })
  t.is(error.reason, '8.9/5.1')
  t.is(orderState(lab, { iccid: ICCID }), 'Released')
})
