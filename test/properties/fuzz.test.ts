/**
 * Messages with something wrong in them, over both bindings of ES9+ and ES11, and over ES2+ and ES12: some thousands in every run of the tests, and
 * as many as wanted by command:
 *
 *     ESIM_LAB_FUZZ_MESSAGES=1000000 npx ava test/properties/fuzz.test.ts --timeout=3h
 *
 * `ESIM_LAB_FUZZ_SEED` gives other messages.
 */

import { Agent, request as requestHttp, type IncomingMessage } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test, { type ExecutionContext } from 'ava'
import { seededRandom, type Random } from '../../src/base/environment.ts'
import { equalOctets, toHex } from '../../src/base/octets.ts'
import { createLab, type ListeningLab, type ServedLab } from '../../src/index.ts'
import { ASN1_CONTENT_TYPE, ASN1_PATH, writeAsn1Request } from '../../src/rsp/asn1-binding.ts'
import { ES2PLUS } from '../../src/rsp/es2plus.ts'
import { createRspApp } from '../../src/http/rsp-app.ts'
import type { Phone } from '../../src/lab.ts'
import { ES11 } from '../../src/rsp/es11.ts'
import { ES12 } from '../../src/rsp/es12.ts'
import { ES9PLUS } from '../../src/rsp/es9plus.ts'
import { writeFields, type Json, type RspFunction } from '../../src/rsp/json-binding.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { createDriver } from '../helpers/driver.ts'
import { mutatedJson, mutatedOctets, pick } from '../helpers/mutate.ts'
import { createSmdsDriver } from '../helpers/smds-driver.ts'
import { serve } from '../http/rsp-helper.ts'

const MESSAGES = Number(process.env['ESIM_LAB_FUZZ_MESSAGES'] ?? 3000)
const SEED = process.env['ESIM_LAB_FUZZ_SEED'] ?? 'fuzz'
/** A new scene now and then: a message may end the session that it is for. */
const MESSAGES_PER_SCENE = 300
const AT_ONCE = 8
const HEAP_GROWTH_MAX_OCTETS = 24 * 1024 * 1024

const HEADER = { functionRequesterIdentifier: 'fuzz', functionCallIdentifier: '1' }

interface Scene {
  readonly lab: ListeningLab
  /** ES12 of the root SM-DS as the SM-DP+ has it, without the TLS that says who calls. */
  readonly es12Url: string
  readonly served: ServedLab
  readonly defects: unknown[]
}

async function openScene(t: ExecutionContext): Promise<Scene> {
  const defects: unknown[] = []
  const lab = await createLab({
    startAt: new Date('2026-03-01T12:00:00Z'),
    stock: 1,
    smdp: { sessionsMax: 64, downloadAttemptsMax: Number.MAX_SAFE_INTEGER },
  })
  t.teardown(() => lab.close())
  const served = await lab.listen({
    rsp: { plain: true, es2Plus: { kind: 'open' } },
    reportDefect: (error) => void defects.push(error),
  })
  const es12 = await serve(t, {
    handler: createRspApp({
      table: ES12,
      implementation: lab.smds.root.es12({ oid: lab.smdp.oid }),
      reportDefect: (error) => void defects.push(error),
    }),
  })
  return { lab, served, defects, es12Url: `http://127.0.0.1:${es12.port}` }
}

/** A valid message, as both bindings have it. */
interface Valid {
  /** The server it is for; the SM-DP+ unless told. */
  readonly url?: string
  readonly path: string
  readonly json: Readonly<Record<string, Json>>
  readonly asn1: Uint8Array | undefined
  /** Whether messages near to it may be carried out as well. */
  readonly isFree: boolean
}

/** A session may begin with any challenge, a release be said again, an event have any name. */
const FREE: readonly RspFunction[] = [
  ES9PLUS.initiateAuthentication,
  ES11.initiateAuthentication,
  ES2PLUS.releaseProfile,
  ES12.registerEvent,
]

function validOf(rspFunction: RspFunction, message: object): Valid {
  const { asn1 } = rspFunction
  return {
    path: rspFunction.path,
    json: writeFields(rspFunction.request, message as never),
    asn1: asn1 && writeAsn1Request(asn1, message),
    isFree: FREE.includes(rspFunction),
  }
}

/**
 * A profile that is installed, its notifications, and calls of ES2+ for it, none of which can succeed any more; then
 * sessions at every step for an order that waits.
 */
