/** Cards made of certificates and keys that somebody brought. */

import { systemRandom } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { equalOctets } from '../base/octets.ts'
import { serialiseEuicc, type EuiccState } from '../euicc/state.ts'
import { cardOfPki } from '../lab-identity.ts'
import type { LoadedPki } from '../pki/load.ts'

/**
 * The state of a new card, as text.
 * @throws {LabError} badInput — no eUICC can be made of the PKI; conflict — no other one than those of other phones
 */
export function newBroughtCard(
  pki: LoadedPki,
  card: {
    readonly name: string
    readonly eid: string | undefined
    /** Those of other phones. */
    readonly takenEids: readonly string[]
  },
): string {
  const { eid, ...others } = card
  const order = { ...others, ...(eid !== undefined && { eid }), random: systemRandom() }
  return serialiseEuicc(cardOfPki(pki, order))
}

/**
 * Makes sure that a card which is there is of the PKI: its profiles go with its keys, and another PKI's is another card.
 * @throws {LabError} conflict
 */
export function checkCardIsOf(
  pki: LoadedPki,
  card: { readonly name: string; readonly state: EuiccState },
): void {
  const isOf = card.state.credentials.every(({ eumCertificate: { authorityKeyId } }) =>
    pki.cis.some(
      ({ certificate: { subjectKeyId } }) =>
        authorityKeyId && subjectKeyId && equalOctets(authorityKeyId, subjectKeyId),
    ),
  )
  if (isOf) return
  const detail = `the phone "${card.name}" has a card of another PKI than ${pki.directory}. Choose another phone with --phone.`
  throw new LabError('conflict', detail, { field: 'phone', reason: 'otherPki' })
}
