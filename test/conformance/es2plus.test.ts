import { X509Certificate } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { wallClock } from '../../src/base/environment.ts'
import { rspClient } from '../../src/http/rsp-client.ts'
import { createLab, RspError } from '../../src/index.ts'
import { issueTlsCredential } from '../../src/pki/test-pki.ts'
import type { DownloadProgressCall } from '../../src/rsp/es2plus-progress.ts'
import { ES2PLUS, type Es2Plus } from '../../src/rsp/es2plus.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { orderState } from '../helpers/lab.ts'
import { operatorSoftware } from '../helpers/operator-software.ts'
import { sequenceTest } from './harness.ts'

const UNKNOWN_ICCID = '8900000000000000001'
const OTHER_EID = '89049032000000000000000000000002'
const TYPE = { profileType: 'lab' }

interface BenchOptions {
  readonly stock?: number
  readonly progressUrl?: string
}

/** A strict SM-DP+ that knows operators by their certificates, and operators that have one. */
async function openBench(t: ExecutionContext, options: BenchOptions = {}) {
  const { stock = 4, progressUrl } = options
  const lab = await createLab({ stock })
  t.teardown(() => lab.close())
  const ci = new X509Certificate(lab.pki['P-256'].ci.certificate.der)
  const client = { name: 'operators', knownBy: 'ca', certificates: [ci] } as const
  const served = await lab.listen({
    rsp: { plain: true, strict: true },
    es2Plus: { strict: true, access: { kind: 'clients', clients: [client] } },
    ...(progressUrl !== undefined && { progressUrl }),
  })
  const credential = issueTlsCredential({
    pki: lab.pki,
    role: 'dp-tls',
    hostNames: ['operator.example.com'],
    nowMs: wallClock.nowMs(),
    random: lab.environment.random,
  })
  const { address } = needed(served.es2Plus)
  const as = (requester: string, more: object = { credential }): Es2Plus => {
    const tls = { anchors: lab.anchors, role: 'dp-tls', ...more } as const
    const es2Plus = rspClient({ table: ES2PLUS, address, requester, tls })
    t.teardown(() => es2Plus.close())
    return es2Plus
  }
  const es2Plus = as('operator')
  const phone = lab.createPhone()
  /** A profile that was ordered, and confirmed with a MatchingID if there is one. */
  const ordered = async (matchingId?: string, eid?: string): Promise<string> => {
    const { iccid } = await es2Plus.downloadOrder({ ...TYPE, eid })
    if (matchingId !== undefined) {
      await es2Plus.confirmOrder({ iccid, matchingId, releaseFlag: true })
    }
    return iccid
  }
  const stateOf = (iccid: string) => orderState(lab, { iccid })
  return { lab, served, as, es2Plus, phone, ordered, stateOf }
}

type Bench = Awaited<ReturnType<typeof openBench>>

interface Nominal {
  readonly section: string
  readonly title: string
  readonly run: (t: ExecutionContext, bench: Bench) => Promise<void>
  readonly options?: BenchOptions
  /** Which of several tests of the sequence it is. */
  readonly on?: string
}

function nominal({ section, title, run, options, on = 'mutual TLS' }: Nominal): void {
  sequenceTest({ id: [section, title], on }, async (t) => {
    await run(t, await openBench(t, options))
  })
}

/** A call that is refused with the code at the end of its title, and changes nothing. */
function refusal(
  of: Omit<Nominal, 'run'> & {
    /** What comes before, and then the call. */
    readonly prepare: (bench: Bench) => Promise<() => Promise<unknown>>
  },
): void {
  const [code] = needed(/\d[\d.]*\/[\d.]+$/.exec(of.title) ?? undefined)
  nominal({
    ...of,
    async run(t, bench) {
      const call = await of.prepare(bench)
      const before = ordersOf(bench)
      const error = await t.throwsAsync(call(), { instanceOf: RspError })
      t.is(error?.code, code, error?.message)
      t.deepEqual(ordersOf(bench), before)
    },
  })
}

/** Without events: one that no SM-DS took is still to be deleted there, in case that one did. */
function ordersOf({ lab }: Pick<Bench, 'lab'>): object[] {
  return lab.smdp.orders({ limit: 100 }).map((order) => ({ ...order, event: undefined }))
}

const DOWNLOAD = { section: '4.3.1' }

nominal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, by ICCID, without and with EID',
  async run(t, { es2Plus, phone, ordered, stateOf }) {
    const iccid = await ordered()
    const free = { iccid, finalProfileStatusIndicator: 'Available' }
    await es2Plus.cancelOrder(free)
    t.deepEqual(await es2Plus.downloadOrder({ iccid: `${iccid}F` }), { iccid }, 'with the filler')
    t.is(stateOf(iccid), 'Allocated')
    await es2Plus.cancelOrder(free)
    t.deepEqual(await es2Plus.downloadOrder({ iccid, eid: phone.eid }), { iccid })
    t.is(stateOf(iccid), 'Linked')
  },
})

