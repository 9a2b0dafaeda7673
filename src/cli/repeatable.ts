/** Requests that must not happen twice: each has a key, and may be sent again with the same one. */

import { systemRandom } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { toHex } from '../base/octets.ts'
import type { LabClient } from './lab-client.ts'

/** Posts with the user's key or a new one. When the answer is lost, the error names the key to try again with. */
export async function postOnce<T>(
  lab: LabClient,
  request: { readonly path: string; readonly body: object; readonly key: string | undefined },
): Promise<T> {
  const { path, body } = request
  return repeatably(request.key, (key) => lab.post<T>(path, { body, idempotencyKey: key }))
}

/** Does something under the user's key or a new one, in the same way. */
export async function repeatably<T>(
  given: string | undefined,
  work: (key: string) => Promise<T>,
): Promise<T> {
  const key = given ?? `cli-${toHex(systemRandom().unique(12))}`
  try {
    return await work(key)
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'unavailable') throw error
    const detail = `${error.message} Nobody knows whether it happened: try again with --key ${key}`
    throw new LabError('unavailable', detail, { cause: error })
  }
}
