/** Local profile management on the card (SGP.22 §5.7.15 to §5.7.19, §5.7.21). */

import { equalOctets } from '../base/octets.ts'
import type { NotificationEvent } from '../rsp/common.ts'
import type { ProfileIdentifier, ProfileInfo } from '../rsp/es10c.ts'
import type { Es10Request, Es10Response } from '../rsp/es10.ts'
import { notificationsFor, update, withNotifications, type Card } from './card.ts'
import type { EuiccState, InstalledProfile } from './state.ts'

/** The tags of ProfileInfo and their fields; the first nine are answered when no tag list is given (SGP.22 §5.7.15). */
const FIELD_OF_TAG = new Map<number, keyof ProfileInfo>([
  [0x5a, 'iccid'],
  [0x4f, 'isdpAid'],
  [0x9f70, 'profileState'],
  [0x90, 'profileNickname'],
  [0x91, 'serviceProviderName'],
  [0x92, 'profileName'],
  [0x93, 'iconType'],
  [0x94, 'icon'],
  [0x95, 'profileClass'],
  [0xb6, 'notificationConfigurationInfo'],
  [0xb7, 'profileOwner'],
  [0xb8, 'dpProprietaryData'],
  [0x99, 'profilePolicyRules'],
])
const DEFAULT_FIELDS = new Set([...FIELD_OF_TAG.values()].slice(0, 9))

export function getProfilesInfo(
  card: Card,
  request: Es10Request<'getProfilesInfo'>,
): Es10Response<'getProfilesInfo'> {
  const fields = request.tagList ? fieldsOf(request.tagList) : DEFAULT_FIELDS
  if (!fields) return { profileInfoListError: 'incorrectInputValues' }
  const found = card.state.profiles.filter((profile) => matches(profile, request.searchCriteria))
  return { profileInfoListOk: found.map((profile) => select(profileInfo(profile), fields)) }
}

/** The fields of a tag list; `undefined` when a tag in it is cut short. Tags that are not known are passed over. */
function fieldsOf(tagList: Uint8Array): ReadonlySet<keyof ProfileInfo> | undefined {
  const fields = new Set<keyof ProfileInfo>()
  for (let at = 0; at < tagList.length;) {
    let tag = tagList[at++] as number
    while ((tag & 0x1f) === 0x1f || tag > 0xff) {
      const next = tagList[at++]
      if (next === undefined) return undefined
      tag = tag * 256 + next
      if (next < 0x80) break
    }
    const field = FIELD_OF_TAG.get(tag)
    if (field) fields.add(field)
  }
  return fields
}

function matches(
  profile: InstalledProfile,
  criteria: Es10Request<'getProfilesInfo'>['searchCriteria'],
): boolean {
  if (!criteria) return true
  if (criteria.profileClass !== undefined) {
    return profile.metadata.profileClass === criteria.profileClass
  }
  return isNamed(profile, criteria as ProfileIdentifier)
}

function profileInfo(profile: InstalledProfile): ProfileInfo {
  const { metadata } = profile
  return {
    ...metadata,
    isdpAid: profile.isdpAid,
    profileState: profile.state,
    profileNickname: profile.nickname,
    dpProprietaryData: profile.dpProprietaryData,
  }
}

function select(info: ProfileInfo, fields: ReadonlySet<keyof ProfileInfo>): ProfileInfo {
  return Object.fromEntries(
    Object.entries(info).filter(([name]) => fields.has(name as keyof ProfileInfo)),
  ) as ProfileInfo
}

function isNamed(profile: InstalledProfile, identifier: ProfileIdentifier): boolean {
  if (identifier.iccid) return equalOctets(profile.metadata.iccid, identifier.iccid)
  return identifier.isdpAid ? equalOctets(profile.isdpAid, identifier.isdpAid) : false
}

function find(card: Card, identifier: ProfileIdentifier): InstalledProfile | undefined {
  return card.state.profiles.find((profile) => isNamed(profile, identifier))
}

/** ES10c.EnableProfile (SGP.22 §5.7.16): the profile that was enabled is disabled, and both notify. */
export function enableProfile(
  card: Card,
  request: Es10Request<'enableProfile'>,
): Es10Response<'enableProfile'> {
  const target = find(card, request.profileIdentifier)
  if (!target) return { enableResult: 'iccidOrAidNotFound' }
  if (target.state !== 'disabled') return { enableResult: 'profileNotInDisabledState' }
  const former = card.state.profiles.find((profile) => profile.state === 'enabled')
  if (former?.metadata.profilePolicyRules?.includes('ppr1')) {
    return { enableResult: 'disallowedByPolicy' }
  }
  const formers = former ? [{ profile: former, becomes: 'disabled' as const }] : []
  update(card, changed(card, [...formers, { profile: target, becomes: 'enabled' }]))
  return { enableResult: 'ok' }
}

