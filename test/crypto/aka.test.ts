import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { hex, toHex } from '../../src/base/octets.ts'
import {
  akaFunctions,
  challenge,
  kcFromCkIk,
  makeAuts,
  openAuts,
  openAutn,
  sresFromRes,
  SQN_LIMIT,
  type AkaAlgorithm,
} from '../../src/crypto/aka.ts'

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const sqns = fc.bigInt({ min: 0n, max: SQN_LIMIT - 1n })

const k = hex('465b5ce8b199b49faa5f0a2ee238a6bc')
const ALGORITHMS: readonly AkaAlgorithm[] = [
  { kind: 'milenage', k, opc: hex('cd63cb71954a9f4e48a5994e37a02baf'), resOctets: 8 },
  tuakOf({ macOctets: 8, ckIkOctets: 16 }),
  tuakOf({ macOctets: 32, ckIkOctets: 32 }),
  { kind: 'test', k, resOctets: 16 },
]

function tuakOf(lengths: {
  readonly macOctets: number
  readonly ckIkOctets: number
}): AkaAlgorithm {
  const topc = new Uint8Array(32).fill(0x5a)
  return { kind: 'tuak', k, topc, keccakIterations: 1, resOctets: 8, ...lengths }
}

for (const algorithm of ALGORITHMS) {
  const functions = akaFunctions(algorithm)
  const name = `${algorithm.kind}, MAC of ${functions.macOctets} octets`

  test(`${name}: the USIM comes to what the network has`, (t) => {
    fc.assert(
      fc.property(octets(16), sqns, octets(2), (rand, sqn, amf) => {
        const { autn, xres, ck, ik } = challenge({ functions, rand, sqn, amf })
        const opened = openAutn({ functions, rand, autn })
        t.is(autn.length, 8 + functions.macOctets)
        t.true(opened.macOk)
        t.is(opened.sqn, sqn)
        t.is(toHex(opened.amf), toHex(amf))
        t.is(toHex(opened.res), toHex(xres))
        t.is(toHex(opened.ck), toHex(ck))
        t.is(toHex(opened.ik), toHex(ik))
      }),
      { numRuns: 20 },
    )
  })

  test(`${name}: the network comes to the SQN of a USIM that lost step`, (t) => {
    fc.assert(
      fc.property(octets(16), sqns, (rand, sqn) => {
        const auts = makeAuts({ functions, rand, sqn })
        t.is(auts.length, 6 + functions.macOctets)
        t.deepEqual(openAuts({ functions, rand, auts }), { sqn, macOk: true })
      }),
      { numRuns: 20 },
    )
  })

  test(`${name}: a change anywhere in AUTN or AUTS is noticed`, (t) => {
    const rand = new Uint8Array(16).fill(0x31)
    const { autn } = challenge({ functions, rand, sqn: 32n, amf: hex('8000') })
    const auts = makeAuts({ functions, rand, sqn: 64n })
    for (const at of autn.keys()) {
      t.false(openAutn({ functions, rand, autn: changedAt(autn, at) }).macOk, `AUTN ${at}`)
    }
    for (const at of auts.keys()) {
      t.false(openAuts({ functions, rand, auts: changedAt(auts, at) }).macOk, `AUTS ${at}`)
    }
  })

  test(`${name}: a wrong key is noticed on both sides`, (t) => {
    const other = akaFunctions({ ...algorithm, k: changedAt(k, 0) })
    const rand = new Uint8Array(16).fill(0x32)
    const { autn } = challenge({ functions: other, rand, sqn: 32n, amf: hex('8000') })
    t.false(openAutn({ functions, rand, autn }).macOk)
    const auts = makeAuts({ functions: other, rand, sqn: 64n })
    t.false(openAuts({ functions, rand, auts }).macOk)
  })

  test(`${name}: a wrong length is refused by name`, (t) => {
    const rand = new Uint8Array(16)
    const amf = new Uint8Array(2)
    const autn = new Uint8Array(8 + functions.macOctets)
    const auts = new Uint8Array(6 + functions.macOctets)
    const refusals = [
      ['sqn', () => challenge({ functions, rand, sqn: SQN_LIMIT, amf })],
      ['sqn', () => makeAuts({ functions, rand, sqn: -1n })],
      ['amf', () => challenge({ functions, rand, sqn: 0n, amf: new Uint8Array(1) })],
      ['rand', () => openAutn({ functions, rand: new Uint8Array(15), autn })],
      ['autn', () => openAutn({ functions, rand, autn: autn.subarray(1) })],
      ['auts', () => openAuts({ functions, rand, auts: new Uint8Array(auts.length + 1) })],
      ['rand', () => openAuts({ functions, rand: new Uint8Array(0), auts })],
    ] as const
    for (const [field, refused] of refusals) {
      t.like(t.throws(refused), { name: 'LabError', code: 'badInput', field })
    }
  })
}

