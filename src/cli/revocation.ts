/** The revocation lists of a served lab, as its verbs use them. */

import { fromBase64 } from '../base/octets.ts'
import type { Certificate } from '../pki/certificate.ts'
import { revokedByLists, type IsRevoked } from '../pki/revocation.ts'
import type { Api } from './lab-client.ts'

/** A list as the lab answers with it. */
export interface FetchedList {
  readonly fileName: string
  readonly crlNumber: number
  readonly revoked: number
  readonly list: Uint8Array
  readonly segments: readonly Uint8Array[]
}

interface ListJson {
  readonly fileName: string
  readonly crlNumber: number
  readonly revoked: number
  readonly list: string
  readonly segments: readonly string[]
}

export async function fetchLists(api: Api): Promise<readonly FetchedList[]> {
  const { lists } = await api.get<{ readonly lists: readonly ListJson[] }>('/api/revocations')
  return lists.map(({ list, segments, ...named }) => ({
    ...named,
    list: octetsOf(list),
    segments: segments.map(octetsOf),
  }))
}

/** What the lists say of certificates under these CIs. */
export async function fetchRevocations(
  api: Api,
  anchors: readonly Certificate[],
): Promise<IsRevoked> {
  return revokedByLists(
    (await fetchLists(api)).map(({ list }) => list),
    anchors,
  )
}

function octetsOf(text: string): Uint8Array {
  return fromBase64(text) ?? new Uint8Array(0)
}
