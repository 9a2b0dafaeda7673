import test from 'ava'
import { startProgressDelivery } from '../../src/http/progress-delivery.ts'
import { serveLab } from '../../src/http/serve.ts'
import { createDriver } from '../helpers/driver.ts'
import { testLab } from '../helpers/lab.ts'
import { operatorSoftware } from '../helpers/operator-software.ts'

test('a served lab tells its operator’s software of a download, again where it was not taken', async (t) => {
  const software = await operatorSoftware(t, [503, 204])
  const lab = await testLab(t)
  const served = await serveLab(lab, { rsp: { plain: true }, progressUrl: software.url })
  t.teardown(() => served.close())
  const { matchingId, iccid } = await lab.order()
  await createDriver(lab, { phone: lab.createPhone(), matchingId }).through('load')
  await software.until(3)
  const [first, again, next] = software.received
  t.is(first?.path, '/gsma/rsp2/es2plus/handleDownloadProgressInfo')
  t.regex(first?.protocol ?? '', /^gsma\/rsp\/v2/)
  t.deepEqual(again?.call, first?.call)
  t.like(first?.call, { iccid, notificationPointId: 1 })
  t.like(next?.call, { iccid, notificationPointId: 3 })
})

test('calls go to the path of the URL where it has one', async (t) => {
  const software = await operatorSoftware(t, [204])
  const lab = await testLab(t)
  const url = `${software.url}/callbacks`
  const delivery = startProgressDelivery(lab.smdp, { url, reportDefect: (error) => t.log(error) })
  t.teardown(() => delivery.stop())
  const { matchingId } = await lab.order()
  await createDriver(lab, { phone: lab.createPhone(), matchingId }).through('authenticateClient')
  await software.until(1)
  t.is(software.received[0]?.path, '/callbacks')
})

test('a URL that is none is refused before anything listens', async (t) => {
  const lab = await testLab(t)
  for (const progressUrl of ['nowhere', 'ftp://example.com']) {
    const error = await t.throwsAsync(serveLab(lab, { rsp: { plain: true }, progressUrl }))
    t.like(error, { code: 'badInput', field: 'progressUrl' })
  }
})