function changedAt(whole: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(whole)
  changed[at]! ^= 1
  return changed
}

// TS 35.208 §4.3, test set 1: f1, f2 and f5 put together as TS 33.102 §6.3.2 has it.
test('AUTN is (SQN ⊕ AK) ‖ AMF ‖ MAC', (t) => {
  const functions = akaFunctions(ALGORITHMS[0]!)
  const { autn } = challenge({
    functions,
    rand: hex('23553cbe9637a89d218ae64dae47bf35'),
    sqn: 0xff9bb4d0b607n,
    amf: hex('b9b9'),
  })
  t.is(toHex(autn), '55F328B43577B9B94A9FFAC354DFAFB3')
})

// Output of flipk/pfk-milenage (main.cc) for K 00…0F, OP 00112233…EEFF, RAND 34…34, SQN 1, AMF 8000.
test('AUTN is that of a third party', (t) => {
  const functions = akaFunctions({
    kind: 'milenage',
    k: hex('000102030405060708090a0b0c0d0e0f'),
    opc: hex('69d5c2eb2e2e624750541d3bbc692ba5'),
    resOctets: 8,
  })
  const rand = new Uint8Array(16).fill(0x34)
  const { autn, xres } = challenge({ functions, rand, sqn: 1n, amf: hex('8000') })
  t.is(toHex(autn), '5F8F3FBC884A8000A02A7A551C231B71')
  t.is(toHex(xres), 'CFB44BD0A69C5CE8')
})

// Osmocom's osmo-hlr, tests/auc/auc_test.c: AUTS of a USIM whose SQN is 23.
test('AUTS is that of a third party', (t) => {
  const functions = akaFunctions({
    kind: 'milenage',
    k: hex('eb215756028d60e3275e613320aec880'),
    opc: hex('fb2a3d1b360f599abab99db8669f8308'),
    resOctets: 8,
  })
  const rand = hex('39fa2f4e3d523d8619a73b4f65c3e14d')
  const auts = makeAuts({ functions, rand, sqn: 23n })
  t.is(toHex(auts), '979498B1F72D3E28C59FA2E72F9C')
  t.deepEqual(openAuts({ functions, rand, auts }), { sqn: 23n, macOk: true })
})

const { sets } = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/milenage.json', import.meta.url), 'utf8'),
) as { readonly sets: readonly Readonly<Record<string, string>>[] }

test('SRES and Kc are those of TS 55.205, in nineteen test sets', (t) => {
  const converted = sets.filter((set) => set['sres'])
  t.is(converted.length, 19)
  for (const set of converted) {
    t.is(toHex(sresFromRes(hex(set['f2']!))), set['sres']!.toUpperCase(), set['set'])
    const kc = kcFromCkIk({ ck: hex(set['f3']!), ik: hex(set['f4']!) })
    t.is(toHex(kc), set['kc']!.toUpperCase(), set['set'])
  }
})

test('SRES takes RES of 4 to 16 octets, filled up with zeros', (t) => {
  t.is(toHex(sresFromRes(hex('01020304'))), '01020304')
  t.is(toHex(sresFromRes(hex('0102030410'))), '11020304')
  t.is(toHex(sresFromRes(hex('01020304102030400000000080000000'))), '91223344')
  const error = t.throws(() => sresFromRes(new Uint8Array(32)))
  t.like(error, { name: 'LabError', code: 'badInput', field: 'res' })
})

test('Kc is not made from keys of 256 bits', (t) => {
  const error = t.throws(() => kcFromCkIk({ ck: new Uint8Array(32), ik: new Uint8Array(32) }))
  t.like(error, { name: 'LabError', code: 'badInput', field: 'ck' })
})