/** ES10c.DisableProfile (SGP.22 §5.7.17). */
export function disableProfile(
  card: Card,
  request: Es10Request<'disableProfile'>,
): Es10Response<'disableProfile'> {
  const target = find(card, request.profileIdentifier)
  if (!target) return { disableResult: 'iccidOrAidNotFound' }
  if (target.state !== 'enabled') return { disableResult: 'profileNotInEnabledState' }
  if (target.metadata.profilePolicyRules?.includes('ppr1')) {
    return { disableResult: 'disallowedByPolicy' }
  }
  update(card, changed(card, [{ profile: target, becomes: 'disabled' }]))
  return { disableResult: 'ok' }
}

/** ES10c.DeleteProfile (SGP.22 §5.7.18). */
export function deleteProfile(
  card: Card,
  request: Es10Request<'deleteProfile'>,
): Es10Response<'deleteProfile'> {
  const target = find(card, request)
  if (!target) return { deleteResult: 'iccidOrAidNotFound' }
  if (target.state !== 'disabled') return { deleteResult: 'profileNotInDisabledState' }
  if (target.metadata.profilePolicyRules?.includes('ppr2')) {
    return { deleteResult: 'disallowedByPolicy' }
  }
  update(card, changed(card, [{ profile: target, becomes: 'deleted' }]))
  return { deleteResult: 'ok' }
}

/** ES10c.eUICCMemoryReset (SGP.22 §5.7.19): policy rules do not hold it up; the sequence counter goes on. */
export function eUICCMemoryReset(
  card: Card,
  request: Es10Request<'eUICCMemoryReset'>,
): Es10Response<'eUICCMemoryReset'> {
  const { resetOptions } = request
  const doomed = resetOptions.includes('deleteOperationalProfiles')
    ? card.state.profiles.filter((profile) => profile.metadata.profileClass === 'operational')
    : []
  const forgetsAddress =
    resetOptions.includes('resetDefaultSmdpAddress') && card.state.defaultDpAddress !== undefined
  if (doomed.length === 0 && !forgetsAddress) return { resetResult: 'nothingToDelete' }
  const deletions = doomed.map((profile) => ({ profile, becomes: 'deleted' as const }))
  update(card, {
    ...changed(card, deletions),
    ...(forgetsAddress && { defaultDpAddress: undefined }),
  })
  return { resetResult: 'ok' }
}

/** ES10c.SetNickname (SGP.22 §5.7.21); an empty nickname removes it. */
export function setNickname(
  card: Card,
  request: Es10Request<'setNickname'>,
): Es10Response<'setNickname'> {
  const target = find(card, { iccid: request.iccid })
  if (!target) return { setNicknameResult: 'iccidNotFound' }
  const nickname = request.profileNickname === '' ? undefined : request.profileNickname
  update(card, {
    profiles: card.state.profiles.map((profile) =>
      profile === target ? { ...profile, nickname } : profile,
    ),
  })
  return { setNicknameResult: 'ok' }
}

interface ProfileChange {
  readonly profile: InstalledProfile
  readonly becomes: 'enabled' | 'disabled' | 'deleted'
}

const EVENT_OF_CHANGE: Readonly<Record<ProfileChange['becomes'], NotificationEvent>> = {
  enabled: 'notificationEnable',
  disabled: 'notificationDisable',
  deleted: 'notificationDelete',
}

/** What the stored state becomes by changes and their notifications. */
function changed(
  card: Card,
  changes: readonly ProfileChange[],
): Pick<EuiccState, 'nextSeqNumber' | 'notifications' | 'profiles'> {
  let { nextSeqNumber, notifications, profiles } = card.state
  for (const { profile, becomes } of changes) {
    const event = EVENT_OF_CHANGE[becomes]
    const added = notificationsFor(card, { profile, event, firstSeqNumber: nextSeqNumber })
    nextSeqNumber += added.length
    notifications = withNotifications({ ...card.state, notifications }, added)
    profiles =
      becomes === 'deleted'
        ? profiles.filter((other) => other !== profile)
        : profiles.map((other) => (other === profile ? { ...other, state: becomes } : other))
  }
  return { nextSeqNumber, notifications, profiles }
}
