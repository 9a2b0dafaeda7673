/** Runs what SGP.23 §4.5 tests of an SM-DS, over HTTP, in both bindings and on both curves. */

import type { ExecutionContext } from 'ava'
import type { Curve } from '../../src/crypto/ec.ts'
import { createLab, RspError, type ListeningLab, type ServedLab } from '../../src/index.ts'
import type { Phone } from '../../src/lab.ts'
import { ES11, type Es11, type Es11FunctionName } from '../../src/rsp/es11.ts'
import { createSmdsDriver, type SmdsDriver } from '../helpers/smds-driver.ts'
import { phoneOn, START } from '../helpers/lab.ts'
import { BINDINGS, codeInAsn1, CURVES, sequenceTest, type Binding } from './harness.ts'

/** A root SM-DS that tolerates nothing, with its client's side. */
export interface SmdsBench {
  readonly lab: ListeningLab
  readonly served: ServedLab
  readonly curve: Curve
  readonly es11: Es11
  /** A phone whose card is on the curve of the run. */
  readonly phone: Phone
  /** Asks for the events of the phone, or for one. */
  driver(asked?: { readonly eventId?: string; readonly phone?: Phone }): SmdsDriver
  /** Registers events for the phone, as an SM-DP+ would; their EventIDs. */
  register(...eventIds: readonly string[]): Promise<void>
  /** Holds that a call is refused: with its code in JSON, with its number in ASN.1. */
  refused(refusal: {
    readonly call: Promise<unknown>
    readonly by: Es11FunctionName
    readonly code: string
  }): Promise<void>
}

export const SERVER_ADDRESS = 'smdp.example.com'

/** Declares one test for each binding and curve. The texts at hand do not number what SGP.23 §4.5 has. */
export function onSmds(
  title: string,
  run: (t: ExecutionContext, bench: SmdsBench) => Promise<void>,
): void {
  for (const curve of CURVES) {
    for (const binding of BINDINGS) {
      sequenceTest({ id: ['4.5', title], on: `${curve}, ${binding}` }, async (t) => {
        await run(t, await openBench(t, { curve, binding }))
      })
    }
  }
}

async function openBench(
  t: ExecutionContext,
  on: { readonly curve: Curve; readonly binding: Binding },
): Promise<SmdsBench> {
  const { curve, binding } = on
  const lab = await createLab({ startAt: START, stock: 4 })
  t.teardown(() => lab.close())
  const served = await lab.listen({ lpaBinding: binding, rsp: { plain: true, strict: true } })
  const { address } = served.smds.root
  const es11 = served.es11(address)
  const phone = phoneOn(lab, { signing: curve, verification: curve })
  return {
    lab,
    served,
    curve,
    es11,
    phone,
    driver: (asked = {}) => createSmdsDriver(lab, { phone, address, es11, ...asked }),
    async register(...eventIds) {
      const es12 = lab.smds.root.es12({ oid: lab.smdp.oid })
      const event = { eid: phone.eid, rspServerAddress: SERVER_ADDRESS, forwardingIndicator: false }
      for (const eventId of eventIds) await es12.registerEvent({ ...event, eventId })
    },
    async refused({ call, by, code }) {
      const error = await t.throwsAsync(call, { instanceOf: RspError })
      t.is(error?.code, binding === 'json' ? code : codeInAsn1(ES11[by].asn1, code), error?.message)
    },
  }
}
