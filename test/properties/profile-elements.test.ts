import test from 'ava'
import fc from 'fast-check'
import { Asn1Error } from '../../src/asn1/der.ts'
import { decode } from '../../src/asn1/schema.ts'
import { iccidToOctets, mccMncToOctets } from '../../src/base/bcd.ts'
import { concat, hex } from '../../src/base/octets.ts'
import {
  encodeElement,
  readProfileElements,
  type ElementValue,
  type ProfileElement,
} from '../../src/profile/elements.ts'
import { installProfileElements } from '../../src/profile/install.ts'
import { EUICCResponse } from '../../src/profile/status.ts'
import { createProfileTemplate, personalise } from '../../src/profile/template.ts'
import { OPERATOR, SUBSCRIBER } from '../profile/helper.ts'

const operator = {
  ...OPERATOR,
  gid1: hex('0A'),
  networkName: { full: 'Lab' },
  suci: {
    calculatedBy: 'usim' as const,
    keys: [{ keyId: 1, scheme: 'profileA' as const, publicKey: new Uint8Array(32).fill(1) }],
  },
}
const UPP = personalise(createProfileTemplate({ operator, fillerOctets: 200 }), SUBSCRIBER)
const ELEMENTS = readProfileElements(UPP)
const EXPECTED = {
  iccid: iccidToOctets(SUBSCRIBER.iccid),
  mccMnc: mccMncToOctets(OPERATOR),
  gid1: operator.gid1,
}

/** One change of a package: of an element's place, or of a value deep in it. */
type Mutation =
  | { readonly kind: 'drop'; readonly at: number }
  | { readonly kind: 'repeat'; readonly at: number }
  | { readonly kind: 'swap'; readonly at: number; readonly with: number }
  | {
      readonly kind: 'change'
      readonly at: number
      /** Which of the components on the way down, and which change at its end. */
      readonly way: readonly number[]
      readonly number: number
      readonly octets: Uint8Array
    }

const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), at: fc.nat(ELEMENTS.length - 1) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(ELEMENTS.length - 1) }),
  fc.record({
    kind: fc.constant('swap' as const),
    at: fc.nat(ELEMENTS.length - 1),
    with: fc.nat(ELEMENTS.length - 1),
  }),
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      at: fc.nat(ELEMENTS.length - 1),
      way: fc.array(fc.nat(40), { minLength: 1, maxLength: 7 }),
      number: fc.integer({ min: -2, max: 70_000 }),
      octets: fc.uint8Array({ maxLength: 40 }),
    }),
  },
)

function mutated(elements: readonly ProfileElement[], mutation: Mutation): ProfileElement[] {
  const { at } = mutation
  const chosen = elements[at]
  if (!chosen) return [...elements]
  if (mutation.kind === 'drop') return elements.toSpliced(at, 1)
  if (mutation.kind === 'repeat') return elements.toSpliced(at, 0, chosen)
  if (mutation.kind === 'swap') {
    const other = elements[mutation.with]
    return other ? elements.with(at, other).with(mutation.with, chosen) : [...elements]
  }
  if (chosen.kind === 'other' || mutation.kind !== 'change') return [...elements]
  const value = changed(chosen.value, mutation)
  return elements.with(at, { kind: chosen.kind, value } as unknown as ProfileElement)
}

/** The value with the component at the end of the way dropped, doubled or made something else of its type. */
function changed(
  value: unknown,
  change: { readonly way: readonly number[]; readonly number: number; readonly octets: Uint8Array },
): unknown {
  const [step = 0, ...way] = change.way
  if (value instanceof Uint8Array) return change.octets
  if (typeof value === 'number') return change.number
  if (typeof value === 'string') return /^[0-9.]+$/.test(value) ? '2.23.143.1.2.99' : value
  if (Array.isArray(value)) {
    if (value.length === 0) return value
    const at = step % value.length
    if (way.length === 0) return value.toSpliced(at, 1)
    if (step >= 30) return value.toSpliced(at, 0, value[at])
    return value.with(at, changed(value[at], { ...change, way }))
  }
  if (typeof value !== 'object' || value === null) return value
  const names = Object.keys(value)
  const name = names[step % Math.max(1, names.length)]
  if (name === undefined) return value
  const { [name]: inner, ...rest } = value as Record<string, unknown>
  return way.length === 0 ? rest : { ...rest, [name]: changed(inner, { ...change, way }) }
}

function encoded(elements: readonly ProfileElement[]): Uint8Array | undefined {
  try {
    return concat(
      ...elements.map((element) =>
        'raw' in element ? element.raw : encodeElement(element as ElementValue),
      ),
    )
  } catch (error) {
    // What the module forbids cannot be sent by its own encoder; octets are flipped elsewhere.
    if (error instanceof Asn1Error || error instanceof TypeError) return undefined
    throw error
  }
}

test('whatever becomes of its elements, a package is answered with the status of each', (t) => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(mutations, { minLength: 1, maxLength: 2 }), (list) => {
      const upp = encoded(list.reduce(mutated, ELEMENTS))
      if (!upp) return
      const result = installProfileElements(upp, EXPECTED)
      const { peStatus, profileInstallationAborted } = decode(EUICCResponse, result.euiccResponse)
      const last = peStatus.at(-1)?.status ?? 'none'
      t.is(profileInstallationAborted === null, !result.ok)
      t.is(last === 'ok', result.ok, `${last}: ${result.ok ? '' : result.detail}`)
      seen.set(String(last), (seen.get(String(last)) ?? 0) + 1)
    }),
    { numRuns: 10_000, seed: 4 },
  )
  for (const status of ['ok', 'bad-values', 'invalid-parameter', 'template-not-supported']) {
    t.true((seen.get(status) ?? 0) > 20, `${status}: ${seen.get(status)}`)
  }
})
