import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { toHex } from '../../src/base/octets.ts'
import { foreignPackage, withoutNumber } from '../helpers/packages.ts'
import { SUBSCRIBER } from '../profile/helper.ts'
import { errorOf, jsonLines, run, runJson, serve, temporaryDirectory } from './helper.ts'

const { iccid, msisdn } = SUBSCRIBER
const OTHER_ICCID = '8900112345678901242'

test('packages are imported from files, ordered, downloaded again and again, and reset', async (t) => {
  const data = temporaryDirectory(t)
  const place = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(data, name), content)
    return join(data, name)
  }
  await serve(t, '--data', data)
  const der = place('one.der', foreignPackage())
  const other = withoutNumber(foreignPackage({ subscriber: { iccid: OTHER_ICCID } }))
  const text = place('two.hex', `${toHex(other)}\n`)
  const side = place('side.json', '{"profileName":"Side","profileType":"side"}')
  const command = ['profile', 'import', der, text, '--metadata', side, '--data', data]
  const imported = await runJson(t, [...command, '--profile-name', 'Theirs', '--owner', '001-01'])
  t.like(imported, [
    { file: der, iccid, msisdn, profileName: 'Theirs', profileType: 'side' },
    { file: text, iccid: OTHER_ICCID, msisdn: null, noAccount: 'noNumber' },
  ])

  const again = await run(...command, '--json')
  t.is(again.exitCode, 6)
  t.is(errorOf(again).reason, 'iccidInUse')
  const cut = place('cut.der', foreignPackage().subarray(0, 100))
  const refused = await run('profile', 'import', cut, '--data', data)
  t.is(refused.exitCode, 2)
  t.regex(refused.stderr, /cut\.der: .* element \d+ \(\w+\) at octet \d+/)
  const none = await run('profile', 'import', join(data, 'none.der'), '--data', data)
  t.is(none.exitCode, 5)
  const noSide = await run(...command.slice(0, 3), '--metadata', der, '--data', data, '--json')
  t.is(errorOf(noSide).field, 'metadata')

  const numberless = ['order', '--iccid', OTHER_ICCID, '--repeatable', '--data', data]
  const [ordered] = await runJson(t, numberless)
  t.like(ordered, { msisdn: '', repeatable: true })
  for (const phone of ['p1', 'p2']) {
    const code = String(ordered?.activationCode)
    await runJson(t, ['download', code, '--phone', phone, '--enable', '--data', data])
  }
  const balance = await run('balance', '--phone', 'p1', '--data', data, '--json')
  t.is(balance.exitCode, 5)
  t.is(errorOf(balance).reason, 'noAccount')

  const [once] = await runJson(t, ['order', '--iccid', iccid, '--data', data])
  const code = String(once?.activationCode)
  await runJson(t, ['download', code, '--phone', 'p3', '--data', data])
  t.is((await run('download', code, '--phone', 'p4', '--data', data)).exitCode, 3)
  const reset = await runJson(t, ['order', 'reset', iccid, '--data', data])
  t.like(reset, [{ iccid, state: 'Released', activationCode: code }])
  await runJson(t, ['download', code, '--phone', 'p4', '--data', data])
  t.like(await runJson(t, ['balance', msisdn, '--data', data]), [{ msisdn }])
})

test('a package is shown without a lab', async (t) => {
  const data = temporaryDirectory(t)
  const file = join(data, 'one.der')
  writeFileSync(file, foreignPackage())
  const { stdout, exitCode } = await run('profile', 'show', file)
  t.is(exitCode, 0)
  t.regex(stdout, new RegExp(`^iccid ${iccid}\nimsi `))
  t.regex(stdout, /\n {5}0 {2}header \(element 0, \d+ octets\)\n {10}version {2}\d\.\d/)
  t.regex(stdout, /\n +\d+ {2}mf \(element 1, \d+ octets, identification \d+, mandated\)\n/)
  t.regex(stdout, /\n {10}EF\.ICCID {2}3F00\/2FE2 {2}transparent {2}10 octets.* {2}98\d+/)
  t.regex(stdout, /\nEncoded again, it has the same octets\.\n$/)
  const [shown] = await runJson(t, ['profile', 'show', file])
  t.like(shown, { iccid, reencoded: true, elements: [{ offset: 0, name: 'header', tag: '[A0]' }] })
  t.is((await run('profile', 'show', join(data, 'none'))).exitCode, 5)
})

