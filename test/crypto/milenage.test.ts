import { readFileSync } from 'node:fs'
import test from 'ava'
import { hex, toHex } from '../../src/base/octets.ts'
import { milenage, opcFromOp } from '../../src/crypto/milenage.ts'

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
