import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { manualClock } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import { openTrace } from '../../src/cli/trace.ts'
import { jsonLines, temporaryDirectory } from './helper.ts'

const MESSAGE = { interface: 'ES9+', function: 'cancelSession', direction: 'request' } as const
const clock = manualClock(new Date('2026-01-01T00:00:00Z'))
const onFailure = () => {}

test('appends a line per message, octets in hexadecimal', (t) => {
  const path = join(temporaryDirectory(t), 'trace')
  for (const octet of [1, 2]) {
    const trace = openTrace({ path, clock, onFailure })
    trace.observer({ ...MESSAGE, message: { transactionId: Uint8Array.of(octet) } })
    trace.close()
  }
  const at = '2026-01-01T00:00:00.000Z'
  t.deepEqual(jsonLines(readFileSync(path, 'utf8')), [
    { at, ...MESSAGE, message: { transactionId: '01' } },
    { at, ...MESSAGE, message: { transactionId: '02' } },
  ])
})

test('refuses a file that cannot be opened, naming it', (t) => {
  const path = join(temporaryDirectory(t), 'no', 'such', 'trace')
  const error = t.throws(() => openTrace({ path, clock, onFailure }), { instanceOf: LabError })
  t.is(error.code, 'badInput')
  t.is(error.field, 'trace')
})

test('a write that fails ends the trace with one warning, and disturbs nobody', (t) => {
  const failures: string[] = []
  // Every write to this device of Linux fails for want of room.
  const path = '/dev/full'
  const trace = openTrace({ path, clock, onFailure: (detail) => void failures.push(detail) })
  t.notThrows(() => trace.observer({ ...MESSAGE, message: 1 }))
  t.notThrows(() => trace.observer({ ...MESSAGE, message: 2 }))
  trace.close()
  t.is(failures.length, 1)
  t.regex(failures[0] ?? '', /^cannot write \/dev\/full, the trace ends here/)
})
