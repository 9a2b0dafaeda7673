/** Services that wait for their approval: who was refused one is told when it may be used. */

import type { Connection, Store } from '../../store/engine.ts'
import {
  approvalWaitsOf,
  awaitedServices,
  endApprovalWait,
  putApprovalWait,
  type AwaitedService,
} from '../../store/gift-waits.ts'
import { findById, type Account } from '../accounts.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import type { GiftRefusal, GiftRefusalCode } from '../rules/refusals.ts'

/** That a subscriber's gifts are allowed again, within the command that allows them. */
export type AllowedNoticeEvent = Omit<ApprovalNoticeEvent, 'service'>

/** What a subscriber is to be told, within the command in which it is noted. */
export interface ApprovalNoticeEvent {
  readonly service: AwaitedService
  readonly to: Account
  readonly file: OperatorFile
  readonly atMs: number
}

const CHUNK = 500

const AWAITED: Partial<Record<GiftRefusalCode, AwaitedService>> = {
  serviceAwaitsApproval: 'gifting',
  roamingGiftsAwaitApproval: 'roamingGifting',
}

/** Notes who was refused for want of an approval. */
export function noteApprovalWaits(
  db: Connection,
  of: {
    readonly giver: Account | undefined
    readonly refusals: readonly GiftRefusal[]
    readonly atMs: number
  },
): void {
  const { giver, refusals, atMs } = of
  for (const { code } of refusals) {
    const service = AWAITED[code]
    if (service && giver) putApprovalWait(db, { accountId: giver.id, service, atMs })
  }
}

/** Tells everybody who has waited for what is approved now. Returns how many. */
export async function tellApproved(
  store: Store,
  by: {
    readonly operators: Operators
    readonly atMs: number
    notify(db: Connection, notice: ApprovalNoticeEvent): void
  },
): Promise<number> {
  let told = 0
  for (const { operator, service } of store.read(awaitedServices)) {
    const file = by.operators.find(operator)
    if (!file || !isApproved(file, service)) continue
    for (let waits = CHUNK; waits === CHUNK; told += waits)
      waits = await store.write((db) => tellSome(db, { ...by, file, service }))
  }
  return told
}

function tellSome(
  db: Connection,
  of: {
    readonly file: OperatorFile
    readonly service: AwaitedService
    readonly atMs: number
    notify(db: Connection, notice: ApprovalNoticeEvent): void
  },
): number {
  const { file, service, atMs } = of
  const waits = approvalWaitsOf(db, { operator: file.id, service, limit: CHUNK })
  for (const wait of waits) {
    endApprovalWait(db, wait)
    const to = findById(db, wait.accountId)
    if (to && to.status !== 'closed') of.notify(db, { service, to, file, atMs })
  }
  return waits.length
}

function isApproved({ gifting, regulation }: OperatorFile, service: AwaitedService): boolean {
  const approvals = regulation.approvals ?? []
  const isPending = (name: AwaitedService) =>
    approvals.some((approval) => approval.service === name && approval.state === 'pending')
  return gifting.approval !== 'pending' && !isPending('gifting') && !isPending(service)
}
