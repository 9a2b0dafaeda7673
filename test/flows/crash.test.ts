/** Kills the served command in the middle of its work, again and again, and holds it to every word it gave. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { iccidFromOctets } from '../../src/base/bcd.ts'
import { seededRandom, systemClock, type Random } from '../../src/base/environment.ts'
import { CURVES } from '../../src/crypto/ec.ts'
import { servingNetworkClient } from '../../src/cli/network-client.ts'
import { createApduCard } from '../../src/euicc/apdu/card.ts'
import { createEuicc } from '../../src/euicc/euicc.ts'
import { memoryStorage, parseEuicc } from '../../src/euicc/state.ts'
import { es9PlusClient, type Closable } from '../../src/http/rsp-client.ts'
import { TEST_DEVICE } from '../../src/lab.ts'
import { createLpa, type Lpa } from '../../src/lpa/lpa.ts'
import { createModem, type Modem } from '../../src/modem/modem.ts'
import { readCertificate } from '../../src/pki/certificate.ts'
import { certificateFile } from '../../src/pki/test-pki.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { es10Client } from '../../src/rsp/es10.ts'
import { ES9PLUS, type Es9Plus, type Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import { serve, temporaryDirectory, type ServedCommand } from '../cli/helper.ts'

const PLAN_BYTES = 20_000_000_000
const GIFT_STREAMS = 4
const SUBSCRIBER_STREAMS = 2

/** Each round ends with the given message of its stream: one that has just been sent, or just been answered. */
const ROUNDS = [
  { message: 'sent gift', count: 60 },
  { message: 'answered getBoundProfilePackage', count: 2 },
  { message: 'sent handleNotification', count: 3 },
  { message: 'answered order', count: 4 },
] as const

test('what was acknowledged before kill -9 is there once, and what was not can be sent again', async (t) => {
  const world = createWorld(t)
  await world.start()
  for (let name = 0; name < 3; name++) await bringUp(await subscribe(world))
  for (const [number, round] of ROUNDS.entries()) {
    await streamUntilKilled(world, { ...round, number })
    await world.start()
    await nothingAcknowledgedIsLost(world)
    await whatWasCutOffGoesOn(world)
    await theBooksBalance(world)
  }
  t.is(await world.stop(), 0)
})

type Body = Readonly<Record<string, unknown>>

interface Answer {
  readonly status: number
  readonly replayed: boolean
  readonly body: Body
}

/** A request with a key of its own, and its answer if one came. */
interface Asked {
  readonly path: '/api/gifts' | '/api/usage'
  readonly key: string
  readonly request: { readonly [field: string]: string | number; readonly amountBytes: number }
  answer?: Body
}

interface Subscription {
  readonly phone: CrashPhone
  readonly msisdn: string
  readonly iccid: string
  /** Whether the server has acknowledged all that its card had to say. */
  live: boolean
  bringUp(): Promise<void>
}

interface World {
  readonly t: ExecutionContext
  readonly random: Random
  readonly asked: Asked[]
  readonly subscriptions: Subscription[]
  /** ICCIDs whose installation the server has acknowledged. */
  readonly installed: Set<string>
  readonly es9Plus: Es9Plus
  readonly rspAddress: string
  call(method: 'GET' | 'POST', to: { path: string; body?: object; key?: string }): Promise<Answer>
  start(): Promise<void>
  stop(): Promise<number | null>
  /** Kills the server when a message of this name comes by for the so-manieth time. */
  killAt(moment: { readonly message: string; readonly count: number }): void
  readonly killed: boolean
  /** Told of each message, before it is sent and after it is answered. */
  passes(message: string): void
  readonly ended: Promise<unknown>
}

