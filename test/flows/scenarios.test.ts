import { readFileSync, readdirSync } from 'node:fs'
import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { openStage } from '../../src/lab-story.ts'
import { isStory, parseStory } from '../../src/lab-story-file.ts'

const FOLDER = new URL('../../fixtures/scenarios/', import.meta.url)
const jsonOf = (name: string): unknown => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))
const STORIES = readdirSync(FOLDER).filter((name) => isStory(jsonOf(name)))

test('the article’s cases are all there', (t) => {
  const cases = ['approval', 'businessman', 'cooling', 'intermediary', 'student']
  t.deepEqual(
    STORIES.toSorted(),
    cases.map((name) => `${name}.json`),
  )
})

for (const name of STORIES) {
  test(`the story ${name} goes as it says, and the books balance`, async (t) => {
    const story = parseStory(jsonOf(name))
    t.is(`${story.name}.json`, name)
    const stage = await openStage(story)
    t.teardown(() => stage.close())
    for (const [at, step] of story.steps.entries()) {
      await t.notThrowsAsync(stage.play(step), `${at + 1}: ${step.title}`)
    }
    t.deepEqual(stage.lab.operator.audit().faults, [])
  })
}

const HEAD = {
  name: 'mine',
  source: 'a test',
  description: 'mine',
  startAt: '2026-01-01T00:00:00Z',
}
const subscribe = (phone: string) => ({ title: phone, subscribe: { phone } })

test('a step that comes to something else ends the story, and says what was found', async (t) => {
  const story = parseStory({
    ...HEAD,
    steps: [
      subscribe('a'),
      subscribe('b'),
      { title: 'gift', give: { from: 'a', to: 'b', amount: '21GB' } },
      { title: 'gift', give: { from: 'a', to: 'b', amount: '1GB' }, expect: { refused: ['ring'] } },
      { title: 'check', check: { balance: [{ phone: 'b', amount: '22GB' }] } },
      { title: 'check', check: { inbox: [{ phone: 'b', has: 'no such text' }] } },
      { title: 'check', check: { suspended: [{ phone: 'a', reason: 'ring' }] } },
      { title: 'who', give: { from: 'a', to: 'nobody', amount: '1GB' } },
    ],
  })
  const stage = await openStage(story)
  t.teardown(() => stage.close())
  const [a, b, ...wrong] = story.steps
  for (const step of [a, b]) if (step) await stage.play(step)
  const messages = [
    /expected nothing refused; found moreThanMayBeGiven/,
    /expected ring; found nothing refused/,
    /expected b has 22 GB; found b has 21 GB/,
    /no such text/,
    /found not stopped/,
    /nobody is called nobody/,
  ]
  t.is(wrong.length, messages.length)
  for (const [at, step] of wrong.entries()) {
    await t.throwsAsync(stage.play(step), {
      instanceOf: LabError,
      message: messages[at] as RegExp,
    })
  }
})

for (const [field, steps] of [
  ['steps', []],
  ['steps[0].title', [{ title: 'two', wait: { days: 1 }, use: { phone: 'a', amount: '1GB' } }]],
  ['steps[0].title', [{ title: 'none' }]],
  ['steps[0].dance', [{ title: 'unknown', dance: {} }]],
  ['steps[0].give.amount', [{ title: 'x', give: { from: 'a', to: 'b', amount: 'much' } }]],
  ['steps[0].travel.country', [{ title: 'x', travel: { phone: 'a', country: 'China' } }]],
  ['steps[0].check.balance[0].phone', [{ title: 'x', check: { balance: [{ amount: '1GB' }] } }]],
  ['steps[0].expect.refused', [{ title: 'x', wait: { days: 1 }, expect: { refused: [] } }]],
] as const) {
  test(`a story that is wrong at ${field} says so: ${JSON.stringify(steps)}`, (t) => {
    const error = t.throws(() => parseStory({ ...HEAD, steps }), { instanceOf: LabError })
    t.is(error?.field, field)
  })
}
