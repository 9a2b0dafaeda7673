import test from 'ava'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { temporaryDirectory, testLab } from '../helpers/lab.ts'

const PAGE = readFileSync(new URL('../../docs/operator-files.md', import.meta.url), 'utf8')
const EXAMPLE = /```json\n(.*?)```/s.exec(PAGE)?.[1] ?? ''

test('the operator of the page works as it stands there: order, attach, give', async (t) => {
  const ownOperatorsDirectory = join(temporaryDirectory(t), 'my-operators')
  mkdirSync(ownOperatorsDirectory)
  writeFileSync(join(ownOperatorsDirectory, 'north.json'), EXAMPLE)
  const lab = await testLab(t, { ownOperatorsDirectory })
  const { operator } = lab
  const numbers: string[] = []
  for (let count = 0; count < 2; count++) {
    const order = await lab.order({ profileType: 'north' })
    const phone = lab.createPhone()
    await phone.download({ activationCode: parseActivationCode(order.activationCode) })
    await phone.enable(order)
    await phone.sendNotifications()
    await phone.attach()
    const registration = operator.network.registrationOf(order)
    t.is(registration?.servingNetworkName, '5G:mnc098.mcc262.3gppnetwork.org')
    numbers.push(order.msisdn)
  }
  const [from = '', to = ''] = numbers
  // Of a month that began on 1 March at noon in Berlin; summer time begins before it ends.
  t.deepEqual(operator.account({ msisdn: from })?.period?.until, new Date('2026-03-31T22:00:00Z'))
  const give = (amountBytes: bigint, idempotencyKey: string) =>
    operator.attemptGift({ from, to, amountBytes, idempotencyKey })
  t.is((await give(150_000_000n, 'a')).refusal?.reason, 'notInSteps')
  t.is((await give(2_100_000_000n, 'b')).refusal?.reason, 'amountTooLarge')
  t.truthy((await give(2_000_000_000n, 'c')).gift)
  t.is(operator.balance({ msisdn: to }).totalBytes, 12_000_000_000n)

  const changed = EXAMPLE.replace('"value": "2 GB"', '"value": "5 GB"')
  writeFileSync(join(ownOperatorsDirectory, 'north.json'), changed)
  t.deepEqual(operator.operators.reload().faults, [])
  t.truthy((await give(2_100_000_000n, 'd')).gift, 'whoever asks next has the new rules')
  const wrong = changed.replace('"10 GB"', '"10 XB"')
  writeFileSync(join(ownOperatorsDirectory, 'north.json'), wrong)
  const [fault] = operator.operators.reload().faults
  t.true(PAGE.includes(`my-operators/north.json, ${fault?.text}`), 'as the page shows it')
  t.truthy((await give(2_100_000_000n, 'e')).gift, 'the operator stays as it was')
})
