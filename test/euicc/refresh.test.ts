import test from 'ava'
import { hex } from '../../src/base/octets.ts'
import { createEuicc } from '../../src/euicc/euicc.ts'
import { loadPersonality } from '../../src/euicc/personality-file.ts'
import {
  parseEuicc,
  serialiseEuicc,
  memoryStorage,
  type EuiccState,
} from '../../src/euicc/state.ts'
import { CardError } from '../../src/rsp/es10.ts'
import { cardWith } from '../helpers/card.ts'
import { needed } from '../helpers/driver.ts'

const byIccid = (iccid: Uint8Array | undefined, refreshFlag: boolean) => ({
  profileIdentifier: { iccid: needed(iccid) },
  refreshFlag,
})

const TWO = [{ state: 'enabled' }, {}] as const

test('without refreshFlag a profile is enabled at once, whatever the device can', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  card.euicc.startCatSession()
  t.deepEqual(await card.es10.enableProfile(byIccid(card.iccids[1], false)), { enableResult: 'ok' })
  t.deepEqual(card.states(), ['disabled', 'enabled'])
  t.false(card.euicc.pendingRefresh)
})

test('with refreshFlag a profile is enabled when the device has refreshed', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  card.euicc.startCatSession()
  t.deepEqual(await card.es10.enableProfile(byIccid(card.iccids[1], true)), { enableResult: 'ok' })
  t.true(card.euicc.pendingRefresh)
  t.deepEqual(card.states(), ['enabled', 'disabled'])
  t.deepEqual(card.told(), [])
  card.euicc.completeRefresh()
  t.false(card.euicc.pendingRefresh)
  t.deepEqual(card.states(), ['disabled', 'enabled'])
  t.deepEqual(card.told(), ['notificationDisable 0', 'notificationEnable 1'])
})

test('a device that cannot refresh leaves the profiles as they are', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  card.euicc.startCatSession()
  await card.es10.disableProfile(byIccid(card.iccids[0], true))
  card.euicc.abandonRefresh()
  card.euicc.reset()
  t.deepEqual(card.states(), ['enabled', 'disabled'])
  t.deepEqual(card.told(), [])
})

test('a reset does what waited for a refresh', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  card.euicc.startCatSession()
  await card.es10.disableProfile(byIccid(card.iccids[0], true))
  t.deepEqual(card.states(), ['enabled', 'disabled'])
  card.euicc.reset()
  t.deepEqual(card.states(), ['disabled', 'disabled'])
  await card.es10.enableProfile(byIccid(card.iccids[0], true))
  t.deepEqual(card.states(), ['enabled', 'disabled'], 'the proactive session ended with the reset')
})

test('what waited for a refresh is done at the next power-on, also from a file', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  card.euicc.startCatSession()
  await card.es10.enableProfile(byIccid(card.iccids[1], true))
  const storage = memoryStorage(parseEuicc(serialiseEuicc(card.euicc.state)))
  const again = createEuicc({ storage, random: card.lab.environment.random })
  t.deepEqual(
    again.state.profiles.map(({ state }) => state),
    ['disabled', 'enabled'],
  )
})

test('while a refresh is awaited nothing shows or changes the states of profiles', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  const { es10 } = card
  card.euicc.startCatSession()
  await es10.enableProfile(byIccid(card.iccids[1], true))
  const waiting = [
    es10.getProfilesInfo({}),
    es10.getProfilesInfo({ tagList: hex('5A9F70') }),
    es10.enableProfile(byIccid(card.iccids[1], true)),
    es10.disableProfile(byIccid(card.iccids[0], false)),
    es10.deleteProfile({ iccid: needed(card.iccids[1]) }),
    es10.eUICCMemoryReset({ resetOptions: ['deleteOperationalProfiles'] }),
  ]
  for (const command of waiting) {
    const error = await t.throwsAsync(command, { instanceOf: CardError })
    t.is(error?.statusWord, 0x6985)
  }
  const { profileInfoListOk } = await es10.getProfilesInfo({ tagList: hex('5A') })
  t.is(profileInfoListOk?.length, 2)
  t.truthy((await es10.getEUICCChallenge({})).euiccChallenge)
})