nominal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, by profile type',
  async run(t, { es2Plus, stateOf }) {
    const first = await es2Plus.downloadOrder(TYPE)
    const second = await es2Plus.downloadOrder(TYPE)
    t.not(first.iccid, second.iccid)
    t.is(stateOf(first.iccid), 'Allocated')
  },
})

refusal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, unknown ICCID, 8.2.1/3.9',
  prepare:
    async ({ es2Plus }) =>
    () =>
      es2Plus.downloadOrder({ iccid: UNKNOWN_ICCID }),
})

refusal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, profile of another caller, 8.2.1/1.2',
  async prepare({ as, ordered }) {
    const iccid = await ordered()
    return () => as('another').downloadOrder({ iccid })
  },
})

refusal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, profile in use, 8.2.1/3.3',
  async prepare({ es2Plus, ordered }) {
    const iccid = await ordered()
    return () => es2Plus.downloadOrder({ iccid })
  },
})

refusal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, unknown profile type, 8.2.5/3.9',
  prepare:
    async ({ es2Plus }) =>
    () =>
      es2Plus.downloadOrder({ profileType: 'no such type' }),
})

refusal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, profile type for other callers, 8.2.5/1.2',
  async prepare({ lab, es2Plus }) {
    const profileType = 'reserved'
    const profiles = [{ profileType, iccids: ['8949000000000000019'], requesters: ['another'] }]
    await lab.loadScenario({ name: 'reserved', source: 'this test', profiles })
    return () => es2Plus.downloadOrder({ profileType })
  },
})

refusal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, profile type used up, 8.2.5/3.7',
  options: { stock: 1 },
  async prepare({ es2Plus, ordered }) {
    await ordered()
    return () => es2Plus.downloadOrder(TYPE)
  },
})

refusal({
  ...DOWNLOAD,
  title: 'ES2+.DownloadOrder, ICCID of another profile type, 8.2.5/3.8',
  async prepare({ es2Plus, ordered }) {
    const iccid = await ordered()
    await es2Plus.cancelOrder({ iccid, finalProfileStatusIndicator: 'Available' })
    return () => es2Plus.downloadOrder({ iccid, profileType: 'another' })
  },
})

const CONFIRM = { section: '4.3.2' }

nominal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, MatchingID made by the SM-DP+',
  async run(t, { served, es2Plus, ordered, stateOf }) {
    const iccid = await ordered()
    const answer = await es2Plus.confirmOrder({ iccid, releaseFlag: false })
    t.regex(answer.matchingId, /^[0-9A-Z-]+$/)
    t.is(answer.smdpAddress, served.rspAddress)
    t.is(stateOf(iccid), 'Confirmed')
  },
})

nominal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, MatchingID given, with releaseFlag',
  async run(t, { es2Plus, ordered, stateOf }) {
    const iccid = await ordered()
    const order = { iccid, matchingId: 'MINE', releaseFlag: true }
    t.is((await es2Plus.confirmOrder(order)).matchingId, 'MINE')
    t.is(stateOf(iccid), 'Released')
  },
})

nominal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, default SM-DP+, empty MatchingID',
  async run(t, { es2Plus, phone, ordered, stateOf }) {
    const iccid = await ordered()
    const { eid } = phone
    const answer = await es2Plus.confirmOrder({ iccid, eid, matchingId: '', releaseFlag: true })
    t.like(answer, { eid, matchingId: '' })
    t.is(stateOf(iccid), 'Released')
  },
})

nominal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, with an SM-DS',
  async run(t, { served, es2Plus, phone, ordered, stateOf }) {
    const iccid = await ordered(undefined, phone.eid)
    const smdsAddress = served.smds.root.address
    t.is((await es2Plus.confirmOrder({ iccid, smdsAddress, releaseFlag: true })).eid, phone.eid)
    t.is(stateOf(iccid), 'Released')
  },
})

refusal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, unknown ICCID, 8.2.1/3.9',
  prepare:
    async ({ es2Plus }) =>
    () =>
      es2Plus.confirmOrder({ iccid: UNKNOWN_ICCID, releaseFlag: true }),
})

refusal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, profile of another caller, 8.2.1/1.2',
  async prepare({ as, ordered }) {
    const iccid = await ordered()
    return () => as('another').confirmOrder({ iccid, releaseFlag: true })
  },
})

