/** The AUSF: 5G-AKA between a serving network and the home network, which has the last word (3GPP TS 33.501 §6.1.3.2). */

import { timingSafeEqual } from 'node:crypto'
import type { Environment } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { toHex } from '../base/octets.ts'
import { deriveHresStar, deriveKseaf } from '../crypto/key-derivation.ts'
import type { AuthenticationCentre, Resynchronisation } from './authentication.ts'
import { createProcedures } from './procedures.ts'
import type { Sidf } from './suci-keys.ts'

/** What a SEAF asks for (TS 29.509 AuthenticationInfo). */
export interface UeAuthenticationRequest {
  /** `suci-…`, or `imsi-…` of a subscriber that is known. */
  readonly supiOrSuci: string
  readonly servingNetworkName: string
  readonly resynchronisation?: Resynchronisation | undefined
}

/** 5G SE AV: what a SEAF may know before the phone has answered (TS 33.501 §6.1.3.2.0). */
export interface ServingEnvironmentVector {
  /** Names the authentication towards the AUSF. */
  readonly authCtxId: string
  readonly rand: Uint8Array
  readonly autn: Uint8Array
  readonly hxresStar: Uint8Array
}

export type ConfirmedAuthentication =
  | { readonly authenticated: true; readonly supi: string; readonly kseaf: Uint8Array }
  | { readonly authenticated: false }

export interface Ausf {
  /** @throws {LabError} as `Sidf.supiOf` and `AuthenticationCentre.fiveGVector` */
  authenticate(request: UeAuthenticationRequest): Promise<ServingEnvironmentVector>
  /**
   * Compares RES* with XRES*, once: the authentication is over then, whatever comes of it.
   * @throws {LabError} notFound, reason `authenticationUnknown` — it never was, is over, or has waited too long
   */
  confirm(answer: {
    readonly authCtxId: string
    readonly resStar: Uint8Array
  }): ConfirmedAuthentication
}

interface Waiting {
  readonly supi: string
  readonly servingNetworkName: string
  readonly xresStar: Uint8Array
  readonly kausf: Uint8Array
}

const ID_OCTETS = 12

export function createAusf(parts: {
  readonly environment: Environment
  readonly authenticationCentre: AuthenticationCentre
  readonly sidf: Sidf
  /** How long RES* is waited for. */
  readonly waitMs: number
}): Ausf {
  const { environment, authenticationCentre, sidf, waitMs } = parts
  const procedures = createProcedures<Waiting>({ clock: environment.clock, waitMs })
  return {
    async authenticate({ supiOrSuci, servingNetworkName, resynchronisation }) {
      const supi = sidf.supiOf(supiOrSuci)
      const { rand, autn, xresStar, kausf } = await authenticationCentre.fiveGVector({
        supi,
        servingNetworkName,
        resynchronisation,
      })
      const authCtxId = toHex(environment.random.unique(ID_OCTETS))
      procedures.wait(authCtxId, { supi, servingNetworkName, xresStar, kausf })
      return { authCtxId, rand, autn, hxresStar: deriveHresStar({ rand, resStar: xresStar }) }
    },
    confirm({ authCtxId, resStar }) {
      const waiting = procedures.take(authCtxId)
      if (!waiting) throw unknownAuthentication()
      const { supi, servingNetworkName, xresStar, kausf } = waiting
      if (!isSame(resStar, xresStar)) return { authenticated: false }
      return { authenticated: true, supi, kseaf: deriveKseaf({ kausf, servingNetworkName }) }
    },
  }
}

/** Whether an answer is the one that was expected, in a time that tells nothing of either. */
export function isSame(answer: Uint8Array, expected: Uint8Array): boolean {
  return answer.length === expected.length && timingSafeEqual(answer, expected)
}

function unknownAuthentication(): LabError {
  return new LabError('notFound', 'no authentication with this name waits for an answer.', {
    reason: 'authenticationUnknown',
  })
}
