/** The activation code that a served lab greets with: the same at each start until somebody has used it. */

import { join } from 'node:path'
import { asBuffer } from '../base/octets.ts'
import type { Lab } from '../lab.ts'
import { formatActivationCode } from '../rsp/activation-code.ts'
import { readIfThere, replaceFile } from '../store/directory.ts'

interface Welcome {
  readonly iccid: string
  readonly activationCode: string
}

/** Orders a profile when the one of the last start is not there to be downloaded any more. */
export async function welcomeCode(lab: Lab, directory: string): Promise<Welcome> {
  const file = join(directory, 'welcome.json')
  const kept = keptCode(lab, readIfThere(file))
  if (kept) return kept
  const { iccid, activationCode } = await lab.order()
  replaceFile(file, `${JSON.stringify({ iccid })}\n`)
  return { iccid, activationCode }
}

/** The address may be another than at the last start, so the code is put together anew. */
function keptCode(lab: Lab, octets: Uint8Array | undefined): Welcome | undefined {
  const iccid = octets && iccidOf(asBuffer(octets).toString('utf8'))
  if (!iccid) return undefined
  // A page starts behind its `after`, so it is asked for from just before this ICCID.
  const page = lab.smdp.orders({ after: iccid.slice(0, -1), limit: 11 })
  const order = page.find((each) => each.iccid === iccid)
  if (order?.state !== 'Released' || !order.matchingId) return undefined
  const { matchingId } = order
  const smdpAddress = lab.smdp.address
  const code = { smdpAddress, matchingId, confirmationCodeRequired: false }
  return { iccid, activationCode: formatActivationCode(code) }
}

function iccidOf(text: string): string | undefined {
  try {
    return String((JSON.parse(text) as { iccid?: unknown }).iccid)
  } catch {
    return undefined
  }
}
