/** `esim-lab clock`: what time it is in the lab, and moving it on. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { instantText } from '../balance.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { labVerb, type CommonOptions } from '../verb.ts'

export function clockVerb(output: Output): Command {
  const command = labVerb({
    name: 'clock',
    summary: 'show the time of the lab; a lab served with --clock manual can be moved on',
    examples: ['clock', 'clock advance 3d', 'clock advance 90m --json'],
  }).action((options: CommonOptions) => show(options.data, output))
  const advance = labVerb({
    name: 'advance',
    summary: 'move the clock on; what has ended meanwhile is put away',
    examples: ['clock advance 3d', 'clock advance 36h'],
  })
    .argument('<time>', 'days, hours, minutes or seconds, such as 3d, 36h, 90m, 30s')
    // The option that both commands have is taken by `clock`, wherever it stands.
    .action((time: string) => advanceBy({ time, data: command.opts<CommonOptions>().data }, output))
  return command.addCommand(advance)
}

interface ClockAnswer {
  readonly now: string
  readonly manual: boolean
}

async function show(directory: string, output: Output): Promise<void> {
  const lab = await openLab(directory)
  const clock = await lab.get<ClockAnswer>('/api/clock')
  const kind = clock.manual ? 'moved by hand' : "the machine's"
  output.result(clock, `${instantText(clock.now)} (${kind})`)
}

async function advanceBy(
  asked: { readonly time: string; readonly data: string },
  output: Output,
): Promise<void> {
  const advanceMs = durationMsOf(asked.time)
  const lab = await openLab(asked.data)
  const clock = await lab.post<ClockAnswer>('/api/clock', { body: { advanceMs } })
  output.result(clock, `It is ${instantText(clock.now)}.`)
}

const UNITS_MS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
}

/** Milliseconds of `3d`, `36h`, `90m`, `30s`. @throws {LabError} usage */
function durationMsOf(text: string): number {
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,5})([dhms])$/.exec(text) ?? []
  const unitMs = UNITS_MS[unit]
  if (unitMs !== undefined) return Number(count) * unitMs
  throw new LabError('usage', `a time is one such as 3d, 36h, 90m or 30s, not "${text}".`, {
    field: 'time',
  })
}
