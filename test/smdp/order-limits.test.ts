import test, { type ExecutionContext } from 'ava'
import { concat, hex } from '../../src/base/octets.ts'
import { createHash } from 'node:crypto'
import type { Lab, LabOptions, Phone } from '../../src/lab.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import { createDriver, type Driver } from '../helpers/driver.ts'
import { DAY_MS, orderOf, orderState, testLab } from '../helpers/lab.ts'
import { foreignPackage, withElement } from '../helpers/packages.ts'
import { refusedWith } from '../helpers/refusals.ts'

const HOUR_MS = 3_600_000

interface Begun {
  readonly lab: Lab
  readonly phone: Phone
  readonly order: { readonly iccid: string; readonly matchingId: string }
}

async function begin(
  t: ExecutionContext,
  options: LabOptions & { readonly confirmationCode?: string } = {},
): Promise<Begun> {
  const { confirmationCode, ...labOptions } = options
  const lab = await testLab(t, labOptions)
  const order = await lab.order({ ...(confirmationCode !== undefined && { confirmationCode }) })
  return { lab, phone: lab.createPhone(), order }
}

function driverOf({ lab, phone, order }: Begun): Driver {
  return createDriver(lab, { phone, matchingId: order.matchingId })
}

test('an order is good until its time is over, and is refused from that instant on', async (t) => {
  const begun = await begin(t, { smdp: { orderLifetimeMs: HOUR_MS } })
  const { lab, order } = begun
  lab.clock.advance(HOUR_MS - 1)
  const driver = await driverOf(begun).through('prepareDownload')
  lab.clock.advance(1)
  await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.8.5/4.10' })
  const late = await driverOf(begun).through('authenticateServer')
  await refusedWith(t, { call: late.authenticateClient(), code: '8.8.5/4.10' })
  t.is(orderState(lab, order), 'Released')
})

test('an order that has expired is in Error after a sweep, and is refused as before', async (t) => {
  const begun = await begin(t, { smdp: { orderLifetimeMs: HOUR_MS } })
  const { lab, order } = begun
  const bound = await driverOf(begun).through('prepareDownload')
  t.deepEqual(await lab.smdp.sweep(), { expired: 0, forgotten: 0 })
  lab.clock.advance(HOUR_MS)
  t.is((await lab.smdp.sweep()).expired, 1)
  t.is(orderState(lab, order), 'Error')
  t.is((await lab.smdp.sweep()).expired, 0)
  await refusedWith(t, { call: bound.getBoundProfilePackage(), code: '8.10.1/3.9' })
  const late = await driverOf(begun).through('authenticateServer')
  await refusedWith(t, { call: late.authenticateClient(), code: '8.8.5/4.10' })
  await lab.smdp.resetOrder(order)
  await t.notThrowsAsync(driverOf(begun).through('load'))
})

test('a result that comes after the order’s time counts while nobody has swept', async (t) => {
  const begun = await begin(t, { smdp: { orderLifetimeMs: HOUR_MS } })
  await driverOf(begun).through('load')
  begun.lab.clock.advance(2 * HOUR_MS)
  await begun.phone.sendNotifications()
  t.is(orderState(begun.lab, begun.order), 'Installed')
  t.is((await begun.lab.smdp.sweep()).expired, 0)
})

test('as many tries as allowed are served, and the next one ends the order', async (t) => {
  const begun = await begin(t, { smdp: { downloadAttemptsMax: 2 } })
  const { lab, order } = begun
  for (const tries of [1, 2]) {
    const driver = await driverOf(begun).through('authenticateClient')
    await driver.cancel('postponed')
    t.is(orderOf(lab, order)?.downloadAttempts, tries)
  }
  const last = await driverOf(begun).through('authenticateServer')
  await refusedWith(t, { call: last.authenticateClient(), code: '8.8.5/6.4' })
  t.is(orderState(lab, order), 'Error')
  const after = await driverOf(begun).through('authenticateServer')
  await refusedWith(t, { call: after.authenticateClient(), code: '8.2.6/3.8' })
})

test('nobody counts the tries of a repeatable order', async (t) => {
  const lab = await testLab(t, { smdp: { downloadAttemptsMax: 1 } })
  const order = await lab.order({ repeatable: true })
  for (const _ of [1, 2, 3]) {
    const phone = lab.createPhone()
    await t.notThrowsAsync(createDriver(lab, { phone, ...order }).through('load'))
  }
})

test('a package that wants contactless services goes to no device without them', async (t) => {
  const lab = await testLab(t)
  const octets = withElement(foreignPackage(), {
    kind: 'header',
    change: (header) => ({
      ...header,
      eUICCMandatoryServices: { ...header.eUICCMandatoryServices, contactless: null },
    }),
  })
  const { iccid } = await lab.importProfile({ package: octets })
  const { matchingId } = await lab.order({ iccid })
  const driver = createDriver(lab, { phone: lab.createPhone(), matchingId })
  await driver.through('authenticateServer')
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.2.5/4.3' })
  t.regex(orderOf(lab, { iccid })?.errorDetail ?? '', /contactless/)
})

