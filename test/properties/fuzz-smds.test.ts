/**
 * Messages with something wrong in them, for an SM-DS: ES11 in both bindings, and ES12. Some in every run of the tests,
 * and as many as wanted by command:
 *
 *     ESIM_LAB_FUZZ_MESSAGES=1000000 npx ava test/properties/fuzz-smds.test.ts --timeout=3h
 *
 * `ESIM_LAB_FUZZ_SEED` gives other messages.
 */

import test from 'ava'
import { seededRandom, type Random } from '../../src/base/environment.ts'
import { toHex } from '../../src/base/octets.ts'
import { createLab, type ListeningLab } from '../../src/index.ts'
import type { Phone } from '../../src/lab.ts'
import { ASN1_CONTENT_TYPE, ASN1_PATH, writeAsn1Request } from '../../src/rsp/asn1-binding.ts'
import { ES11 } from '../../src/rsp/es11.ts'
import { ES12 } from '../../src/rsp/es12.ts'
import { writeFields, type Json, type RspFunction } from '../../src/rsp/json-binding.ts'
import { mutatedJson, mutatedOctets, pick } from '../helpers/mutate.ts'
import { createSmdsDriver } from '../helpers/smds-driver.ts'

const MESSAGES = Number(process.env['ESIM_LAB_FUZZ_MESSAGES'] ?? 1000)
const SEED = process.env['ESIM_LAB_FUZZ_SEED'] ?? 'fuzz'
/** A new scene now and then: a message may end the session that it is for. */
const MESSAGES_PER_SCENE = 200
const AT_ONCE = 8
const STATUSES = [200, 400, 404, 413, 415]

interface Valid {
  readonly path: string
  readonly json: Readonly<Record<string, Json>>
  readonly asn1: Uint8Array | undefined
}

const HEADER = { functionRequesterIdentifier: 'fuzz', functionCallIdentifier: '1' }

function validOf(rspFunction: RspFunction, message: object): Valid {
  const { asn1, path } = rspFunction
  const fields = writeFields(rspFunction.request, message as never)
  const json = rspFunction.interface === 'ES12' ? { header: HEADER, ...fields } : fields
  return { path, json, asn1: asn1 && writeAsn1Request(asn1, message) }
}

/** What an LPA and an SM-DP+ would say. */
async function converse(lab: ListeningLab, phone: Phone): Promise<readonly Valid[]> {
  const { eid } = phone
  const said: Valid[] = [
    validOf(ES12.registerEvent, {
      eid,
      eventId: 'FUZZ',
      rspServerAddress: 'smdp.example.com',
      forwardingIndicator: true,
    }),
    validOf(ES12.deleteEvent, { eid, eventId: 'FUZZ' }),
  ]
  const driver = createSmdsDriver(lab, { phone, eventId: 'KEPT' })
  await driver.initiate((request) => {
    said.push(validOf(ES11.initiateAuthentication, request))
    return request
  })
  const authenticateServerResponse = await driver.authenticateServer()
  const { transactionId } = driver
  said.push(validOf(ES11.authenticateClient, { transactionId, authenticateServerResponse }))
  return said
}

interface Mutant {
  readonly path: string
  readonly type: string
  readonly octets: Uint8Array
}

function mutantOf(random: Random, { path, json, asn1 }: Valid): Mutant {
  return asn1 && random.below(2) === 0
    ? { path: ASN1_PATH, type: ASN1_CONTENT_TYPE, octets: mutatedOctets(random, asn1) }
    : { path, type: 'application/json', octets: mutatedJson(random, json) }
}

test(`${MESSAGES} messages with something wrong are answered by an SM-DS, and the events of others stay`, async (t) => {
  const defects: unknown[] = []
  const lab = await createLab({ startAt: new Date('2026-03-01T12:00:00Z'), stock: 1 })
  t.teardown(() => lab.close())
  const { smds } = await lab.listen({
    rsp: { plain: true },
    reportDefect: (error) => void defects.push(error),
  })
  const phone = lab.createPhone()
  const kept = { eventId: 'KEPT', rspServerAddress: 'smdp.example.com' }
  for (const kind of ['root', 'alternative'] as const) {
    const es12 = lab.smds[kind].es12({ oid: '2.999.10' })
    await es12.registerEvent({ eid: phone.eid, ...kept, forwardingIndicator: false })
  }
  const random = seededRandom(SEED)
  const statuses = new Map<number, number>()
  for (let sent = 0; sent < MESSAGES; sent += MESSAGES_PER_SCENE) {
    const valid = await converse(lab, phone)
    for (let at = 0; at < MESSAGES_PER_SCENE; at += AT_ONCE) {
      const mutants = Array.from({ length: AT_ONCE }, () => mutantOf(random, pick(random, valid)))
      const { url } = pick(random, [smds.root, smds.alternative])
      const answers = await Promise.all(
        mutants.map(({ path, type, octets }) =>
          fetch(url + path, {
            method: 'POST',
            headers: { 'Content-Type': type },
            body: Uint8Array.from(octets),
          }).then(async (response) => {
            await response.arrayBuffer()
            return response.status
          }),
        ),
      )
      for (const [index, status] of answers.entries()) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (STATUSES.includes(status)) continue
        const { path, octets } = mutants[index] as Mutant
        t.fail(`${status} for ${path} ${toHex(octets)}`)
      }
    }
    t.deepEqual(defects, [])
  }
  for (const status of [200, 400]) t.true((statuses.get(status) ?? 0) > 0, `no ${status}`)
  for (const { address, es11 } of [lab.smds.root, lab.smds.alternative]) {
    const [first] = await createSmdsDriver(lab, { phone, address, es11 }).retrieve()
    t.deepEqual(first, kept)
  }
  t.log(`answers by HTTP status: ${JSON.stringify(Object.fromEntries(statuses))}`)
})
