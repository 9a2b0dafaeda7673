import { once } from 'node:events'
import { connect } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { createLab, LabError, type ListeningLab } from '../../src/index.ts'
import type { RspListenerOptions } from '../../src/http/rsp-listeners.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { ES2PLUS } from '../../src/rsp/es2plus.ts'
import { createDriver } from '../helpers/driver.ts'
import { orderState, phoneOn } from '../helpers/lab.ts'
import { refusedWith } from '../helpers/refusals.ts'

const START = new Date('2026-03-01T12:00:00Z')

async function startLab(t: ExecutionContext): Promise<ListeningLab> {
  const lab = await createLab({ startAt: START, stock: 4 })
  t.teardown(() => lab.close())
  return lab
}

/** A lab with NIST on its first port and what a test wants on a second. */
async function withSecond(t: ExecutionContext, second: RspListenerOptions) {
  const lab = await startLab(t)
  const served = await lab.listen({ rsp: { curves: ['P-256'] }, listeners: [second] })
  const [other] = served.listeners
  if (!other) throw new RangeError('there is no second listener')
  return { lab, served, other }
}

test('each listener authenticates with its own certificates, to the same orders', async (t) => {
  const { lab, served, other } = await withSecond(t, { curves: ['brainpoolP256r1'] })
  t.not(served.rspAddress, other.address)
  const at = (address: string, curve: 'P-256' | 'brainpoolP256r1') => {
    const phone = phoneOn(lab, { signing: curve, verification: curve })
    return { phone, es9Plus: served.es9Plus(address), address }
  }
  const order = await lab.order()
  const { matchingId } = parseActivationCode(order.activationCode)
  const wrong = at(other.address, 'P-256')
  await refusedWith(t, { call: initiate(lab, wrong), code: '8.8.2/3.1' })
  const notNist = at(served.rspAddress, 'brainpoolP256r1')
  await refusedWith(t, { call: initiate(lab, notNist), code: '8.8.2/3.1' })
  const right = lab.createPhone({ curves: ['brainpoolP256r1'], es9Plus: served.es9Plus })
  const { iccid } = await right.download({
    activationCode: parseActivationCode(`LPA:1$${other.address}$${matchingId}`),
  })
  t.is(iccid, order.iccid)
  const [notification] = await right.notifications()
  t.is(notification?.address, other.address)
  await right.sendNotifications()
  t.is(orderState(lab, order), 'Installed')
})

function initiate(
  lab: ListeningLab,
  {
    phone,
    es9Plus,
    address,
  }: Parameters<typeof createDriver>[1] & {
    readonly es9Plus: ListeningLab['es9Plus']
    readonly address: string
  },
): Promise<unknown> {
  return createDriver({ ...lab, es9Plus }, { phone }).initiate((request) => ({
    ...request,
    smdpAddress: address,
  }))
}

test('a listener refuses the address of another', async (t) => {
  const { lab, served, other } = await withSecond(t, {})
  const phone = lab.createPhone()
  const call = initiate(lab, {
    phone,
    es9Plus: served.es9Plus(other.address),
    address: served.rspAddress,
  })
  await refusedWith(t, { call, code: '8.8.1/3.8' })
})

test('notifications are taken at any listener', async (t) => {
  const { lab, served, other } = await withSecond(t, { curves: ['brainpoolP256r1'] })
  const order = await lab.order()
  const { matchingId } = parseActivationCode(order.activationCode)
  const phone = lab.createPhone({
    curves: ['brainpoolP256r1'],
    es9Plus: (address) => served.es9Plus(address),
  })
  await phone.download({
    activationCode: parseActivationCode(`LPA:1$${other.address}$${matchingId}`),
  })
  const driver = createDriver(lab, { phone })
  const { notificationList = [] } = await driver.card.retrieveNotificationsList({})
  t.true(notificationList.length > 0)
  const first = served.es9Plus(served.rspAddress)
  for (const pendingNotification of notificationList) {
    await first.handleNotification({ pendingNotification })
  }
  t.is(orderState(lab, order), 'Installed')
})

test('a listener may carry a Brainpool certificate for clients that want one', async (t) => {
  const { served, other } = await withSecond(t, { tlsCurve: 'brainpoolP256r1' })
  t.is(served.tls?.credential.certificate.curve, 'P-256')
  t.is(other.tls?.credential.certificate.curve, 'brainpoolP256r1')
  const port = Number(other.address.split(':').at(-1))
  const socket = connect({
    host: '127.0.0.1',
    port,
    // Node converts chains that it trusts, and ends at Brainpool ones.
    ca: [],
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.2',
    ecdhCurve: 'brainpoolP256r1',
  })
  await once(socket, 'secureConnect')
  const { certificate } = other.tls!.credential
  t.deepEqual(new Uint8Array(socket.getPeerX509Certificate()!.raw), certificate.der)
  socket.destroy()
})

test('one listener may do without TLS where another has it', async (t) => {
  const { lab, served, other } = await withSecond(t, { plain: true })
  t.regex(served.rspUrl, /^https:/)
  t.regex(other.url, /^http:/)
  for (const { address } of [{ address: served.rspAddress }, other]) {
    const { matchingId } = await lab.order()
    const phone = lab.createPhone({ curves: ['P-256'], es9Plus: served.es9Plus })
    const activationCode = parseActivationCode(`LPA:1$${address}$${matchingId}`)
    await t.notThrowsAsync(phone.download({ activationCode }))
  }
})

test('a listener that cannot be opened leaves none open', async (t) => {
  const lab = await startLab(t)
  const taken = await lab.listen()
  const port = Number(taken.rspAddress.split(':').at(-1))
  const error = await t.throwsAsync(lab.listen({ listeners: [{ port }] }), { instanceOf: LabError })
  t.is(error?.reason, 'EADDRINUSE')
  const versions = { from: 'x', to: 'y' }
  await t.throwsAsync(lab.listen({ listeners: [{ versions }] }), { message: /x\.y\.z/ })
})

test('ES2+ may have a port of its own, or that of the LPAs', async (t) => {
  const lab = await startLab(t)
  const served = await lab.listen({
    rsp: { plain: true, es2Plus: { kind: 'token', token: 'one' } },
    es2Plus: { plain: true, access: { kind: 'open' } },
  })
  t.is(await release(served.es2Plus?.url ?? ''), '200 8.2.1')
  t.is(await release(served.rspUrl, 'one'), '200 8.2.1')
  t.is(await release(served.rspUrl), '401 1.1')
  t.is(await release(served.operatorUrl, served.token), '200 8.2.1')
  const lpa = lab.createPhone({ es9Plus: served.es9Plus })
  const { activationCode } = await lab.order()
  await t.notThrowsAsync(lpa.download({ activationCode: parseActivationCode(activationCode) }))
})

/** HTTP status and subject code of ReleaseProfile for an ICCID that nobody has. */
async function release(url: string, token?: string): Promise<string> {
  const response = await fetch(`${url}${ES2PLUS.releaseProfile.path}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      header: { functionRequesterIdentifier: 'us', functionCallIdentifier: '1' },
      iccid: '8900000000000000000',
    }),
  })
  return `${response.status} ${/"subjectCode":"([\d.]+)"/.exec(await response.text())?.[1]}`
}