test('in a proactive session no profile is switched and an enabled one keeps the card from a reset', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  const { es10, iccids } = card
  card.euicc.setCatBusy(true)
  for (const refreshFlag of [true, false]) {
    t.deepEqual(await es10.enableProfile(byIccid(iccids[1], refreshFlag)), {
      enableResult: 'catBusy',
    })
    t.deepEqual(await es10.disableProfile(byIccid(iccids[0], refreshFlag)), {
      disableResult: 'catBusy',
    })
  }
  const all = { resetOptions: ['deleteOperationalProfiles'] } as const
  t.deepEqual(await es10.eUICCMemoryReset(all), { resetResult: 'catBusy' })
  card.euicc.setCatBusy(false)
  await es10.disableProfile(byIccid(iccids[0], false))
  card.euicc.setCatBusy(true)
  t.deepEqual(await es10.eUICCMemoryReset(all), { resetResult: 'ok' })
})

test('catBusy comes first without refreshFlag and last with it', async (t) => {
  const card = await cardWith(t, { profiles: TWO, personality: loadPersonality('cat-busy') })
  const { es10, iccids } = card
  const results = [
    await es10.enableProfile(byIccid(iccids[0], false)),
    await es10.enableProfile(byIccid(iccids[0], true)),
  ]
  t.deepEqual(
    results.map(({ enableResult }) => enableResult),
    ['catBusy', 'profileNotInDisabledState'],
  )
  const disabled = await es10.disableProfile(byIccid(iccids[1], true))
  t.deepEqual(disabled, { disableResult: 'profileNotInEnabledState' })
})

test('a memory reset that takes the enabled profile wants a refresh', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  card.euicc.startCatSession()
  await card.es10.eUICCMemoryReset({ resetOptions: ['deleteOperationalProfiles'] })
  t.true(card.euicc.pendingRefresh)
  t.deepEqual(card.states(), [])
  card.euicc.completeRefresh()
  t.false(card.euicc.pendingRefresh)
})

test('a memory reset that loses its power goes on at the next power-on', async (t) => {
  const card = await cardWith(t, { profiles: TWO })
  let stored: EuiccState = card.euicc.state
  let saves = 0
  const failing = {
    load: () => stored,
    save(state: EuiccState) {
      if (++saves === 2) throw new RangeError('the power is gone')
      stored = state
    },
  }
  const { random } = card.lab.environment
  const euicc = createEuicc({ storage: failing, random })
  await t.throwsAsync(euicc.transmit(hex('BF340482020780')), { message: 'the power is gone' })
  t.is(stored.profiles.length, 2)
  const again = createEuicc({
    storage: memoryStorage(parseEuicc(serialiseEuicc(stored))),
    random,
  })
  t.is(again.state.profiles.length, 0)
  t.is(again.state.notifications.length, 2)
  t.is(again.state.pendingReset, undefined)
})

test('a memory reset spares provisioning profiles, preloaded test profiles and the counter', async (t) => {
  const profiles = [
    { profileClass: 'operational', profilePolicyRules: ['ppr1', 'ppr2'], state: 'enabled' },
    { profileClass: 'test' },
    { profileClass: 'test', isPreinstalled: true },
    { profileClass: 'provisioning' },
  ] as const
  const state = { defaultDpAddress: 'new.example.com', initialDpAddress: 'old.example.com' }
  const card = await cardWith(t, { profiles, state })
  const before = card.euicc.state.nextSeqNumber
  const reset = (
    ...resetOptions: Parameters<typeof card.es10.eUICCMemoryReset>[0]['resetOptions']
  ) => card.es10.eUICCMemoryReset({ resetOptions })
  t.deepEqual(await reset('deleteFieldLoadedTestProfiles'), { resetResult: 'ok' })
  t.is(card.states().length, 3)
  t.deepEqual(await reset('resetDefaultSmdpAddress'), { resetResult: 'ok' })
  t.is(card.euicc.state.defaultDpAddress, 'old.example.com')
  t.deepEqual(await reset('deleteOperationalProfiles', 'deleteFieldLoadedTestProfiles'), {
    resetResult: 'ok',
  })
  const classes = card.euicc.state.profiles.map(({ metadata }) => metadata.profileClass)
  t.deepEqual(classes, ['test', 'provisioning'])
  t.is(card.euicc.state.nextSeqNumber, before + 2)
  const every = [
    'deleteOperationalProfiles',
    'deleteFieldLoadedTestProfiles',
    'resetDefaultSmdpAddress',
  ] as const
  t.deepEqual(await reset(...every), { resetResult: 'nothingToDelete' })
})
