import test, { type ExecutionContext } from 'ava'
import { iccidToOctets } from '../../src/base/bcd.ts'
import { hex, toHex } from '../../src/base/octets.ts'
import type { EuiccState, InstalledProfile } from '../../src/euicc/state.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { es10Client, type Es10 } from '../../src/rsp/es10.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { phoneOn, testLab } from '../helpers/lab.ts'

interface Bench {
  readonly lab: Lab
  readonly phone: Phone
  readonly card: Es10
  /** The ICCIDs of the profiles, as the card takes them. */
  readonly iccids: readonly Uint8Array[]
}

const UNKNOWN = iccidToOctets('8900000000000000001')

/** A card with profiles, none enabled, and no notification that waits. */
async function cardWith(t: ExecutionContext, count: number): Promise<Bench> {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  for (let at = 0; at < count; at++) {
    const { matchingId } = await lab.order()
    await createDriver(lab, { phone, matchingId }).through('load')
  }
  await phone.sendNotifications()
  const iccids = phone.euicc.state.profiles.map(({ metadata }) => metadata.iccid)
  return { lab, phone, card: es10Client(phone.euicc), iccids }
}

/** The same card with its profiles changed. */
function changed(
  bench: Bench,
  change: (profile: InstalledProfile, at: number) => InstalledProfile,
): Bench {
  const profiles = bench.phone.euicc.state.profiles.map(change)
  const { nextSeqNumber, credentials } = bench.phone.euicc.state
  const phone = phoneOn(bench.lab, { state: { profiles, nextSeqNumber, credentials } })
  return { ...bench, phone, card: es10Client(phone.euicc) }
}

const withRules =
  (...profilePolicyRules: readonly ('ppr1' | 'ppr2')[]) =>
  (profile: InstalledProfile): InstalledProfile => ({
    ...profile,
    metadata: { ...profile.metadata, profilePolicyRules },
  })

const by = (iccid: Uint8Array | undefined) => ({
  profileIdentifier: { iccid: needed(iccid) },
  refreshFlag: false,
})

function statesOf({ phone }: Bench): string[] {
  return phone.euicc.state.profiles.map(({ state }) => state)
}

/** What the card has to tell: number and operation. */
function told({ phone }: Bench): string[] {
  return phone.euicc.state.notifications.map(
    ({ metadata }) => `${metadata.seqNumber} ${metadata.profileManagementOperation.join()}`,
  )
}

test('EnableProfile enables one profile and disables the other, and tells both', async (t) => {
  const bench = await cardWith(t, 2)
  const { card, iccids } = bench
  t.deepEqual(await card.enableProfile(by(iccids[0])), { enableResult: 'ok' })
  t.deepEqual(statesOf(bench), ['enabled', 'disabled'])
  const isdpAid = needed(bench.phone.euicc.state.profiles[1]).isdpAid
  const second = { profileIdentifier: { isdpAid }, refreshFlag: true }
  t.deepEqual(await card.enableProfile(second), { enableResult: 'ok' })
  t.deepEqual(statesOf(bench), ['disabled', 'enabled'])
  t.deepEqual(told(bench), [
    '5 notificationEnable',
    '6 notificationDisable',
    '7 notificationEnable',
  ])
})

test('EnableProfile refuses in its order', async (t) => {
  const bench = changed(await cardWith(t, 2), (profile, at) => ({
    ...withRules('ppr1')(profile),
    state: at === 0 ? 'enabled' : 'disabled',
  }))
  const before = bench.phone.euicc.state
  const { card, iccids } = bench
  const results = [
    await card.enableProfile(by(UNKNOWN)),
    await card.enableProfile(by(iccids[0])),
    await card.enableProfile(by(iccids[1])),
  ]
  t.deepEqual(
    results.map(({ enableResult }) => enableResult),
    ['iccidOrAidNotFound', 'profileNotInDisabledState', 'disallowedByPolicy'],
  )
  t.is(bench.phone.euicc.state, before)
})

