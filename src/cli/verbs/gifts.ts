/** `esim-lab gifts`: gifts of a subscriber, their steps, codes, questions for data, and numbers whose gifts are stopped. */

import { Argument, type Command } from 'commander'
import { amountFromText, amountToJson, type JsonAmount } from '../../operator/amount.ts'
import { normaliseMsisdn } from '../../operator/msisdn.ts'
import { amountText, instantText } from '../balance.ts'
import { giftLine, giftText, type GiftAnswer } from '../gifts.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { postOnce } from '../repeatable.ts'
import { gigabyteOf, msisdnOf } from '../subscriber.ts'
import { commandLine, phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface GiftsOptions extends CommonOptions, PhoneOption {
  readonly state?: string
}

interface AskOptions {
  readonly from: string
  readonly to: string
  readonly key?: string
}

interface Step {
  readonly name: 'confirm' | 'cancel' | 'accept' | 'decline' | 'reverse'
  readonly summary: string
  readonly option?: readonly [flags: string, text: string]
}

const STEPS: readonly Step[] = [
  {
    name: 'confirm',
    summary: 'say yes for the sender',
    option: ['--pin <pin>', "the sender's PIN, where the operator wants one"],
  },
  { name: 'cancel', summary: 'think better of it for the sender' },
  { name: 'accept', summary: 'take it for the receiver' },
  { name: 'decline', summary: 'say no for the receiver' },
  {
    name: 'reverse',
    summary: 'take back what is unused, once, as the operator',
    option: ['--reason <text>', 'why (default: operator)'],
  },
]

const LIST_LIMIT = 500

export function giftsVerb(output: Output): Command {
  const command = phoneVerb({
    name: 'gifts',
    summary: 'list the gifts of a phone or a number, and take the steps of those that wait',
    examples: [
      'gifts --phone p1',
      'gifts 999010000001 --state completed --json',
      'gifts confirm 4f2a66e09c2b7d10a3f1c5e8',
      'gifts claim 7KQ2MNRT4H --phone p2',
      'gifts ask 1GB --from p2 --to p1',
      'gifts suspensions',
    ],
  })
    .argument('[msisdn]', 'a number, in place of a phone')
    .option('--state <state>', 'such as awaitingConfirmation, held, completed')
    .action((msisdn: string | undefined) => run((at) => list(at, msisdn)))
  // The options that both commands have are taken by `gifts`, wherever they stand.
  async function run(work: (at: At) => Promise<void>): Promise<void> {
    const options = command.opts<GiftsOptions>()
    await work({ lab: await openLab(options.data), options, output })
  }
  for (const step of STEPS) command.addCommand(stepCommand(step, run))
  for (const part of [...codeAndAskCommands(run), ...suspensionCommands(run)])
    command.addCommand(part)
  return command
}

interface At {
  readonly lab: LabClient
  readonly options: GiftsOptions
  readonly output: Output
}

type Run = (work: (at: At) => Promise<void>) => Promise<void>

function stepCommand({ name, summary, option }: Step, run: Run): Command {
  const declared = phoneVerb({
    name,
    summary,
    examples: [`gifts ${name} 4f2a66e09c2b7d10a3f1c5e8`],
  })
  if (option) declared.option(...option)
  return declared
    .argument('<id>', 'the gift, as "gifts" lists it')
    .action((id: string, own: { readonly pin?: string; readonly reason?: string }) => {
      const { pin, reason } = own
      const body = { ...(pin !== undefined && { pin }), ...(reason !== undefined && { reason }) }
      return run((at) => post(at, { path: `/api/gifts/${encodeURIComponent(id)}/${name}`, body }))
    })
}

function codeAndAskCommands(run: Run): readonly Command[] {
  return [
    phoneVerb({
      name: 'claim',
      summary: 'turn a code into data of a phone or a number',
      examples: ['gifts claim 7KQ2MNRT4H --phone p2'],
    })
      .argument('<code>', 'small letters, dashes and spaces do no harm')
      .argument('[msisdn]', 'a number, in place of a phone')
      .action((code: string, msisdn: string | undefined) =>
        run(async (at) => {
          const by = await msisdnOf(at.lab, msisdn ?? at.options.phone)
          const path = `/api/gift-codes/${encodeURIComponent(code)}/claim`
          await post(at, { path, body: { by } })
        }),
      ),
    phoneVerb({
      name: 'ask',
      summary: 'ask another subscriber for data',
      examples: ['gifts ask 1GB --from p2 --to p1'],
    })
      .argument('<amount>', 'such as 5GB, 300MB, 1GiB, or bytes')
      .requiredOption('--from <who>', 'who asks: a phone or a number')
      .requiredOption('--to <who>', 'who is asked: a phone or a number')
      .option('--key <key>', 'idempotency key: the same one never asks twice')
      .action((amount: string, own: AskOptions) => {
        amountFromText(amount)
        return run((at) => askFor(at, { own, amount }))
      }),
    phoneVerb({
      name: 'asks',
      summary: 'list the questions for data that a phone or a number got, or made',
      examples: ['gifts asks', 'gifts asks --made --phone p2'],
    })
      .argument('[msisdn]', 'a number, in place of a phone')
      .option('--made', 'those that it made')
      .action((msisdn: string | undefined, own: { readonly made?: true }) =>
        run((at) => listAsks(at, { msisdn, side: own.made ? 'made' : 'got' })),
      ),
    phoneVerb({
      name: 'answer',
      summary: 'give what was asked for, or say no',
      examples: ['gifts answer 4f2a66e09c2b7d10a3f1c5e8 yes'],
    })
      .argument('<id>', 'the question, as "gifts asks" lists it')
      .addArgument(new Argument('<answer>').choices(['yes', 'no']))
      .action((id: string, answer: 'yes' | 'no') =>
        run((at) => answerAsk(at, { id, gives: answer === 'yes' })),
      ),
  ]
}

function suspensionCommands(run: Run): readonly Command[] {
  return [
    phoneVerb({
      name: 'suspensions',
      summary: 'list the numbers whose gifts are stopped, with what was counted',
      examples: ['gifts suspensions', 'gifts suspensions --json'],
    }).action(() => run(listSuspensions)),
    phoneVerb({
      name: 'allow',
      summary: 'allow the gifts of a number again',
      examples: ['gifts allow 999010000001'],
    })
      .argument('<msisdn>', 'the number')
      .action((text: string) => {
        const msisdn = normaliseMsisdn(text, 'msisdn')
        return run(async ({ lab, output }) => {
          await lab.delete(`/api/suspensions/${msisdn}`)
          output.result({ msisdn }, `${msisdn} may give again.`)
        })
      }),
  ]
}

async function list({ lab, options, output }: At, given: string | undefined): Promise<void> {
  const msisdn = await msisdnOf(lab, given ?? options.phone)
  const state = options.state === undefined ? '' : `&state=${encodeURIComponent(options.state)}`
  const gifts = await allOf<'gifts', GiftAnswer>(lab, {
    path: `/api/gifts?msisdn=${msisdn}${state}`,
    name: 'gifts',
    goesOn: 'before',
  })
  output.text(`Gifts of ${msisdn}: ${counted(gifts.length, 'gift')}.`)
  const gigabyteBytes = await gigabyteOf(lab, msisdn)
  for (const gift of gifts) output.result(gift, giftLine(gift, gigabyteBytes))
}

/** A list from its first page to its last. */
async function allOf<Name extends string, Entry>(
  lab: LabClient,
  of: { readonly path: string; readonly name: Name; readonly goesOn: 'after' | 'before' },
): Promise<readonly Entry[]> {
  const { path, name, goesOn } = of
  type Page = Readonly<Record<Name, readonly Entry[]>> & { readonly next?: string }
  const first = `${path}${path.includes('?') ? '&' : '?'}limit=${LIST_LIMIT}`
  let page = await lab.get<Page>(first)
  const entries = [...page[name]]
  while (page.next !== undefined) {
    page = await lab.get<Page>(`${first}&${goesOn}=${encodeURIComponent(page.next)}`)
    entries.push(...page[name])
  }
  return entries
}

async function post(
  { lab, output }: At,
  request: { readonly path: string; readonly body: object },
): Promise<void> {
  const gift = await lab.post<GiftAnswer>(request.path, { body: request.body })
  output.result(gift, await textOf(lab, gift))
}

async function textOf(lab: LabClient, gift: GiftAnswer): Promise<string> {
  const { directory } = lab
  return giftText(gift, { directory, gigabyteBytes: await gigabyteOf(lab, gift.from) })
}

interface AskAnswer {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amountBytes: JsonAmount
  readonly until: string
}

async function askFor(
  { lab, output }: At,
  asked: { readonly own: AskOptions; readonly amount: string },
): Promise<void> {
  const { own, amount } = asked
  const from = await msisdnOf(lab, own.from)
  const gigabyteBytes = await gigabyteOf(lab, from)
  const amountBytes = amountToJson(amountFromText(amount, { gigabyteBytes }))
  const body = { from, to: await msisdnOf(lab, own.to), amountBytes }
  const ask = await postOnce<AskAnswer>(lab, { path: '/api/asks', body, key: own.key })
  output.result(ask, askText(ask, { directory: lab.directory, gigabyteBytes }))
}

async function listAsks(
  { lab, options, output }: At,
  of: { readonly msisdn: string | undefined; readonly side: 'made' | 'got' },
): Promise<void> {
  const msisdn = await msisdnOf(lab, of.msisdn ?? options.phone)
  const asks = await allOf<'asks', AskAnswer>(lab, {
    path: `/api/asks?msisdn=${msisdn}&side=${of.side}`,
    name: 'asks',
    goesOn: 'after',
  })
  output.text(`Questions that ${msisdn} ${of.side}: ${counted(asks.length, 'question')}.`)
  const place = { directory: lab.directory, gigabyteBytes: await gigabyteOf(lab, msisdn) }
  for (const ask of asks) output.result(ask, askText(ask, place))
}

function askText(
  { id, from, to, amountBytes, until }: AskAnswer,
  lab: { readonly directory: string; readonly gigabyteBytes: number },
): string {
  const amount = amountText(amountBytes, lab.gigabyteBytes)
  const head = `${from} asks ${to} for ${amount}, until ${instantText(until)}.`
  return `${head}\n  ${commandLine(`gifts answer ${id} yes`, lab)}`
}

async function answerAsk(
  { lab, output }: At,
  answer: { readonly id: string; readonly gives: boolean },
): Promise<void> {
  const { id, gives } = answer
  const path = `/api/asks/${encodeURIComponent(id)}/answer`
  const gift = await lab.post<GiftAnswer | undefined>(path, { body: { gives } })
  if (gift) output.result(gift, await textOf(lab, gift))
  else output.result({ id, gives }, 'The answer is no.')
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

async function listSuspensions({ lab, output }: At): Promise<void> {
  const suspensions = await allOf<'suspensions', SuspensionAnswer>(lab, {
    path: '/api/suspensions',
    name: 'suspensions',
    goesOn: 'after',
  })
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
