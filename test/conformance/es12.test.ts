import type { ExecutionContext } from 'ava'
import { wallClock } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import { es12Clients } from '../../src/http/smds-clients.ts'
import { createLab, RspError } from '../../src/index.ts'
import type { SmdsKind } from '../../src/lab-smds.ts'
import { issueTlsCredential } from '../../src/pki/test-pki.ts'
import { ES12, ES15, type Es12, type Es12Request } from '../../src/rsp/es12.ts'
import { refuse } from '../../src/rsp/status-codes.ts'
import { createSmdsDriver } from '../helpers/smds-driver.ts'
import { sequenceTest } from './harness.ts'

type Event = Es12Request<'registerEvent'>

const MUTUAL_TLS = 'JSON over mutual TLS'

/** Both SM-DSs over mutual TLS, and what LPAs see of them. */
async function openBench(t: ExecutionContext) {
  const lab = await createLab({ stock: 4 })
  t.teardown(() => lab.close())
  const served = await lab.listen()
  const phone = lab.createPhone({ es9Plus: served.es9Plus, es11: served.es11 })
  const credentialOf = (role: 'dp-tls' | 'ds-tls', oid: string) =>
    issueTlsCredential({
      pki: lab.pki,
      role,
      oid,
      hostNames: ['caller.example.com'],
      nowMs: wallClock.nowMs(),
      random: lab.environment.random,
    })
  const as = (kind: SmdsKind, role: 'dp-tls' | 'ds-tls' = 'dp-tls', oid = '2.999.10'): Es12 => {
    const clients = es12Clients(role === 'dp-tls' ? ES12 : ES15, {
      requester: oid,
      tls: { anchors: lab.anchors, credential: credentialOf(role, oid) },
    })
    t.teardown(clients.close)
    return clients.at(served.smds[kind].address)
  }
  const eventsAt = (kind: SmdsKind) => {
    const { address } = served.smds[kind]
    return createSmdsDriver(lab, { phone, address, es11: served.es11(address) }).retrieve()
  }
  const event: Event = {
    eid: phone.eid,
    eventId: 'EVENT-1',
    rspServerAddress: 'smdp.example.com',
    forwardingIndicator: true,
  }
  const entry = { eventId: 'EVENT-1', rspServerAddress: 'smdp.example.com' }
  return { lab, served, as, eventsAt, event, entry }
}

/** A root SM-DS that always fails. */
function failing(error: Error): Es12 {
  const fail = (): Promise<never> => Promise.reject(error)
  return { registerEvent: fail, deleteEvent: fail }
}

async function refused(t: ExecutionContext, call: Promise<unknown>, code: string): Promise<void> {
  const error = await t.throwsAsync(call, { instanceOf: RspError })
  t.is(error?.code, code, error?.message)
}

sequenceTest(
  { id: ['4.5', 'ES12.RegisterEvent, nominal, root SM-DS'], on: MUTUAL_TLS },
  async (t) => {
    const { as, eventsAt, event, entry } = await openBench(t)
    await as('root').registerEvent(event)
    t.deepEqual(await eventsAt('root'), [entry])
  },
)

sequenceTest(
  { id: ['4.5', 'ES12.RegisterEvent, nominal, alternative SM-DS without cascade'], on: MUTUAL_TLS },
  async (t) => {
    const { as, eventsAt, event, entry } = await openBench(t)
    await as('alternative').registerEvent({ ...event, forwardingIndicator: false })
    t.deepEqual(await eventsAt('alternative'), [entry])
    t.deepEqual(await eventsAt('root'), [])
  },
)

sequenceTest(
  { id: ['4.5', 'ES12.RegisterEvent, nominal, alternative SM-DS with cascade'], on: MUTUAL_TLS },
  async (t) => {
    const { served, as, eventsAt, event, entry } = await openBench(t)
    await as('alternative').registerEvent(event)
    t.deepEqual(await eventsAt('alternative'), [entry])
    const [forwarded, ...others] = await eventsAt('root')
    t.is(forwarded?.rspServerAddress, served.smds.alternative.address)
    t.not(forwarded?.eventId, entry.eventId)
    t.deepEqual(others, [])
  },
)

