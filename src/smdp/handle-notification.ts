import { children, readTlv } from '../asn1/der.ts'
import { iccidFromOctets } from '../base/bcd.ts'
import { equalOctets } from '../base/octets.ts'
import { publicKeyFromSpki, verify, type PublicKey } from '../crypto/ec.ts'
import { eidOf, oidOf } from '../pki/chain.ts'
import type { FinalResult, NotificationEvent, NotificationMetadata } from '../rsp/common.ts'
import type { OtherSignedNotification, ProfileInstallationResult } from '../rsp/es10b.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../rsp/es9plus.ts'
import { verifyEuiccChain } from '../rsp/euicc-chain.ts'
import { RspError } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import {
  findDownload,
  findOrder,
  isNewNotification,
  markSettled,
  saveOrder,
  settleDownload,
  wasHandedOut,
  type Download,
  type Order,
  type ProfileEvent,
} from '../store/orders.ts'
import { releasedAnew } from './open-order.ts'
import { installationFailed, noteProgress, SUCCESS } from './progress.ts'
import type { SmdpContext } from './smdp.ts'

/**
 * Takes a notification of an eUICC: the result of an installation, or that a profile was installed, enabled, disabled
 * or deleted.
 *
 * SGP.22 §5.6.4, §3.5, §3.1.3.3, ES9+.HandleNotification. It is acknowledged once it is stored. One that is not for
 * this server, is not authentic or was seen before is acknowledged too and changes nothing: the eUICC shall forget it.
 */
export async function handleNotification(
  context: SmdpContext,
  request: Es9PlusRequest<'handleNotification'>,
): Promise<Es9PlusResponse<'handleNotification'>> {
  const { profileInstallationResult, otherSignedNotification } = request.pendingNotification
  if (profileInstallationResult) await handleResult(context, profileInstallationResult)
  else if (otherSignedNotification) await handleOther(context, otherSignedNotification)
  return {}
}

/** A result carries no certificates: it is verified with the key of the session that it names. */
async function handleResult(
  context: SmdpContext,
  result: ProfileInstallationResult,
): Promise<void> {
  const { raw: data, value: signed } = result.profileInstallationResultData
  const { seqNumber } = signed.notificationMetadata
  if (seqNumber < 0) return
  const download = context.store.read((db) => findDownload(db, signed.transactionId))
  if (!download) return
  const publicKey = publicKeyOf(context, download)
  if (!publicKey || !verify(publicKey, { data, signature: result.euiccSignPIR })) return
  if (!context.credentials.some(({ dpPb }) => oidOf(dpPb.certificate) === signed.smdpOid)) return
  const { finalResult } = signed
  const settled = { context, download, finalResult, resultData: finalResultOf(data), seqNumber }
  await context.store.write((db) => {
    const event = settleOrder(db, settled)
    if (event) context.onProfileEvent(db, event)
  })
  context.sessions.end(signed.transactionId)
}

/** PK.EUICC of the download: at hand while its session lives, and kept for when it does not. */
function publicKeyOf(context: SmdpContext, download: Download): PublicKey | undefined {
  const session = context.sessions.find(download.transactionId)
  return session?.step === 'bound'
    ? session.euiccCertificate.publicKey
    : publicKeyFromSpki(download.euiccPublicKey)
}

const FINAL_RESULT_TAG = 0xa2

/** finalResult as it came. */
function finalResultOf(data: Uint8Array): Uint8Array {
  const { valueStart, end } = readTlv(data, 0)
  for (const part of children(data, valueStart, end)) {
    if (part.tag === FINAL_RESULT_TAG) return data.subarray(part.start, part.end)
  }
  return data.subarray(end)
}

interface Settled {
  readonly context: SmdpContext
  readonly resultData: Uint8Array
  readonly download: Download
  readonly finalResult: FinalResult
  readonly seqNumber: number
}

/**
 * Downloaded becomes Installed or Error, once (SGP.22 §3.1.6). An error counts for the last package alone: the result of
 * an earlier try may come late, while a newer one is on its way. A profile that was installed is installed.
 */
