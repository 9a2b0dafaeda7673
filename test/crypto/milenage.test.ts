import { readFileSync } from 'node:fs'
import test from 'ava'
import { hex, toHex } from '../../src/base/octets.ts'
import { encryptBlock } from '../../src/crypto/cmac.ts'
import {
  milenage,
  MILENAGE_ROTATION_CONSTANTS,
  MILENAGE_XORING_CONSTANTS,
  opcFromOp,
} from '../../src/crypto/milenage.ts'

const { sets } = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/milenage.json', import.meta.url), 'utf8'),
) as { readonly sets: readonly Readonly<Record<string, string>>[] }

const valuesOf = (set: Readonly<Record<string, string>>) => (name: string) => hex(set[name]!)
const upper = (set: Readonly<Record<string, string>>) => (name: string) => set[name]!.toUpperCase()

test('there are as many test sets as were published', (t) => {
  t.is(new Set(sets.map((set) => `${set['k']}${set['rand']}`)).size, 20)
})

for (const set of sets) {
  test(`MILENAGE is that of ${set['set']}`, (t) => {
    const [octets, expected] = [valuesOf(set), upper(set)]
    const opc = opcFromOp({ k: octets('k'), op: octets('op') })
    t.is(toHex(opc), expected('opc'))
    const functions = milenage({ k: octets('k'), opc, resOctets: 8 })
    const input = { rand: octets('rand'), sqn: octets('sqn'), amf: octets('amf') }
    const { res, ck, ik, ak } = functions.f2345(input.rand)
    t.deepEqual(
      {
        f1: toHex(functions.f1(input)),
        f1Star: toHex(functions.f1Star(input)),
        f2: toHex(res),
        f3: toHex(ck),
        f4: toHex(ik),
        f5: toHex(ak),
        f5Star: toHex(functions.f5Star(input.rand)),
      },
      {
        f1: expected('f1'),
        f1Star: expected('f1Star'),
        f2: expected('f2'),
        f3: expected('f3'),
        f4: expected('f4'),
        f5: expected('f5'),
        f5Star: expected('f5Star'),
      },
    )
  })
}

const [first] = sets
const right = {
  k: hex(first!['k']!),
  opc: hex(first!['opc']!),
  resOctets: 8,
}
const rand = hex(first!['rand']!)

test('the standard constants are those of TS 35.206 and of a profile package’s defaults', (t) => {
  // TCA PE-AKAParameter: rotationConstants DEFAULT '4000204060'H.
  t.is(toHex(MILENAGE_ROTATION_CONSTANTS), '4000204060')
  t.is(
    toHex(MILENAGE_XORING_CONSTANTS),
    ['00', '01', '02', '04', '08'].map((last) => last.padStart(32, '0')).join(''),
  )
})

test('constants of an operator change what they belong to, and nothing else', (t) => {
  const standard = milenage(right)
  const rotationConstants = Uint8Array.of(64, 0, 33, 64, 96)
  const rotated = milenage({ ...right, rotationConstants })
  t.deepEqual(rotated.f2345(rand).res, standard.f2345(rand).res)
  t.notDeepEqual(rotated.f2345(rand).ck, standard.f2345(rand).ck)
  t.deepEqual(rotated.f2345(rand).ik, standard.f2345(rand).ik)
  const xoringConstants = Uint8Array.from(MILENAGE_XORING_CONSTANTS)
  xoringConstants[4 * 16] = 0x80
  const changed = milenage({ ...right, xoringConstants })
  t.notDeepEqual(changed.f5Star(rand), standard.f5Star(rand))
  t.deepEqual(changed.f2345(rand), standard.f2345(rand))
})

test('rotations of any number of bits are those of the formula', (t) => {
  for (const bits of [0, 1, 7, 8, 63, 64, 65, 121, 127, 128, 200]) {
    const rotationConstants = Uint8Array.of(64, 0, bits, 64, 96)
    const { ck } = milenage({ ...right, rotationConstants }).f2345(rand)
    t.is(toHex(ck), toHex(f3ByFormula(bits)), `${bits} bits`)
  }
})

/** OUT3 of TS 35.206 §4.1 on integers of 128 bits. */
function f3ByFormula(bits: number): Uint8Array {
  const [opc, c3] = [integer(right.opc), 2n]
  const encrypt = (value: bigint) => integer(encryptBlock(right.k, block(value)))
  const temp = encrypt(integer(rand) ^ opc)
  const shift = BigInt(bits % 128)
  const value = temp ^ opc
  const turned = BigInt.asUintN(128, value << shift) | (value >> (128n - shift))
  return block(encrypt(turned ^ c3) ^ opc)
}

const integer = (octets: Uint8Array) => BigInt(`0x${toHex(octets)}`)
const block = (value: bigint) => hex(value.toString(16).padStart(32, '0'))

test('RES of four octets is the front of f2', (t) => {
  const { res } = milenage({ ...right, resOctets: 4 }).f2345(rand)
  t.is(toHex(res), first!['f2']!.slice(0, 8).toUpperCase())
})

test('what MILENAGE does not know is refused by name', (t) => {
  const input = { rand, sqn: new Uint8Array(6), amf: new Uint8Array(2) }
  const functions = milenage(right)
  const refusals = [
    ['k', () => milenage({ ...right, k: new Uint8Array(32) })],
    ['opc', () => milenage({ ...right, opc: new Uint8Array(15) })],
    ['rotationConstants', () => milenage({ ...right, rotationConstants: new Uint8Array(4) })],
    ['xoringConstants', () => milenage({ ...right, xoringConstants: new Uint8Array(81) })],
    ['resOctets', () => milenage({ ...right, resOctets: 16 })],
    ['op', () => opcFromOp({ k: right.k, op: new Uint8Array(0) })],
    ['rand', () => functions.f2345(new Uint8Array(17))],
    ['rand', () => functions.f5Star(new Uint8Array(15))],
    ['sqn', () => functions.f1({ ...input, sqn: new Uint8Array(7) })],
    ['amf', () => functions.f1Star({ ...input, amf: new Uint8Array(1) })],
  ] as const
  for (const [field, refused] of refusals) {
    t.like(t.throws(refused), { name: 'LabError', code: 'badInput', field })
  }
})
