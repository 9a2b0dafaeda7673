import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { createLab } from '../../src/lab.ts'
import { errorOf, run, runJson, temporaryDirectory } from './helper.ts'

const WRONG: readonly (readonly string[])[] = [
  ['fly'],
  ['serve', '--porrt', '1'],
  ['serve', '--port', '70000'],
  ['serve', '--port', 'x'],
  ['gift', '5GB', '--from', 'p1'],
  ['gift', '5 gigs', '--from', 'p1', '--to', 'p2'],
  ['use', '1.5B'],
  ['download'],
  ['download', 'LPA:2$localhost$A'],
  ['pki'],
]

test('wrong arguments exit with 2 and are named, for people and for programs', async (t) => {
  for (const args of WRONG) {
    const { exitCode, stdout, stderr } = await run(...args)
    t.is(exitCode, 2, args.join(' '))
    t.is(stdout, '')
    t.not(stderr, '')
  }
  const ran = await run('serve', '--porrt', '1', '--json')
  t.is(ran.exitCode, 2)
  t.like(errorOf(ran), { code: 'usage', reason: 'unknownOption' })
})

test('help and version are answers', async (t) => {
  const help = await run('--help')
  t.is(help.exitCode, 0)
  for (const verb of ['serve', 'demo', 'order', 'download', 'gift', 'pki', 'bench']) {
    t.true(help.stdout.includes(`\n  ${verb} `), verb)
  }
  t.deepEqual(await run(), help)
  const gift = await run('gift', '--help')
  t.regex(gift.stdout, /Examples:\n {2}\$ esim-lab gift 5GB --from p1 --to p2/)
  const file = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }
  t.is((await run('--version')).stdout, `${version}\n`)
})

test('the PKI of a kept lab is exported without serving it', async (t) => {
  const directory = temporaryDirectory(t)
  const lab = await createLab({ dataDirectory: directory, stock: 0 })
  await lab.close()
  const out = join(directory, 'out')
  const files = await runJson(t, ['pki', 'export', '--data', directory, '--out', out])
  t.true(files.every(({ path }) => existsSync(String(path))))
  const names = files.map(({ path }) => String(path).slice(out.length + 1))
  t.true(names.includes('ci/CERT_CI_ECDSA_NIST.pem'))
  t.true(names.includes('smdp/CERT_S_SM_DP_TLS_NIST.pem'))
  const none = await run('pki', 'export', '--data', join(directory, 'nowhere'), '--json')
  t.is(none.exitCode, 7)
  t.is(errorOf(none).reason, 'noLab')
})

test('a verb that has a lab of its own knows no data directory', async (t) => {
  const { exitCode, stderr } = await run('demo', '--data', 'elsewhere')
  t.is(exitCode, 2)
  t.regex(stderr, /unknown option '--data'/)
})
