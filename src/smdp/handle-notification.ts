import { iccidFromOctets } from '../base/bcd.ts'
import { verify } from '../crypto/ec.ts'
import { readCertificate } from '../pki/certificate.ts'
import { eidOf, oidOf } from '../pki/chain.ts'
import type { FinalResult, NotificationEvent, NotificationMetadata } from '../rsp/common.ts'
import type { OtherSignedNotification, ProfileInstallationResult } from '../rsp/es10b.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../rsp/es9plus.ts'
import { RspError } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import {
  findDownload,
  findOrder,
  isNewNotification,
  recordEvent,
  saveOrder,
  type Download,
  type ProfileEvent,
} from '../store/orders.ts'
import { verifyEuiccChain } from './euicc-chain.ts'
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
  const download = context.store.read((db) => findDownload(db, signed.transactionId))
  if (!download) return
  const { publicKey } = readCertificate(download.euiccCertificate)
  if (!verify(publicKey, { data, signature: result.euiccSignPIR })) return
  if (!context.credentials.some(({ dpPb }) => oidOf(dpPb.certificate) === signed.smdpOid)) return
  const event = await context.store.write((db) =>
    settleOrder(db, {
      download,
      finalResult: signed.finalResult,
      seqNumber: signed.notificationMetadata.seqNumber,
      atMs: context.environment.clock.nowMs(),
    }),
  )
  context.sessions.end(signed.transactionId)
  if (event) await context.onEvent()
}

/** Downloaded becomes Installed or Error, once (SGP.22 §3.1.6). */
function settleOrder(
  db: Connection,
  settled: {
    readonly download: Download
    readonly finalResult: FinalResult
    readonly seqNumber: number
    readonly atMs: number
  },
): boolean {
  const { iccid, eid } = settled.download
  const order = findOrder(db, iccid)
  if (order?.state !== 'Downloaded' || order.eid !== eid) return false
  const { errorResult } = settled.finalResult
  if (errorResult) {
    const errorDetail = `${errorResult.bppCommandId}: ${errorResult.errorReason}`
    saveOrder(db, { ...order, state: 'Error', errorDetail })
    return false
  }
  saveOrder(db, { ...order, state: 'Installed', euiccOtpk: undefined, errorDetail: undefined })
  const { seqNumber, atMs } = settled
  recordEvent(db, { iccid, eid, event: 'install', seqNumber, atMs })
  return true
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
  const atMs = context.environment.clock.nowMs()
  const isNew = await context.store.write((db) => {
    if (findOrder(db, event.iccid)?.eid !== eid) return false
    if (!isNewNotification(db, { eid, seqNumber: metadata.seqNumber })) return false
    recordEvent(db, { ...event, eid, seqNumber: metadata.seqNumber, atMs })
    return true
  })
  if (isNew) await context.onEvent()
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
  if (!operation || others.length > 0 || !iccid) return undefined
  return { iccid, event: EVENTS[operation] }
}