/** What a retry got, and what the card made of it. */
async function retried(t: ExecutionContext, begun: Begun): Promise<readonly Uint8Array[][]> {
  const packages: Uint8Array[][] = []
  for (const _ of ['first', 'second']) {
    const driver = await driverOf(begun).through('prepareDownload')
    const { boundProfilePackage } = await driver.getBoundProfilePackage()
    packages.push([...segmentsOf(boundProfilePackage)])
    if (packages.length === 1) await driver.cancel('postponed')
    else t.truthy(await driver.load(), 'the card opens what it was given again')
  }
  return packages
}

test('a retry with the same one-time key gets the same package under a new signature', async (t) => {
  const [first = [], second = []] = await retried(t, await begin(t))
  t.notDeepEqual(first[0], second[0], 'another transaction, another signature')
  t.deepEqual(first.slice(1), second.slice(1))
})

test('a package that is kept does not outlive a reset of its order', async (t) => {
  const begun = await begin(t)
  const { lab, order } = begun
  const first = await driverOf(begun).through('prepareDownload')
  const { boundProfilePackage } = await first.getBoundProfilePackage()
  await first.cancel('postponed')
  await lab.smdp.resetOrder(order)
  const second = await driverOf(begun).through('prepareDownload')
  const again = await second.getBoundProfilePackage()
  t.notDeepEqual(
    [...segmentsOf(boundProfilePackage)].slice(1),
    [...segmentsOf(again.boundProfilePackage)].slice(1),
  )
})

test('a server that binds once refuses another one-time key with 8.2/3.7, and the order ends', async (t) => {
  const begun = await begin(t, { smdp: { rebinding: 'refuse' } })
  const { lab, order, phone } = begun
  const first = await driverOf(begun).through('getBoundProfilePackage')
  await first.cancel('postponed')
  const same = await driverOf(begun).through('getBoundProfilePackage')
  await same.cancel('postponed')
  const other = await lab.order()
  await createDriver(lab, { phone, matchingId: other.matchingId }).through('load')
  const late = await driverOf(begun).through('prepareDownload')
  await refusedWith(t, { call: late.getBoundProfilePackage(), code: '8.2/3.7' })
  t.is(orderState(lab, order), 'Error')
  t.is(lab.smdp.sessionCount, 1, 'the session of the other order waits for its result')
})

const CODE = 'A1B2C3D4'

async function withHash(begun: Begun, inner: Uint8Array): Promise<Driver> {
  const driver = await driverOf(begun).through('authenticateClient')
  const hashCc = createHash('sha256').update(concat(inner, driver.transactionId)).digest()
  await driver.prepareDownload((request) => ({ ...request, hashCc }))
  return driver
}

test('a Confirmation Code in hexadecimal is taken in both readings, and the trace says in which', async (t) => {
  const notes: unknown[] = []
  const begun = await begin(t, {
    confirmationCode: CODE,
    observer: ({ direction, message }) => void (direction === 'tolerated' && notes.push(message)),
  })
  const asText = createHash('sha256').update(CODE).digest()
  const asOctets = createHash('sha256').update(hex(CODE)).digest()
  const first = await withHash(begun, asText)
  await t.notThrowsAsync(first.getBoundProfilePackage())
  t.deepEqual(notes, [])
  const second = await withHash(begun, asOctets)
  await t.notThrowsAsync(second.getBoundProfilePackage())
  t.is(notes.length, 1)
})

test('a strict server takes a Confirmation Code as text alone', async (t) => {
  const smdp = { confirmationCodeReading: 'text' } as const
  const begun = await begin(t, { confirmationCode: CODE, smdp })
  const driver = await withHash(begun, createHash('sha256').update(hex(CODE)).digest())
  await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.2.7/3.8' })
})

test('what is done with is forgotten after its time, and a download that waits is not', async (t) => {
  const begun = await begin(t)
  const { lab, phone } = begun
  await driverOf(begun).through('load')
  const waiting = await lab.order()
  const other = lab.createPhone()
  const late = createDriver(lab, { phone: other, matchingId: waiting.matchingId })
  await late.through('load')
  await phone.sendNotifications()
  lab.clock.advance(91 * DAY_MS)
  const { forgotten } = await lab.smdp.sweep()
  t.true(forgotten >= 2, 'a download and a notification')
  await other.sendNotifications()
  t.is(orderState(lab, waiting), 'Installed')
  t.is((await lab.smdp.sweep()).forgotten, 1, 'the download that has its result now')
})

test('a session that is over is forgotten by a sweep', async (t) => {
  const begun = await begin(t)
  await driverOf(begun).through('authenticateClient')
  t.is(begun.lab.smdp.sessionCount, 1)
  begun.lab.clock.advance(HOUR_MS)
  await begun.lab.smdp.sweep()
  t.is(begun.lab.smdp.sessionCount, 0)
})
