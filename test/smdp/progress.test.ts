import test, { type ExecutionContext } from 'ava'
import { fromBase64 } from '../../src/base/octets.ts'
import { loadPersonality } from '../../src/euicc/personality-file.ts'
import type { Lab, LabOptions } from '../../src/lab.ts'
import { oidOf } from '../../src/pki/chain.ts'
import type { DownloadProgressCall } from '../../src/rsp/es2plus-progress.ts'
import { createDriver, needed, type Driver, type DrivenDownload } from '../helpers/driver.ts'
import { DAY_MS, testLab } from '../helpers/lab.ts'

interface Told {
  readonly lab: Lab
  readonly calls: DownloadProgressCall[]
  driver(download?: Partial<DrivenDownload>): Promise<Driver>
  /** What was told since the last time: point and code, or success. */
  words(): Promise<string[]>
}

/** A lab whose operator listens, and an order. */
async function told(
  t: ExecutionContext,
  options: LabOptions & { readonly confirmationCode?: string } = {},
): Promise<Told> {
  const { confirmationCode, ...labOptions } = options
  const lab = await testLab(t, labOptions)
  lab.smdp.reportProgress({ isWanted: true })
  const phone = lab.createPhone()
  const { matchingId } = await lab.order({
    ...(confirmationCode !== undefined && { confirmationCode }),
  })
  const calls: DownloadProgressCall[] = []
  return {
    lab,
    calls,
    driver: async (download) => createDriver(lab, { phone, matchingId, ...download }),
    async words() {
      const before = calls.length
      await lab.smdp.deliverProgress(async (call) => void calls.push(call))
      return calls.slice(before).map(wordOf)
    },
  }
}

function wordOf({ notificationPointId, notificationPointStatus }: DownloadProgressCall): string {
  const { status, statusCodeData } = notificationPointStatus
  const code = statusCodeData && ` ${statusCodeData.subjectCode}/${statusCodeData.reasonCode}`
  return `${notificationPointId} ${status}${code ?? ''}`
}

test('the operator hears of eligibility, delivery and installation, in order', async (t) => {
  const { lab, calls, driver, words } = await told(t)
  const phone = lab.createPhone()
  await (await driver({ phone })).through('load')
  t.deepEqual(await words(), ['1 Executed-Success', '3 Executed-Success'])
  await phone.sendNotifications()
  t.deepEqual(await words(), ['4 Executed-Success'])
  const [first, , last] = calls
  const [smdp] = lab.smdp.credentials
  t.like(first, {
    eid: phone.eid,
    profileType: 'lab',
    timestamp: '2026-03-01T12:00:00Z',
    header: {
      functionRequesterIdentifier: oidOf(needed(smdp).dpAuth.certificate),
      functionCallIdentifier: 'progress-1',
    },
  })
  const result = needed(fromBase64(needed(last?.resultData)))
  t.is(result[0], 0xa2, 'finalResult with its tag')
  t.false('resultData' in needed(first))
})

test('the operator hears why an installation failed', async (t) => {
  const { lab, calls, driver, words } = await told(t)
  const phone = lab.createPhone({ personality: loadPersonality('fails-pe-processing') })
  await (await driver({ phone })).through('load')
  await words()
  await phone.sendNotifications()
  t.deepEqual(await words(), ['4 Failed 8.2.10/4.2'])
  t.regex(
    calls.at(-1)?.notificationPointStatus.statusCodeData?.message ?? '',
    /installFailedDueToPEProcessingError/,
  )
})

/** SGP.22 Table 32b. */
for (const [reason, code] of [
  ['endUserRejection', '8.8.5/3.8'],
  ['pprNotAllowed', '8.2.8/1.2'],
  ['metadataMismatch', '8.2.9/3.11'],
  ['loadBppExecutionError', '8.2.10/4.2'],
  ['undefinedReason', '8/4.2'],
] as const) {
  test(`the operator hears ${code} when the download is cancelled with ${reason}`, async (t) => {
    const early = await told(t)
    const first = await (await early.driver()).through('authenticateClient')
    await early.words()
    await first.cancel(reason)
    t.deepEqual(await early.words(), [`3 Failed ${code}`])
    const late = await told(t)
    const second = await (await late.driver()).through('getBoundProfilePackage')
    await late.words()
    await second.cancel(reason)
    t.deepEqual(await late.words(), [`4 Failed ${code}`])
  })
}

