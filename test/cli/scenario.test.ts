import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

const EXAMPLE = fileURLToPath(new URL('../../fixtures/scenarios/conformance.json', import.meta.url))

test('a scenario is loaded from a file, and its orders are there to be downloaded', async (t) => {
  const data = temporaryDirectory(t)
  await serve(t, '--data', data)
  const [loaded] = await runJson(t, ['scenario', 'load', EXAMPLE, '--data', data])
  t.like(loaded, { name: 'conformance', profiles: 16 })
  const orders = loaded?.orders as readonly { readonly activationCode: string }[] | undefined
  await runJson(t, ['download', String(orders?.[0]?.activationCode), '--data', data])
  const shown = await run('scenario', 'load', EXAMPLE, '--data', data)
  t.regex(
    shown.stdout,
    /^Loaded conformance: 16 profiles, 13 orders\.\n8999901000000090001 +Released +LPA:1\$/,
  )

  const broken = join(data, 'broken.json')
  writeFileSync(broken, '{"name":"mine","source":"a test","orders":[{"iccid":"1"}]}')
  const refused = await run('scenario', 'load', broken, '--data', data, '--json')
  t.is(refused.exitCode, 2)
  t.like(errorOf(refused), { field: 'orders[0].iccid' })
  writeFileSync(broken, 'no JSON')
  t.is((await run('scenario', 'load', broken, '--data', data)).exitCode, 2)
  t.is((await run('scenario', 'load', join(data, 'none'), '--data', data)).exitCode, 5)
})

test('a story is played through from the command, told step by step', async (t) => {
  const { exitCode, stdout } = await run('scenario', 'run', 'approval')
  t.is(exitCode, 0)
  t.regex(
    stdout,
    /✓ {2}4 {2}A gift is refused, for that reason alone .*\n +refused: serviceAwaitsApproval/,
  )
  t.regex(stdout, /✓ 17 {2}The books balance/)
  t.regex(stdout, /approval: as expected/)
})

test('a story that goes otherwise ends with an exit code that says so', async (t) => {
  const file = join(temporaryDirectory(t), 'mine.json')
  const steps = [
    { title: 'a phone', subscribe: { phone: 'a' } },
    { title: 'has more', check: { balance: [{ phone: 'a', amount: '21GB' }] } },
  ]
  const head = { name: 'mine', source: 'a test', description: 'mine' }
  writeFileSync(file, JSON.stringify({ ...head, startAt: '2026-01-01T00:00:00Z', steps }))
  const ran = await run('scenario', 'run', file, '--json')
  t.not(ran.exitCode, 0)
  t.like(errorOf(ran), { reason: 'notAsExpected' })
  t.regex(String(errorOf(ran).message), /step 2, "has more", failed: expected a has 21 GB/)
  t.is((await run('scenario', 'run', 'nothing')).exitCode, 5)
})
