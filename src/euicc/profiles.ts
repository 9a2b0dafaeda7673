/** Local profile management on the card (SGP.22 §5.7.15 to §5.7.19, §5.7.21). */

import { equalOctets } from '../base/octets.ts'
import type { NotificationEvent } from '../rsp/common.ts'
import type { ProfileIdentifier, ProfileInfo } from '../rsp/es10c.ts'
import type { Es10Request, Es10Response } from '../rsp/es10.ts'
import { notificationsFor, update, withNotifications, type Card } from './card.ts'
import type { EuiccState, InstalledProfile, PendingChange, ResetOption } from './state.ts'

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

/** Whether the profiles' state is asked for: while it changes there is no answer (SGP.22 §5.7.15). */
export function asksForState({ tagList }: Es10Request<'getProfilesInfo'>): boolean {
  return !tagList || (fieldsOf(tagList)?.has('profileState') ?? false)
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

/**
 * ES10c.EnableProfile (SGP.22 §5.7.16): the profile that was enabled is disabled, and both notify. A Test Profile and a
 * Provisioning Profile pass PPR1 (§2.9.3.3, §2.4.5.2); behind a Test Profile comes another one, or the Operational
 * Profile from before.
 */
export function enableProfile(
  card: Card,
  request: Es10Request<'enableProfile'>,
): Es10Response<'enableProfile'> {
  if (!request.refreshFlag && card.cat.isBusy) return { enableResult: 'catBusy' }
  const target = find(card, request.profileIdentifier)
  if (!target) return { enableResult: 'iccidOrAidNotFound' }
  if (target.state !== 'disabled') return { enableResult: 'profileNotInDisabledState' }
  const former = enabledProfile(card)
  const isHeld = former?.metadata.profilePolicyRules?.includes('ppr1')
  if (isHeld && target.metadata.profileClass === 'operational') {
    return { enableResult: 'disallowedByPolicy' }
  }
  if (former && isTest(former) && !mayFollowTest(card, target)) {
    return { enableResult: 'wrongProfileReenabling' }
  }
  if (card.cat.isBusy) return { enableResult: 'catBusy' }
  const change = { enables: target.isdpAid, disables: former?.isdpAid }
  switchProfiles(card, { change, refreshFlag: request.refreshFlag })
  return { enableResult: 'ok' }
}

/** ES10c.DisableProfile (SGP.22 §5.7.17): a Test Profile gives way to the Operational Profile from before, if it is there. */
export function disableProfile(
  card: Card,
  request: Es10Request<'disableProfile'>,
): Es10Response<'disableProfile'> {
  if (!request.refreshFlag && card.cat.isBusy) return { disableResult: 'catBusy' }
  const target = find(card, request.profileIdentifier)
  if (!target) return { disableResult: 'iccidOrAidNotFound' }
  if (target.state !== 'enabled') return { disableResult: 'profileNotInEnabledState' }
  if (!isTest(target) && target.metadata.profilePolicyRules?.includes('ppr1')) {
    return { disableResult: 'disallowedByPolicy' }
  }
  if (card.cat.isBusy) return { disableResult: 'catBusy' }
  const enables = isTest(target) ? card.state.operationalBeforeTest : undefined
  const change = { enables, disables: target.isdpAid }
  switchProfiles(card, { change, refreshFlag: request.refreshFlag })
  return { disableResult: 'ok' }
}

function enabledProfile(card: Card): InstalledProfile | undefined {
  return card.state.profiles.find((profile) => profile.state === 'enabled')
}

function isTest(profile: InstalledProfile): boolean {
  return profile.metadata.profileClass === 'test'
}

function mayFollowTest(card: Card, target: InstalledProfile): boolean {
  const { operationalBeforeTest } = card.state
  if (isTest(target)) return true
  return operationalBeforeTest ? equalOctets(target.isdpAid, operationalBeforeTest) : false
}

/** At once, or with the REFRESH that the device is to perform. */
function switchProfiles(
  card: Card,
  work: { readonly change: PendingChange; readonly refreshFlag: boolean },
): void {
  if (work.refreshFlag && card.cat.canRefresh) {
    update(card, { pendingChange: work.change })
    card.cat.awaitsRefresh = true
  } else {
    update(card, switched(card, work.change))
  }
}

/** The REFRESH was performed, or the card was reset: what waited for it is carried out. */
export function completeRefresh(card: Card): void {
  card.cat.awaitsRefresh = false
  const { pendingChange } = card.state
  if (pendingChange) update(card, { ...switched(card, pendingChange), pendingChange: undefined })
}

/** The device could not perform the REFRESH: the profiles stay as they are. */
export function abandonRefresh(card: Card): void {
  card.cat.awaitsRefresh = false
  if (card.state.pendingChange) update(card, { pendingChange: undefined })
}

/** What the stored state becomes when profiles change places. */
function switched(card: Card, change: PendingChange): Partial<EuiccState> {
  const disabled = change.disables && find(card, { isdpAid: change.disables })
  const enabled = change.enables && find(card, { isdpAid: change.enables })
  return {
    ...changed(card, [
      ...(disabled ? [{ profile: disabled, becomes: 'disabled' as const }] : []),
      ...(enabled ? [{ profile: enabled, becomes: 'enabled' as const }] : []),
    ]),
    operationalBeforeTest: operationalBefore(card, { disabled, enabled }),
  }
}

/** The Operational Profile that was enabled before the first of the Test Profiles in a row (SGP.22 §5.7.16). */
function operationalBefore(
  card: Card,
  change: {
    readonly disabled: InstalledProfile | undefined
    readonly enabled: InstalledProfile | undefined
  },
): Uint8Array | undefined {
  if (!change.enabled || !isTest(change.enabled)) return undefined
  const { disabled } = change
  if (disabled && isTest(disabled)) return card.state.operationalBeforeTest
  return disabled?.metadata.profileClass === 'operational' ? disabled.isdpAid : undefined
}

/** ES10c.DeleteProfile (SGP.22 §5.7.18). A Provisioning Profile is never deleted (§2.4.5.2). */
export function deleteProfile(
  card: Card,
  request: Es10Request<'deleteProfile'>,
): Es10Response<'deleteProfile'> {
  const target = find(card, request)
  if (!target) return { deleteResult: 'iccidOrAidNotFound' }
  if (target.state !== 'disabled') return { deleteResult: 'profileNotInDisabledState' }
  const isKept = target.metadata.profileClass === 'provisioning'
  if (isKept || target.metadata.profilePolicyRules?.includes('ppr2')) {
    return { deleteResult: 'disallowedByPolicy' }
  }
  update(card, changed(card, [{ profile: target, becomes: 'deleted' }]))
  return { deleteResult: 'ok' }
}

/**
 * ES10c.eUICCMemoryReset (SGP.22 §5.7.19): policy rules do not hold it up; Provisioning Profiles, Test Profiles that came
 * with the card, the Rules Authorisation Table and the sequence counter stay. It is marked before it begins, so that a
 * card that loses power carries it on.
 */
export function eUICCMemoryReset(
  card: Card,
  request: Es10Request<'eUICCMemoryReset'>,
): Es10Response<'eUICCMemoryReset'> {
  const { resetOptions } = request
  const enabled = enabledProfile(card)
  if (enabled && card.cat.isBusy) return { resetResult: 'catBusy' }
  const doomed = doomedBy(card, resetOptions)
  if (doomed.length === 0 && !forgetsAddress(card, resetOptions)) {
    return { resetResult: 'nothingToDelete' }
  }
  update(card, { pendingReset: resetOptions })
  completeReset(card)
  if (enabled && doomed.includes(enabled)) card.cat.awaitsRefresh = card.cat.canRefresh
  return { resetResult: 'ok' }
}

/** Carries out the memory reset that is marked, if any. */
export function completeReset(card: Card): void {
  const { pendingReset } = card.state
  if (!pendingReset) return
  const deletions = doomedBy(card, pendingReset).map((profile) => {
    return { profile, becomes: 'deleted' as const }
  })
  update(card, {
    ...changed(card, deletions),
    ...(forgetsAddress(card, pendingReset) && { defaultDpAddress: card.state.initialDpAddress }),
    pendingReset: undefined,
  })
}

function doomedBy(card: Card, options: readonly ResetOption[]): InstalledProfile[] {
  return card.state.profiles.filter(({ metadata, isPreinstalled }) => {
    if (metadata.profileClass === 'operational')
      return options.includes('deleteOperationalProfiles')
    if (metadata.profileClass === 'provisioning' || isPreinstalled) return false
    return options.includes('deleteFieldLoadedTestProfiles')
  })
}

function forgetsAddress({ state }: Card, options: readonly ResetOption[]): boolean {
  if (!options.includes('resetDefaultSmdpAddress')) return false
  return state.defaultDpAddress !== state.initialDpAddress
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
): Pick<EuiccState, 'nextSeqNumber' | 'notifications' | 'operationalBeforeTest' | 'profiles'> {
  let { nextSeqNumber, notifications, operationalBeforeTest, profiles } = card.state
  for (const { profile, becomes } of changes) {
    const event = EVENT_OF_CHANGE[becomes]
    const added = notificationsFor(card, { profile, event, firstSeqNumber: nextSeqNumber })
    nextSeqNumber += added.length
    notifications = withNotifications({ ...card.state, notifications }, added)
    profiles =
      becomes === 'deleted'
        ? profiles.filter((other) => other !== profile)
        : profiles.map((other) => (other === profile ? { ...other, state: becomes } : other))
    // The AID of a deleted profile is given again, to one that was not enabled before a Test Profile.
    const isFormer = operationalBeforeTest && equalOctets(profile.isdpAid, operationalBeforeTest)
    if (becomes === 'deleted' && isFormer) operationalBeforeTest = undefined
  }
  return { nextSeqNumber, notifications, operationalBeforeTest, profiles }
}
