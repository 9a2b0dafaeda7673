import { readFileSync } from 'node:fs'
import test from 'ava'
import { hex, toHex } from '../../src/base/octets.ts'
import { topcFromTop, tuak, type TuakParameters } from '../../src/crypto/tuak.ts'

type TestSet = Readonly<
  Record<
    | 'k'
    | 'rand'
    | 'sqn'
    | 'amf'
    | 'top'
    | 'topc'
    | 'f1'
    | 'f1Star'
    | 'f2'
    | 'f3'
    | 'f4'
    | 'f5'
    | 'f5Star',
    string
  >
> & { readonly set: number; readonly keccakIterations: number }

const { sets } = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/tuak.json', import.meta.url), 'utf8'),
) as { readonly sets: readonly TestSet[] }

const lengthOf = (digits: string) => digits.length / 2

function parametersOf(set: TestSet): TuakParameters {
  return {
    k: hex(set.k),
    topc: hex(set.topc),
    keccakIterations: set.keccakIterations,
    resOctets: lengthOf(set.f2),
    macOctets: lengthOf(set.f1),
    ckOctets: lengthOf(set.f3),
    ikOctets: lengthOf(set.f4),
  }
}

test('there are as many test sets as were published', (t) => {
  t.deepEqual(
    sets.map(({ set }) => set),
    [1, 2, 3, 4, 5, 6],
  )
})

for (const set of sets) {
  test(`TUAK is that of TS 35.233, test set ${set.set}`, (t) => {
    const { k, rand, sqn, amf, top, topc, keccakIterations, ...expected } = set
    t.is(
      toHex(topcFromTop({ k: hex(k), top: hex(top), keccakIterations })),
      topc.toUpperCase(),
      'TOPc',
    )
    const functions = tuak(parametersOf(set))
    const input = { rand: hex(rand), sqn: hex(sqn), amf: hex(amf) }
    const { res, ck, ik, ak } = functions.f2345(input.rand)
    const made = {
      f1: functions.f1(input),
      f1Star: functions.f1Star(input),
      f2: res,
      f3: ck,
      f4: ik,
      f5: ak,
      f5Star: functions.f5Star(input.rand),
    }
    t.is(functions.macOctets, lengthOf(expected.f1))
    for (const name of ['f1', 'f1Star', 'f2', 'f3', 'f4', 'f5', 'f5Star'] as const) {
      t.is(toHex(made[name]), expected[name].toUpperCase(), name)
    }
  })
}

test('what TUAK does not know is refused by name', (t) => {
  const right = parametersOf(sets[0]!)
  const wrong: readonly (readonly [keyof TuakParameters, Partial<TuakParameters>])[] = [
    ['k', { k: new Uint8Array(24) }],
    ['topc', { topc: new Uint8Array(16) }],
    ['keccakIterations', { keccakIterations: 0 }],
    ['keccakIterations', { keccakIterations: 256 }],
    ['keccakIterations', { keccakIterations: 1.5 }],
    ['resOctets', { resOctets: 12 }],
    ['macOctets', { macOctets: 4 }],
    ['ckOctets', { ckOctets: 8 }],
    ['ikOctets', { ikOctets: 64 }],
  ]
  for (const [field, parameters] of wrong) {
    const error = t.throws(() => tuak({ ...right, ...parameters }))
    t.like(error, { name: 'LabError', code: 'badInput', field })
  }
  const top = new Uint8Array(31)
  t.like(
    t.throws(() => topcFromTop({ k: right.k, top, keccakIterations: 1 })),
    { code: 'badInput', field: 'top' },
  )
})

test('a challenge of a wrong length is refused by name', (t) => {
  const functions = tuak(parametersOf(sets[0]!))
  const input = { rand: new Uint8Array(16), sqn: new Uint8Array(6), amf: new Uint8Array(2) }
  const refusals = [
    ['rand', () => functions.f2345(new Uint8Array(15))],
    ['rand', () => functions.f5Star(new Uint8Array(0))],
    ['sqn', () => functions.f1({ ...input, sqn: new Uint8Array(5) })],
    ['amf', () => functions.f1Star({ ...input, amf: new Uint8Array(3) })],
  ] as const
  for (const [field, refused] of refusals) {
    t.like(t.throws(refused), { name: 'LabError', code: 'badInput', field })
  }
})