async function settle({ lab, served }: Scene): Promise<readonly Valid[]> {
  const phone = lab.createPhone({ es9Plus: served.es9Plus })
  const order = await lab.order()
  await phone.download({ activationCode: parseActivationCode(order.activationCode) })
  const { card } = createDriver(lab, { phone })
  const { notificationList = [] } = await card.retrieveNotificationsList({})
  await phone.sendNotifications()
  const { iccid } = order
  const { matchingId } = parseActivationCode(order.activationCode)
  const es2plus = [
    validOf(ES2PLUS.downloadOrder, { eid: phone.eid, iccid }),
    validOf(ES2PLUS.confirmOrder, { iccid, matchingId, releaseFlag: true }),
    validOf(ES2PLUS.cancelOrder, { iccid, matchingId, finalProfileStatusIndicator: 'Available' }),
    validOf(ES2PLUS.releaseProfile, { iccid }),
  ].map((valid) => ({ ...valid, json: { header: HEADER, ...valid.json } }))
  const notifications = notificationList.map((pendingNotification) =>
    validOf(ES9PLUS.handleNotification, { pendingNotification }),
  )
  return [...es2plus, ...notifications]
}

/** What is said for an order that waits; the order is made once, and the sessions anew. */
async function converse(
  { lab, served, es12Url }: Scene,
  order: { readonly matchingId: string },
): Promise<readonly Valid[]> {
  const said: Valid[] = []
  const at = async () => {
    const driver = createDriver(lab, { phone: lab.createPhone(), ...order })
    await driver.initiate((request) => {
      said.push(validOf(ES9PLUS.initiateAuthentication, request))
      return request
    })
    return driver
  }
  const { transactionId, authenticateServer } = await at()
  said.push(
    validOf(ES9PLUS.authenticateClient, {
      transactionId,
      authenticateServerResponse: await authenticateServer(),
    }),
  )
  const second = await at()
  await second.authenticateServer()
  await second.authenticateClient()
  said.push(
    validOf(ES9PLUS.getBoundProfilePackage, {
      transactionId: second.transactionId,
      prepareDownloadResponse: await second.prepareDownload(),
    }),
  )
  const third = await at()
  await third.authenticateServer()
  await third.authenticateClient()
  const reason = { transactionId: third.transactionId, reason: 'endUserRejection' } as const
  said.push(
    validOf(ES9PLUS.cancelSession, {
      transactionId: third.transactionId,
      cancelSessionResponse: await third.card.cancelSession(reason),
    }),
  )
  const phone = lab.createPhone()
  const event = { eid: phone.eid, eventId: 'NO-SUCH-EVENT' }
  const es12 = [
    validOf(ES12.registerEvent, {
      ...event,
      rspServerAddress: 'smdp.example.com',
      forwardingIndicator: false,
    }),
    validOf(ES12.deleteEvent, event),
  ].map((valid) => ({ ...valid, url: es12Url, json: { header: HEADER, ...valid.json } }))
  const es11 = (await askForEvents(lab, phone)).map((valid) => ({
    ...valid,
    url: `http://${served.smds.root.address}`,
  }))
  return [...said, ...es12, ...es11]
}

async function askForEvents(lab: ListeningLab, phone: Phone): Promise<readonly Valid[]> {
  const driver = createSmdsDriver(lab, { phone })
  const said: Valid[] = []
  await driver.initiate((request) => {
    said.push(validOf(ES11.initiateAuthentication, request))
    return request
  })
  const authenticateServerResponse = await driver.authenticateServer()
  const { transactionId } = driver
  const answer = { transactionId, authenticateServerResponse }
  return [...said, validOf(ES11.authenticateClient, answer)]
}

interface Mutant {
  readonly path: string
  readonly type: string
  readonly octets: Uint8Array
  readonly of: Valid
}

function mutantOf(random: Random, valid: Valid): Mutant {
  const { path, json, asn1 } = valid
  if (asn1 && random.below(2) === 0) {
    const octets = mutatedOctets(random, asn1)
    return { path: ASN1_PATH, type: ASN1_CONTENT_TYPE, octets, of: valid }
  }
  return { path, type: 'application/json', octets: mutatedJson(random, json), of: valid }
}

interface Answer {
  readonly status: number
  readonly octets: Uint8Array
}

