/** The SM-DSs of a lab, a root and an alternative one, and how others reach them within the process. */

import type { Environment } from './base/environment.ts'
import { LabError } from './base/errors.ts'
import type { LoadedPki } from './pki/load.ts'
import type { IsRevoked } from './pki/revocation.ts'
import { smdsCredentials, type SmdsKind } from './pki/smds.ts'
import type { TestPki } from './pki/test-pki.ts'
import { ES11 } from './rsp/es11.ts'
import { ES12, ES15, type Es12 } from './rsp/es12.ts'
import { observed, type Observer } from './rsp/observe.ts'
import { createSmds, type EventCaller, type Smds } from './smds/smds.ts'
import type { Store } from './store/engine.ts'
import type { LabIdentity } from './lab-identity.ts'

export type { SmdsKind } from './pki/smds.ts'

/** An SM-DS with the lab's observer told of what it is asked. */
export interface LabSmds extends Smds {
  readonly kind: SmdsKind
  /** The same functions as ES12, called by another SM-DS. */
  es15(caller: EventCaller): Es12
}

export type LabSmdss = Readonly<Record<SmdsKind, LabSmds>>

/** The first is SGP.23's name for a test root SM-DS, which new eUICCs have as their root; the second is our own. */
export const SMDS_NAMES: Readonly<Record<SmdsKind, string>> = {
  root: 'testrootsmds.example.com',
  alternative: 'testaltsmds.example.com',
}

/** Makes both SM-DSs; the alternative one reaches the root one within the process. */
export async function createLabSmdss(parts: {
  readonly store: Store
  readonly environment: Environment
  readonly identity: LabIdentity
  readonly own: TestPki
  readonly brought: LoadedPki | undefined
  readonly withTestCi: boolean
  readonly isRevoked: IsRevoked
  readonly observer: Observer | undefined
}): Promise<LabSmdss> {
  const make = (kind: SmdsKind): LabSmds => {
    const random = parts.environment.random.stream(`smds/${kind}`)
    const smds = createSmds({
      name: kind,
      kind,
      store: parts.store,
      environment: { ...parts.environment, random },
      credentials: smdsCredentials(kind, { ...parts, random }),
      trustedCis: parts.identity.trustedCis,
      isRevoked: parts.isRevoked,
      addresses: [SMDS_NAMES[kind]],
    })
    return seen(smds, { kind, observer: parts.observer })
  }
  const smdss = { root: make('root'), alternative: make('alternative') }
  await Promise.all([smdss.root.begin(), smdss.alternative.begin()])
  linkInProcess(smdss)
  return smdss
}

/** Lets the alternative SM-DS reach the root one within the process. */
export function linkInProcess({ root, alternative }: LabSmdss): void {
  alternative.setRoot(root.es15({ oid: alternative.oid }))
}

function seen(
  smds: Smds,
  { kind, observer }: { readonly kind: SmdsKind; readonly observer: Observer | undefined },
): LabSmds {
  return {
    ...smds,
    kind,
    // A copy would keep the address that the server had before its listener knew its port.
    get address() {
      return smds.address
    },
    es11: observer ? observed({ table: ES11, observer }, smds.es11) : smds.es11,
    es12: (caller) =>
      observer ? observed({ table: ES12, observer }, smds.es12(caller)) : smds.es12(caller),
    es15: (caller) =>
      observer ? observed({ table: ES15, observer }, smds.es12(caller)) : smds.es12(caller),
  }
}

/** The SM-DS of the lab that has an address. @throws {LabError} unavailable — none has it */
export function smdsAt({ root, alternative }: LabSmdss, address: string): LabSmds {
  if (root.isAt(address)) return root
  if (alternative.isAt(address)) return alternative
  throw new LabError('unavailable', `no SM-DS of this lab has the address ${address}.`)
}

/** The address that an order means by the SM-DS it names. */
export function smdsAddressOf(smdss: LabSmdss, named: string): string {
  return named === 'root' || named === 'alternative' ? smdss[named].address : named
}