refusal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, MatchingID of another order, 8.2.6/3.3',
  async prepare({ es2Plus, ordered }) {
    await ordered('TAKEN')
    const iccid = await ordered()
    return () => es2Plus.confirmOrder({ iccid, matchingId: 'TAKEN', releaseFlag: true })
  },
})

refusal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, SM-DS that is not there, 8.9/5.1',
  async prepare({ es2Plus, phone, ordered }) {
    const iccid = await ordered(undefined, phone.eid)
    return () => es2Plus.confirmOrder({ iccid, smdsAddress: '127.0.0.1:1', releaseFlag: true })
  },
})

refusal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, SM-DS that refuses, 8.9/4.2',
  async prepare({ lab, served, es2Plus, phone, ordered }) {
    const { eid } = phone
    const event = { eid, eventId: 'USED', rspServerAddress: 'a.example', forwardingIndicator: true }
    await lab.smds.root.es12({ oid: lab.smdp.oid }).registerEvent(event)
    const iccid = await ordered(undefined, eid)
    const smdsAddress = served.smds.root.address
    return () => es2Plus.confirmOrder({ iccid, matchingId: 'USED', smdsAddress, releaseFlag: true })
  },
})

for (const field of ['matchingId', 'smdsAddress'] as const) {
  refusal({
    ...CONFIRM,
    title: 'ES2+.ConfirmOrder, no EID for an empty MatchingID or an SM-DS, 8.1.1/2.2',
    on: field,
    async prepare({ served, es2Plus, ordered }) {
      const iccid = await ordered()
      const value = field === 'matchingId' ? '' : served.smds.root.address
      return () => es2Plus.confirmOrder({ iccid, releaseFlag: true, [field]: value })
    },
  })
}

refusal({
  ...CONFIRM,
  title: 'ES2+.ConfirmOrder, another EID than ordered, 8.1.1/3.10',
  async prepare({ es2Plus, phone, ordered }) {
    const iccid = await ordered(undefined, phone.eid)
    return () => es2Plus.confirmOrder({ iccid, eid: OTHER_EID, releaseFlag: true })
  },
})

const CANCEL = { section: '4.3.3' }

for (const [title, state] of [
  ['Available again', 'Available'],
  ['Unavailable for good', 'Unavailable'],
] as const) {
  nominal({
    ...CANCEL,
    title: `ES2+.CancelOrder, ${title}`,
    async run(t, { es2Plus, phone, ordered, stateOf }) {
      const { eid } = phone
      const iccid = await ordered('ONE', eid)
      const order = { iccid, eid, matchingId: 'ONE', finalProfileStatusIndicator: state }
      t.deepEqual(await es2Plus.cancelOrder(order), {})
      t.is(stateOf(iccid), state)
    },
  })
}

const GIVEN_BACK = { matchingId: 'ONE', finalProfileStatusIndicator: 'Available' }

refusal({
  ...CANCEL,
  title: 'ES2+.CancelOrder, unknown ICCID, 8.2.1/3.9',
  prepare:
    async ({ es2Plus }) =>
    () =>
      es2Plus.cancelOrder({ ...GIVEN_BACK, iccid: UNKNOWN_ICCID }),
})

refusal({
  ...CANCEL,
  title: 'ES2+.CancelOrder, profile of another caller, 8.2.1/1.2',
  async prepare({ as, ordered }) {
    const iccid = await ordered('ONE')
    return () => as('another').cancelOrder({ ...GIVEN_BACK, iccid })
  },
})

refusal({
  ...CANCEL,
  title: 'ES2+.CancelOrder, profile that was downloaded, 8.2.1/3.3',
  async prepare({ lab, es2Plus, phone, ordered }) {
    const iccid = await ordered('ONE')
    await createDriver(lab, { phone, matchingId: 'ONE' }).through('getBoundProfilePackage')
    return () => es2Plus.cancelOrder({ ...GIVEN_BACK, iccid, eid: phone.eid })
  },
})

refusal({
  ...CANCEL,
  title: 'ES2+.CancelOrder, another EID, 8.2.1/3.10',
  async prepare({ es2Plus, phone, ordered }) {
    const iccid = await ordered('ONE', phone.eid)
    return () => es2Plus.cancelOrder({ ...GIVEN_BACK, iccid, eid: OTHER_EID })
  },
})

refusal({
  ...CANCEL,
  title: 'ES2+.CancelOrder, another MatchingID, 8.2.6/3.10',
  async prepare({ es2Plus, ordered }) {
    const iccid = await ordered('ONE')
    return () => es2Plus.cancelOrder({ ...GIVEN_BACK, iccid, matchingId: 'TWO' })
  },
})

