import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/octets.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { foreignPackage, withoutNumber } from '../helpers/packages.ts'
import { orderState, temporaryDirectory, testLab } from '../helpers/lab.ts'
import { SUBSCRIBER } from '../profile/helper.ts'
import { createLab } from '../../src/lab.ts'

const { iccid, imsi, msisdn } = SUBSCRIBER

async function installed(lab: Lab, phone: Phone): Promise<void> {
  const { activationCode } = await lab.order({ iccid })
  await phone.download({ activationCode: parseActivationCode(activationCode) })
  await phone.enable({ iccid })
  await phone.sendNotifications()
}

test('an imported profile reaches the card as it came, with its own metadata', async (t) => {
  const lab = await testLab(t)
  const octets = foreignPackage()
  const imported = await lab.importProfile({ package: octets, profileName: 'Theirs' })
  t.like(imported, { iccid, imsi, msisdn, profileType: 'imported', noAccount: undefined })
  const phone = lab.createPhone()
  await installed(lab, phone)
  t.like(await phone.profiles(), [
    { iccid, name: 'Theirs', serviceProviderName: 'Lab Mobile', state: 'enabled' },
  ])
  const [kept] = phone.euicc.state.profiles
  t.is(toHex(kept?.elements ?? new Uint8Array(0)), toHex(octets))
})

test('its number has an account, which gets the plan and may give', async (t) => {
  const lab = await testLab(t)
  await lab.importProfile({ package: foreignPackage() })
  t.is((await lab.order({ iccid })).msisdn, msisdn)
  t.is(lab.operator.balance({ msisdn }).totalBytes, 0n)
  await lab.es2Plus.cancelOrder({
    iccid,
    matchingId: lab.smdp.orders({ limit: 1 })[0]?.matchingId,
    finalProfileStatusIndicator: 'Available',
  })
  await installed(lab, lab.createPhone())
  t.is(lab.operator.account({ iccid })?.profileState, 'enabled')
  t.is(lab.operator.balance({ msisdn }).totalBytes, lab.operator.file.plan.amountBytes)
  t.true(lab.operator.audit().balanced)
})

test('without a number there is no account, and notifications are taken all the same', async (t) => {
  const lab = await testLab(t)
  const imported = await lab.importProfile({ package: withoutNumber(foreignPackage()) })
  t.like(imported, { msisdn: undefined, noAccount: 'noNumber' })
  const phone = lab.createPhone()
  await installed(lab, phone)
  t.is(orderState(lab, { iccid }), 'Installed')
  t.deepEqual(await phone.notifications(), [])
  t.deepEqual(lab.operator.accounts(), [])
  t.is(lab.operator.audit().issued, 0n)
})

test('an imported profile may be given a number, so that it has an account', async (t) => {
  const lab = await testLab(t)
  const asked = { package: withoutNumber(foreignPackage()), msisdn: '+49 170 1234568' }
  t.like(await lab.importProfile(asked), { msisdn: '491701234568', noAccount: undefined })
  await installed(lab, lab.createPhone())
  t.is(lab.operator.account({ iccid })?.msisdn, '491701234568')
  const other = foreignPackage({ subscriber: { iccid: '8900112345678901242' } })
  for (const taken of ['491701234568', '999010000001']) {
    const again = { package: other, msisdn: taken }
    const error = await t.throwsAsync(lab.importProfile(again), {
      instanceOf: LabError,
    })
    t.like(error, { code: 'conflict', field: 'msisdn', reason: 'numberInUse' })
  }
})

test('a number that another profile has makes no second account', async (t) => {
  const lab = await testLab(t)
  const number = '999010000001'
  t.truthy(lab.operator.inventoryItem({ msisdn: number }))
  const taken = foreignPackage({ subscriber: { msisdn: number } })
  t.like(await lab.importProfile({ package: taken }), {
    msisdn: undefined,
    noAccount: 'numberInUse',
  })
  await lab.importProfile({
    package: foreignPackage({ subscriber: { iccid: '8900112345678901242' } }),
  })
  const second = foreignPackage({ subscriber: { iccid: '8900112345678901259' } })
  t.is((await lab.importProfile({ package: second })).noAccount, 'numberInUse')
})

test('an ICCID is imported once, and never one of the operator’s own range', async (t) => {
  const lab = await testLab(t)
  await lab.importProfile({ package: foreignPackage() })
  const again = lab.importProfile({ package: foreignPackage(), profileType: 'other' })
  const refused = { instanceOf: LabError }
  t.like(await t.throwsAsync(again, refused), { code: 'conflict', reason: 'iccidInUse' })
  const { prefix, digits } = lab.operator.file.ranges.iccid
  const own = prefix.padEnd(digits, '7')
  const inRange = lab.importProfile({ package: foreignPackage({ subscriber: { iccid: own } }) })
  t.like(await t.throwsAsync(inRange, refused), { code: 'conflict', reason: 'iccidInUse' })
  t.deepEqual(
    lab.importedProfiles({ limit: 10 }).map((profile) => profile.iccid),
    [iccid],
  )
})

test('imported profiles are ordered by their type, and are not made anew', async (t) => {
  const lab = await testLab(t)
  await lab.importProfile({ package: foreignPackage(), profileType: 'ts48' })
  t.is((await lab.order({ profileType: 'ts48' })).iccid, iccid)
  await t.throwsAsync(lab.order({ profileType: 'ts48' }), { message: /of this type is left/ })
})

test('a kept lab has its imported profiles when it is opened again', async (t) => {
  const dataDirectory = temporaryDirectory(t)
  const octets = foreignPackage()
  const lab = await createLab({ dataDirectory, stock: 1 })
  await lab.importProfile({ package: octets })
  await lab.close()
  const again = await createLab({ dataDirectory, stock: 1 })
  t.teardown(() => again.close())
  t.like(again.importedProfile({ iccid: `${iccid}F` }), { iccid, msisdn })
  const phone = again.createPhone()
  await installed(again, phone)
  t.is(toHex(phone.euicc.state.profiles[0]?.elements ?? new Uint8Array(0)), toHex(octets))
})

test('an imported profile becomes the subscriber of the operator that was named', async (t) => {
  const lab = await testLab(t)
  const error = await t.throwsAsync(
    lab.importProfile({ package: foreignPackage(), operator: 'nobody' }),
  )
  t.like(error, { code: 'notFound', field: 'operator' })
  t.like(await lab.importProfile({ package: foreignPackage(), operator: 't2' }), { operator: 't2' })
  t.is(lab.importedProfile({ iccid })?.operator, 't2')
  const phone = lab.createPhone()
  await installed(lab, phone)
  t.like(lab.operator.account({ iccid }), { operator: 't2', planId: 't2-20' })
  t.is(lab.operator.fileOf({ iccid }).id, 't2')
  t.is(lab.operator.balance({ msisdn }).totalBytes, 20n * 2n ** 30n)
  await phone.attach()
  const registration = lab.operator.network.registrationOf({ iccid })
  t.is(registration?.servingNetworkName, '5G:mnc020.mcc250.3gppnetwork.org')
  t.regex(registration?.supi ?? '', new RegExp(imsi))
})
