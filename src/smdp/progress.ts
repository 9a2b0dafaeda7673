/** What the operator is told of a download: ES2+.HandleDownloadProgressInfo (SGP.22 §5.3.5), by way of an outbox. */

import { toBase64 } from '../base/octets.ts'
import { oidOf } from '../pki/chain.ts'
import type { CancelSessionReason } from '../rsp/es10b.ts'
import {
  PROGRESS_POINTS,
  type DownloadProgressInfo,
  type ProgressPoint,
  type ProgressStatus,
} from '../rsp/es2plus-progress.ts'
import { refuse, type StatusName } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import type { Order } from '../store/orders.ts'
import { addProgress } from '../store/progress.ts'
import type { SmdpContext } from './smdp.ts'

export const SUCCESS: ProgressStatus = { status: 'Executed-Success' }

/** A refusal as the status of a point that failed. */
export function failedWith(name: StatusName, detail?: string): ProgressStatus {
  const { subjectCode, reasonCode, message } = refuse(name, detail === undefined ? {} : { detail })
  return { status: 'Failed', statusCodeData: { subjectCode, reasonCode, message } }
}

/** SGP.22 Table 32b; `postponed` and `timeout` neither end the order nor reach the operator. */
const CANCELLED: Readonly<
  Record<
    Exclude<CancelSessionReason, 'postponed' | 'timeout'>,
    readonly [subject: string, reason: string, message: string]
  >
> = {
  endUserRejection: ['8.8.5', '3.8', 'The user rejected the profile.'],
  pprNotAllowed: ['8.2.8', '1.2', 'A policy rule of the profile is not allowed on the eUICC.'],
  metadataMismatch: ['8.2.9', '3.11', 'The metadata were not those that were offered.'],
  loadBppExecutionError: ['8.2.10', '4.2', 'The Bound Profile Package could not be loaded.'],
  undefinedReason: ['8', '4.2', 'The LPA cancelled and gave no reason.'],
}

/** The status for the reason of a cancellation; a reason without a name counts as undefined. */
export function cancelledFor(reason: string | number): ProgressStatus {
  const known = Object.hasOwn(CANCELLED, reason) ? reason : 'undefinedReason'
  const [subjectCode, reasonCode, message] = CANCELLED[known as keyof typeof CANCELLED]
  return { status: 'Failed', statusCodeData: { subjectCode, reasonCode, message } }
}

/** An installation that failed; the specification names no code for it, so it is that of a package that was not executed. */
export function installationFailed(errorDetail: string): ProgressStatus {
  return {
    status: 'Failed',
    statusCodeData: {
      subjectCode: '8.2.10',
      reasonCode: '4.2',
      message: `The eUICC did not install the profile: ${errorDetail}.`,
    },
  }
}

/** Puts a word for the operator into the outbox, within the transaction of what it tells; nothing where nobody listens. */
export function noteProgress(
  db: Connection,
  note: {
    readonly context: SmdpContext
    readonly order: Order
    /** The eUICC of the session, where the order does not name it. */
    readonly eid?: string
    readonly point: ProgressPoint
    readonly status: ProgressStatus
    /** finalResult of the ProfileInstallationResult, DER with its tag. */
    readonly resultData?: Uint8Array
  },
): void {
  const { context, order, resultData } = note
  if (!context.progress.isWanted) return
  const { clock } = context.environment
  const eid = note.eid ?? order.eid
  const info: DownloadProgressInfo = {
    ...(eid !== undefined && { eid }),
    iccid: order.iccid,
    profileType: order.profileType,
    timestamp: `${clock.now().toISOString().slice(0, 19)}Z`,
    notificationPointId: PROGRESS_POINTS[note.point],
    notificationPointStatus: note.status,
    ...(resultData && { resultData: toBase64(resultData) }),
  }
  addProgress(db, { body: JSON.stringify(info), atMs: clock.nowMs() })
}

/** Who the SM-DP+ is in its own calls: its OID. */
export function requesterOf({ credentials }: Pick<SmdpContext, 'credentials'>): string {
  const [first] = credentials
  return first ? oidOf(first.dpAuth.certificate) : 'esim-lab'
}
