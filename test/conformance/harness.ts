/** Runs sequences of SGP.23 over HTTP, in both bindings and on both curves, against a server that tolerates nothing. */

import test, { type ExecutionContext } from 'ava'
import type { Curve } from '../../src/crypto/ec.ts'
import { createLab, RspError, type ListeningLab, type ServedLab } from '../../src/index.ts'
import type { LabOptions, Phone, PhoneOptions } from '../../src/lab.ts'
import type { Asn1Binding } from '../../src/rsp/asn1-binding.ts'
import { ES9PLUS, type Es9Plus, type Es9PlusFunctionName } from '../../src/rsp/es9plus.ts'
import { createDriver, type Driver, type DrivenDownload } from '../helpers/driver.ts'
import { phoneOn, START } from '../helpers/lab.ts'
import { CATALOGUE, nameOf, type Sequence } from './catalogue.ts'

export const BINDINGS = ['json', 'asn1'] as const
export type Binding = (typeof BINDINGS)[number]
export const CURVES: readonly Curve[] = ['P-256', 'brainpoolP256r1']

/** One server with its client's side. */
export interface Bench {
  readonly lab: ListeningLab
  readonly served: ServedLab
  readonly binding: Binding
  readonly curve: Curve
  readonly es9Plus: Es9Plus
  /** A phone whose card is on the curve of the run. */
  phone(options?: Pick<PhoneOptions, 'personality'>): Phone
  driver(download?: Partial<DrivenDownload>): Driver
  /** Holds that a call is refused: with its code in JSON, with its number in ASN.1. */
  refused(refusal: {
    readonly call: Promise<unknown>
    readonly by: Es9PlusFunctionName
    readonly code: string
  }): Promise<void>
}

export interface SequenceOptions {
  readonly curves?: readonly Curve[]
  readonly lab?: LabOptions
}

/** A sequence of the catalogue: its section, and its number or, where it has none, its title. */
export type SequenceId = readonly [section: string, numberOrTitle: string]

/** Where sequences are noted in place of being run: how the page that counts them is held against them. */
export const recorder: { names: Set<string> | undefined } = { names: undefined }

/**
 * Declares one test of a sequence; `on` says what it is run on.
 * @throws {RangeError} the catalogue has no such sequence
 */
export function sequenceTest(
  { id, on }: { readonly id: SequenceId; readonly on: string },
  run: (t: ExecutionContext) => Promise<void>,
): void {
  const title = nameOf(id[0], find(id))
  if (recorder.names) recorder.names.add(title)
  else test(`${title}, ${on}`, run)
}

/**
 * Declares the tests of one sequence, one for each binding and curve.
 * @throws {RangeError} the catalogue has no such sequence
 */
export function sequence(
  id: SequenceId,
  run: (t: ExecutionContext, bench: Bench) => Promise<void>,
  // oxlint-disable-next-line max-params -- what is tested, how, and, seldom, on what
  options: SequenceOptions = {},
): void {
  for (const curve of options.curves ?? CURVES) {
    for (const binding of BINDINGS) {
      sequenceTest({ id, on: `${curve}, ${binding}` }, async (t) => {
        await run(t, await openBench(t, { curve, binding, lab: options.lab ?? {} }))
      })
    }
  }
}

function find([section, wanted]: SequenceId): Sequence {
  const found = CATALOGUE.filter((one) => one.section === section)
    .flatMap(({ sequences }) => sequences)
    .find(({ number, title }) => (number === '' ? title : number) === wanted)
  if (!found) throw new RangeError(`the catalogue has no ${section} ${wanted}`)
  return found
}

async function openBench(
  t: ExecutionContext,
  on: { readonly curve: Curve; readonly binding: Binding; readonly lab: LabOptions },
): Promise<Bench> {
  const { curve, binding } = on
  const lab = await createLab({ startAt: START, stock: 4, ...on.lab })
  t.teardown(() => lab.close())
  const served = await lab.listen({ lpaBinding: binding, rsp: { plain: true, strict: true } })
  const es9Plus = served.es9Plus(served.rspAddress)
  const phone: Bench['phone'] = ({ personality } = {}) =>
    personality
      ? lab.createPhone({ personality, curves: [curve], es9Plus: served.es9Plus })
      : phoneOn(lab, { signing: curve, verification: curve })
  return {
    lab,
    served,
    binding,
    curve,
    es9Plus,
    phone,
    driver: (download = {}) =>
      createDriver({ ...lab, es9Plus }, { phone: download.phone ?? phone(), ...download }),
    async refused({ call, by, code }) {
      const error = await t.throwsAsync(call, { instanceOf: RspError })
      t.is(
        error?.code,
        binding === 'json' ? code : codeInAsn1(ES9PLUS[by].asn1, code),
        error?.message,
      )
    },
  }
}

const NOT_NAMED = '8.8/4.2'

/** The first code of the number that a code has; 8.8/4.2 where it has none. */
export function codeInAsn1({ errors }: Pick<Asn1Binding, 'errors'>, code: string): string {
  const number = errors[code]
  if (number === undefined) return NOT_NAMED
  return Object.keys(errors).find((each) => errors[each] === number) ?? NOT_NAMED
}
