/** The parts of `esim-lab gifts` that settle something: lock, block list, automatic gift, PIN, and gifts that the operator stops. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { instantText } from '../balance.ts'
import type { LabClient } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { isNumber, msisdnOf, requireNumber } from '../subscriber.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

/** A lab, what was written, and where answers go. */
export interface SettingsAt {
  readonly lab: LabClient
  readonly options: CommonOptions & PhoneOption
  readonly output: Output
}

type Run = (work: (at: SettingsAt) => Promise<void>) => Promise<void>

/** The commands, for `gifts` to have as its parts; it takes the options that they share. */
export function giftSettingCommands(run: Run): readonly Command[] {
  return [
    settingsCommand(run),
    ...lockCommands(run),
    ...blockCommands(run),
    automaticCommand(run),
    pinCommand(run),
    ...suspensionCommands(run),
  ]
}

interface Choices {
  readonly locked: boolean
  readonly blocked: readonly string[]
  readonly automatic: { readonly to: string; readonly hoursBefore: number } | null
}

interface SettingsAnswer extends Choices {
  readonly msisdn: string
  readonly pin: { readonly chosen: boolean; readonly locked: boolean }
  readonly suspended: { readonly at: string; readonly reason: string } | null
}

function settingsCommand(run: Run): Command {
  return ofOne({
    name: 'settings',
    summary: 'show lock, block list, automatic gift and PIN of a phone or a number',
    examples: ['gifts settings', 'gifts settings 70002200001 --json'],
  }).action((msisdn: string | undefined) =>
    run(async (at) => {
      const { path } = await whose(at, msisdn)
      const settings = await at.lab.get<SettingsAnswer>(path)
      at.output.result(settings, settingsText(settings))
    }),
  )
}

function lockCommands(run: Run): readonly Command[] {
  return [
    ofOne({
      name: 'lock',
      summary: 'forbid gifts from a phone or a number',
      examples: ['gifts lock --phone p1'],
    }).action((msisdn: string | undefined) =>
      run((at) => settle(at, { msisdn, change: () => ({ locked: true }) })),
    ),
    ofOne({
      name: 'unlock',
      summary: 'allow gifts from a phone or a number again',
      examples: ['gifts unlock --phone p1'],
    }).action((msisdn: string | undefined) =>
      run((at) => settle(at, { msisdn, change: () => ({ locked: false }) })),
    ),
  ]
}

function blockCommands(run: Run): readonly Command[] {
  const command = (name: 'block' | 'unblock', summary: string) =>
    phoneVerb({ name, summary, examples: [`gifts ${name} 70002200002 --phone p1`] })
      .argument('<from>', 'the other: a phone or a number')
      .argument('[msisdn]', 'a number, in place of a phone')
      .action((from: string, msisdn: string | undefined) =>
        run(async (at) => {
          const other = await msisdnOf(at.lab, from)
          const change = ({ blocked }: Choices) => {
            const others = blocked.filter((number) => number !== other)
            return { blocked: name === 'block' ? [...others, other] : others }
          }
          await settle(at, { msisdn, change })
        }),
      )
  return [
    command('block', 'take no gifts from a number'),
    command('unblock', 'take gifts from a number again'),
  ]
}

function automaticCommand(run: Run): Command {
  interface Own {
    readonly to?: string
    readonly hoursBefore: string
    readonly off?: true
  }
  return ofOne({
    name: 'automatic',
    summary: 'give what would end to another, by itself, some hours before it does',
    examples: ['gifts automatic --to p2 --hours-before 24 --phone p1', 'gifts automatic --off'],
  })
    .option('--to <who>', 'a phone or a number')
    .option('--hours-before <hours>', 'from 1 to 720', '24')
    .option('--off', 'no longer')
    .action((msisdn: string | undefined, { to, off, hoursBefore: hours }: Own) => {
      if ((to === undefined) === (off === undefined)) throw usage('say --to or --off', 'to')
      if (!/^[1-9][0-9]{0,3}$/.test(hours))
        throw usage(`hours are a whole number from 1 to 720, not "${hours}"`, 'hoursBefore')
      return run(async (at) => {
        const hoursBefore = Number(hours)
        const automatic = to === undefined ? null : { to: await msisdnOf(at.lab, to), hoursBefore }
        await settle(at, { msisdn, change: () => ({ automatic }) })
      })
    })
}

function pinCommand(run: Run): Command {
  const set = ofOne(
    {
      name: 'set',
      summary: 'choose a PIN, or change it',
      examples: ['gifts pin set 4711 --phone p1', 'gifts pin set 4712 --old 4711 --phone p1'],
    },
    { name: '<pin>', text: 'the new one: digits, as many as the operator wants' },
  )
    .option('--old <pin>', 'the PIN until now, where there is one')
    .action((newPin: string, msisdn: string | undefined, { old }: { readonly old?: string }) =>
      run(async (at) => {
        const { number, path } = await whose(at, msisdn)
        await at.lab.put(`${path}/pin`, { newPin, ...(old !== undefined && { oldPin: old }) })
        at.output.result({ msisdn: number, pin: 'chosen' }, `The PIN of ${number} is chosen.`)
      }),
    )
  const reset = ofOne({
    name: 'reset',
    summary: 'as the operator: unlock the PIN, and make it what it was in the beginning',
    examples: ['gifts pin reset --phone p1'],
  }).action((msisdn: string | undefined) =>
    run(async (at) => {
      const { number, path } = await whose(at, msisdn)
      await at.lab.delete(`${path}/pin`)
      at.output.result({ msisdn: number, pin: 'reset' }, `The PIN of ${number} is reset.`)
    }),
  )
  return phoneVerb({
    name: 'pin',
    summary: 'choose, change or reset the PIN that confirms gifts',
    examples: ['gifts pin set 4711 --phone p1', 'gifts pin reset --phone p1'],
  })
    .addCommand(set)
    .addCommand(reset)
}

