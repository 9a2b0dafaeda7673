/** `esim-lab scenario`: profiles and orders as somebody's test suite wants to find them. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { fromUtf8 } from '../../base/octets.ts'
import type { LoadedScenario } from '../../lab-scenario.ts'
import { readIfThere } from '../../store/directory.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { labVerb, verb, type CommonOptions } from '../verb.ts'

export function scenarioVerb(output: Output): Command {
  return verb({
    name: 'scenario',
    summary: 'fill the SM-DP+ with what a test suite expects',
    examples: ['scenario load fixtures/scenarios/conformance.json'],
  }).addCommand(
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
