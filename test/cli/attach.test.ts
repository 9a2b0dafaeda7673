import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { foreignPackage } from '../helpers/packages.ts'
import { SUBSCRIBER } from '../profile/helper.ts'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

test('a phone attaches, uses data, leaves, and uses none any more', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const { ready, stop } = await serve(t, ...data)
  await runJson(t, ['download', ready.activationCode, '--enable', ...data])

  const early = await run('use', '1GB', ...data)
  t.is(early.exitCode, 3)
  t.regex(early.stderr, /Attach the phone first: .*attach --phone p1 --data /)

  const told = await run('attach', ...data)
  t.is(told.exitCode, 0, told.stderr)
  t.regex(told.stderr, /asks for 5GS as suci-0-001-01-\d+-[12]-\d-[0-9a-f]+, concealed by the /)
  t.regex(told.stderr, /RAND [0-9A-F]{32}, AUTN [0-9A-F]{32}\n.*RES\* [0-9A-F]{32}\n/)
  t.regex(told.stdout, /The phone p1 is attached in 5GS as imsi-00101\d{10}\.\n/)

  const [attached] = await runJson(t, ['attach', '--system', 'eps', ...data])
  t.like(attached, { phone: 'p1', system: 'EPS', resynchronised: false })
  const steps = attached?.steps as { readonly step: string }[]
  t.is(steps.at(-1)?.step, 'registrationAccept')
  await runJson(t, ['use', '1GB', ...data])

  t.like(await runJson(t, ['detach', ...data]), [{ phone: 'p1', detached: true }])
  t.like(await runJson(t, ['detach', ...data]), [{ phone: 'p1', detached: false }])
  t.is(errorOf(await run('use', '1GB', '--json', ...data)).reason, 'notAttached')

  await runJson(t, ['attach', ...data])
  await runJson(t, ['disable', ...data])
  const none = await run('attach', '--json', ...data)
  t.is(none.exitCode, 5)
  t.is(errorOf(none).reason, 'noUsim')
  t.is(await stop(), 0)
})

test('a profile with a Ki that the operator does not have fails, and says why', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const { stop } = await serve(t, ...data)
  const file = join(directory, 'theirs.der')
  writeFileSync(file, foreignPackage())
  const short = await run('profile', 'import', file, '--ki', '00', '--json', ...data)
  t.is(short.exitCode, 2)
  t.is(errorOf(short).field, 'ki')
  await runJson(t, ['profile', 'import', file, '--ki', '00'.repeat(16), ...data])
  const [ordered] = await runJson(t, ['order', '--iccid', SUBSCRIBER.iccid, ...data])
  await runJson(t, ['download', String(ordered?.activationCode), '--enable', ...data])

  const told = await run('attach', ...data)
  t.is(told.exitCode, 3)
  t.regex(told.stderr, /does not believe the challenge: MAC failure/)
  t.regex(told.stderr, /AUTHENTICATION REJECT/)
  t.regex(told.stderr, /do not have the same key \(Ki, OPc\)/)
  t.is(errorOf(await run('attach', '--json', ...data)).reason, 'macFailure')
  t.is(await stop(), 0)
})

test('arguments that are none are named', async (t) => {
  const system = await run('attach', '--system', 'GSM', '--json')
  t.is(system.exitCode, 2)
  t.is(errorOf(system).field, 'system')
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const { stop } = await serve(t, ...data)
  const phone = await run('attach', '--phone', 'p9', '--json', ...data)
  t.is(phone.exitCode, 5)
  t.is(errorOf(phone).field, 'phone')
  t.is(await stop(), 0)
})
