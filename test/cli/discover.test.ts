import test from 'ava'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

test('a phone discovers what was ordered for it at either SM-DS, and downloads it', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  const { ready } = await serve(t, ...data)
  const nothing = await runJson(t, ['discover', ...data])
  t.like(nothing, [
    { phone: 'p1', events: [], failed: [], rootDsAddress: 'testrootsmds.example.com' },
  ])
  const orders: Record<string, unknown>[] = []
  for (const smDs of ['alternative', 'root']) {
    orders.push(...(await runJson(t, ['order', '--phone', 'p1', '--sm-ds', smDs, ...data])))
  }
  const [found, ...installed] = await runJson(t, ['discover', '--download', ...data])
  t.like(found, {
    events: [
      { smdpAddress: ready.rspAddress, smdsAddress: ready.alternativeDsAddress },
      { smdpAddress: ready.rspAddress, smdsAddress: 'testrootsmds.example.com' },
    ],
  })
  t.deepEqual(
    installed.map(({ iccid }) => iccid),
    orders.map(({ iccid }) => iccid),
  )
  const { stdout } = await run('discover', ...data)
  t.regex(stdout, /No profile waits for this eUICC/)
})

test('an order for an SM-DS is refused without an EID, and where nobody is', async (t) => {
  const directory = temporaryDirectory(t)
  const data = ['--data', directory]
  await serve(t, ...data)
  t.is(errorOf(await run('order', '--sm-ds', 'root', ...data, '--json')).reason, '8.1.1/2.2')
  const nowhere = await run('order', '--phone', 'p1', '--sm-ds', 'localhost:1', ...data, '--json')
  t.is(errorOf(nowhere).reason, '8.9/5.1')
})