test('the file system of a package is shown as a tree', async (t) => {
  const file = join(temporaryDirectory(t), 'one.der')
  writeFileSync(file, foreignPackage())
  const { stdout, exitCode } = await run('profile', 'show', '--files', file)
  t.is(exitCode, 0)
  t.regex(stdout, /^3F00 MF {2}/)
  t.regex(stdout, /\n│ {2}├─ 6F07 EF\.IMSI {2}transparent {2}9 octets/)
  const [shown] = await runJson(t, ['profile', 'show', '--files', file])
  t.like(shown, { iccid, mf: { name: '3F00 MF', what: 'directory' } })
})

test('codes and keys of a package are shown on demand', async (t) => {
  const file = join(temporaryDirectory(t), 'one.der')
  writeFileSync(file, foreignPackage())
  const ki = toHex(SUBSCRIBER.ki)
  t.false((await run('profile', 'show', file)).stdout.includes(ki))
  t.true((await run('profile', 'show', '--secrets', file)).stdout.includes(ki))
})

test('of a broken package is shown what can be read, and it fails', async (t) => {
  const data = temporaryDirectory(t)
  const file = join(data, 'cut.der')
  writeFileSync(file, foreignPackage().subarray(0, -4))
  const cut = await run('profile', 'show', file, '--json')
  t.is(cut.exitCode, 2)
  t.is(errorOf(cut).reason, 'notAProfilePackage')
  t.like(jsonLines(cut.stdout), [{ reencoded: false, broken: { name: 'end' } }])
  const none = join(data, 'none.txt')
  writeFileSync(none, 'hello')
  const text = await run('profile', 'show', none)
  t.is(text.exitCode, 2)
  t.is(text.stdout, '')
})

test('a package is checked, and fails with errors alone', async (t) => {
  const data = temporaryDirectory(t)
  const file = join(data, 'one.der')
  writeFileSync(file, foreignPackage())
  const good = await run('profile', 'lint', file)
  t.is(good.exitCode, 0, good.stdout)
  t.regex(good.stdout, /one\.der: 0 errors, \d+ warnings?, \d+ notes?\.\n$/)
  t.like(await runJson(t, ['profile', 'lint', file]), [{ file, ok: true }])

  writeFileSync(file, foreignPackage().subarray(0, -9))
  const bad = await run('profile', 'lint', file)
  t.is(bad.exitCode, 3)
  t.regex(bad.stdout, /^error: the package has no end element\. .* \[end-last\]\n/)
  t.regex(bad.stderr, /packageHasErrors/)
  const json = await run('profile', 'lint', file, '--json')
  t.is(errorOf(json).reason, 'packageHasErrors')
  t.like(jsonLines(json.stdout), [
    { ok: false, findings: [{ rule: 'end-last', severity: 'error' }] },
  ])
  t.is((await run('profile', 'lint', join(data, 'none'))).exitCode, 5)
})

test('a name in a package gives no orders to the terminal', async (t) => {
  const file = join(temporaryDirectory(t), 'one.der')
  writeFileSync(file, foreignPackage({ operator: { serviceProviderName: 'Л\u001b[2J' } }))
  const { stdout } = await run('profile', 'show', file)
  t.regex(stdout, /\nserviceProviderName Л\ufffd\[2J\n/)
  t.like(await runJson(t, ['profile', 'show', file]), [{ serviceProviderName: 'Л\u001b[2J' }])
})
