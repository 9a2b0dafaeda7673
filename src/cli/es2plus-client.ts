/** ES2+ as an operator's software calls it: JSON over HTTP on the operator's listener, with the token. */

import { systemRandom } from '../base/environment.ts'
import { toHex } from '../base/octets.ts'
import { ADMIN_PROTOCOL } from '../http/rsp-headers.ts'
import { ES2PLUS, type Es2Plus } from '../rsp/es2plus.ts'
import {
  checkHeader,
  readFields,
  writeFields,
  type Json,
  type RspFunction,
} from '../rsp/json-binding.ts'
import type { Api } from './lab-client.ts'

const REQUESTER = 'esim-lab'

/** Each function throws `RspError` for a refusal, `LabError` when the lab does not answer. */
export function es2PlusClient(api: Api): Es2Plus {
  const functions = Object.entries(ES2PLUS).map(([name, rspFunction]) => [
    name,
    (message: Message) => call(api, { rspFunction, message }),
  ])
  return Object.fromEntries(functions) as Es2Plus
}

type Message = Readonly<Record<string, unknown>>

async function call(
  api: Api,
  { rspFunction, message }: { readonly rspFunction: RspFunction; readonly message: Message },
): Promise<object> {
  const functionCallIdentifier = toHex(systemRandom().unique(8))
  const header = { functionRequesterIdentifier: REQUESTER, functionCallIdentifier }
  const body = { header, ...writeFields(rspFunction.request, message) }
  const answer = await api.post<Readonly<Record<string, Json>>>(rspFunction.path, {
    body,
    headers: { 'x-admin-protocol': ADMIN_PROTOCOL },
  })
  checkHeader(answer)
  return readFields(rspFunction.response, answer)
}
