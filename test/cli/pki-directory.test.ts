import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { seededRandom, wallClock } from '../../src/base/environment.ts'
import { exportPki } from '../../src/pki/export.ts'
import { createTestPki, issueTlsCredential } from '../../src/pki/test-pki.ts'
import { BIN, errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

/** A directory with a whole PKI of somebody's. */
function exported(t: ExecutionContext, seed = 'theirs'): string {
  const random = seededRandom(seed)
  const pki = createTestPki({ random })
  const credential = issueTlsCredential({
    pki,
    hostNames: ['localhost'],
    role: 'dp-tls',
    nowMs: wallClock.nowMs(),
    random,
  })
  const leaf = { folder: 'smdp', fileStem: 'S_SM_DP_TLS_NIST', credential, issuers: [] }
  const directory = temporaryDirectory(t)
  for (const { path, octets } of exportPki({ pki, passphrase: 'x', others: [leaf] })) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), octets)
  }
  return directory
}

test('pki check says what an exported PKI is good for', async (t) => {
  const directory = exported(t)
  const [report] = await runJson(t, ['pki', 'check', directory])
  t.deepEqual(report?.uses, ['smdp', 'smdpTls', 'newEuiccs'])
  const { exitCode, stdout } = await run('pki', 'check', directory)
  t.is(exitCode, 0)
  t.regex(stdout, /> SM-DP\+: ready\n/)
})

test('pki check of a directory without any of it ends with exit code 2', async (t) => {
  const ran = await run('pki', 'check', temporaryDirectory(t), '--json')
  t.is(ran.exitCode, 2)
  t.is(errorOf(ran).reason, 'pkiIncomplete')
})

test('serve --pki runs on it, makes phones under its EUM, and copies none of its keys', async (t) => {
  const directory = exported(t)
  const data = temporaryDirectory(t)
  const { ready, stop } = await serve(t, '--data', data, '--pki', directory)
  const [installed] = await runJson(t, ['download', ready.activationCode, '--data', data])
  t.regex(String(installed?.iccid), /^89/)
  const service = JSON.parse(readFileSync(join(data, 'serve.json'), 'utf8')) as object
  t.like(service, { pki: directory })
  t.like(ready, { pki: { directory, tls: 'given' } })
  t.is(await stop(), 0)
  const secrets = textsIn(directory).filter((text) => text.includes('PRIVATE KEY'))
  t.true(secrets.length > 0)
  for (const text of textsIn(data)) t.false(secrets.includes(text))
})

test('serve --pki that cannot run ends with exit code 2 and the report, and leaves nothing', async (t) => {
  const directory = exported(t)
  rmSync(join(directory, 'smdp'), { recursive: true })
  const data = join(temporaryDirectory(t), 'never')
  const ran = await run('serve', '--data', data, '--pki', directory)
  t.is(ran.exitCode, 2)
  t.regex(ran.stderr, /> SM-DP\+: missing CERT.DPauth and its key, CERT.DPpb and its key/)
  t.false(existsSync(data))
  const nowhere = await run('serve', '--data', data, '--pki', join(directory, 'nowhere'), '--json')
  t.is(nowhere.exitCode, 2)
  t.is(errorOf(nowhere).field, 'pki')
})

test('card --pki makes a card of it, and refuses a phone with a card of another PKI', async (t) => {
  const [directory, other] = [exported(t), exported(t, 'of another')]
  const data = temporaryDirectory(t)
  const card = ['card', '--stdio', '--data', data, '--pki']
  t.is(await exitCodeOf(...card, directory), 0)
  const files = readdirSync(join(data, 'phones')).filter((name) => name.endsWith('.json'))
  t.deepEqual(files, ['p1.json'])
  t.is(await exitCodeOf(...card, directory), 0)
  t.is(await exitCodeOf(...card, other), 6)
  t.is(await exitCodeOf(...card, temporaryDirectory(t), '--phone', 'p2'), 2)
})

/** Without anything on stdin, at whose end a card ends. */
async function exitCodeOf(...args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: 'ignore' })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  return exitCode
}

function textsIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
}