test('DisableProfile refuses in its order, and disables', async (t) => {
  const free = await cardWith(t, 2)
  const ruled = changed(free, (profile, at) => ({
    ...withRules('ppr1')(profile),
    state: at === 0 ? 'enabled' : 'disabled',
  }))
  const before = ruled.phone.euicc.state
  const results = [
    await ruled.card.disableProfile(by(UNKNOWN)),
    await ruled.card.disableProfile(by(ruled.iccids[1])),
    await ruled.card.disableProfile(by(ruled.iccids[0])),
  ]
  t.deepEqual(
    results.map(({ disableResult }) => disableResult),
    ['iccidOrAidNotFound', 'profileNotInEnabledState', 'disallowedByPolicy'],
  )
  t.is(ruled.phone.euicc.state, before)
  await free.card.enableProfile(by(free.iccids[0]))
  t.deepEqual(await free.card.disableProfile(by(free.iccids[0])), { disableResult: 'ok' })
  t.deepEqual(told(free), ['5 notificationEnable', '6 notificationDisable'])
})

test('DeleteProfile refuses in its order, and deletes', async (t) => {
  const free = await cardWith(t, 2)
  const ruled = changed(free, (profile, at) => ({
    ...withRules('ppr2')(profile),
    state: at === 0 ? 'enabled' : 'disabled',
  }))
  const before = ruled.phone.euicc.state
  const results = [
    await ruled.card.deleteProfile({ iccid: UNKNOWN }),
    await ruled.card.deleteProfile({ iccid: needed(ruled.iccids[0]) }),
    await ruled.card.deleteProfile({ iccid: needed(ruled.iccids[1]) }),
  ]
  t.deepEqual(
    results.map(({ deleteResult }) => deleteResult),
    ['iccidOrAidNotFound', 'profileNotInDisabledState', 'disallowedByPolicy'],
  )
  t.is(ruled.phone.euicc.state, before)
  t.deepEqual(await free.card.deleteProfile({ iccid: needed(free.iccids[0]) }), {
    deleteResult: 'ok',
  })
  t.is(statesOf(free).length, 1)
  t.deepEqual(told(free), ['5 notificationDelete'])
})

test('a deleted profile may be installed again, and its AID is given again', async (t) => {
  const bench = await cardWith(t, 1)
  const [first] = bench.phone.euicc.state.profiles
  await bench.card.deleteProfile({ iccid: needed(bench.iccids[0]) })
  const { matchingId } = await bench.lab.order()
  await createDriver(bench.lab, { phone: bench.phone, matchingId }).through('load')
  t.deepEqual(bench.phone.euicc.state.profiles[0]?.isdpAid, first?.isdpAid)
})

test('eUICCMemoryReset deletes what it is told to, rules or not, and its numbers go on', async (t) => {
  const bench = changed(await cardWith(t, 2), (profile, at) => ({
    ...withRules('ppr1', 'ppr2')(profile),
    state: at === 0 ? 'enabled' : 'disabled',
  }))
  const { card, phone } = bench
  await card.setDefaultDpAddress({ defaultDpAddress: 'dp.example.com' })
  t.deepEqual(await card.eUICCMemoryReset({ resetOptions: ['deleteFieldLoadedTestProfiles'] }), {
    resetResult: 'nothingToDelete',
  })
  t.is(statesOf(bench).length, 2)
  t.deepEqual(await card.eUICCMemoryReset({ resetOptions: ['resetDefaultSmdpAddress'] }), {
    resetResult: 'ok',
  })
  t.is(phone.euicc.state.defaultDpAddress, undefined)
  t.is(statesOf(bench).length, 2)
  t.deepEqual(await card.eUICCMemoryReset({ resetOptions: ['deleteOperationalProfiles'] }), {
    resetResult: 'ok',
  })
  t.deepEqual(statesOf(bench), [])
  t.deepEqual(told(bench), ['5 notificationDelete', '6 notificationDelete'])
  t.is(phone.euicc.state.nextSeqNumber, 7)
  t.deepEqual(await card.eUICCMemoryReset({ resetOptions: ['deleteOperationalProfiles'] }), {
    resetResult: 'nothingToDelete',
  })
})

