import test from 'ava'
import { manualClock } from '../../src/base/environment.ts'
import { createProcedures } from '../../src/operator/procedures.ts'

function arrange(waitingMax = 3) {
  const clock = manualClock(new Date(0))
  return { clock, procedures: createProcedures<number>({ clock, waitMs: 10, waitingMax }) }
}

test('what waits is taken once', (t) => {
  const { procedures } = arrange()
  procedures.wait('a', 1)
  t.is(procedures.take('a'), 1)
  t.is(procedures.take('a'), undefined)
  t.is(procedures.take('b'), undefined)
})

test('what has waited too long is gone, and waiting anew begins anew', (t) => {
  const { clock, procedures } = arrange()
  procedures.wait('a', 1)
  clock.advance(9)
  procedures.wait('b', 2)
  clock.advance(1)
  t.is(procedures.take('a'), undefined)
  t.is(procedures.take('b'), 2)
})

test('there are never too many: the oldest gives way, and one that waits anew is no longer it', (t) => {
  const { procedures } = arrange()
  for (const [at, id] of ['a', 'b', 'c', 'a', 'd'].entries()) procedures.wait(id, at)
  t.deepEqual(
    ['a', 'b', 'c', 'd'].map((id) => procedures.take(id)),
    [3, undefined, 2, 4],
  )
})
