import test, { type ExecutionContext } from 'ava'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OPERATORS_DIRECTORY } from '../../src/operator/operators.ts'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

/** A phone p1 with a profile of T2, in a lab whose clock is moved by hand. */
async function labWithT2(t: ExecutionContext, ...args: readonly string[]) {
  const data = temporaryDirectory(t)
  const lab = await serve(t, '--data', data, '--clock', 'manual', ...args)
  const [order] = await runJson(t, ['order', '--operator', 't2', '--phone', 'p1', '--data', data])
  await runJson(t, ['download', String(order?.activationCode), '--data', data])
  await runJson(t, ['enable', '--data', data])
  const json = async (line: string) => (await runJson(t, [...line.split(' '), '--data', data]))[0]
  const tried = (line: string) => run(...line.split(' '), '--data', data)
  return { data, lab, msisdn: String(order?.msisdn), json, tried }
}

test.serial(
  'a subscription of T2 is shown, paid for, bought for, and its month goes by',
  async (t) => {
    const { data, lab, msisdn, json, tried } = await labWithT2(t)
    t.like(await json('subscription'), {
      msisdn,
      operator: 't2',
      status: 'active',
      plan: { id: 't2-20' },
      wallet: { moneyMinor: 0, currency: 'RUB' },
    })
    t.regex((await tried('subscription')).stdout, /1\. {2}lot 1: 20 GB until .* \(plan, t2-20\)/)
    t.like(await json('subscription topup 900.50 --key money'), {
      kind: 'topUp',
      amountMinor: 90_050,
    })
    t.like(await json(`subscription topup 900.50 ${msisdn} --key money`), { amountMinor: 90_050 })
    t.like(await json('subscription buy t2-plus-5 --phone p1'), { amountMinor: -15_000 })
    t.like(await json('subscription'), { wallet: { moneyMinor: 75_050 } })
    const refused = await tried('subscription extend 1 --json')
    t.like(errorOf(refused), { code: 'refused', reason: 'notExtendable' })
    t.like(await json('subscription plan t2-40'), { plan: { id: 't2-40' } })
    const before = await json('clock')
    t.is(before?.manual, true)
    const after = await json('clock advance 31d')
    t.is(Date.parse(String(after?.now)) - Date.parse(String(before?.now)), 31 * 86_400_000)
    const renewed = await json('subscription')
    t.like(renewed, { feeCharged: true, wallet: { moneyMinor: 5050 } })
    const lots = (renewed?.lots ?? []) as readonly { readonly label: string }[]
    t.true(lots.some(({ label }) => label === 't2-40'))
    t.like(await json('subscription status closed'), { status: 'closed' })
    t.is((await tried('subscription --phone p1')).exitCode, 5)
    t.like(errorOf(await tried(`subscription recycle ${msisdn} --json`)), {
      reason: 'inQuarantine',
    })
    t.like(await json(`subscription recycle ${msisdn} --quarantine-days 0`), { msisdn })
    for (const line of ['topup 1,5', 'topup 0', 'topup 1.999', 'extend one', 'status asleep']) {
      t.not((await tried(`subscription ${line} ${msisdn}`)).exitCode, 0, line)
    }
    await lab.stop()
    const again = await serve(t, '--data', data, '--clock', 'manual')
    t.is((await json('clock'))?.now, after?.now)
    await again.stop()
  },
)

test.serial(
  'operators are listed, shown, checked and read again, one of one’s own among them',
  async (t) => {
    const own = temporaryDirectory(t)
    const data = temporaryDirectory(t)
    const file = join(own, 'mine.json')
    copyFileSync(fileURLToPath(new URL('t2.json', OPERATORS_DIRECTORY)), file)
    const text = readFileSync(file, 'utf8').replace(/\s*"icon": "[^"]*",/, '')
    writeFileSync(file, text.replace('"name": "T2"', '"name": "My T2"'))
    const lab = await serve(t, '--data', data, '--operators', own)
    const list = await runJson(t, ['operators', '--data', data])
    t.is(list.length, 16)
    t.like(list[0], { id: 'lab', isDefault: true })
    const t2 = async () => (await runJson(t, ['operators', 'show', 't2', '--data', data]))[0]
    t.is((await t2())?.name, 'My T2')
    t.like(errorOf(await run('operators', 'show', 'nobody', '--data', data, '--json')), {
      code: 'notFound',
    })
    writeFileSync(file, text.replace('"name": "T2"', '"name": "Our T2"'))
    await runJson(t, ['operators', 'reload', '--data', data])
    t.is((await t2())?.name, 'Our T2')
    writeFileSync(file, '{ "id": 3 }')
    const reload = await run('operators', 'reload', '--data', data)
    t.is(reload.exitCode, 2)
    t.true(reload.stderr.includes('mine.json'))
    t.is((await t2())?.name, 'Our T2')
    t.like(errorOf(await run('operators', 'check', file, '--json')), { code: 'badInput' })
    const right = fileURLToPath(new URL('mts.json', OPERATORS_DIRECTORY))
    t.like((await runJson(t, ['operators', 'check', right]))[0], { id: 'mts', name: 'MTS' })
    const clock = await run('clock', 'advance', '1d', '--data', data, '--json')
    t.like(errorOf(clock), { code: 'refused', reason: 'clockNotManual' })
    await lab.stop()
  },
)

test.serial('money is sent to another phone, and every rule against it is told', async (t) => {
  const data = temporaryDirectory(t)
  const lab = await serve(t, '--data', data, '--clock', 'manual')
  const json = async (line: string) => (await runJson(t, [...line.split(' '), '--data', data]))[0]
  const tried = (line: string) => run(...line.split(' '), '--data', data)
  const numbers: string[] = []
  for (const phone of ['p1', 'p2']) {
    const order = await json(`order --operator beeline --phone ${phone}`)
    await json(`download ${String(order?.activationCode)} --phone ${phone} --enable`)
    numbers.push(String(order?.msisdn))
  }
  const [from = '', to = ''] = numbers
  await json('subscription topup 1000 --phone p1')
  await json('subscription buy beeline-plus-5 --phone p1')
  const sent = { from, to, amountMinor: 10_000, currency: 'RUB' }
  t.like(await json('subscription send 100 --to p2 --phone p1 --key k'), sent)
  t.like(await json(`subscription send 100 --to ${to} --phone p1 --key k`), sent)
  t.like(await json('subscription --phone p2'), { wallet: { moneyMinor: 10_000 } })
  const refused = await tried('subscription send 151 --to p2 --phone p1')
  t.is(refused.exitCode, 3)
  t.regex(refused.stderr, /a short while ago[^]*greatest sum/)
  t.not((await tried('subscription send 100 --phone p1')).exitCode, 0)
  t.regex((await tried('operators show beeline')).stdout, /C {2}keep: 60.00 RUB/)
  await lab.stop()
})
