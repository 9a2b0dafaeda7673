import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import test from 'ava'
import { jsonLines, run } from './helper.ts'

test('the demo tells its story, shows both balances and exits with 0', async (t) => {
  const { exitCode, stdout, stderr } = await run('demo')
  t.is(exitCode, 0, stderr)
  t.regex(stdout, /p1 {2}17 GB until \d{4}-\d\d-\d\d/)
  t.regex(stdout, /p1 {2}12 GB until/)
  t.regex(stdout, /p2 {2}25 GB = 5 GB until .* \+ 20 GB until/)
  t.regex(stdout, /moreThanMayBeGiven/)
  t.regex(stdout, /40 GB issued = 37 GB available \+ 0 bytes held \+ 3 GB consumed/)
  t.notRegex(stdout, /✗/)
  t.true(stdout.split('\n').length <= 45)
})

test('the demo tells programs one object per step, and leaves nothing behind', async (t) => {
  const { exitCode, stdout } = await run('demo', '--json')
  t.is(exitCode, 0)
  const steps = jsonLines(stdout)
  t.deepEqual(
    steps.slice(0, -1).map(({ event, number, ok }) => ({ event, number, ok })),
    Array.from({ length: 12 }, (_, at) => ({ event: 'step', number: at + 1, ok: true })),
  )
  const done = steps.at(-1)
  t.is(done?.event, 'done')
  t.true(Number(done?.ms) < 10_000)
  const directory = String(steps[0]?.directory)
  t.false(readdirSync(tmpdir()).includes(directory.split('/').at(-1) ?? ''))
})
