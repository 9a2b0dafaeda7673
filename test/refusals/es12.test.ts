import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import type { Lab } from '../../src/lab.ts'
import type { Es12, Es12Request } from '../../src/rsp/es12.ts'
import { refuse } from '../../src/rsp/status-codes.ts'
import { testLab } from '../helpers/lab.ts'
import { refusedWith, testRefusals } from '../helpers/refusals.ts'
import { createSmdsDriver } from '../helpers/smds-driver.ts'

const CALLER = { oid: '2.999.10' }
const OTHER = { oid: '2.999.12' }

/** A root SM-DS that is as the test wants it. */
type Root = (lab: Lab) => Es12

const working: Root = (lab) => lab.smds.root.es15({ oid: lab.smds.alternative.oid })

function failing(error: Error): Root {
  const fail = (): Promise<never> => Promise.reject(error)
  return () => ({ registerEvent: fail, deleteEvent: fail })
}

const silent = failing(new LabError('unavailable', 'nobody answers'))
const broken = failing(refuse('defect'))

interface Attempt<Request> {
  readonly root: Root
  readonly request: (request: Request) => Request
}

function register(lab: Lab, request: Partial<Es12Request<'registerEvent'>> & { eid: string }) {
  const { alternative } = lab.smds
  return alternative.es12(CALLER).registerEvent({
    eventId: 'ONE',
    rspServerAddress: 'smdp.example.com',
    forwardingIndicator: true,
    ...request,
  })
}

/** What LPAs are told by both SM-DSs. */
async function told(lab: Lab, phone: Parameters<typeof createSmdsDriver>[1]['phone']) {
  const { root, alternative } = lab.smds
  const of = ({ address, es11 }: typeof root) =>
    createSmdsDriver(lab, { phone, address, es11 }).retrieve()
  return { root: await of(root), alternative: await of(alternative) }
}

testRefusals<Attempt<Es12Request<'registerEvent'>>>({
  name: 'RegisterEvent',
  flawless: { root: working, request: (request) => request },
  faults: [
    {
      title: 'an EventID that the caller has used',
      code: '8.9.5/3.3',
      breaks: (attempt) => ({
        ...attempt,
        request: (request) => ({ ...attempt.request(request), eventId: 'ONE' }),
      }),
    },
    {
      title: 'to forward to a root SM-DS that does not answer',
      code: '8.9/5.1',
      breaks: (attempt) => ({ ...attempt, root: silent }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    await register(lab, { eid: phone.eid })
    const before = await told(lab, phone)
    lab.smds.alternative.setRoot(attempt.root(lab))
    const request = attempt.request({
      eid: phone.eid,
      eventId: 'TWO',
      rspServerAddress: 'smdp.example.com',
      forwardingIndicator: true,
    })
    const call = lab.smds.alternative.es12(CALLER).registerEvent(request)
    await refusedWith(t, { call, code })
    t.deepEqual(await told(lab, phone), before)
  },
})

testRefusals<Attempt<Es12Request<'deleteEvent'>>>({
  name: 'DeleteEvent',
  flawless: { root: working, request: (request) => request },
  faults: [
    {
      title: 'an EventID of no event',
      code: '8.9.5/3.9',
      breaks: (attempt) => ({
        ...attempt,
        request: (request) => ({ ...attempt.request(request), eventId: 'TWO' }),
      }),
    },
    {
      title: 'an event of another eUICC',
      code: '8.9.5/3.9',
      breaks: (attempt) => ({
        ...attempt,
        request: (request) => ({ ...attempt.request(request), eid: '8'.repeat(32) }),
      }),
    },
    {
      title: 'what a root SM-DS does not take back since it does not answer',
      code: '8.9/5.1',
      breaks: (attempt) => ({ ...attempt, root: silent }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const { eid } = phone
    await register(lab, { eid })
    const before = await told(lab, phone)
    const { alternative } = lab.smds
    alternative.setRoot(attempt.root(lab))
    const call = alternative.es12(CALLER).deleteEvent(attempt.request({ eid, eventId: 'ONE' }))
    await refusedWith(t, { call, code })
    t.deepEqual(await told(lab, phone), before)
    alternative.setRoot(working(lab))
    await alternative.es12(CALLER).deleteEvent({ eid, eventId: 'ONE' })
    t.deepEqual(await told(lab, phone), { root: [], alternative: [] })
  },
})

test('an error of the root SM-DS is 8.9/4.2, at RegisterEvent and at DeleteEvent', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { eid } = phone
  const { alternative } = lab.smds
  await register(lab, { eid })
  const before = await told(lab, phone)
  alternative.setRoot(broken(lab))
  await refusedWith(t, { call: register(lab, { eid, eventId: 'TWO' }), code: '8.9/4.2' })
  const call = alternative.es12(CALLER).deleteEvent({ eid, eventId: 'ONE' })
  await refusedWith(t, { call, code: '8.9/4.2' })
  t.deepEqual(await told(lab, phone), before)
})

test('an event that the root SM-DS does not know any more is deleted all the same', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { eid } = phone
  const { alternative } = lab.smds
  await register(lab, { eid })
  alternative.setRoot(failing(refuse('eventUnknown'))(lab))
  await alternative.es12(CALLER).deleteEvent({ eid, eventId: 'ONE' })
  t.deepEqual((await told(lab, phone)).alternative, [])
})

test('EventIDs are of their caller: another may use the same, and delete only its own', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { eid } = phone
  const root = (caller: typeof CALLER) => lab.smds.root.es12(caller)
  const event = { eid, eventId: 'ONE', rspServerAddress: 'a.example.com' }
  await root(CALLER).registerEvent({ ...event, forwardingIndicator: false })
  await refusedWith(t, { call: root(OTHER).deleteEvent(event), code: '8.9.5/3.9' })
  const other = { ...event, rspServerAddress: 'b.example.com', forwardingIndicator: false }
  await root(OTHER).registerEvent(other)
  await root(CALLER).deleteEvent(event)
  t.deepEqual((await told(lab, phone)).root, [
    { eventId: 'ONE', rspServerAddress: 'b.example.com' },
  ])
})

test('a root SM-DS ignores that an event should be forwarded', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { root } = lab.smds
  root.setRoot(broken(lab))
  const event = { eid: phone.eid, eventId: 'ONE', rspServerAddress: 'a.example.com' }
  await root.es12(CALLER).registerEvent({ ...event, forwardingIndicator: true })
  t.is((await told(lab, phone)).root.length, 1)
})

test('an alternative SM-DS that is not to forward keeps the event for itself', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  await register(lab, { eid: phone.eid, forwardingIndicator: false })
  const { root, alternative } = await told(lab, phone)
  t.deepEqual(root, [])
  t.deepEqual(alternative, [{ eventId: 'ONE', rspServerAddress: 'smdp.example.com' }])
})

test('the EventID at the root SM-DS is the alternative one’s own, and leads back to the event', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { alternative } = lab.smds
  await register(lab, { eid: phone.eid })
  const [entry] = (await told(lab, phone)).root
  t.is(entry?.rspServerAddress, alternative.address)
  t.regex(entry?.eventId ?? '', /^[0-9A-F]{32}$/)
  const { address, es11 } = alternative
  const asked = { phone, address, es11, eventId: entry?.eventId ?? '' }
  t.deepEqual(await createSmdsDriver(lab, asked).retrieve(), [
    { eventId: 'ONE', rspServerAddress: 'smdp.example.com' },
  ])
})
