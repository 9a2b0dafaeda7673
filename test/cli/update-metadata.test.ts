import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

const ICCID = '8999901000000000001'
const SCENARIO = {
  name: 'update',
  source: 'a test',
  profiles: [{ iccids: [ICCID], profileName: 'Old name', profilePolicyRules: ['ppr1', 'ppr2'] }],
  orders: [{ iccid: ICCID, matchingId: 'A' }],
}

test('the operator changes the enabled profile of a phone, and takes away a rule', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const { ready, stop } = await serve(t, ...data)
  const file = join(directory, 'scenario.json')
  writeFileSync(file, JSON.stringify(SCENARIO))
  await runJson(t, ['scenario', 'load', file, ...data])
  const code = `LPA:1$${ready.rspAddress}$A`
  await runJson(t, ['download', code, '--accept-rules', ...data])

  const early = await run('update-metadata', '--profile-name', 'New', '--json', ...data)
  t.is(early.exitCode, 3)
  t.is(errorOf(early).reason, 'conditionsOfUseNotSatisfied')
  await runJson(t, ['enable', ...data])
  t.is((await run('disable', ...data)).exitCode, 3, 'PPR1 forbids it')

  const changes = ['--profile-name', 'New', '--policy-rules', 'none']
  const [changed] = await runJson(t, ['update-metadata', ...changes, ...data])
  t.like(changed, { phone: 'p1', profileName: 'New', profilePolicyRules: [] })
  const [shown] = await runJson(t, ['profiles', ...data])
  t.is(shown?.name, 'New')
  await runJson(t, ['disable', ...data])
  t.is(await stop(), 0)
})

test('a change that is none, too long or of a file that is not there is refused', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const { ready, stop } = await serve(t, ...data)
  await runJson(t, ['download', ready.activationCode, '--enable', ...data])
  const refusals: readonly (readonly [exitCode: number, ...args: string[]])[] = [
    [2],
    [2, '--icon', join(directory, 'no-such-file.png')],
    [2, '--policy-rules', 'ppr3'],
    [2, '--profile-name', 'x'.repeat(65)],
  ]
  for (const [exitCode, ...args] of refusals) {
    const done = await run('update-metadata', ...args, ...data)
    t.is(done.exitCode, exitCode, done.stderr)
  }
  t.is(
    (await run('update-metadata', '--phone', 'nobody', '--profile-name', 'x', ...data)).exitCode,
    5,
  )
  t.is(await stop(), 0)
})
