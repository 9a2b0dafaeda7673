import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'node:https'
import test from 'ava'
import { errorOf, jsonLines, run, runJson, serve, temporaryDirectory } from './helper.ts'

test('an ephemeral lab says when it is ready, answers /health, and is gone when it is told to end', async (t) => {
  const { ready, stop } = await serve(t, '--ephemeral')
  t.regex(ready.rspUrl, /^https:\/\/localhost:\d+$/)
  t.is(ready.rspUrl, `https://${ready.rspAddress}`)
  t.true(ready.activationCode.startsWith(`LPA:1$${ready.rspAddress}$`))
  t.true(ready.readyMs > 0)
  const health = await fetch(`${ready.operatorUrl}/health`)
  t.deepEqual(await health.json(), { status: 'ok' })
  t.is(statSync(ready.tokenFile).mode & 0o777, 0o600)
  t.is(await stop(), 0)
  t.false(existsSync(ready.tokenFile))
  t.false(existsSync(ready.dataDirectory))
})

test('other clients verify its TLS certificate with the CI certificate it names', async (t) => {
  const { ready, stop } = await serve(t, '--ephemeral')
  const agent = new Agent({ ca: readFileSync(ready.ciCertificate) })
  const status = await new Promise((resolve, reject) => {
    const path = '/gsma/rsp2/es9plus/initiateAuthentication'
    request(`${ready.rspUrl}${path}`, { agent, method: 'POST' }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
  t.is(typeof status, 'number')
  agent.destroy()
  t.is(await stop(), 0)
})

test('two phones download, use and give data, and all of it survives a restart', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const first = await serve(t, ...data)
  const welcome = first.ready.activationCode
  await runJson(t, ['download', welcome, '--enable', ...data])
  const [ordered] = await runJson(t, ['order', '--confirmation-code', '2468', ...data])
  const code = String(ordered?.activationCode)
  const wrong = await run('download', code, '--confirmation-code', '1', '--json', ...data)
  t.is(wrong.exitCode, 3)
  t.is(errorOf(wrong).reason, '8.2.7/3.8')
  const right = ['--confirmation-code', '2468', '--phone', 'p2']
  const [installed] = await runJson(t, ['download', code, ...right, ...data])
  t.is(installed?.iccid, ordered?.iccid)
  const [enabled] = await runJson(t, ['enable', '--phone', 'p2', ...data])
  t.is(enabled?.iccid, ordered?.iccid)
  const early = await run('use', '3GB', '--key', 'early', '--json', ...data)
  t.is(early.exitCode, 3)
  t.is(errorOf(early).reason, 'notAttached')
  t.regex(String(errorOf(early).message), /attach --phone p1 --data /)
  const [attached] = await runJson(t, ['attach', ...data])
  t.like(attached, { phone: 'p1', system: '5GS', resynchronised: false })
  await runJson(t, ['use', '3GB', '--key', 'once', ...data])
  await runJson(t, ['use', '3GB', '--key', 'once', ...data])
  await runJson(t, ['gift', '5GB', '--from', 'p1', '--to', 'p2', ...data])
  const refused = await run('gift', '50GB', '--from', 'p1', '--to', 'p2', '--json', ...data)
  t.is(refused.exitCode, 3)
  t.is(errorOf(refused).reason, 'moreThanMayBeGiven')
  t.is(await first.stop(), 0)

  const second = await serve(t, ...data)
  t.not(second.ready.activationCode, welcome)
  const [p1] = await runJson(t, ['balance', ...data])
  const [p2] = await runJson(t, ['balance', '--phone', 'p2', ...data])
  t.is(p1?.totalBytes, 12_000_000_000)
  t.is(p2?.totalBytes, 25_000_000_000)
  t.is(p2?.msisdn, ordered?.msisdn)
  const byNumber = await run('balance', String(ordered?.msisdn), ...data)
  t.regex(
    byNumber.stdout,
    /has 25 GB\.\n {2}1\. 5 GB of 5 GB {4}until .* UTC \(in 29 d \d+ h\) {2}gift from \+999 01 \*\*\*-\*\*-01\n {2}2\. 20 GB of 20 GB {2}until .* plan lab-20\nAt most 25 GB/,
  )
  const profiles = await runJson(t, ['profiles', '--phone', 'p2', ...data])
  t.deepEqual(
    profiles.map(({ iccid, state }) => ({ iccid, state })),
    [{ iccid: ordered?.iccid, state: 'enabled' }],
  )
  t.is((await run('delete', '--phone', 'p2', ...data)).exitCode, 5)
  t.is(await second.stop(), 0)
})

test('what could not be told to a server waits in the phone, and reaches it later', async (t) => {
  const data = ['--data', temporaryDirectory(t)]
  const first = await serve(t, ...data)
  const [p1] = await runJson(t, ['download', first.ready.activationCode, '--enable', ...data])
  const [other] = await runJson(t, ['order', ...data])
  await runJson(t, ['download', String(other?.activationCode), '--phone', 'p2', ...data])
  t.is(await first.stop(), 0)

  // At another port: the profile has the address that it came from.
  const second = await serve(t, ...data)
  t.not(second.ready.rspAddress, first.ready.rspAddress)
  const disabled = await run('disable', ...data)
  t.is(disabled.exitCode, 0)
  t.regex(disabled.stderr, /stays on the eUICC: .* esim-lab notifications --send --phone p1 --data/)
  await runJson(t, ['delete', ...data])
  t.deepEqual(await runJson(t, ['profiles', ...data]), [])
  const waiting = await runJson(t, ['notifications', ...data])
  t.deepEqual(
    waiting.map(({ operation, iccid, address }) => ({ operation, iccid, address })),
    ['disable', 'delete'].map((operation) => ({
      operation,
      iccid: p1?.iccid,
      address: first.ready.rspAddress,
    })),
  )
  t.is((await run('notifications', '--send', ...data)).exitCode, 7)
  t.is(await second.stop(), 0)

  const [, port] = first.ready.rspAddress.split(':')
  const third = await serve(t, ...data, '--port', String(port), '--operator-port', '0')
  const [sent] = await runJson(t, ['notifications', '--send', ...data])
  t.like(sent, { failed: [] })
  t.deepEqual(sent?.sent, [4, 5])
  const numbers = ['--from', String(other?.msisdn), '--to', '999010000001']
  const late = await run('gift', '1GB', ...numbers, '--json', ...data)
  t.is(errorOf(late).reason, 'receiverProfileDeleted')
  t.is(await third.stop(), 0)
})

test('the activation code of the start stays until it is used', async (t) => {
  const data = ['--data', temporaryDirectory(t)]
  const first = await serve(t, ...data)
  t.is(await first.stop(), 0)
  const second = await serve(t, ...data)
  t.is(matchingIdOf(second.ready.activationCode), matchingIdOf(first.ready.activationCode))
  t.is(await second.stop(), 0)
})

test('refuses a directory that another lab is served from, and leaves that lab alone', async (t) => {
  const directory = temporaryDirectory(t)
  const { ready, stop } = await serve(t, '--data', directory)
  const second = await run('serve', '--data', directory, '--port', '0', '--json')
  t.is(second.exitCode, 7)
  t.is(errorOf(second).code, 'dataDirectoryLocked')
  t.true(existsSync(ready.tokenFile))
  t.is(await stop(), 0)
})

test('verbs without a lab exit with 7 and say how to start one', async (t) => {
  const directory = temporaryDirectory(t)
  const served = join(directory, 'serve.json')
  const stale = { operatorUrl: 'http://127.0.0.1:1', rspUrl: 'https://localhost:1', token: 'x' }
  const verbs = [
    ['balance'],
    ['order'],
    ['profiles'],
    ['gift', '1GB', '--from', 'p1', '--to', 'p2'],
  ]
  for (const verb of verbs) {
    const { exitCode, stderr } = await run(...verb, '--data', directory)
    t.is(exitCode, 7, stderr)
    t.true(stderr.includes(`no lab is served from ${directory}. Start one: npx esim-lab serve`))
  }
  writeFileSync(served, JSON.stringify(stale))
  // Port 1 of this machine is nobody's.
  const stranded = await run('balance', '--data', directory)
  t.is(stranded.exitCode, 7)
  t.regex(stranded.stderr, /Start one: .*esim-lab serve/)
})

test('every message between phone and server is a line of the trace, decoded, without tokens', async (t) => {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'trace.jsonl')
  const { ready, stop } = await serve(t, '--data', directory, '--trace', file)
  await runJson(t, ['download', ready.activationCode, '--data', directory])
  const { token } = JSON.parse(readFileSync(ready.tokenFile, 'utf8')) as { readonly token: string }
  t.is(await stop(), 0)
  const text = readFileSync(file, 'utf8')
  const lines = jsonLines(text)
  const es9Plus = lines
    .filter((line) => line.interface === 'ES9+')
    .map((line) => `${String(line.function)} ${String(line.direction)}`)
  t.deepEqual(es9Plus.slice(0, 6), [
    'initiateAuthentication request',
    'initiateAuthentication response',
    'authenticateClient request',
    'authenticateClient response',
    'getBoundProfilePackage request',
    'getBoundProfilePackage response',
  ])
  t.true(es9Plus.includes('handleNotification request'))
  t.true(lines.every((line) => typeof line.at === 'string' && line.message !== undefined))
  t.false(text.includes(token))
  t.is(statSync(file).mode & 0o777, 0o600)
})

test('a request that is not understood is in the trace as it came, with the refusal', async (t) => {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'trace.jsonl')
  const { ready, stop } = await serve(t, '--data', directory, '--plain', '--trace', file)
  const path = '/gsma/rsp2/es9plus/cancelSession'
  const headers = { 'Content-Type': 'application/json' }
  const body = JSON.stringify({ transactionId: 'no hexadecimal' })
  await fetch(`${ready.rspUrl}${path}`, { method: 'POST', headers, body })
  t.is(await stop(), 0)
  const lines = jsonLines(readFileSync(file, 'utf8'))
  t.like(
    lines.filter((line) => line.function === 'cancelSession'),
    [
      { direction: 'request', message: { transactionId: 'no hexadecimal' } },
      { direction: 'refusal', message: { code: '1.3.1/2.1' } },
    ],
  )
})

