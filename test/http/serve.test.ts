import test from 'ava'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { serveLab } from '../../src/http/serve.ts'
import { DAY_MS, testLab } from '../helpers/lab.ts'

test('a lab that is served puts away what has ended, also what ended while nobody served it', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { activationCode } = await lab.order()
  await phone.download({ activationCode: parseActivationCode(activationCode) })
  await phone.sendNotifications()
  const { issued } = lab.operator.audit()
  t.true(issued > 0n)
  lab.clock.advance(lab.operator.file.plan.validDays * DAY_MS)
  t.is(lab.operator.audit().expired, 0n)
  const served = await serveLab(lab)
  await served.close()
  t.like(lab.operator.audit(), { expired: issued, balanced: true })
})
