import test from 'ava'
import { CURVES } from '../../src/crypto/ec.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { createDriver } from '../helpers/driver.ts'
import { orderState, phoneOn, testLab } from '../helpers/lab.ts'

for (const signing of CURVES) {
  for (const verification of CURVES) {
    for (const profileProtection of ['sessionKeys', 'profileProtectionKeys'] as const) {
      test(`downloads: card on ${signing}, server on ${verification}, ${profileProtection}`, async (t) => {
        const lab = await testLab(t, { smdp: { profileProtection } })
        const phone = phoneOn(lab, { signing, verification })
        const order = await lab.order()
        t.is(orderState(lab, order), 'Released')
        const driver = await createDriver(lab, {
          phone,
          matchingId: order.matchingId,
        }).through('getBoundProfilePackage')
        t.is(orderState(lab, order), 'Downloaded')
        const result = await driver.load()
        t.truthy(result?.profileInstallationResultData.value.finalResult.successResult)
        await phone.sendNotifications()
        t.is(orderState(lab, order), 'Installed')
        t.is(lab.operator.account(order)?.profileState, 'installed')
      })
    }
  }
}

test('the LPA downloads with an activation code', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { activationCode, iccid } = await lab.order()
  const download = await phone.download({ activationCode: parseActivationCode(activationCode) })
  t.is(download.iccid, iccid)
})
