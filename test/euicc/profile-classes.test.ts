import test from 'ava'
import { loadPersonality } from '../../src/euicc/personality-file.ts'
import { encode } from '../../src/asn1/schema.ts'
import { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { es10Client } from '../../src/rsp/es10.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import { encodeElement, readProfileElements } from '../../src/profile/elements.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { bench, failedLoad, reasonOf } from '../helpers/bind.ts'
import { cardWith, type CardBench } from '../helpers/card.ts'
import { needed } from '../helpers/driver.ts'
import { labProfiles } from '../../src/lab-profiles.ts'
import type { Lab } from '../../src/lab.ts'
import { phoneOn, testLab } from '../helpers/lab.ts'

const PPR1 = { profilePolicyRules: ['ppr1'] } as const

async function enable({ es10, iccids }: CardBench, at: number): Promise<unknown> {
  const profileIdentifier = { iccid: needed(iccids[at]) }
  return (await es10.enableProfile({ profileIdentifier, refreshFlag: false })).enableResult
}

async function disable({ es10, iccids }: CardBench, at: number): Promise<unknown> {
  const profileIdentifier = { iccid: needed(iccids[at]) }
  return (await es10.disableProfile({ profileIdentifier, refreshFlag: false })).disableResult
}

test('a test profile passes PPR1, and gives way to the operational profile from before', async (t) => {
  const profiles = [{ state: 'enabled', ...PPR1 }, { profileClass: 'test' }, {}] as const
  const card = await cardWith(t, { profiles })
  t.is(await enable(card, 1), 'ok')
  t.deepEqual(card.states(), ['disabled', 'enabled', 'disabled'])
  t.is(await enable(card, 2), 'wrongProfileReenabling')
  t.is(await enable(card, 0), 'ok')
  t.deepEqual(card.states(), ['enabled', 'disabled', 'disabled'])
  t.is(await enable(card, 2), 'disallowedByPolicy')
})

test('a test profile that is disabled brings the operational profile back, also behind another', async (t) => {
  const profiles = [
    { state: 'enabled' },
    { profileClass: 'test' },
    { profileClass: 'test', ...PPR1 },
  ] as const
  const card = await cardWith(t, { profiles })
  t.is(await enable(card, 1), 'ok')
  t.is(await enable(card, 2), 'ok')
  t.is(await disable(card, 2), 'ok', 'PPR1 does not hold a test profile')
  t.deepEqual(card.states(), ['enabled', 'disabled', 'disabled'])
  t.deepEqual(card.told().slice(-2), ['notificationDisable 2', 'notificationEnable 0'])
})

test('a test profile that is disabled leaves no profile where there was none, or where it was deleted', async (t) => {
  const alone = await cardWith(t, { profiles: [{}, { profileClass: 'test' }] })
  await enable(alone, 1)
  t.is(await enable(alone, 0), 'wrongProfileReenabling')
  t.is(await disable(alone, 1), 'ok')
  t.deepEqual(alone.states(), ['disabled', 'disabled'])
  const card = await cardWith(t, { profiles: [{ state: 'enabled' }, { profileClass: 'test' }] })
  await enable(card, 1)
  t.is((await card.es10.deleteProfile({ iccid: needed(card.iccids[0]) })).deleteResult, 'ok')
  t.is(await disable(card, 1), 'ok')
  t.deepEqual(card.states(), ['disabled'])
})

test('a provisioning profile passes PPR1 and is never deleted', async (t) => {
  const profiles = [{ state: 'enabled', ...PPR1 }, { profileClass: 'provisioning' }] as const
  const card = await cardWith(t, { profiles })
  const [, provisioning] = card.iccids
  const deletion = await card.es10.deleteProfile({ iccid: needed(provisioning) })
  t.deepEqual(deletion, { deleteResult: 'disallowedByPolicy' })
  t.is(await enable(card, 1), 'ok')
  t.deepEqual(card.states(), ['disabled', 'enabled'])
})

/** The lab's package with another key for network authentication. */
function packageWithKey(lab: Lab, profile: { readonly iccid: string; readonly key: string }) {
  const profiles = labProfiles({ operator: lab.operator, fillerOctets: 0 })
  const elements = readProfileElements(profiles.profilePackage(profile.iccid))
  return concat(
    ...elements.map((element) => {
      const algoParameter =
        element.kind === 'akaParameter' ? element.value.algoConfiguration.algoParameter : undefined
      if (element.kind !== 'akaParameter' || !algoParameter) return element.raw
      const algoConfiguration = { algoParameter: { ...algoParameter, key: hex(profile.key) } }
      return encodeElement({ kind: 'akaParameter', value: { ...element.value, algoConfiguration } })
    }),
  )
}

const KEYS: readonly (readonly [string, boolean])[] = [
  ['000000000000000000000000FFFFFFFF', true],
  ['000102030405060708090A0B0C0D0E0F', true],
  ['000000000000000000000001FFFFFFFF', false],
  ['100102030405060708090A0B0C0D0E0F', false],
]

for (const [key, isTaken] of KEYS) {
  test(`a test profile with the key ${key} is ${isTaken ? 'taken' : 'refused'}`, async (t) => {
    const lab = await testLab(t)
    const on = await bench(lab)
    const bpp = on.bind({
      metadata: { ...on.metadata, profileClass: 'test' },
      profilePackage: packageWithKey(lab, { iccid: on.order.iccid, key }),
    })
    const data = await failedLoad(t, { on, segments: segmentsOf(bpp) })
    const refusal = 'loadProfileElements testProfileInstallFailedDueToInvalidNaaKey'
    if (isTaken) t.truthy(data.finalResult.successResult)
    else t.is(reasonOf(data.finalResult), refusal)
    t.is(on.phone.euicc.state.profiles.length, isTaken ? 1 : 0)
  })
}

test('a card without test profiles says so and refuses them; one that has all classes takes a provisioning profile', async (t) => {
  const lab = await testLab(t)
  const old = await bench(lab, lab.createPhone({ personality: loadPersonality('old-2.2.2') }))
  const testing = old.bind({ metadata: { ...old.metadata, profileClass: 'test' } })
  const data = await failedLoad(t, { on: old, segments: segmentsOf(testing) })
  t.is(reasonOf(data.finalResult), 'storeMetadata unsupportedProfileClass')
  const full = await bench(lab, lab.createPhone({ personality: loadPersonality('full') }))
  const provisioning = full.bind({ metadata: { ...full.metadata, profileClass: 'provisioning' } })
  const result = needed(await full.driver.load(segmentsOf(provisioning)))
  t.truthy(result.profileInstallationResultData.value.finalResult.successResult)
})

test('PPR1 is allowed beside a test profile', async (t) => {
  const card = await cardWith(t, { profiles: [{ profileClass: 'test' }] })
  t.is((await card.es10.getEUICCInfo2({})).forbiddenProfilePolicyRules, undefined)
  const { lab } = card
  const on = await bench(lab, phoneOn(lab, { state: { profiles: card.euicc.state.profiles } }))
  await on.driver.load(segmentsOf(on.bind({ metadata: { ...on.metadata, ...PPR1 } })))
  t.is(on.phone.euicc.state.profiles.length, 2)
  const { forbiddenProfilePolicyRules } = await on.driver.card.getEUICCInfo2({})
  t.deepEqual(forbiddenProfilePolicyRules, ['ppr1'])
})

test('a rule that the card does not know is refused', async (t) => {
  const on = await bench(await testLab(t))
  const known = toHex(encode(StoreMetadataRequest, { ...on.metadata, ...PPR1 }))
  const storeMetadata = hex(known.replace(/99020640$/, '99020450'))
  const data = await failedLoad(t, { on, segments: segmentsOf(on.bind({ storeMetadata })) })
  t.is(reasonOf(data.finalResult), 'storeMetadata pprNotAllowed')
})

for (const [name, isTaken] of [
  ['ppr1-forbidden', false],
  ['rat-example', true],
] as const) {
  test(`a card "${name}" ${isTaken ? 'takes' : 'refuses'} a profile with PPR1`, async (t) => {
    const lab = await testLab(t)
    const on = await bench(lab, lab.createPhone({ personality: loadPersonality(name) }))
    const bpp = on.bind({ metadata: { ...on.metadata, ...PPR1 } })
    const { finalResult } = await failedLoad(t, { on, segments: segmentsOf(bpp) })
    if (isTaken) t.truthy(finalResult.successResult)
    else t.is(reasonOf(finalResult), 'storeMetadata pprNotAllowed')
  })
}

test('GetRAT gives the table in its order, and LPAe is not there to be activated', async (t) => {
  const lab = await testLab(t)
  const personality = loadPersonality('rat-example')
  const { euicc } = lab.createPhone({ personality })
  const { rat } = await es10Client(euicc).getRAT({})
  t.deepEqual(
    rat.map(({ pprIds, pprFlags }) => [...pprIds, ...pprFlags]),
    [['ppr1'], ['ppr2'], ['ppr1', 'ppr2', 'consentRequired']],
  )
  t.deepEqual(rat[0]?.allowedOperators[0]?.gid1?.length, 0)
  t.is(toHex((await euicc.transmit(hex('BF420480020780'))).data), 'BF4203800101')
})
