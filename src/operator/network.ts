/** The operator's network: its home part (AuC, UDM, AUSF) and the serving part that phones attach to. */

import type { Environment } from '../base/environment.ts'
import type { ServingNetwork } from '../nas/registration.ts'
import type { Connection, Store } from '../store/engine.ts'
import { operatorOf } from '../store/inventory.ts'
import {
  listRegistrations,
  registrationOfProfile,
  type Registration,
} from '../store/registrations.ts'
import { createAuthenticationCentre, type AuthenticationCentre } from './authentication.ts'
import { createAusf, type Ausf } from './ausf.ts'
import type { Operators } from './operators.ts'
import { createServingNetwork } from './registration.ts'
import { servingPlmnOf } from './serving-plmn.ts'
import { fileOf } from './subscriptions/subscriptions.ts'
import { createSidf, type Sidf, type SuciKey, type SuciPublicKey } from './suci-keys.ts'

export interface OperatorNetwork {
  readonly authenticationCentre: AuthenticationCentre
  readonly sidf: Sidf
  readonly ausf: Ausf
  readonly servingNetwork: ServingNetwork
  /** The home network's public keys for EF.SUCI_Calc_Info, the preferred one first. */
  suciPublicKeys(): readonly SuciPublicKey[]
  /** Attached subscribers by SUPI, from the one after `after` on. */
  registrations(page: { readonly after?: string; readonly limit: number }): readonly Registration[]
  /** The attachment of a profile. */
  registrationOf(of: { readonly iccid: string }): Registration | undefined
}

/** How long a phone's answer is waited for: T3560 and T3460 run five times for six seconds (TS 24.501 §10.2, TS 24.301 §10.2). */
const ANSWER_WAIT_MS = 30_000
/** Longer, so that it never forgets what a serving network still waits for. */
const AUSF_WAIT_MS = 2 * ANSWER_WAIT_MS

export function createOperatorNetwork(parts: {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
  readonly suciKeys: readonly SuciKey[]
  /** Called within a command that has ended an attachment, or replaced it by a new one. */
  readonly onAttachmentEnd?: (db: Connection, of: { readonly iccid: string }) => void
  /** Called within a command that has attached a phone. */
  readonly onAttached?: (db: Connection, of: { readonly iccid: string }) => void
}): OperatorNetwork {
  const { store, environment, operators, suciKeys } = parts
  const random = environment.random.stream('challenges')
  const authenticationCentre = createAuthenticationCentre({
    store,
    random,
    algorithmFor: (db, iccid) =>
      fileOf(operators, { operator: operatorOf(db, iccid) ?? operators.default.id }).profile
        .algorithm,
  })
  const sidf = createSidf(suciKeys)
  const common = { environment, authenticationCentre, sidf }
  const ausf = createAusf({ ...common, waitMs: AUSF_WAIT_MS })
  return {
    authenticationCentre,
    sidf,
    ausf,
    servingNetwork: createServingNetwork({
      ...common,
      store,
      plmnOf: (db, { iccid }) => servingPlmnOf(db, { iccid, operators }),
      ausf,
      waitMs: ANSWER_WAIT_MS,
      onAttachmentEnd: parts.onAttachmentEnd,
      onAttached: parts.onAttached,
    }),
    suciPublicKeys: () => sidf.publicKeys,
    registrations: ({ after = '', limit }) =>
      store.read((db) => listRegistrations(db, { after, limit })),
    registrationOf: ({ iccid }) => store.read((db) => registrationOfProfile(db, iccid)),
  }
}