function suspensionCommands(run: Run): readonly Command[] {
  return [
    phoneVerb({
      name: 'suspensions',
      summary: 'list the numbers whose gifts are stopped, with what was counted',
      examples: ['gifts suspensions', 'gifts suspensions --json'],
    }).action(() => run(listSuspensions)),
    phoneVerb({
      name: 'suspend',
      summary: 'as the operator: stop the gifts of a number',
      examples: ['gifts suspend 999010000001 --reason "sells data"'],
    })
      .argument('<who>', 'a phone or a number')
      .option('--reason <text>', 'why', 'operator')
      .action((who: string, { reason }: { readonly reason: string }) =>
        run(async ({ lab, output }) => {
          const msisdn = await msisdnOf(lab, who)
          await lab.put(`/api/suspensions/${msisdn}`, { reason })
          output.result({ msisdn, reason }, `The gifts of ${msisdn} are stopped.`)
        }),
      ),
    phoneVerb({
      name: 'allow',
      summary: 'allow the gifts of a number again',
      examples: ['gifts allow 999010000001'],
    })
      .argument('<who>', 'a phone or a number')
      .action((who: string) => {
        // A number that is none is refused before anybody is asked.
        if (isNumber(who)) requireNumber(who)
        return run(async ({ lab, output }) => {
          const msisdn = await msisdnOf(lab, who)
          await lab.delete(`/api/suspensions/${msisdn}`)
          output.result({ msisdn }, `${msisdn} may give again.`)
        })
      }),
  ]
}

function ofOne(
  declared: Parameters<typeof phoneVerb>[0],
  first?: { readonly name: string; readonly text: string },
): Command {
  const command = phoneVerb(declared)
  if (first) command.argument(first.name, first.text)
  return command.argument('[msisdn]', 'a number, in place of a phone')
}

async function whose(
  { lab, options }: SettingsAt,
  msisdn: string | undefined,
): Promise<{ readonly number: string; readonly path: string }> {
  const number = await msisdnOf(lab, msisdn ?? options.phone)
  return { number, path: `/api/accounts/${number}/gift-settings` }
}

/** Changes one thing and leaves the others: the API settles all of it at once. */
async function settle(
  at: SettingsAt,
  asked: {
    readonly msisdn: string | undefined
    readonly change: (before: Choices) => Partial<Choices>
  },
): Promise<void> {
  const { path } = await whose(at, asked.msisdn)
  const before = await at.lab.get<SettingsAnswer>(path)
  const { locked, blocked, automatic } = before
  const choices = { locked, blocked, automatic, ...asked.change(before) }
  const settings = await at.lab.put<SettingsAnswer>(path, choices)
  at.output.result(settings, settingsText(settings))
}

function settingsText(settings: SettingsAnswer): string {
  const { msisdn, locked, blocked, automatic, pin, suspended } = settings
  const stopped = suspended
    ? `stopped by the operator since ${instantText(suspended.at)} (${suspended.reason})`
    : 'allowed'
  const chosen = pin.chosen ? 'chosen' : 'not chosen'
  return [
    `Gifts of ${msisdn}`,
    `  outgoing gifts   ${locked ? 'locked by the subscriber' : stopped}`,
    `  none taken from  ${blocked.join(', ') || 'nobody'}`,
    `  automatic gift   ${automatic ? `to ${automatic.to}, ${counted(automatic.hoursBefore, 'hour')} before data ends` : 'none'}`,
    `  PIN              ${pin.locked ? 'locked after too many wrong ones' : chosen}`,
  ].join('\n')
}

interface SuspensionAnswer {
  readonly msisdn: string
  readonly at: string
  readonly reason: string
  readonly evidence: readonly {
    readonly code: string
    readonly text: string
    readonly count: number
    readonly limit: number
    readonly windowHours: number
    readonly gifts: readonly { readonly from: string; readonly to: string; readonly at: string }[]
  }[]
}

interface SuspensionPage {
  readonly suspensions: readonly SuspensionAnswer[]
  readonly next?: string
}

async function listSuspensions({ lab, output }: SettingsAt): Promise<void> {
  const suspensions: SuspensionAnswer[] = []
  let page = await lab.get<SuspensionPage>('/api/suspensions')
  suspensions.push(...page.suspensions)
  while (page.next !== undefined) {
    page = await lab.get(`/api/suspensions?after=${encodeURIComponent(page.next)}`)
    suspensions.push(...page.suspensions)
  }
  output.text(`Gifts are stopped: ${counted(suspensions.length, 'number')}.`)
  for (const suspension of suspensions) output.result(suspension, suspensionText(suspension))
}

function suspensionText({ msisdn, at, reason, evidence }: SuspensionAnswer): string {
  const lines = evidence.flatMap(({ code, text, count, limit, windowHours, gifts }) => [
    `    ${code}: ${text} (${count}, limit ${limit}, within ${windowHours} h)`,
    ...gifts.map((gift) => `      ${instantText(gift.at)}  ${gift.from} to ${gift.to}`),
  ])
  return [`  ${msisdn}  since ${instantText(at)}  (${reason})`, ...lines].join('\n')
}

function usage(text: string, field: string): LabError {
  return new LabError('usage', `${text}. "esim-lab gifts automatic --help" shows how.`, { field })
}