for (const reason of ['postponed', 'timeout'] as const) {
  test(`the operator hears nothing of ${reason}`, async (t) => {
    const { driver, words } = await told(t)
    const begun = await (await driver()).through('authenticateClient')
    await words()
    await begun.cancel(reason)
    t.deepEqual(await words(), [])
  })
}

test('the operator hears of each wrong Confirmation Code, and of the last one', async (t) => {
  const { driver, words } = await told(t, { confirmationCode: '4711' })
  for (const code of ['3.8', '3.8', '6.4']) {
    const wrong = await (await driver({ confirmationCode: '0000' })).through('prepareDownload')
    await words()
    await t.throwsAsync(wrong.getBoundProfilePackage())
    t.deepEqual(await words(), [`2 Failed 8.2.7/${code}`])
  }
})

test('the operator hears of one try too many, of an eUICC that does not suit, and of a key that changed', async (t) => {
  const tries = await told(t, { smdp: { downloadAttemptsMax: 0 } })
  await t.throwsAsync((await tries.driver()).through('authenticateClient'))
  t.deepEqual(await tries.words(), ['1 Failed 8.8.5/6.4'])

  const room = await told(t)
  const phone = room.lab.createPhone({ personality: loadPersonality('tiny-memory') })
  await t.throwsAsync((await room.driver({ phone })).through('authenticateClient'))
  t.deepEqual(await room.words(), ['1 Failed 8.1/4.8'])

  const keys = await told(t, { smdp: { rebinding: 'refuse' } })
  const once = await (await keys.driver()).through('getBoundProfilePackage')
  await once.cancel('postponed')
  const other = await keys.lab.order()
  await (await keys.driver({ matchingId: other.matchingId })).through('load')
  await keys.words()
  await t.throwsAsync((await keys.driver()).through('getBoundProfilePackage'))
  t.deepEqual(await keys.words(), ['1 Executed-Success', '3 Failed 8.2/3.7'])
})

test('the operator hears of an order that was not downloaded in time', async (t) => {
  const { lab, words } = await told(t, { smdp: { orderLifetimeMs: DAY_MS } })
  lab.clock.advance(DAY_MS)
  await lab.smdp.sweep()
  t.deepEqual(await words(), ['100 Expired 8.8.5/4.10'])
})

test('a call that is not acknowledged comes again under its identifier, and nothing overtakes it', async (t) => {
  const { lab, calls, driver, words } = await told(t)
  await (await driver()).through('load')
  const refused: string[] = []
  for (const tries of [1, 2]) {
    const { failure, waiting, delivered } = await lab.smdp.deliverProgress(async (call) => {
      refused.push(call.header.functionCallIdentifier)
      throw new Error('not now')
    })
    t.like({ tries: failure?.tries, waiting, delivered }, { tries, waiting: 2, delivered: 0 })
  }
  t.deepEqual(refused, ['progress-1', 'progress-1'])
  t.is((await words()).length, 2)
  t.deepEqual(
    calls.map(({ header }) => header.functionCallIdentifier),
    ['progress-1', 'progress-2'],
  )
})

test('a call that is never taken is given up, so that the others get through', async (t) => {
  const { lab, driver, words } = await told(t)
  await (await driver()).through('authenticateClient')
  for (let tries = 1; tries < 40; tries++) {
    await lab.smdp.deliverProgress(() => Promise.reject(new Error('never')))
  }
  const last = await lab.smdp.deliverProgress(() => Promise.reject(new Error('never')))
  t.like(last, { dropped: 1, waiting: 0 })
  t.deepEqual(await words(), [])
})

test('nothing is kept for an operator who does not listen', async (t) => {
  const { lab, driver, words } = await told(t)
  lab.smdp.reportProgress({ isWanted: false })
  await (await driver()).through('load')
  t.deepEqual(await words(), [])
})