test('a phone traces what its eUICC and the server say, the package by its parts', async (t) => {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'phone.jsonl')
  const { ready, stop } = await serve(t, '--data', directory)
  await runJson(t, ['download', ready.activationCode, '--data', directory, '--trace', file])
  t.is(await stop(), 0)
  const lines = jsonLines(readFileSync(file, 'utf8'))
  t.deepEqual(
    ['ES9+', 'ES10b'].filter((name) => lines.some((line) => line.interface === name)),
    ['ES9+', 'ES10b'],
  )
  const delivered = lines.find(
    (line) => line.function === 'getBoundProfilePackage' && line.direction === 'response',
  )
  t.like(delivered, {
    message: {
      boundProfilePackage: {
        initialiseSecureChannelRequest: { remoteOpId: 'installBoundProfilePackage' },
      },
    },
  })
})

test('a lab without TLS serves its own verbs all the same', async (t) => {
  const directory = temporaryDirectory(t)
  const { ready, stop } = await serve(t, '--data', directory, '--plain')
  t.regex(ready.rspUrl, /^http:/)
  const [installed] = await runJson(t, ['download', ready.activationCode, '--data', directory])
  t.is(installed?.state, 'disabled')
  t.is(await stop(), 0)
})

function matchingIdOf(activationCode: string): string | undefined {
  return activationCode.split('$')[2]
}