function createWorld(t: ExecutionContext): World {
  const directory = temporaryDirectory(t)
  let server: ServedCommand
  let token = ''
  let client: (Es9Plus & Closable) | undefined
  let ended: Promise<unknown> = Promise.resolve()
  let fatal: { readonly message: string; count: number } | undefined
  let killed = false
  t.teardown(() => client?.close())

  const world: World = {
    t,
    random: seededRandom('crash'),
    asked: [],
    subscriptions: [],
    installed: new Set(),
    es9Plus: watched(() => ({ client: client as Es9Plus, world })),
    get rspAddress() {
      return server.ready.rspAddress
    },
    get killed() {
      return killed
    },
    get ended() {
      return ended
    },
    async call(method, { path, body, key }) {
      const response = await fetch(`${server.ready.operatorUrl}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          ...(key !== undefined && { 'Idempotency-Key': key }),
        },
        ...(body && { body: JSON.stringify(body) }),
      })
      const replayed = response.headers.get('Idempotency-Replayed') === 'true'
      return { status: response.status, replayed, body: (await response.json()) as Body }
    },
    async start() {
      // Without its lock being gone, the directory would be refused and no ready line come.
      server = await serve(t, '--data', directory)
      killed = false
      ended = once(server.child, 'exit')
      token = (JSON.parse(readFileSync(server.ready.tokenFile, 'utf8')) as { token: string }).token
      client?.close()
      client = es9PlusClient({
        address: server.ready.rspAddress,
        tls: { anchors: anchorsOf(directory) },
      })
    },
    stop: () => server.stop(),
    killAt: (moment) => void (fatal = { ...moment }),
    passes(message) {
      if (message !== fatal?.message || --fatal.count > 0) return
      fatal = undefined
      killed = true
      server.child.kill('SIGKILL')
    },
  }
  return world
}

function anchorsOf(directory: string) {
  return CURVES.map((curve) =>
    readCertificate(readFileSync(join(directory, 'pki', certificateFile(curve, 'ci')))),
  )
}

/** ES9+ of the server that runs now, whatever its port; counts messages and keeps what was acknowledged. */
function watched(now: () => { readonly client: Es9Plus; readonly world: World }): Es9Plus {
  const functions = (Object.keys(ES9PLUS) as (keyof Es9Plus)[]).map((name) => [
    name,
    async (request: never) => {
      const { client, world } = now()
      const answer = client[name](request)
      world.passes(`sent ${name}`)
      const answered = await answer
      if (name === 'handleNotification') noteInstallation(world, request)
      world.passes(`answered ${name}`)
      return answered
    },
  ])
  return Object.fromEntries(functions) as Es9Plus
}

function noteInstallation(world: World, request: Es9PlusRequest<'handleNotification'>): void {
  const result = request.pendingNotification.profileInstallationResult
  const iccid = result?.profileInstallationResultData.value.notificationMetadata.iccid
  if (iccid) world.installed.add(iccidFromOctets(iccid) as string)
}

/** Orders a profile and makes a phone for it; `bringUp` downloads it, enables it, reports and attaches, from where it stopped. */
async function subscribe(world: World): Promise<Subscription> {
  const name = `phone-${world.random.below(2 ** 32)}`
  const made = await world.call('POST', { path: '/api/euiccs', body: { name } })
  const ordering = world.call('POST', { path: '/api/orders', body: {} })
  world.passes('sent order')
  const { status, body } = await ordering
  world.t.is(status, 201)
  const order = body as { activationCode: string; msisdn: string; iccid: string }
  const phone = phoneOf(world, { name, state: String(made.body.state) })
  const { msisdn, iccid } = order
  const subscription: Subscription = {
    phone,
    msisdn,
    iccid,
    live: false,
    async bringUp() {
      const activationCode = {
        ...parseActivationCode(order.activationCode),
        smdpAddress: world.rspAddress,
      }
      if ((await phone.profiles()).length === 0) await phone.download({ activationCode })
      const [profile] = await phone.profiles()
      if (profile?.state === 'disabled') await phone.enable({ iccid })
      const { failed } = await phone.sendNotifications()
      if (failed.length > 0) throw new Error(failed.map(({ reason }) => reason).join('; '))
      await phone.attach()
      subscription.live = true
    },
  }
  world.subscriptions.push(subscription)
  world.passes('answered order')
  return subscription
}

type CrashPhone = Lpa & Pick<Modem, 'attach'>

function phoneOf(
  world: World,
  card: { readonly name: string; readonly state: string },
): CrashPhone {
  const storage = memoryStorage(parseEuicc(card.state))
  const random = world.random.stream(card.name)
  const euicc = createEuicc({ storage, random })
  const lpa = createLpa({
    es10: es10Client(euicc),
    es9Plus: () => world.es9Plus,
    clock: systemClock(),
    device: TEST_DEVICE,
    trustedCis: storage.load().trustedCis,
  })
  const network = servingNetworkClient({
    get: async () => unused(),
    delete: async () => unused(),
    async post<T>(path: string, { body }: { readonly body: object }) {
      const answer = await world.call('POST', { path, body })
      if (answer.status >= 400) throw new Error(JSON.stringify(answer.body))
      return answer.body as T
    },
  })
  const { attach } = createModem({ card: createApduCard({ euicc }), network, random })
  return { ...lpa, attach }
}

function unused(): never {
  throw new RangeError('phones attach, and nothing else')
}

function bringUp(subscription: Subscription): Promise<void> {
  return subscription.bringUp()
}

interface Round {
  readonly number: number
  readonly message: string
  readonly count: number
}

/** Gifts, usage and new subscribers side by side, until the server is no more. */
async function streamUntilKilled(world: World, round: Round): Promise<void> {
  world.killAt(round)
  const gifts = Array.from({ length: GIFT_STREAMS }, (_, stream) =>
    repeatedly(world, (turn) =>
      ask(world, {
        path: '/api/gifts',
        key: `${round.number}-gift-${stream}-${turn}`,
        request: { ...twoOf(world), amountBytes: 1 + world.random.below(1_000_000) },
      }),
    ),
  )
  const usage = repeatedly(world, (turn) =>
    ask(world, {
      path: '/api/usage',
      key: `${round.number}-usage-${turn}`,
      request: { msisdn: twoOf(world).from, amountBytes: 1 + world.random.below(1_000_000) },
    }),
  )
  const subscribers = Array.from({ length: SUBSCRIBER_STREAMS }, () =>
    repeatedly(world, async () => bringUp(await subscribe(world))),
  )
  await Promise.all([...gifts, usage, ...subscribers])
  await world.ended
}

/** Nothing may fail while the server lives; what fails with it is what this test is about. */
async function repeatedly(world: World, work: (turn: number) => Promise<void>): Promise<void> {
  for (let turn = 0; !world.killed; turn++) {
    try {
      await work(turn)
    } catch (error) {
      if (!world.killed) throw error
    }
  }
}

function twoOf(world: World): { readonly from: string; readonly to: string } {
  const live = world.subscriptions.filter((one) => one.live)
  const first = world.random.below(live.length)
  const second = (first + 1 + world.random.below(live.length - 1)) % live.length
  return { from: live[first]?.msisdn as string, to: live[second]?.msisdn as string }
}

async function ask(world: World, asked: Asked): Promise<void> {
  const { path, key, request } = asked
  const kind = path === '/api/gifts' ? 'gift' : 'usage'
  world.asked.push(asked)
  const answer = world.call('POST', { path, key, body: request })
  world.passes(`sent ${kind}`)
  const { status, body } = await answer
  world.t.is(status, 201, JSON.stringify(body))
  asked.answer = body
  world.passes(`answered ${kind}`)
}

/** Acknowledged gifts, usage and attachments are as they were, and a repetition is answered with them. */
async function nothingAcknowledgedIsLost(world: World): Promise<void> {
  const { t } = world
  const orders = await allOrders(world)
  for (const { iccid } of world.subscriptions) t.true(orders.has(iccid))
  for (const iccid of world.installed) t.is(orders.get(iccid), 'Installed')
  for (const { msisdn, iccid } of world.subscriptions) {
    if (world.installed.has(iccid)) t.is((await plansOf(world, msisdn)).length, 1)
  }
  const attached = await attachedNumbers(world)
  for (const { msisdn, live } of world.subscriptions) if (live) t.true(attached.has(msisdn))
  for (const { path, key, request, answer } of world.asked) {
    if (!answer) continue
    if (path === '/api/gifts') {
      const { body } = await world.call('GET', { path: `${path}/${String(answer.id)}` })
      t.deepEqual(body, answer)
    }
    const again = await world.call('POST', { path, key, body: request })
    t.deepEqual(again, { status: 201, replayed: true, body: answer })
  }
}

async function attachedNumbers(world: World): Promise<ReadonlySet<string>> {
  const { body } = await world.call('GET', { path: '/api/registrations?limit=500' })
  const registrations = body.registrations as { readonly msisdn: string }[]
  return new Set(registrations.map(({ msisdn }) => msisdn))
}

async function allOrders(world: World): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>()
  for (let path = '/api/orders'; ;) {
    const { body } = await world.call('GET', { path })
    const orders = body.orders as { readonly iccid: string; readonly state: string }[]
    for (const { iccid, state } of orders) states.set(iccid, state)
    const last = orders.at(-1)
    if (!last) return states
    path = `/api/orders?after=${last.iccid}`
  }
}

/** The same phones finish what they began; requests without an answer are sent again under the same keys, twice. */
async function whatWasCutOffGoesOn(world: World): Promise<void> {
  const { t } = world
  for (const subscription of world.subscriptions) {
    if (!subscription.live) await bringUp(subscription)
  }
  for (const asked of world.asked) {
    if (asked.answer) continue
    const { path, key, request } = asked
    const first = await world.call('POST', { path, key, body: request })
    t.is(first.status, 201)
    const second = await world.call('POST', { path, key, body: request })
    t.deepEqual(second, { status: 201, replayed: true, body: first.body })
    asked.answer = first.body
  }
}

/** Every balance is the plan, once, with each gift and each usage counted once. */
async function theBooksBalance(world: World): Promise<void> {
  const { t, asked, subscriptions } = world
  const expected = new Map(subscriptions.map(({ msisdn }) => [msisdn, PLAN_BYTES]))
  const add = (msisdn: unknown, bytes: number) =>
    expected.set(String(msisdn), (expected.get(String(msisdn)) ?? 0) + bytes)
  let consumedBytes = 0
  for (const { path, request } of asked) {
    add(path === '/api/gifts' ? request.from : request.msisdn, -request.amountBytes)
    if (path === '/api/gifts') add(request.to, request.amountBytes)
    else consumedBytes += request.amountBytes
  }
  for (const [msisdn, totalBytes] of expected) {
    const { body } = await world.call('GET', { path: `/api/accounts/${msisdn}/balance` })
    t.is(body.totalBytes, totalBytes)
    t.is((await plansOf(world, msisdn)).length, 1)
    const account = await world.call('GET', { path: `/api/accounts/${msisdn}` })
    t.is(account.body.profileState, 'enabled')
  }
  const issuedBytes = subscriptions.length * PLAN_BYTES
  const audit = await world.call('GET', { path: '/api/ledger/audit' })
  t.like(audit.body, {
    balanced: true,
    faults: [],
    issuedBytes,
    consumedBytes,
    availableBytes: issuedBytes - consumedBytes,
    expiredBytes: 0,
  })
}

async function plansOf(world: World, msisdn: string): Promise<readonly unknown[]> {
  const { body } = await world.call('GET', { path: `/api/accounts/${msisdn}/balance` })
  return (body.lots as readonly { readonly origin: string }[]).filter(
    ({ origin }) => origin === 'plan',
  )
}
