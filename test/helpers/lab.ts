/** What the tests of the roles share: a lab whose clock stands still, phones, and their cards' keys. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Curve, PrivateKey } from '../../src/crypto/ec.ts'
import { equalOctets } from '../../src/base/octets.ts'
import {
  memoryStorage,
  parseEuicc,
  serialiseEuicc,
  type EuiccState,
  type EuiccStorage,
} from '../../src/euicc/state.ts'
import { createLab, type Lab, type LabOptions, type Phone } from '../../src/lab.ts'
import type { OrderSummary } from '../../src/smdp/smdp.ts'
import type { OrderState } from '../../src/store/orders.ts'

export const START = new Date('2026-03-01T12:00:00Z')
export const DAY_MS = 86_400_000

/** A lab in memory whose clock moves only when told; closed when the test ends. */
export async function testLab(t: ExecutionContext, options: LabOptions = {}): Promise<Lab> {
  const lab = await createLab({ startAt: START, stock: 4, ...options })
  t.teardown(() => lab.close())
  return lab
}

export interface PhoneCurves {
  /** The curve on which the card signs; both unless told, P-256 first. */
  readonly signing?: Curve
  /** The curve on which servers must sign for the card; both unless told. */
  readonly verification?: Curve
  /** What else is other than in a new card. */
  readonly state?: Partial<EuiccState>
}

/** A phone whose card knows one curve for signing and one for verification. */
export function phoneOn(lab: Lab, curves: PhoneCurves): Phone {
  const { signing, verification } = curves
  return lab.createPhone({
    ...(signing && { curves: [signing] }),
    storage: (initial) =>
      memoryStorage({
        ...initial,
        ...(verification && { trustedCis: [lab.pki[verification].ci.certificate] }),
        ...curves.state,
      }),
  })
}

/** The private key of one of a phone's eUICC certificates. */
export function cardKey(phone: Phone, euiccCertificate: Uint8Array): PrivateKey {
  const found = phone.euicc.state.credentials.find((credential) =>
    equalOctets(credential.euiccCertificate.der, euiccCertificate),
  )
  if (!found) throw new RangeError('the phone has no such certificate')
  return found.keyPair.privateKey
}

/** The state of a profile at the SM-DP+; one that is on stock has no order. */
export function orderState(lab: Lab, order: { readonly iccid: string }): OrderState {
  return orderOf(lab, order)?.state ?? 'Available'
}

export function orderOf(lab: Lab, order: { readonly iccid: string }): OrderSummary | undefined {
  return lab.smdp.orders({ limit: 100 }).find(({ iccid }) => iccid === order.iccid)
}

/** A directory of the test's own, gone when it ends. */
export function temporaryDirectory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'esim-lab-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

/** A storage that keeps a card as its text, as a file would. */
export function textStorage(): (initial: EuiccState) => EuiccStorage {
  let text: string | undefined
  return (initial) => ({
    load: () => parseEuicc((text ??= serialiseEuicc(initial))),
    save: (state) => void (text = serialiseEuicc(state)),
  })
}