function send(served: ServedLab, mutant: Mutant, agent: Agent): Promise<Answer> {
  const { hostname, port } = new URL(mutant.of.url ?? served.rspUrl)
  return new Promise((resolve, reject) => {
    const request = requestHttp({
      host: hostname,
      port,
      agent,
      method: 'POST',
      path: mutant.path,
      headers: { 'Content-Type': mutant.type, 'Content-Length': mutant.octets.length },
    })
    request.on('error', reject)
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, octets: Buffer.concat(chunks) }),
      )
      response.on('error', reject)
    })
    request.end(mutant.octets)
  })
}

/** What a refusal may not change. */
function stateOf({ lab }: Scene): string {
  return JSON.stringify(
    {
      orders: lab.smdp.orders({ limit: 100 }),
      accounts: lab.operator.accounts({ limit: 100 }),
      stock: lab.operator.stockLevel(),
    },
    (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  )
}

const STATUSES = [200, 204, 400, 404, 413, 415]

function isSuccess({ status, octets }: Answer, { type }: Mutant): boolean {
  if (status !== 200) return false
  if (type === 'application/json') return Buffer.from(octets).includes('"Executed-Success"')
  return !/^A2..BF....?81/.test(toHex(octets.subarray(0, 8)))
}

/** The messages of a valid one's own words: what differs is what nobody reads. */
function saysTheSame(mutant: Mutant): boolean {
  if (mutant.type !== 'application/json') {
    return mutant.of.asn1 !== undefined && equalOctets(mutant.octets, mutant.of.asn1)
  }
  const json = JSON.parse(Buffer.from(mutant.octets).toString('utf8')) as Readonly<
    Record<string, Json>
  >
  return Object.entries(mutant.of.json).every(
    ([name, value]) =>
      JSON.stringify(json[name])?.toUpperCase() === JSON.stringify(value).toUpperCase(),
  )
}

async function heapOctets(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  return process.memoryUsage().heapUsed
}

test(`${MESSAGES} messages with something wrong are refused, change nothing and leave nothing behind`, async (t) => {
  const scene = await openScene(t)
  const random = seededRandom(SEED)
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  t.teardown(() => agent.destroy())
  const settled = await settle(scene)
  const order = await scene.lab.order()
  const { matchingId } = parseActivationCode(order.activationCode)
  const statuses = new Map<number, number>()
  let heapBefore: number | undefined
  let sent = 0
  while (sent < MESSAGES) {
    const valid = [...settled, ...(await converse(scene, { matchingId }))]
    const before = stateOf(scene)
    const mutants = Array.from({ length: Math.min(MESSAGES_PER_SCENE, MESSAGES - sent) }, () =>
      mutantOf(random, pick(random, valid)),
    ).filter((mutant) => mutant.of.isFree || !isUnchanged(mutant))
    for (let at = 0; at < mutants.length; at += AT_ONCE) {
      const batch = mutants.slice(at, at + AT_ONCE)
      const answers = await Promise.all(batch.map((mutant) => send(scene.served, mutant, agent)))
      for (const [index, answer] of answers.entries()) {
        const mutant = batch[index] as Mutant
        const shown = `${mutant.path} ${toHex(mutant.octets)}`
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        if (!STATUSES.includes(answer.status)) t.fail(`${answer.status} for ${shown}`)
        if (isSuccess(answer, mutant) && !mutant.of.isFree) t.fail(`carried out: ${shown}`)
      }
    }
    sent += Math.min(MESSAGES_PER_SCENE, MESSAGES - sent)
    if (stateOf(scene) !== before) t.fail(`the state has changed: ${stateOf(scene)}`)
    t.deepEqual(scene.defects, [])
    if (sent > MESSAGES / 5) heapBefore ??= await heapOctets()
  }
  const growthOctets = (await heapOctets()) - (heapBefore ?? 0)
  t.true(
    growthOctets < HEAP_GROWTH_MAX_OCTETS,
    `${growthOctets} octets more after ${sent} messages`,
  )
  for (const status of [200, 204, 400]) t.true((statuses.get(status) ?? 0) > 0, `no ${status}`)
  t.log(`answers by HTTP status: ${JSON.stringify(Object.fromEntries(statuses))}`)
})

/** A mutant that still says what the valid message says would be carried out, and rightly so. */
function isUnchanged(mutant: Mutant): boolean {
  try {
    return saysTheSame(mutant)
  } catch {
    return false
  }
}
