/** `esim-lab events`: who is told of what happens, and what became of the deliveries. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { EVENT_TYPES, isEventType } from '../../operator/events/event-types.ts'
import { instantText } from '../balance.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { labVerb, type CommonOptions } from '../verb.ts'

const HUB = '/tmf-api/prepayBalanceManagement/v4/hub'

export function eventsVerb(output: Output): Command {
  const command = labVerb({
    name: 'events',
    summary: 'list who is told of events, register a webhook, see and retry deliveries',
    examples: [
      'events',
      'events listen http://localhost:9000/hook',
      'events listen http://localhost:9000/hook --type TransferBalanceCreateEvent',
      'events deliveries --state dead',
    ],
  }).action(() => run((at) => list(at)))
  // The options that both commands have are taken by `events`, wherever they stand.
  async function run(work: (at: At) => Promise<void>): Promise<void> {
    await work({ lab: await openLab(command.opts<CommonOptions>().data), output })
  }
  for (const part of [...listenerCommands(run), ...deliveryCommands(run)]) command.addCommand(part)
  return command
}

interface At {
  readonly lab: LabClient
  readonly output: Output
}

type Run = (work: (at: At) => Promise<void>) => Promise<void>

function listenerCommands(run: Run): readonly Command[] {
  const types = Object.entries(EVENT_TYPES).map(([type, text]) => `  ${type}: ${text}`)
  return [
    labVerb({
      name: 'listen',
      summary: 'register a webhook; its secret is shown this once',
      examples: [
        'events listen http://localhost:9000/hook',
        'events listen http://localhost:9000/hook --type TransferBalanceCreateEvent --json',
      ],
    })
      .argument('<url>', 'where events are POSTed; on this machine, or see "serve --callback-host"')
      .option(
        '--type <type>',
        'tell of this type alone; may be repeated',
        (type: string, before: readonly string[] = []) => [...before, type],
      )
      .addHelpText('after', ['', 'Types:', ...types].join('\n'))
      .action((callback: string, { type = [] }: { readonly type?: readonly string[] }) => {
        const query = queryOf(type)
        return run((at) => listen(at, { callback, ...(query !== undefined && { query }) }))
      }),
    labVerb({
      name: 'unlisten',
      summary: 'tell a webhook no more',
      examples: ['events unlisten 5F0A…'],
    })
      .argument('<id>', 'as "events" lists it')
      .action((id: string) =>
        run(async ({ lab, output }) => {
          await lab.delete(`${HUB}/${encodeURIComponent(id)}`)
          output.result({ id }, `${id} is told no more.`)
        }),
      ),
  ]
}

/** @throws {LabError} usage — an unknown type */
function queryOf(types: readonly string[]): string | undefined {
  const unknown = types.find((type) => !isEventType(type))
  if (unknown !== undefined)
    throw new LabError(
      'usage',
      `"${unknown}" is no type of event. "esim-lab events listen --help" lists them.`,
      { field: 'type' },
    )
  return types.length === 0 ? undefined : `eventType=${types.join(',')}`
}

interface ListenerAnswer {
  readonly id: string
  readonly callback: string
  readonly query?: string
}

async function list({ lab, output }: At): Promise<void> {
  const listeners = await pages<'listeners', ListenerAnswer>(lab, {
    path: '/api/event-listeners',
    name: 'listeners',
  })
  output.text(`Told of events: ${counted(listeners.length, 'listener')}.`)
  for (const listener of listeners) output.result(listener, listenerText(listener))
}

function listenerText({ id, callback, query }: ListenerAnswer): string {
  return `  ${id}  ${callback}  ${query ?? 'all events'}`
}

async function listen(
  { lab, output }: At,
  body: { readonly callback: string; readonly query?: string },
): Promise<void> {
  const made = await lab.post<ListenerAnswer & { readonly secret: string }>(HUB, { body })
  const lines = [
    `${made.callback} is told of ${made.query ?? 'all events'}, as ${made.id}.`,
    `Its secret, shown this once: ${made.secret}`,
    'It signs the header webhook-signature, as Standard Webhooks 1.0.0 has it.',
  ]
  output.result(made, lines.join('\n'))
}

function deliveryCommands(run: Run): readonly Command[] {
  return [
    labVerb({
      name: 'deliveries',
      summary: 'list deliveries: those that wait, are done, or never could be',
      examples: ['events deliveries', 'events deliveries --state waiting --json'],
    })
      .option('--state <state>', 'waiting, delivered or dead (default: dead)', 'dead')
      .action(({ state }: { readonly state: string }) => run((at) => listDeliveries(at, state))),
    labVerb({
      name: 'retry',
      summary: 'try a dead delivery again',
      examples: ['events retry 17'],
    })
      .argument('<number>', 'as "events deliveries" lists it')
      .action((text: string) => {
        if (!/^[1-9][0-9]{0,14}$/.test(text))
          throw new LabError('usage', `a delivery is a number, not "${text}".`, { field: 'number' })
        return run(async ({ lab, output }) => {
          await lab.post(`/api/event-deliveries/${text}/retry`, { body: {} })
          output.result({ number: Number(text) }, `The delivery ${text} waits again.`)
        })
      }),
  ]
}

interface DeliveryAnswer {
  readonly number: number
  readonly state: string
  readonly tries: number
  readonly nextAt: string | null
  readonly lastError: string | null
  readonly listenerId: string
  readonly eventType: string
  readonly eventTime: string
}

async function listDeliveries({ lab, output }: At, state: string): Promise<void> {
  const deliveries = await pages<'deliveries', DeliveryAnswer>(lab, {
    path: `/api/event-deliveries?state=${encodeURIComponent(state)}`,
    name: 'deliveries',
  })
  output.text(`Deliveries that are ${state}: ${deliveries.length}.`)
  for (const delivery of deliveries) output.result(delivery, deliveryText(delivery))
}

function deliveryText(delivery: DeliveryAnswer): string {
  const { number, eventTime, eventType, listenerId, tries, nextAt, lastError } = delivery
  const next = nextAt === null ? '' : `, next at ${instantText(nextAt)}`
  const error = lastError === null ? '' : `: ${lastError}`
  return `  ${number}  ${instantText(eventTime)}  ${eventType} to ${listenerId}, ${counted(tries, 'try').replace('trys', 'tries')}${next}${error}`
}

/** Every entry of a list that comes in pages. */
async function pages<Name extends string, Entry>(
  lab: LabClient,
  of: { readonly path: string; readonly name: Name },
): Promise<readonly Entry[]> {
  type Page = Readonly<Record<Name, readonly Entry[]>> & { readonly next?: string }
  const entries: Entry[] = []
  let next: string | undefined
  do {
    const after = next === undefined ? [] : [`after=${encodeURIComponent(next)}`]
    const joint = of.path.includes('?') ? '&' : '?'
    const page: Page = await lab.get<Page>([of.path, ...after].join(joint))
    entries.push(...page[of.name])
    next = page.next
  } while (next !== undefined)
  return entries
}
