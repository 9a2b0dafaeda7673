import test from 'ava'
import type { Lab } from '../../src/lab.ts'
import type { Es2PlusRequest } from '../../src/rsp/es2plus.ts'
import { createDriver } from '../helpers/driver.ts'
import { testLab } from '../helpers/lab.ts'
import { refusedWith, testRefusals } from '../helpers/refusals.ts'

const EID = '89049032000000000000000000000001'
const OTHER_EID = '89049032000000000000000000000002'
const UNKNOWN_ICCID = '8900000000000000001'

/** A request, and what was ordered before it. */
interface Attempt<Request> {
  readonly before: (lab: Lab) => Promise<{ readonly iccid: string }>
  readonly request: (request: Request) => Request
}

const stateOf = (lab: Lab) => lab.smdp.orders({ limit: 100 })

function withField<Request>(attempt: Attempt<Request>, field: Partial<Request>): Attempt<Request> {
  return { ...attempt, request: (request) => ({ ...attempt.request(request), ...field }) }
}

type Cancel = Es2PlusRequest<'cancelOrder'>

testRefusals<Attempt<Cancel>>({
  name: 'CancelOrder',
  flawless: {
    before: (lab) => lab.order({ matchingId: 'ONE', eid: EID }),
    request: (request) => request,
  },
  faults: [
    {
      title: 'an unknown ICCID',
      code: '8.2.1/3.9',
      breaks: (attempt) => withField(attempt, { iccid: UNKNOWN_ICCID }),
    },
    {
      title: 'a profile that was downloaded',
      code: '8.2.1/3.3',
      breaks: (attempt) => ({
        ...attempt,
        async before(lab) {
          const phone = lab.createPhone()
          const order = await lab.order({ matchingId: 'ONE', eid: phone.eid })
          await createDriver(lab, { phone, matchingId: 'ONE' }).through('getBoundProfilePackage')
          return order
        },
      }),
    },
    {
      title: 'another MatchingID',
      code: '8.2.6/3.10',
      breaks: (attempt) => withField(attempt, { matchingId: 'TWO' }),
    },
    {
      title: 'no MatchingID where the order has one',
      code: '8.2.6/3.10',
      breaks: (attempt) => withField(attempt, { matchingId: undefined }),
    },
    {
      title: 'another EID',
      code: '8.2.1/3.10',
      breaks: (attempt) => withField(attempt, { eid: OTHER_EID }),
    },
    {
      title: 'no EID where the order has one',
      code: '8.2.1/3.10',
      breaks: (attempt) => withField(attempt, { eid: undefined }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const { iccid } = await attempt.before(lab)
    const before = stateOf(lab)
    const request = attempt.request({
      iccid,
      eid: EID,
      matchingId: 'ONE',
      finalProfileStatusIndicator: 'Available',
    })
    await refusedWith(t, { call: lab.es2Plus.cancelOrder(request), code })
    t.deepEqual(stateOf(lab), before)
  },
})

type Confirm = Es2PlusRequest<'confirmOrder'>

testRefusals<Attempt<Confirm>>({
  name: 'ConfirmOrder',
  flawless: {
    before: (lab) => lab.es2Plus.downloadOrder({ profileType: typeOf(lab), eid: EID }),
    request: (request) => request,
  },
  faults: [
    {
      title: 'an unknown ICCID',
      code: '8.2.1/3.9',
      breaks: (attempt) => withField(attempt, { iccid: UNKNOWN_ICCID }),
    },
    {
      title: 'an order that is confirmed',
      code: '8.2.1/3.5',
      breaks: (attempt) => ({ ...attempt, before: (lab) => lab.order({ eid: EID }) }),
    },
    {
      title: 'another EID than that of the order',
      code: '8.1.1/3.10',
      breaks: (attempt) => withField(attempt, { eid: OTHER_EID }),
    },
    {
      title: 'an empty MatchingID with an SM-DS address',
      code: '8.2.6/2.1',
      breaks: (attempt) => withField(attempt, { matchingId: '', smdsAddress: 'smds.example.com' }),
    },
    {
      title: 'a MatchingID of another order',
      code: '8.2.6/3.3',
      breaks: (attempt) => withField(attempt, { matchingId: 'TAKEN' }),
    },
    {
      title: 'an SM-DS that is not there',
      code: '8.9/5.1',
      breaks: (attempt) => withField(attempt, { smdsAddress: 'smds.example.com' }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    await lab.order({ matchingId: 'TAKEN' })
    const { iccid } = await attempt.before(lab)
    const before = stateOf(lab)
    const request = attempt.request({ iccid, releaseFlag: true })
    await refusedWith(t, { call: lab.es2Plus.confirmOrder(request), code })
    t.deepEqual(stateOf(lab), before)
  },
})

for (const field of [{ matchingId: '' }, { smdsAddress: 'smds.example.com' }]) {
  test(`ConfirmOrder wants an EID with ${JSON.stringify(field)}`, async (t) => {
    const lab = await testLab(t)
    const { iccid } = await lab.es2Plus.downloadOrder({ profileType: typeOf(lab) })
    const call = lab.es2Plus.confirmOrder({ iccid, releaseFlag: true, ...field })
    await refusedWith(t, { call, code: '8.1.1/2.2' })
  })
}

test('ConfirmOrder lets any number of orders have the empty MatchingID', async (t) => {
  const lab = await testLab(t)
  await lab.order({ matchingId: '', eid: EID })
  await t.notThrowsAsync(lab.order({ matchingId: '', eid: EID }))
})

type Order = Es2PlusRequest<'downloadOrder'>

const DOWNLOAD_ORDER_REFUSALS: readonly {
  readonly title: string
  readonly code: string
  readonly request: (iccids: { readonly taken: string; readonly free: string }) => Order
}[] = [
  {
    title: 'an unknown ICCID before it looks at its type',
    code: '8.2.1/3.9',
    request: () => ({ iccid: UNKNOWN_ICCID, profileType: 'no such type' }),
  },
  {
    title: 'a profile in use before it looks at its type',
    code: '8.2.1/3.3',
    request: ({ taken: iccid }) => ({ iccid, profileType: 'no such type' }),
  },
  {
    title: 'a profile of another type',
    code: '8.2.5/3.8',
    request: ({ free: iccid }) => ({ iccid, profileType: 'no such type' }),
  },
  { title: 'neither ICCID nor type', code: '1.3.1/2.2', request: () => ({ eid: EID }) },
  {
    title: 'an unknown type',
    code: '8.2.5/3.9',
    request: () => ({ profileType: 'no such type' }),
  },
]

for (const { title, code, request } of DOWNLOAD_ORDER_REFUSALS) {
  test(`DownloadOrder refuses ${title} with ${code}`, async (t) => {
    const lab = await testLab(t)
    const { iccid: taken } = await lab.order()
    const free = await freeIccid(lab)
    const before = stateOf(lab)
    await refusedWith(t, { call: lab.es2Plus.downloadOrder(request({ taken, free })), code })
    t.deepEqual(stateOf(lab), before)
  })
}

test('DownloadOrder refuses a type that is used up with 8.2.5/3.7', async (t) => {
  const lab = await testLab(t, { stock: 1 })
  const request = { profileType: typeOf(lab) }
  await lab.es2Plus.downloadOrder(request)
  await refusedWith(t, { call: lab.es2Plus.downloadOrder(request), code: '8.2.5/3.7' })
})

function typeOf(lab: Lab): string {
  return lab.operator.file.profile.profileType
}

/** The ICCID of a profile on stock: one that was ordered and given back. */
async function freeIccid(lab: Lab): Promise<string> {
  const { iccid } = await lab.es2Plus.downloadOrder({ profileType: typeOf(lab) })
  await lab.es2Plus.cancelOrder({ iccid, finalProfileStatusIndicator: 'Available' })
  return iccid
}

test('ReleaseProfile refuses an unknown ICCID with 8.2.1/3.9', async (t) => {
  const lab = await testLab(t)
  const call = lab.es2Plus.releaseProfile({ iccid: UNKNOWN_ICCID })
  await refusedWith(t, { call, code: '8.2.1/3.9' })
})

test('ReleaseProfile refuses an order that is not confirmed with 8.2.1/3.5', async (t) => {
  const lab = await testLab(t)
  const order = await lab.es2Plus.downloadOrder({ profileType: typeOf(lab) })
  await refusedWith(t, { call: lab.es2Plus.releaseProfile(order), code: '8.2.1/3.5' })
  await lab.es2Plus.confirmOrder({ ...order, releaseFlag: false })
  await lab.es2Plus.releaseProfile(order)
  await t.notThrowsAsync(lab.es2Plus.releaseProfile(order), 'it may be called again')
  t.is(stateOf(lab)[0]?.state, 'Released')
})
