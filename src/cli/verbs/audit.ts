/** `esim-lab audit`: whether the books balance. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { formatAmount, type JsonAmount } from '../../operator/amount.ts'
import { openLab } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { labVerb, type CommonOptions } from '../verb.ts'

export function auditVerb(output: Output): Command {
  return labVerb({
    name: 'audit',
    summary: 'recount the books from the journal, and tell whether they balance',
    examples: ['audit', 'audit --json'],
  }).action((options: CommonOptions) => audit(options, output))
}

interface AuditAnswer {
  readonly balanced: boolean
  readonly faults: readonly string[]
  readonly issuedBytes: JsonAmount
  readonly availableBytes: JsonAmount
  readonly heldBytes: JsonAmount
  readonly consumedBytes: JsonAmount
  readonly expiredBytes: JsonAmount
  readonly overageBytes: JsonAmount
}

async function audit(options: CommonOptions, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  const found = await lab.get<AuditAnswer>('/api/ledger/audit')
  const sums = [
    `${said(found.availableBytes)} available`,
    `${said(found.heldBytes)} held`,
    `${said(found.consumedBytes)} consumed`,
    `${said(found.expiredBytes)} expired`,
  ]
  const head = found.balanced ? 'The books balance:' : 'The books do not balance:'
  const beyond = BigInt(found.overageBytes) > 0n
  const overage = beyond ? ` (and ${said(found.overageBytes)} used beyond all data)` : ''
  const text = `${head} ${said(found.issuedBytes)} issued = ${sums.join(' + ')}${overage}`
  output.result(found, text)
  if (found.balanced) return
  throw new LabError(
    'damaged',
    `${counted(found.faults.length, 'fault')}: ${found.faults.join('; ')}`,
  )
}

/** Sums over everybody are larger than any amount may be. */
function said(bytes: JsonAmount): string {
  return formatAmount(BigInt(bytes))
}
