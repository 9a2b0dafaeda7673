import { join } from 'node:path'
import test from 'ava'
import { manualClock, seededRandom } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import { akaFunctions, makeAuts, openAutn } from '../../src/crypto/aka.ts'
import { deriveKasme, deriveKausf, deriveResStar } from '../../src/crypto/key-derivation.ts'
import { createOperator, type Operator } from '../../src/operator/operator.ts'
import { loadOperatorFile } from '../../src/operator/operator-file.ts'
import { keepSqn, lastSqn } from '../../src/store/authentication.ts'
import { openStore } from '../../src/store/engine.ts'
import { addImportedProfile } from '../../src/store/imported-profiles.ts'
import { foreignPackage, withElement } from '../helpers/packages.ts'
import { temporaryDirectory } from '../helpers/lab.ts'
import { createBench, type Bench } from './helper.ts'

const NETWORK = '5G:mnc001.mcc001.3gppnetwork.org'
const PLMN = { mcc: '001', mnc: '01' }
const IND_MASK = 31n

function subscriberOf(operator: Operator, msisdn: string) {
  const item = operator.inventoryItem({ msisdn })
  if (!item) throw new RangeError('not in stock')
  const functions = akaFunctions({ kind: 'milenage', k: item.ki, opc: item.opc, resOctets: 8 })
  return { iccid: item.iccid, supi: `imsi-${item.imsi}`, functions }
}

async function benchWithSubscriber(t: Parameters<typeof createBench>[0]) {
  const bench = await createBench(t)
  const subscriber = subscriberOf(bench.operator, await bench.subscriber())
  const centre = bench.operator.network.authenticationCentre
  return { bench, subscriber, centre }
}

function sqnIn(
  { functions }: Pick<ReturnType<typeof subscriberOf>, 'functions'>,
  vector: { readonly rand: Uint8Array; readonly autn: Uint8Array },
): bigint {
  return openAutn({ functions, ...vector }).sqn
}

test('a vector for 5GS is what a USIM and its device come to by themselves', async (t) => {
  const { subscriber, centre } = await benchWithSubscriber(t)
  const { supi, functions } = subscriber
  const vector = await centre.fiveGVector({ supi, servingNetworkName: NETWORK })
  const { rand, autn } = vector
  const { macOk, amf, res, ck, ik } = openAutn({ functions, rand, autn })
  t.true(macOk)
  t.deepEqual(Array.from(amf), [0x80, 0x00], 'the separation bit is set')
  const keys = { ck, ik, servingNetworkName: NETWORK }
  t.deepEqual(vector.xresStar, deriveResStar({ ...keys, rand, res }))
  t.deepEqual(vector.kausf, deriveKausf({ ...keys, concealedSqn: autn.subarray(0, 6) }))
})

test('a vector for EPS has RES itself and a key for the network asked for', async (t) => {
  const { subscriber, centre } = await benchWithSubscriber(t)
  const { supi, functions } = subscriber
  const vector = await centre.epsVector({ supi, plmn: PLMN })
  const { rand, autn } = vector
  const { macOk, res, ck, ik } = openAutn({ functions, rand, autn })
  t.true(macOk)
  t.deepEqual(vector.xres, res)
  const servingNetworkId = Uint8Array.of(0x00, 0xf1, 0x10)
  const concealedSqn = autn.subarray(0, 6)
  t.deepEqual(vector.kasme, deriveKasme({ ck, ik, servingNetworkId, concealedSqn }))
})

test('each vector has a new RAND, and SEQ and IND one further', async (t) => {
  const { subscriber, centre } = await benchWithSubscriber(t)
  const request = { supi: subscriber.supi, plmn: PLMN }
  const vectors = []
  for (let count = 0; count < 40; count++) vectors.push(await centre.epsVector(request))
  t.is(new Set(vectors.map(({ rand }) => rand.toString())).size, vectors.length)
  const sqns = vectors.map((vector) => sqnIn(subscriber, vector))
  for (const [at, sqn] of sqns.entries()) {
    t.is(sqn >> 5n, BigInt(at + 1))
    t.is(sqn & IND_MASK, BigInt(at + 1) & IND_MASK)
  }
})

test('twenty requests at once have twenty sequence numbers', async (t) => {
  const { subscriber, centre } = await benchWithSubscriber(t)
  const vectors = await Promise.all(
    Array.from({ length: 20 }, () => centre.epsVector({ supi: subscriber.supi, plmn: PLMN })),
  )
  t.is(new Set(vectors.map((vector) => sqnIn(subscriber, vector))).size, 20)
})

test('no sequence number comes again after a restart, not even from the same seed', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.sqlite')
  const open = () => {
    const store = openStore({ path })
    const environment = { clock: manualClock(new Date(0)), random: seededRandom('again') }
    return { store, operator: createOperator({ store, environment, file: loadOperatorFile() }) }
  }
  const sqns: bigint[] = []
  for (let opening = 0; opening < 3; opening++) {
    const { store, operator } = open()
    if (opening === 0) await operator.stock({ count: 1 })
    const { msisdn } = await operator.openAccount({ iccid: '8900101000000000019' })
    const subscriber = subscriberOf(operator, msisdn)
    const { authenticationCentre } = operator.network
    for (let count = 0; count < 3; count++) {
      const vector = await authenticationCentre.epsVector({ supi: subscriber.supi, plmn: PLMN })
      sqns.push(sqnIn(subscriber, vector) >> 5n)
    }
    await store.close()
  }
  t.deepEqual(sqns, [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n])
})

