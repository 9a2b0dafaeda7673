import { readFileSync } from 'node:fs'
import test from 'ava'
import { errorOf, jsonLines, run, runJson, serve, temporaryDirectory } from './helper.ts'

/** The fields that every request of charging has. */
function head(invocationSequenceNumber: number): object {
  return {
    nfConsumerIdentification: { nodeFunctionality: 'SMF' },
    invocationTimeStamp: new Date().toISOString(),
    invocationSequenceNumber,
  }
}

interface Used {
  readonly usedBytes: number
  readonly stopped: string
  readonly lots: readonly { readonly origin: string; readonly amountBytes: number }[]
}

test('a phone uses data grant by grant, travels, and uses Wi-Fi', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const { ready, stop } = await serve(t, ...data)
  await runJson(t, ['download', ready.activationCode, '--enable', ...data])
  await runJson(t, ['attach', ...data])

  const told = await run('use', '300MB', '--slice', '70MB', ...data)
  t.is(told.exitCode, 0, told.stderr)
  t.regex(told.stdout, /^\d+ has used 300 MB \(plan\)\.\n$/)

  const [away] = await runJson(t, ['travel', 'cn', ...data])
  t.like(away, { phone: 'p1', country: 'CN', isRoaming: true })
  const [home] = await runJson(t, ['travel', 'home', ...data])
  t.like(home, { country: 'ZZ', isRoaming: false, coolingUntil: null })
  t.is((await run('travel', 'China', ...data)).exitCode, 2)
  t.is((await run('wifi', 'perhaps', ...data)).exitCode, 2)

  await runJson(t, ['wifi', 'on', ...data])
  const offloaded = await run('use', '1GB', ...data)
  t.regex(offloaded.stdout, /has used 1 GB over Wi-Fi, which is not charged/)
  await runJson(t, ['wifi', 'off', ...data])

  const part = await run('use', '30GB', '--key', 'k', '--json', ...data)
  t.is(part.exitCode, 3)
  const [used] = jsonLines(part.stdout) as unknown as Used[]
  t.like(used, { usedBytes: 19_700_000_000, stopped: 'QUOTA_LIMIT_REACHED' })
  t.is(errorOf(part).reason, 'notEnoughData')
  const again = await run('use', '30GB', '--key', 'k', '--json', ...data)
  t.is(again.stdout, part.stdout)
  const other = await run('use', '29GB', '--key', 'k', '--json', ...data)
  t.is(other.exitCode, 6)
  t.is(await stop(), 0)
})

test('a served lab that is killed in a session keeps what was used, and gives back the rest', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const first = await serve(t, ...data)
  await runJson(t, ['download', first.ready.activationCode, '--enable', ...data])
  await runJson(t, ['attach', ...data])
  const [account] = await runJson(t, ['balance', ...data])
  const tokenOf = (): string =>
    (JSON.parse(readFileSync(first.ready.tokenFile, 'utf8')) as { token: string }).token
  const post = async (url: string, body: object): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenOf()}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const created = await post(`${first.ready.operatorUrl}/nchf-convergedcharging/v3/chargingdata`, {
    ...head(1),
    subscriberIdentifier: `msisdn-${String(account?.msisdn)}`,
    chargingId: 1,
    multipleUnitUsage: [{ ratingGroup: 1, requestedUnit: { totalVolume: 5_000_000_000 } }],
  })
  const location = created.headers.get('location') ?? ''
  t.is(created.status, 201)
  first.child.kill('SIGKILL')

  const second = await serve(t, ...data)
  const [held] = await runJson(t, ['balance', ...data])
  t.is(held?.totalBytes, 15_000_000_000)
  const release = {
    ...head(2),
    multipleUnitUsage: [
      {
        ratingGroup: 1,
        usedUnitContainer: [{ localSequenceNumber: 1, totalVolume: 1_000_000_000 }],
      },
    ],
  }
  const released = await post(
    `${second.ready.operatorUrl}${new URL(location).pathname}/release`,
    release,
  )
  t.is(released.status, 204)
  const [left] = await runJson(t, ['balance', ...data])
  t.is(left?.totalBytes, 19_000_000_000)
  const again = await post(
    `${second.ready.operatorUrl}${new URL(location).pathname}/release`,
    release,
  )
  t.is(again.status, 204)
  t.is(await second.stop(), 0)
})
