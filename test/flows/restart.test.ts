import test, { type ExecutionContext } from 'ava'
import type { EuiccState, EuiccStorage } from '../../src/euicc/state.ts'
import { createLab, type Lab, type Phone } from '../../src/lab.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import { createDriver } from '../helpers/driver.ts'
import { orderState, START, temporaryDirectory, textStorage } from '../helpers/lab.ts'
import { refusedWith } from '../helpers/refusals.ts'

interface Opened {
  readonly lab: Lab
  readonly phone: Phone
}

/** A lab in a directory, and one phone whose card is kept as text; each `opened` starts them anew. */
function keptLab(t: ExecutionContext) {
  const dataDirectory = temporaryDirectory(t)
  const storage: (initial: EuiccState) => EuiccStorage = textStorage()
  return {
    async opened<T>(work: (open: Opened) => Promise<T>): Promise<T> {
      const lab = await createLab({ startAt: START, stock: 2, dataDirectory, seed: 'restart' })
      try {
        return await work({ lab, phone: lab.createPhone({ name: 'anna', storage }) })
      } finally {
        await lab.close()
      }
    },
  }
}

test('a download goes on over restarts of everything, from step to step', async (t) => {
  const kept = keptLab(t)
  const order = await kept.opened(({ lab }) => lab.order({ confirmationCode: '1234' }))
  const { matchingId } = order

  await kept.opened(async ({ lab, phone }) => {
    t.is(orderState(lab, order), 'Released')
    const driver = createDriver(lab, { phone, matchingId, confirmationCode: '0000' })
    await driver.through('prepareDownload')
    await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.2.7/3.8' })
  })
  await kept.opened(async ({ lab, phone }) => {
    const driver = createDriver(lab, { phone, matchingId, confirmationCode: '1234' })
    const bound = await driver
      .through('prepareDownload')
      .then((one) => one.getBoundProfilePackage())
    await driver.load(segmentsOf(bound.boundProfilePackage).slice(0, 2))
  })
  await kept.opened(async ({ lab, phone }) => {
    t.is(orderState(lab, order), 'Downloaded')
    t.deepEqual(await phone.profiles(), [])
    const driver = createDriver(lab, { phone, matchingId, confirmationCode: '1234' })
    await driver.through('load')
  })
  await kept.opened(async ({ lab, phone }) => {
    t.is((await phone.profiles()).length, 1)
    t.deepEqual((await phone.sendNotifications()).failed, [])
    t.is(orderState(lab, order), 'Installed')
    await phone.enable(order)
  })
  await kept.opened(async ({ lab, phone }) => {
    t.is(lab.operator.account(order)?.profileState, 'installed')
    await phone.sendNotifications()
    t.is(lab.operator.account(order)?.profileState, 'enabled')
    t.true(lab.operator.balance(order).totalBytes > 0n)
    t.deepEqual(lab.operator.audit().faults, [])
  })
})

test('wrong Confirmation Codes are counted over restarts', async (t) => {
  const kept = keptLab(t)
  const { matchingId, iccid } = await kept.opened(({ lab }) =>
    lab.order({ confirmationCode: '1234' }),
  )
  for (const code of ['8.2.7/3.8', '8.2.7/3.8', '8.2.7/6.4']) {
    await kept.opened(async ({ lab, phone }) => {
      const driver = createDriver(lab, { phone, matchingId, confirmationCode: '0000' })
      await driver.through('prepareDownload')
      await refusedWith(t, { call: driver.getBoundProfilePackage(), code })
    })
  }
  await kept.opened(async ({ lab }) => t.is(orderState(lab, { iccid }), 'Error'))
})

test('a session does not outlive the server, and the procedure begins again', async (t) => {
  const kept = keptLab(t)
  const order = await kept.opened(({ lab }) => lab.order())
  const late = await kept.opened(async ({ lab, phone }) => {
    const driver = createDriver(lab, { phone, matchingId: order.matchingId })
    await driver.initiate()
    const authenticateServerResponse = await driver.authenticateServer()
    return { transactionId: driver.transactionId, authenticateServerResponse }
  })
  await kept.opened(async ({ lab, phone }) => {
    await refusedWith(t, { call: lab.es9Plus.authenticateClient(late), code: '8.10.1/3.9' })
    await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
    t.is(orderState(lab, order), 'Downloaded')
  })
})

test('one directory serves one lab at a time', async (t) => {
  const dataDirectory = temporaryDirectory(t)
  const lab = await createLab({ startAt: START, stock: 0, dataDirectory })
  await t.throwsAsync(createLab({ dataDirectory }), { message: /in use|another|uses/i })
  await lab.close()
  const again = await createLab({ startAt: START, stock: 0, dataDirectory })
  await again.close()
})
