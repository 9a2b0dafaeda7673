import test, { type ExecutionContext } from 'ava'
import { encode } from '../../src/asn1/schema.ts'
import { hex, toHex, utf8 } from '../../src/base/octets.ts'
import type { Phone } from '../../src/lab.ts'
import type { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { UpdateMetadataRequest } from '../../src/rsp/es6.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { testLab, textStorage } from '../helpers/lab.ts'

const ICCID = '8999901000000000001'
const ICON = Buffer.concat([Buffer.from('89504e47', 'hex'), Buffer.alloc(60)])

/** A phone with a profile that has an icon and both rules, enabled. */
async function phoneWithProfile(t: ExecutionContext): Promise<Phone> {
  const lab = await testLab(t)
  await lab.loadScenario({
    name: 'update',
    source: 'a test',
    profiles: [
      {
        iccids: [ICCID],
        profileName: 'Old name',
        profilePolicyRules: ['ppr1', 'ppr2'],
        icon: ICON.toString('base64'),
      },
    ],
    orders: [{ iccid: ICCID, matchingId: 'A' }],
  })
  const phone = lab.createPhone({ storage: textStorage() })
  await createDriver(lab, { phone, matchingId: 'A' }).through('load')
  await phone.enable({ iccid: ICCID })
  return phone
}

function metadataOf({ euicc }: Phone): StoreMetadataRequest {
  return needed(euicc.state.profiles[0]).metadata
}

const update = (phone: Phone, request: UpdateMetadataRequest) =>
  phone.euicc.updateMetadata(encode(UpdateMetadataRequest, request))

test('UpdateMetadata changes names and leaves what it does not name', async (t) => {
  const phone = await phoneWithProfile(t)
  const before = metadataOf(phone)
  t.is(update(phone, { profileName: 'New name' }), 0x9000)
  t.deepEqual(metadataOf(phone), { ...before, profileName: 'New name' })
  t.is((await phone.profiles())[0]?.name, 'New name')
  t.is(update(phone, { serviceProviderName: '' }), 0x9000)
  t.is(metadataOf(phone).serviceProviderName, '')
})

test('UpdateMetadata replaces an icon and removes it', async (t) => {
  const phone = await phoneWithProfile(t)
  t.is(update(phone, { iconType: Uint8Array.of(0), icon: hex('FFD8FF00') }), 0x9000)
  t.like(metadataOf(phone), { iconType: 'jpg' })
  t.is(toHex(needed(metadataOf(phone).icon)), 'FFD8FF00')
  t.is(phone.euicc.updateMetadata(hex('BF2A04 9300 9400')), 0x9000)
  t.false('icon' in metadataOf(phone) || 'iconType' in metadataOf(phone))
})

test('UpdateMetadata is how a policy rule goes, and none comes', async (t) => {
  const phone = await phoneWithProfile(t)
  await t.throwsAsync(phone.disable({ iccid: ICCID }), { message: /disallowedByPolicy/ })
  t.is(update(phone, { profilePolicyRules: ['ppr2'] }), 0x9000)
  t.deepEqual(metadataOf(phone).profilePolicyRules, ['ppr2'])
  await t.notThrowsAsync(phone.disable({ iccid: ICCID }))
  await phone.enable({ iccid: ICCID })
  t.is(update(phone, { profilePolicyRules: ['ppr1', 'ppr2'] }), 0x9000)
  t.deepEqual(metadataOf(phone).profilePolicyRules, ['ppr2'])
  t.is(update(phone, { profilePolicyRules: [] }), 0x9000)
  t.is(metadataOf(phone).profilePolicyRules, undefined)
})

for (const [title, octets, statusWord] of [
  [
    'rules that are to be set',
    encode(UpdateMetadataRequest, { profilePolicyRules: ['pprUpdateControl', 'ppr1'] }),
    0x6a81,
  ],
  ['nothing', hex('BF2A00'), 0x6a80],
  ['an icon without its type', hex('BF2A03 940101'), 0x6a80],
  ['a type without its icon', hex('BF2A03 930101'), 0x6a80],
  ['a type with an empty icon', hex('BF2A05 930101 9400'), 0x6a80],
  ['a type that there is not', hex('BF2A06 930102 940101'), 0x6a80],
  [
    'a name that is too long',
    Uint8Array.of(0xbf, 0x2a, 67, 0x92, 65, ...utf8('x'.repeat(65))),
    0x6a80,
  ],
  ['another tag', hex('BF2505 9201 41'), 0x6a80],
  ['no octets', hex(''), 0x6a80],
] as const) {
  test(`UpdateMetadata with ${title} is ${statusWord.toString(16)}, and nothing changes`, async (t) => {
    const phone = await phoneWithProfile(t)
    const before = phone.euicc.state
    t.is(phone.euicc.updateMetadata(octets), statusWord)
    t.is(phone.euicc.state, before)
  })
}

test('UpdateMetadata without an enabled profile is 6985', async (t) => {
  const lab = await testLab(t)
  const { euicc } = lab.createPhone()
  t.is(euicc.updateMetadata(encode(UpdateMetadataRequest, { profileName: 'x' })), 0x6985)
})