const RELEASE = { section: '4.3.4' }

nominal({
  ...RELEASE,
  title: 'ES2+.ReleaseProfile, nominal, and once more',
  async run(t, { es2Plus, ordered, stateOf }) {
    const iccid = await ordered()
    await es2Plus.confirmOrder({ iccid, releaseFlag: false })
    t.deepEqual(await es2Plus.releaseProfile({ iccid }), {})
    t.is(stateOf(iccid), 'Released')
    t.deepEqual(await es2Plus.releaseProfile({ iccid }), {})
  },
})

refusal({
  ...RELEASE,
  title: 'ES2+.ReleaseProfile, unknown ICCID, 8.2.1/3.9',
  prepare:
    async ({ es2Plus }) =>
    () =>
      es2Plus.releaseProfile({ iccid: UNKNOWN_ICCID }),
})

refusal({
  ...RELEASE,
  title: 'ES2+.ReleaseProfile, profile of another caller, 8.2.1/1.2',
  async prepare({ as, ordered }) {
    const iccid = await ordered('ONE')
    return () => as('another').releaseProfile({ iccid })
  },
})

refusal({
  ...RELEASE,
  title: 'ES2+.ReleaseProfile, order that was not confirmed, 8.2.1/3.5',
  async prepare({ es2Plus, ordered }) {
    const iccid = await ordered()
    return () => es2Plus.releaseProfile({ iccid })
  },
})

/** Point and outcome of each call. */
function wordsOf(calls: readonly DownloadProgressCall[]): string[] {
  return calls.map(({ notificationPointId, notificationPointStatus: { status, ...rest } }) => {
    const { subjectCode, reasonCode } = rest.statusCodeData ?? {}
    return [notificationPointId, subjectCode ? `${subjectCode}/${reasonCode}` : status].join(' ')
  })
}

const PROGRESS: readonly {
  readonly title: string
  readonly told: readonly string[]
  readonly download: (bench: Bench, order: { readonly matchingId: string }) => Promise<unknown>
}[] = [
  {
    title: 'a download that succeeds',
    told: ['1 Executed-Success', '3 Executed-Success', '4 Executed-Success'],
    async download({ lab, phone }, order) {
      await createDriver(lab, { phone, ...order }).through('load')
      await phone.sendNotifications()
    },
  },
  {
    title: 'a user who rejects, 8.8.5/3.8',
    told: ['1 Executed-Success', '3 8.8.5/3.8'],
    async download({ lab, phone }, order) {
      const driver = await createDriver(lab, { phone, ...order }).through('authenticateClient')
      await driver.cancel('endUserRejection')
    },
  },
  {
    title: 'a wrong Confirmation Code, 8.2.7/3.8',
    told: ['1 Executed-Success', '2 8.2.7/3.8'],
    async download({ lab, phone }, order) {
      const wrong = { phone, ...order, confirmationCode: '1' }
      const driver = await createDriver(lab, wrong).through('prepareDownload')
      await driver.getBoundProfilePackage().catch((error: unknown) => error)
    },
  },
]

for (const { title, told, download } of PROGRESS) {
  const id = ['4.3.5', `ES2+.HandleDownloadProgressInfo, ${title}`] as const
  sequenceTest({ id, on: 'JSON' }, async (t) => {
    const software = await operatorSoftware(t, [204])
    const bench = await openBench(t, { progressUrl: software.url })
    const { iccid } = await bench.es2Plus.downloadOrder(TYPE)
    const confirmationCode = title.includes('Confirmation') ? '2468' : undefined
    const order = { iccid, matchingId: 'ONE', confirmationCode, releaseFlag: true }
    await bench.es2Plus.confirmOrder(order)
    await download(bench, order)
    await software.until(told.length)
    const calls = software.received.map(({ call }) => call)
    t.deepEqual(wordsOf(calls), told)
    for (const call of calls) {
      t.like(call, { iccid, eid: bench.phone.eid, profileType: 'lab' })
      t.regex(call.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    }
  })
}

nominal({
  section: '4.3.6',
  title: 'TLS of ES2+, mutual authentication, NIST',
  async run(t, { es2Plus }) {
    await t.notThrowsAsync(es2Plus.downloadOrder(TYPE))
  },
})

sequenceTest(
  { id: ['4.3.6', 'TLS of ES2+, mutual authentication, no client certificate'], on: 'JSON' },
  async (t) => {
    const { lab, as } = await openBench(t)
    const before = ordersOf({ lab })
    const error = await t.throwsAsync(as('operator', {}).downloadOrder(TYPE))
    t.regex(error?.message ?? '', /client certificate/)
    t.deepEqual(ordersOf({ lab }), before)
  },
)