const SEQ_STEP_MAX = 1n << 28n

/** Where the home network is, where the USIM is, and where the next number must be. */
const OUT_OF_STEP = {
  'the home network is behind': { home: 5n, usim: 1000n, next: 1001n },
  'both are at the same number': { home: 1000n, usim: 1000n, next: 1001n },
  'the home network is ahead, within reach': { home: 1000n, usim: 5n, next: 1001n },
  'the home network is as far ahead as a USIM goes along': {
    home: 4n + SEQ_STEP_MAX,
    usim: 5n,
    next: 5n + SEQ_STEP_MAX,
  },
  'the home network is further ahead than that': { home: 5n + SEQ_STEP_MAX, usim: 5n, next: 6n },
} as const

async function resynchronise(
  bench: Bench,
  step: { readonly home: bigint; readonly usim: bigint },
): Promise<bigint> {
  const subscriber = subscriberOf(bench.operator, await bench.subscriber())
  const { supi, iccid, functions } = subscriber
  await bench.store.write((db) => keepSqn(db, { iccid, sqn: step.home << 5n }))
  const rand = new Uint8Array(16).fill(7)
  const auts = makeAuts({ functions, rand, sqn: (step.usim << 5n) | 3n })
  const vector = await bench.operator.network.authenticationCentre.epsVector({
    supi,
    plmn: PLMN,
    resynchronisation: { rand, auts },
  })
  return sqnIn(subscriber, vector) >> 5n
}

for (const [where, step] of Object.entries(OUT_OF_STEP)) {
  test(`resynchronises when ${where}`, async (t) => {
    t.is(await resynchronise(await createBench(t), step), step.next)
  })
}

test('AUTS of another RAND, of another key or with a changed bit set nothing back', async (t) => {
  const { bench, subscriber, centre } = await benchWithSubscriber(t)
  const { supi, iccid, functions } = subscriber
  await bench.store.write((db) => keepSqn(db, { iccid, sqn: 320n }))
  const rand = new Uint8Array(16)
  const auts = makeAuts({ functions, rand, sqn: 9999n })
  const other = subscriberOf(bench.operator, await bench.subscriber())
  const wrong = [
    { rand: new Uint8Array(16).fill(1), auts },
    { rand, auts: makeAuts({ functions: other.functions, rand, sqn: 9999n }) },
    ...Array.from({ length: 14 * 8 }, (_, bit) => {
      const changed = Uint8Array.from(auts)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      return { rand, auts: changed }
    }),
  ]
  for (const resynchronisation of wrong) {
    const error = await t.throwsAsync(centre.epsVector({ supi, plmn: PLMN, resynchronisation }), {
      instanceOf: LabError,
    })
    t.is(error?.reason, 'wrongAuts')
  }
  t.is(
    bench.store.read((db) => lastSqn(db, iccid)),
    320n,
  )
})

test('an imported profile without keys that a card could use has no vectors', async (t) => {
  const { store, operator } = await createBench(t)
  const packages = {
    '8900112345678901234': foreignPackage(),
    '8900112345678901242': withElement(foreignPackage(), {
      kind: 'akaParameter',
      change: (value) => ({
        ...value,
        algoConfiguration: {
          mappingParameter: { mappingOptions: Uint8Array.of(0), mappingSource: new Uint8Array(16) },
        },
      }),
    }),
  }
  const ask = (imsi: string) =>
    operator.network.authenticationCentre.epsVector({ supi: `imsi-${imsi}`, plmn: PLMN })
  for (const [at, [iccid, octets]] of Object.entries(packages).entries()) {
    const facts = { iccid, imsi: `26201000000000${at}`, msisdn: undefined, profileType: 'imported' }
    await store.write((db) =>
      addImportedProfile(db, { ...facts, metadata: new Uint8Array(1), octets }),
    )
  }
  t.is((await ask('262010000000000')).xres.length, 8)
  t.like(await t.throwsAsync(ask('262010000000001')), { code: 'refused', reason: 'noKeys' })
})

test('refuses AUTS and RAND of a wrong length, an unknown SUPI, and a number too many', async (t) => {
  const { bench, subscriber, centre } = await benchWithSubscriber(t)
  const { supi, iccid } = subscriber
  const ask = (more: object, of = supi) => centre.epsVector({ supi: of, plmn: PLMN, ...more })
  for (const [rand, auts] of [
    [16, 13],
    [15, 14],
    [16, 0],
  ] as const) {
    const resynchronisation = { rand: new Uint8Array(rand), auts: new Uint8Array(auts) }
    t.like(await t.throwsAsync(ask({ resynchronisation })), { code: 'badInput' })
  }
  for (const unknown of ['imsi-001019999999999', 'imsi-', 'nobody', `${supi} `]) {
    t.like(await t.throwsAsync(ask({}, unknown)), { code: 'notFound', reason: 'userNotFound' })
  }
  await bench.store.write((db) => keepSqn(db, { iccid, sqn: (1n << 48n) - 1n }))
  t.like(await t.throwsAsync(ask({})), { code: 'refused', reason: 'sqnUsedUp' })
})