function settleOrder(db: Connection, settled: Settled): ProfileEvent | undefined {
  const { iccid, eid, transactionId } = settled.download
  // As it is kept now: the same result, or a reset of the order, may have come at the same time.
  if (findDownload(db, transactionId)?.settled !== false) return undefined
  const order = findOrder(db, iccid)
  if (order?.repeatable) return settleRepeatable(db, { ...settled, order })
  if (order?.state !== 'Downloaded' || order.eid !== eid) return undefined
  const errorDetail = errorOf(settled.finalResult)
  if (errorDetail !== undefined && !isLast(order, settled.download)) return undefined
  const state = errorDetail === undefined ? 'Installed' : 'Error'
  markSettled(db, { iccid, state, ...(errorDetail !== undefined && { errorDetail }) })
  reportResult(db, { ...settled, order })
  return errorDetail === undefined ? installed(settled) : undefined
}

function isLast({ lastTransactionId }: Order, { transactionId }: Download): boolean {
  return lastTransactionId !== undefined && equalOctets(lastTransactionId, transactionId)
}

/** Every download of a repeatable order has its result, once; the last one to begin holds the order until then. */
function settleRepeatable(
  db: Connection,
  settled: Settled & { readonly order: Order },
): ProfileEvent | undefined {
  const { download, order } = settled
  settleDownload(db, download.transactionId)
  const errorDetail = errorOf(settled.finalResult)
  reportResult(db, settled)
  if (order.state === 'Downloaded' && isLast(order, download)) {
    saveOrder(db, { ...releasedAnew(order), errorDetail })
  }
  return errorDetail === undefined ? installed(settled) : undefined
}

function reportResult(db: Connection, settled: Settled & { readonly order: Order }): void {
  const { context, order, resultData } = settled
  const { eid } = settled.download
  const errorDetail = errorOf(settled.finalResult)
  const status = errorDetail === undefined ? SUCCESS : installationFailed(errorDetail)
  noteProgress(db, { context, order, eid, point: 'bppInstallation', status, resultData })
}

function errorOf({ errorResult }: FinalResult): string | undefined {
  return errorResult && `${errorResult.bppCommandId}: ${errorResult.errorReason}`
}

function installed({ download, seqNumber }: Settled): ProfileEvent {
  return { iccid: download.iccid, eid: download.eid, event: 'install', seqNumber }
}

const EVENTS: Readonly<Record<NotificationEvent, ProfileEvent['event']>> = {
  notificationInstall: 'install',
  notificationEnable: 'enable',
  notificationDisable: 'disable',
  notificationDelete: 'delete',
}

async function handleOther(
  context: SmdpContext,
  notification: OtherSignedNotification,
): Promise<void> {
  const eid = authenticEid(context, notification)
  const { value: metadata } = notification.tbsOtherNotification
  const event = eid === undefined ? undefined : eventOf(metadata)
  if (eid === undefined || !event) return
  await context.store.write((db) => {
    if (!mayHave(db, { iccid: event.iccid, eid })) return
    const { seqNumber } = metadata
    const atMs = context.environment.clock.nowMs()
    if (!isNewNotification(db, { eid, iccid: event.iccid, seqNumber, atMs })) return
    context.onProfileEvent(db, { ...event, eid, seqNumber })
  })
}

/** Whether the eUICC can have the profile: it has it now, or had it before the order began anew. */
function mayHave(
  db: Connection,
  holder: { readonly iccid: string; readonly eid: string },
): boolean {
  return findOrder(db, holder.iccid)?.eid === holder.eid || wasHandedOut(db, holder)
}

/** The EID of the eUICC that signed, or nothing when its chain or its signature is not right. */
function authenticEid(
  context: SmdpContext,
  notification: OtherSignedNotification,
): string | undefined {
  const { raw: data } = notification.tbsOtherNotification
  const signature = notification.euiccNotificationSignature
  try {
    const euiccCertificate = verifyEuiccChain(context, notification)
    return verify(euiccCertificate.publicKey, { data, signature })
      ? eidOf(euiccCertificate)
      : undefined
  } catch (error) {
    if (error instanceof RspError) return undefined
    throw error
  }
}

function eventOf(
  metadata: NotificationMetadata,
): Pick<ProfileEvent, 'iccid' | 'event'> | undefined {
  const [operation, ...others] = metadata.profileManagementOperation
  const iccid = metadata.iccid && iccidFromOctets(metadata.iccid)
  if (!operation || others.length > 0 || !iccid || metadata.seqNumber < 0) return undefined
  return { iccid, event: EVENTS[operation] }
}