test('eUICCMemoryReset is marked, then forgets address and profiles in one change of state', async (t) => {
  const { lab, phone } = await cardWith(t, 2)
  const saved: EuiccState[] = []
  const storage = {
    load: () => ({ ...phone.euicc.state, defaultDpAddress: 'dp.example.com' }),
    save: (state: EuiccState) => void saved.push(state),
  }
  await lab.createPhone({ storage: () => storage }).memoryReset()
  t.is(saved.length, 2)
  t.like(saved[0], { profiles: { length: 2 }, defaultDpAddress: 'dp.example.com' })
  t.true(saved[0]?.pendingReset?.includes('deleteOperationalProfiles'))
  t.like(saved[1], { profiles: { length: 0 }, defaultDpAddress: undefined })
  t.is(saved[1]?.pendingReset, undefined)
  t.is(saved[1]?.notifications.length, 2)
})

test('SetNickname names a profile, takes 64 characters, and takes the name away', async (t) => {
  const { card, iccids } = await cardWith(t, 1)
  const iccid = needed(iccids[0])
  const nameOf = async () =>
    (await card.getProfilesInfo({})).profileInfoListOk?.[0]?.profileNickname
  const longest = 'ü'.repeat(64)
  t.deepEqual(await card.setNickname({ iccid: UNKNOWN, profileNickname: 'no' }), {
    setNicknameResult: 'iccidNotFound',
  })
  for (const profileNickname of ['work', longest]) {
    t.deepEqual(await card.setNickname({ iccid, profileNickname }), { setNicknameResult: 'ok' })
    t.is(await nameOf(), profileNickname)
  }
  await t.throwsAsync(card.setNickname({ iccid, profileNickname: `${longest}!` }))
  await card.setNickname({ iccid, profileNickname: '' })
  t.is(await nameOf(), undefined)
})

test('GetProfilesInfo answers the examples of SGP.22 §5.7.15', async (t) => {
  const { phone } = await cardWith(t, 2)
  const transmit = async (command: string) => phone.euicc.transmit(hex(command))
  const all = await transmit('BF2D 00')
  t.is(all.statusWord, 0x9000)
  t.regex(toHex(all.data), /^BF2D/)
  const one = await transmit(
    'BF2D 24 A0 12 4F 10 A0000005591010FFFFFFFF8900001000 5C 0E 5A 4F 9F70 90 91 92 93 94 95 B6 B7 B8 99',
  )
  t.regex(toHex(one.data), /4F10A0000005591010FFFFFFFF8900001000/)
  t.is(toHex(one.data).match(/4F10A0000005591010/g)?.length, 1)
  const states = await transmit('BF2D 05 5C 03 5A 9F70')
  const [first, second] = phone.euicc.state.profiles.map(({ metadata }) => toHex(metadata.iccid))
  t.is(toHex(states.data), `BF2D26A024E3105A0A${first}9F700100E3105A0A${second}9F700100`)
})

test('GetProfilesInfo finds by AID, ICCID and class', async (t) => {
  const { card, iccids, phone } = await cardWith(t, 2)
  const iccid = needed(iccids[1])
  const { isdpAid } = needed(phone.euicc.state.profiles[1])
  const found = async (searchCriteria: Parameters<Es10['getProfilesInfo']>[0]['searchCriteria']) =>
    (await card.getProfilesInfo({ searchCriteria })).profileInfoListOk?.map((info) => info.iccid)
  t.deepEqual(await found({ iccid }), [iccid])
  t.deepEqual(await found({ isdpAid }), [iccid])
  t.deepEqual(await found({ iccid: UNKNOWN }), [])
  t.deepEqual(await found({ profileClass: 'operational' }), [...iccids])
  t.deepEqual(await found({ profileClass: 'test' }), [])
})

test('GetProfilesInfo passes over tags it does not know and refuses half a tag', async (t) => {
  const { card, iccids } = await cardWith(t, 1)
  const tagged = (tagList: string) => card.getProfilesInfo({ tagList: hex(tagList) })
  t.deepEqual((await tagged('81 5A BF8501')).profileInfoListOk, [{ iccid: needed(iccids[0]) }])
  t.deepEqual((await tagged('')).profileInfoListOk, [{}])
  for (const tagList of ['9F', '5A9F', 'BF85']) {
    t.is((await tagged(tagList)).profileInfoListError, 'incorrectInputValues', tagList)
  }
})
