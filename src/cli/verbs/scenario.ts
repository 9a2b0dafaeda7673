/** `esim-lab scenario`: what a test suite wants to find, and stories that play themselves through. */

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { wallClock } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { fromUtf8 } from '../../base/octets.ts'
import type { LoadedScenario } from '../../lab-scenario.ts'
import { openStage, type StoryStage } from '../../lab-story.ts'
import { isStory, parseStory, type Story } from '../../lab-story-file.ts'
import { ALTERNATIVE_TEXTS } from '../../operator/rules/refusals.ts'
import { readIfThere } from '../../store/directory.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { tellStory } from '../story.ts'
import { labVerb, verb, type CommonOptions } from '../verb.ts'

export function scenarioVerb(output: Output): Command {
  return verb({
    name: 'scenario',
    summary: 'play a story through, or fill the SM-DP+ with what a test suite expects',
    examples: ['scenario run businessman', 'scenario load fixtures/scenarios/conformance.json'],
  })
    .addCommand(
      verb({
        name: 'run',
        summary: 'play a story through, in a lab of its own, and check what it expects',
        examples: ['scenario run businessman', 'scenario run mine.json --json'],
      })
        .argument('<story>', `a file, or one of ${storyNames().join(', ')}`)
        .action((story: string) => run(story, output)),
    )
    .addCommand(
      labVerb({
        name: 'load',
        summary: 'make the profiles of a file and put its orders in place; again, to put them back',
        examples: [
          'scenario load fixtures/scenarios/conformance.json',
          'scenario load mine.json --json',
        ],
      })
        .argument('<file>', 'a scenario, JSON')
        .action((file: string, options: CommonOptions) => load({ file, options }, output)),
    )
}

const STORIES = new URL('../../../fixtures/scenarios/', import.meta.url)

/** The stories that come with esim-lab. */
function storyNames(): readonly string[] {
  return namesIn(fileURLToPath(STORIES))
    .filter((name) => name.endsWith('.json'))
    .filter((name) => isStory(jsonOf(fileURLToPath(new URL(name, STORIES)))))
    .map((name) => name.replace(/\.json$/, ''))
    .toSorted()
}

/** An installation without fixtures has no stories. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

async function run(named: string, output: Output): Promise<void> {
  const startMs = wallClock.nowMs()
  const story = storyOf(named)
  const stage = await openStage(story)
  try {
    output.text(story.description)
    await tell({ story, stage }, output)
    const ms = wallClock.nowMs() - startMs
    const seconds = (ms / 1000).toFixed(1)
    const done = { event: 'done', scenario: story.name, ok: true, ms }
    output.result(done, `\n${story.name}: as expected, in ${seconds} s.`)
  } finally {
    await stage.close()
  }
}

function inWords(alternative: string): string {
  const texts: Readonly<Record<string, string>> = ALTERNATIVE_TEXTS
  return texts[alternative] ?? alternative
}

async function tell(
  of: { readonly story: Story; readonly stage: StoryStage },
  output: Output,
): Promise<void> {
  const { story, stage } = of
  const told = tellStory({ output, clock: wallClock })
  for (const step of story.steps) {
    await told.step(step.title, async () => {
      const { refused, alternatives, says } = await stage.play(step)
      const lines = says.flatMap((text) => text.split('\n'))
      const refusal = refused.length > 0 ? [`refused: ${refused.join(', ')}`] : []
      const instead =
        alternatives.length > 0 ? [`instead: ${alternatives.map(inWords).join('; ')}`] : []
      const at = stage.lab.clock.now().toISOString()
      const fields = { at, refused, alternatives, says }
      return { value: undefined, lines: [...refusal, ...lines, ...instead], fields }
    })
  }
  await told.step('The books balance', async () => {
    const { balanced, faults } = stage.lab.operator.audit()
    if (!balanced) throw new LabError('damaged', `the books: ${faults.join('; ')}`)
    return { value: undefined }
  })
}

/** A story by its name or its file. @throws {LabError} notFound, badInput */
function storyOf(named: string): Story {
  if (storyNames().includes(named)) {
    return parseStory(jsonOf(fileURLToPath(new URL(`${named}.json`, STORIES))))
  }
  if (readIfThere(named)) return parseStory(jsonOf(named))
  throw new LabError(
    'notFound',
    `there is no story ${named}; there are ${storyNames().join(', ')}`,
    {
      field: 'story',
    },
  )
}

async function load(
  asked: { readonly file: string; readonly options: CommonOptions },
  output: Output,
): Promise<void> {
  const lab = await openLab(asked.options.data)
  const loaded = await lab.post<LoadedScenario>('/api/scenarios', { body: jsonOf(asked.file) })
  const { name, profiles, orders } = loaded
  const lines = orders.map(({ iccid, state, activationCode }) =>
    [iccid.padEnd(20), state.padEnd(11), activationCode ?? ''].join(' ').trimEnd(),
  )
  const counts = `${count(profiles, 'profile')}, ${count(orders.length, 'order')}`
  output.result(loaded, [`Loaded ${name}: ${counts}.`, ...lines].join('\n'))
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

function jsonOf(file: string): object {
  const content = readIfThere(file)
  if (!content) throw new LabError('notFound', `there is no file ${file}.`, { field: 'file' })
  try {
    const json: unknown = JSON.parse(fromUtf8(content) ?? '')
    if (typeof json === 'object' && json !== null) return json
  } catch (error) {
    throw new LabError('badInput', `${file} is not JSON in UTF-8.`, { field: 'file', cause: error })
  }
  throw new LabError('badInput', `${file} is not a JSON object.`, { field: 'file' })
}