for (const kind of ['root', 'alternative'] as const) {
  sequenceTest(
    { id: ['4.5', `ES12.RegisterEvent, EventID twice, ${kind} SM-DS, 8.9.5/3.3`], on: MUTUAL_TLS },
    async (t) => {
      const { as, eventsAt, event } = await openBench(t)
      const es12 = as(kind)
      await es12.registerEvent(event)
      await refused(t, es12.registerEvent(event), '8.9.5/3.3')
      t.is((await eventsAt(kind)).length, 1)
    },
  )
}

for (const [title, error, code] of [
  ['the root SM-DS is not there', new LabError('unavailable', 'nobody'), '8.9/5.1'],
  ['the root SM-DS has an error', refuse('defect'), '8.9/4.2'],
] as const) {
  sequenceTest(
    { id: ['4.5', `ES12.RegisterEvent, ${title}, ${code}`], on: MUTUAL_TLS },
    async (t) => {
      const { lab, as, eventsAt, event } = await openBench(t)
      lab.smds.alternative.setRoot(failing(error))
      await refused(t, as('alternative').registerEvent(event), code)
      t.deepEqual(await eventsAt('alternative'), [])
    },
  )

  sequenceTest(
    { id: ['4.5', `ES12.DeleteEvent, ${title}, ${code}`], on: MUTUAL_TLS },
    async (t) => {
      const { lab, as, eventsAt, event, entry } = await openBench(t)
      const es12 = as('alternative')
      await es12.registerEvent(event)
      lab.smds.alternative.setRoot(failing(error))
      await refused(t, es12.deleteEvent(event), code)
      t.deepEqual(await eventsAt('alternative'), [entry])
    },
  )
}

for (const kind of ['root', 'alternative'] as const) {
  sequenceTest(
    { id: ['4.5', `ES12.DeleteEvent, nominal, ${kind} SM-DS`], on: MUTUAL_TLS },
    async (t) => {
      const { as, eventsAt, event } = await openBench(t)
      const es12 = as(kind)
      await es12.registerEvent(event)
      await es12.deleteEvent(event)
      t.deepEqual(await eventsAt('root'), [])
      t.deepEqual(await eventsAt('alternative'), [])
      await refused(t, es12.deleteEvent(event), '8.9.5/3.9')
    },
  )

  sequenceTest(
    {
      id: ['4.5', `ES12.DeleteEvent, event of another SM-DP+, ${kind} SM-DS, 8.9.5/3.9`],
      on: MUTUAL_TLS,
    },
    async (t) => {
      const { as, eventsAt, event, entry } = await openBench(t)
      await as(kind).registerEvent(event)
      await refused(t, as(kind, 'dp-tls', '2.999.12').deleteEvent(event), '8.9.5/3.9')
      t.deepEqual(await eventsAt(kind), [entry])
    },
  )
}

sequenceTest(
  {
    id: ['4.5', 'ES12.DeleteEvent, event that the root SM-DS does not know any more'],
    on: MUTUAL_TLS,
  },
  async (t) => {
    const { lab, as, eventsAt, event } = await openBench(t)
    const es12 = as('alternative')
    await es12.registerEvent(event)
    const [{ eventId } = event] = await eventsAt('root')
    await lab.smds.root.es15({ oid: lab.smds.alternative.oid }).deleteEvent({ ...event, eventId })
    await es12.deleteEvent(event)
    t.deepEqual(await eventsAt('alternative'), [])
  },
)

sequenceTest(
  { id: ['4.5', 'ES15.RegisterEvent and ES15.DeleteEvent, nominal, by an SM-DS'], on: MUTUAL_TLS },
  async (t) => {
    const { as, eventsAt, event, entry } = await openBench(t)
    const es15 = as('root', 'ds-tls', '2.999.17')
    await es15.registerEvent({ ...event, forwardingIndicator: false })
    t.deepEqual(await eventsAt('root'), [entry])
    await refused(t, es15.registerEvent(event), '8.9.5/3.3')
    await es15.deleteEvent(event)
    t.deepEqual(await eventsAt('root'), [])
    await refused(t, es15.deleteEvent(event), '8.9.5/3.9')
  },
)
