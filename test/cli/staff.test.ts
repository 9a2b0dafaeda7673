import test from 'ava'
import { csvLine } from '../../src/cli/csv.ts'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

test.serial('what subscribers settle and staff look up is reached at the shell', async (t) => {
  t.timeout(240_000)
  const data = ['--data', temporaryDirectory(t)]
  const limits = ['--rate-limit', 'auditor=2', '--callback-host', 'Hooks.Example.com']
  const lab = await serve(t, ...data, '--clock', 'manual', ...limits)
  const numbers: string[] = []
  for (const phone of ['p1', 'p2']) {
    const [order] = await runJson(t, ['order', ...data])
    await runJson(t, ['download', String(order?.activationCode), '--phone', phone, ...data])
    numbers.push(String(order?.msisdn))
  }
  const [a = '', b = ''] = numbers
  const json = async (line: string) => runJson(t, [...line.split(' '), ...data])
  const tried = async (line: string) => run(...line.split(' '), ...data)

  t.like((await json('gifts lock'))[0], { msisdn: a, locked: true, blocked: [] })
  const locked = await tried('gift 1GB --from p1 --to p2 --json')
  t.is(locked.exitCode, 3)
  t.is(errorOf(locked).reason, 'giverLocked')
  t.like((await json(`gifts block ${b}`))[0], { locked: true, blocked: [b] })
  const automatic = { to: b, hoursBefore: 48 }
  t.like((await json('gifts automatic --to p2 --hours-before 48'))[0], {
    locked: true,
    blocked: [b],
    automatic,
  })
  t.like((await json('gifts unlock'))[0], { locked: false, blocked: [b], automatic })
  t.like((await json('gifts automatic --off'))[0], { automatic: null, blocked: [b] })
  t.like((await json('gifts unblock p2'))[0], { blocked: [] })
  await json('gifts pin set 4711')
  t.is((await tried('gifts pin set 4712 --old 1111')).exitCode, 3)
  await json('gifts pin set 4712 --old 4711')
  t.like((await json('gifts settings'))[0], { pin: { chosen: true, locked: false } })
  await json('gifts pin reset')
  t.like((await json('gifts settings'))[0], { pin: { chosen: false, locked: false } })
  await json('gifts suspend p1 --reason resale')
  t.like((await json('gifts suspensions'))[0], { msisdn: a, reason: 'resale' })
  await json('gifts allow p1')
  t.deepEqual(await json('gifts suspensions'), [])

  await json('gift 1GB --from p1 --to p2')
  const [gift] = await json('gifts --with p2 --since 2020-01-01')
  t.deepEqual(await json('gifts --until 2020-01-01'), [])
  const id = String(gift?.id)
  t.like((await json(`gifts show ${id.slice(0, 12)}`))[0], { id, from: a, to: b })
  const [given] = await json('history --kind giftGiven')
  t.like(given, { reference: id, amountBytes: -1e9, what: 'data' })
  const table = (await tried('history --phone p2 --csv')).stdout.split('\n')
  t.is(table[0], 'at,reference,what,kind,amount,unit,with,label')
  t.regex(table[1] ?? '', new RegExp(`,${id},data,giftReceived,1000000000,B,\\+999 01 `))
  t.regex((await tried('gifts --csv')).stdout, new RegExp(`^at,reference,id,.*\n.*,${id},${a},`))
  t.is((await tried('history --csv --json')).exitCode, 2)
  t.is((await tried('history --since yesterday')).exitCode, 2)

  const [listener] = await json('events listen http://hooks.example.com/x')
  t.regex(String(listener?.secret), /^whsec_/)
  const [known] = await json('events')
  t.like(known, { id: listener?.id, callback: 'http://hooks.example.com/x' })
  t.false('secret' in known!, 'the secret is shown once')
  const elsewhere = await tried('events listen http://elsewhere.example.com/x --json')
  t.is(errorOf(elsewhere).reason, 'callbackHost')
  t.is((await tried('events listen http://localhost:9/x --type Birthday')).exitCode, 2)
  t.deepEqual(await json('events deliveries'), [])
  t.is((await tried('events retry 99')).exitCode, 5)
  await json(`events unlisten ${String(listener?.id)}`)
  t.deepEqual(await json('events'), [])

  const [auditor] = await json('tokens auditor books --hours 2')
  const headers = { Authorization: `Bearer ${String(auditor?.token)}` }
  const audited = async () =>
    (await fetch(`${lab.ready.operatorUrl}/api/ledger/audit`, { headers })).status
  t.deepEqual([await audited(), await audited(), await audited()], [200, 200, 429])
  await json('tokens sign-in')
  const inbox = await json('inbox')
  const code = /\b[0-9]{6}\b/.exec(String(inbox.at(-1)?.text))?.[0] ?? 'none'
  t.like((await json(`tokens sign-in --code ${code}`))[0], { role: 'subscriber' })
  const [one] = await json('tokens')
  await json(`tokens revoke ${String(one?.id)}`)
  t.is((await json('tokens')).length, 1)

  const listed = (await json('subscription list')).map(({ msisdn }) => msisdn)
  t.true([a, b].every((number) => listed.includes(number)))
  t.like((await json('subscription set --language zh --age minor'))[0], {
    language: 'zh',
    ageGroup: 'minor',
  })
  t.is((await tried('subscription set')).exitCode, 2)
  await json('subscription adjust 2GB --take --reason mistake')
  t.like((await json('history --kind corrected'))[0], { amountBytes: -2e9 })
  t.deepEqual(await json('subscription sessions'), [])
  const [swap] = await json('subscription sim-swap')
  t.false(swap?.swapped)
  t.is(typeof swap?.latestSimChange, 'string', 'the instant of its activation')
  t.like((await json('travel'))[0], { isRoaming: false, wifi: false })
  t.like((await json('audit'))[0], { balanced: true })

  const shown = (await tried('operators show t2')).stdout
  t.regex(
    shown,
    /\n {2}C {2}stepBytes: 1 GB\n[\s\S]*\nWhat the law says\n {2}B {2}coolingAfterRoamingHours: 24\n/,
  )
  t.regex(shown, /\nUsed first: gift, then .*\nChannels: ussd \*974#, /)

  const misspelt = await tried('gifts confrim')
  t.is(misspelt.exitCode, 5)
  t.regex(misspelt.stderr, /Or was it one of these\? esim-lab gifts show, confirm, /)
  t.regex((await tried('gifts pin')).stderr, /say what to do: set, reset\./)
  t.regex((await tried('gift')).stderr, /"esim-lab gift --help" shows how\./)
  t.is(await lab.stop(), 0)
})

test('a table has each value in its cell, and none that a spreadsheet would reckon with', (t) => {
  t.is(csvLine(['a', 1, null, undefined, 'b,c', 'd"e', 'f\ng']), 'a,1,,,"b,c","d""e","f\ng"')
  t.is(csvLine(['=1+1', '@x', '-1', '+7 000 ***-**-01']), "'=1+1,'@x,-1,+7 000 ***-**-01")
})
