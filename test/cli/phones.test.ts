import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { openLab, type LabClient } from '../../src/cli/lab-client.ts'
import { lookAtPhone, withExistingPhone, withPhone } from '../../src/cli/phones.ts'
import { writeService } from '../../src/cli/service.ts'
import { msisdnOf } from '../../src/cli/subscriber.ts'
import { serveLab } from '../../src/http/serve.ts'
import { createLab } from '../../src/lab.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { temporaryDirectory } from './helper.ts'

async function openServedLab(t: ExecutionContext): Promise<LabClient> {
  const directory = temporaryDirectory(t)
  const lab = await createLab({ dataDirectory: directory })
  const served = await serveLab(lab)
  t.teardown(async () => {
    await served.close()
    await lab.close()
  })
  writeService(directory, { ...served, pid: process.pid })
  return openLab(directory)
}

test('a phone is manufactured at its first use, in a file of its own', async (t) => {
  const lab = await openServedLab(t)
  const file = join(lab.directory, 'phones', 'p1.json')
  await t.throwsAsync(
    lookAtPhone({ lab, name: 'p1' }, async () => {}),
    {
      instanceOf: LabError,
      message: /^there is no phone "p1". A download makes it:/,
    },
  )
  t.false(existsSync(file))
  const eid = await withPhone({ lab, name: 'p1' }, async (phone) => phone.eid)
  t.is(statSync(file).mode & 0o777, 0o600)
  t.is(await lookAtPhone({ lab, name: 'p1' }, async (phone) => phone.eid), eid)
})

test('a phone serves one command at a time, and others may look on', async (t) => {
  const lab = await openServedLab(t)
  const choice = { lab, name: 'p1' }
  await withPhone(choice, async ({ eid }) => {
    const error = await t.throwsAsync(
      withExistingPhone(choice, async () => {}),
      { instanceOf: LabError },
    )
    t.is(error.code, 'unavailable')
    t.is(error.reason, 'phoneInUse')
    t.is(await lookAtPhone(choice, async (phone) => phone.eid), eid)
  })
  await t.notThrowsAsync(withExistingPhone(choice, async () => {}))
})

test('a phone whose name could leave its directory is refused', async (t) => {
  const lab = await openServedLab(t)
  for (const name of ['', '../p1', 'P1', 'p 1', 'p'.repeat(33)]) {
    const error = await t.throwsAsync(
      withPhone({ lab, name }, async () => {}),
      { instanceOf: LabError },
    )
    t.is(error.code, 'badInput', name)
    t.is(error.field, 'phone')
  }
})

test('a phone stands for the number of its enabled profile, else of its only one', async (t) => {
  const lab = await openServedLab(t)
  const orders: { readonly iccid: string; readonly msisdn: string }[] = []
  const download = async (): Promise<void> => {
    const order = await lab.post<{ iccid: string; msisdn: string; activationCode: string }>(
      '/api/orders',
      { body: {} },
    )
    orders.push(order)
    const activationCode = parseActivationCode(order.activationCode)
    await withPhone({ lab, name: 'p1' }, (phone) => phone.download({ activationCode }))
  }
  await withPhone({ lab, name: 'p1' }, async () => {})
  await t.throwsAsync(msisdnOf(lab, 'p1'), {
    message: 'the phone "p1" has no profile. Download one.',
  })
  await download()
  t.is(await msisdnOf(lab, 'p1'), orders[0]?.msisdn ?? '')
  await download()
  await t.throwsAsync(msisdnOf(lab, 'p1'), { message: /^none of the 2 profiles/ })
  const { iccid = '', msisdn = '' } = orders[1] ?? {}
  await withPhone({ lab, name: 'p1' }, (phone) => phone.enable({ iccid }))
  t.is(await msisdnOf(lab, 'p1'), msisdn)
  t.is(await msisdnOf(lab, '+999 01 0000001'), '999010000001')
})
