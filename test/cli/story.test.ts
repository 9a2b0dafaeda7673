import test from 'ava'
import { manualClock } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import type { Output } from '../../src/cli/output.ts'
import { tellStory } from '../../src/cli/story.ts'

function recorder() {
  const results: { readonly value: Record<string, unknown>; readonly text: string }[] = []
  const output: Output = {
    json: false,
    interactive: false,
    result: (value, text) => void results.push({ value: value as Record<string, unknown>, text }),
    text: () => {},
    help: () => {},
    note: () => {},
    warn: () => {},
  }
  return { results, output }
}

test('a step is told with its number, its time and what it found', async (t) => {
  const { results, output } = recorder()
  const clock = manualClock(new Date('2026-01-01T00:00:00Z'))
  const story = tellStory({ output, clock })
  const found = await story.step('The lab starts', async () => {
    clock.advance(250)
    return { value: 42, lines: ['on this machine'], fields: { port: 8443 } }
  })
  t.is(found, 42)
  t.deepEqual(results, [
    {
      value: {
        event: 'step',
        number: 1,
        title: 'The lab starts',
        ok: true,
        ms: 250,
        port: 8443,
      },
      text: '✓  1  The lab starts  (250 ms)\n      on this machine',
    },
  ])
})

test('a step that fails is named, keeps its code and reason, and ends the story', async (t) => {
  const { results, output } = recorder()
  const story = tellStory({ output, clock: manualClock(new Date('2026-01-01T00:00:00Z')) })
  await story.step('The lab starts', async () => ({ value: undefined }))
  const failing = story.step('The phone downloads', async () => {
    throw new LabError('refused', 'the code is wrong', { reason: '8.2.6/3.8' })
  })
  const error = await t.throwsAsync(failing, { instanceOf: LabError })
  t.is(error.message, 'step 2, "The phone downloads", failed: the code is wrong')
  t.is(error.code, 'refused')
  t.is(error.reason, '8.2.6/3.8')
  t.is(results[1]?.value.ok, false)
  t.regex(results[1]?.text ?? '', /^✗ {2}2/)
})
