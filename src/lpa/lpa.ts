/** The LPA: what a phone does between its user, its eUICC and the servers (SGP.22 §3.1, §3.2, §3.5). */

import { iccidFromOctets, iccidToOctets } from '../base/bcd.ts'
import type { Clock } from '../base/environment.ts'
import { LabError, messageOf } from '../base/errors.ts'
import { toHex } from '../base/octets.ts'
import type { Certificate } from '../pki/certificate.ts'
import type { IsRevoked } from '../pki/revocation.ts'
import type { DeviceInfo, NotificationMetadata } from '../rsp/common.ts'
import type { Es10 } from '../rsp/es10.ts'
import type { PendingNotification } from '../rsp/es10b.ts'
import type { Es11 } from '../rsp/es11.ts'
import type { Es9Plus } from '../rsp/es9plus.ts'
import type { ProfileInfo } from '../rsp/es10c.ts'
import { discover, type Discovery } from './discovery.ts'
import { download, type Download, type DownloadRequest } from './download.ts'

/** What an LPA works with. */
export interface LpaContext {
  readonly es10: Es10
  /** The SM-DP+ at an address. */
  readonly es9Plus: (address: string) => Es9Plus
  /**
   * The SM-DS at an address, or a server of which is not known yet whether it is one; it may be an SM-DP+. Without it
   * nothing can be discovered.
   */
  readonly es11?: ((address: string) => Es11) | undefined
  readonly clock: Clock
  readonly device: DeviceInfo
  /** The CIs that the device trusts; where given, the LPA judges the dates of the server's certificates by its clock. */
  readonly trustedCis: readonly Certificate[]
  /** What the CIs' lists say, where the device has them (SGP.22 §4.6.3). */
  readonly isRevoked?: IsRevoked | undefined
}

/** A profile on the eUICC, as people name its parts. */
export interface ProfileSummary {
  readonly iccid: string
  readonly state: 'enabled' | 'disabled'
  readonly name: string
  readonly serviceProviderName: string
  readonly nickname: string | undefined
  readonly profileClass: string
  readonly isdpAid: string
}

/** Which profiles to list. */
export interface ProfilesWanted {
  readonly includeProvisioning?: boolean
}

/** A notification that waits on the eUICC. */
export interface NotificationSummary {
  readonly seqNumber: number
  readonly operation: 'install' | 'enable' | 'disable' | 'delete'
  readonly address: string
  readonly iccid: string | undefined
}

/** What became of the notifications that waited. */
export interface NotificationReport {
  readonly sent: readonly number[]
  /** Those that stay on the eUICC, and why. */
  readonly failed: readonly { readonly seqNumber: number; readonly reason: string }[]
}

export interface Lpa {
  /** @throws {LabError} refused, with the step's reason; unavailable, when the server cannot be reached */
  download(request: DownloadRequest): Promise<Download>
  /**
   * Asks the root SM-DS of the eUICC who has a profile for it. Each event can be downloaded with its EventID as
   * MatchingID.
   * @throws {LabError} refused, unavailable — by the root SM-DS; what is wrong with one event is told beside the others
   */
  discover(): Promise<Discovery>
  /** Without Provisioning Profiles unless told: an LPA hides them from its user (SGP.22 §2.4.5.2). */
  profiles(wanted?: ProfilesWanted): Promise<readonly ProfileSummary[]>
  /** @throws {LabError} refused, with the eUICC's result as its reason */
  enable(profile: { readonly iccid: string }): Promise<void>
  disable(profile: { readonly iccid: string }): Promise<void>
  delete(profile: { readonly iccid: string }): Promise<void>
  setNickname(profile: { readonly iccid: string; readonly nickname: string }): Promise<void>
  notifications(): Promise<readonly NotificationSummary[]>
  /** Sends what waits, to each address in the order of its numbers, and removes what was acknowledged (§3.5). */
  sendNotifications(): Promise<NotificationReport>
  memoryReset(): Promise<void>
  /**
   * Hands a CI's revocation list to the eUICC, in parts of at most 1024 octets (ES10b.LoadCRL).
   * @throws {LabError} refused, with the eUICC's error as its reason
   */
  loadCrl(list: { readonly segments: readonly Uint8Array[] }): Promise<void>
}

export function createLpa(context: LpaContext): Lpa {
  const { es10 } = context
  return {
    download: (request) => download(context, request),
    discover: () => discover(context),
    async profiles({ includeProvisioning = false } = {}) {
      const { profileInfoListOk, profileInfoListError } = await es10.getProfilesInfo({})
      if (!profileInfoListOk) throw refusedByCard('GetProfilesInfo', profileInfoListError)
      return profileInfoListOk
        .map(summaryOf)
        .filter(({ profileClass }) => includeProvisioning || profileClass !== 'provisioning')
    },
    async enable({ iccid }) {
      const request = { profileIdentifier: { iccid: iccidToOctets(iccid) }, refreshFlag: false }
      const { enableResult } = await es10.enableProfile(request)
      if (enableResult !== 'ok') throw refusedByCard('EnableProfile', enableResult)
    },
    async disable({ iccid }) {
      const request = { profileIdentifier: { iccid: iccidToOctets(iccid) }, refreshFlag: false }
      const { disableResult } = await es10.disableProfile(request)
      if (disableResult !== 'ok') throw refusedByCard('DisableProfile', disableResult)
    },
    async delete({ iccid }) {
      const { deleteResult } = await es10.deleteProfile({ iccid: iccidToOctets(iccid) })
      if (deleteResult !== 'ok') throw refusedByCard('DeleteProfile', deleteResult)
    },
    async setNickname({ iccid, nickname }) {
      const request = { iccid: iccidToOctets(iccid), profileNickname: nickname }
      const { setNicknameResult } = await es10.setNickname(request)
      if (setNicknameResult !== 'ok') throw refusedByCard('SetNickname', setNicknameResult)
    },
    notifications: async () => (await pendingNotifications(es10)).map(summaryOfNotification),
    sendNotifications: () => sendNotifications(context),
    async memoryReset() {
      const resetOptions = ['deleteOperationalProfiles', 'resetDefaultSmdpAddress'] as const
      const { resetResult } = await es10.eUICCMemoryReset({ resetOptions })
      if (resetResult !== 'ok') throw refusedByCard('eUICCMemoryReset', resetResult)
    },
    async loadCrl({ segments }) {
      for (const segment of segments) {
        const { loadCRLResponseError } = await es10.loadCRL({ crl: underTagOfLoadCrl(segment) })
        if (loadCRLResponseError) throw refusedByCard('LoadCRL', loadCRLResponseError)
      }
    },
  }
}

/** The module tags automatically: [0] in place of the list's SEQUENCE. */
function underTagOfLoadCrl(list: Uint8Array): Uint8Array {
  return Uint8Array.of(0xa0, ...list.subarray(1))
}

const CARD_ADVICE: Readonly<Record<string, string>> = {
  iccidOrAidNotFound: 'There is no such profile on this eUICC.',
  profileNotInDisabledState: 'The profile is enabled. Disable it first.',
  profileNotInEnabledState: 'The profile is not enabled.',
  disallowedByPolicy: 'A policy rule of a profile forbids it.',
  nothingToDelete: 'There is nothing to delete.',
  catBusy: 'A session of the card application toolkit is under way. Try again.',
}

function refusedByCard(functionName: string, result: string | number | undefined): LabError {
  const reason = String(result)
  const advice = CARD_ADVICE[reason] ?? ''
  return new LabError(
    'refused',
    `the eUICC answered ${functionName} with ${reason}. ${advice}`.trim(),
    {
      reason,
    },
  )
}

function summaryOf(info: ProfileInfo): ProfileSummary {
  return {
    iccid: (info.iccid && iccidFromOctets(info.iccid)) ?? '',
    state: info.profileState === 'enabled' ? 'enabled' : 'disabled',
    name: info.profileName ?? '',
    serviceProviderName: info.serviceProviderName ?? '',
    nickname: info.profileNickname,
    profileClass: String(info.profileClass ?? 'operational'),
    isdpAid: info.isdpAid ? toHex(info.isdpAid) : '',
  }
}

const OPERATIONS = {
  notificationInstall: 'install',
  notificationEnable: 'enable',
  notificationDisable: 'disable',
  notificationDelete: 'delete',
} as const

interface Waiting {
  readonly metadata: NotificationMetadata
  readonly pendingNotification: PendingNotification
}

/** What waits on the eUICC, by sequence number. */
async function pendingNotifications(es10: Es10): Promise<Waiting[]> {
  const { notificationList } = await es10.retrieveNotificationsList({})
  const waiting = (notificationList ?? []).map((pendingNotification) => ({
    metadata: metadataOf(pendingNotification),
    pendingNotification,
  }))
  return waiting.toSorted((a, b) => a.metadata.seqNumber - b.metadata.seqNumber)
}

function metadataOf(notification: PendingNotification): NotificationMetadata {
  const { profileInstallationResult, otherSignedNotification } = notification
  return profileInstallationResult
    ? profileInstallationResult.profileInstallationResultData.value.notificationMetadata
    : otherSignedNotification.tbsOtherNotification.value
}

function summaryOfNotification({ metadata }: Waiting): NotificationSummary {
  const [operation = 'notificationInstall'] = metadata.profileManagementOperation
  return {
    seqNumber: metadata.seqNumber,
    operation: OPERATIONS[operation],
    address: metadata.notificationAddress,
    iccid: metadata.iccid && iccidFromOctets(metadata.iccid),
  }
}

/** A server that cannot be reached holds up its own notifications, not those of others. */
async function sendNotifications(context: LpaContext): Promise<NotificationReport> {
  const sent: number[] = []
  const failed: { seqNumber: number; reason: string }[] = []
  const unreachable = new Map<string, string>()
  for (const { metadata, pendingNotification } of await pendingNotifications(context.es10)) {
    const { seqNumber, notificationAddress } = metadata
    const known = unreachable.get(notificationAddress)
    const reason =
      known ?? (await sendOne(context, { address: notificationAddress, pendingNotification }))
    if (reason === undefined) {
      await context.es10.removeNotificationFromList({ seqNumber })
      sent.push(seqNumber)
    } else {
      unreachable.set(notificationAddress, reason)
      failed.push({ seqNumber, reason })
    }
  }
  return { sent, failed }
}

/** Why the notification was not acknowledged, or nothing. */
async function sendOne(
  context: LpaContext,
  delivery: { readonly address: string; readonly pendingNotification: PendingNotification },
): Promise<string | undefined> {
  try {
    const { pendingNotification } = delivery
    await context.es9Plus(delivery.address).handleNotification({ pendingNotification })
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
