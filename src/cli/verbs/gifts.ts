/** `esim-lab gifts`: gifts of a subscriber, their steps, codes and questions for data. */

import { Argument, type Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { receiptNumberOf } from '../../base/ordered-ids.ts'
import { amountToJson, type JsonAmount } from '../../operator/amount.ts'
import { amountOf } from '../amounts.ts'
import { amountText, zonedText } from '../balance.ts'
import { giftDetails, giftLine, giftText, type GiftAnswer } from '../gifts.ts'
import { csvLine } from '../csv.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { allOf } from '../pages.ts'
import { postOnce } from '../repeatable.ts'
import { measuresOf, msisdnOf, type Measures } from '../subscriber.ts'
import {
  commandLine,
  dateOf,
  phoneVerb,
  withParts,
  type CommonOptions,
  type PhoneOption,
} from '../verb.ts'
import { giftSettingCommands } from './gift-settings.ts'

interface GiftsOptions extends CommonOptions, PhoneOption {
  readonly state?: string
  readonly since?: string
  readonly until?: string
  readonly with?: string
  readonly csv?: true
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
      'gifts --since 2026-01-01 --with p2 --csv',
      'gifts show 4F2A66E09C2B',
      'gifts confirm 4f2a66e09c2b7d10a3f1c5e8',
      'gifts claim 7KQ2MNRT4H --phone p2',
      'gifts ask 1GB --from p2 --to p1',
      'gifts suspensions',
    ],
  })
    .argument('[msisdn]', 'a number, in place of a phone')
    .option('--state <state>', 'such as awaitingConfirmation, held, completed')
    .option('--since <date>', 'asked for from then on, such as 2026-01-31 or 2026-01-31T15:00Z')
    .option('--until <date>', 'asked for before then')
    .option('--with <who>', 'with this phone or number on the other side')
    .option('--csv', 'a table for spreadsheets')
    .action((msisdn: string | undefined) => withParts(command, () => run((at) => list(at, msisdn))))
  // The options that both commands have are taken by `gifts`, wherever they stand.
  async function run(work: (at: At) => Promise<void>): Promise<void> {
    const options = command.opts<GiftsOptions>()
    await work({ lab: await openLab(options.data), options, output })
  }
  command.addCommand(showCommand(run))
  for (const step of STEPS) command.addCommand(stepCommand(step, run))
  for (const part of [...codeAndAskCommands(run), ...giftSettingCommands(run)])
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

function showCommand(run: Run): Command {
  return phoneVerb({
    name: 'show',
    summary: 'show a gift, by its id or the number on its receipts',
    examples: ['gifts show 4F2A66E09C2B'],
  })
    .argument('<id>', 'the gift, or the number of the operation in a message')
    .action((id: string) =>
      run(async ({ lab, output }) => {
        const gift = await lab.get<GiftAnswer>(`/api/gifts/${encodeURIComponent(id)}`)
        const measures = await measuresOf(lab, gift.from)
        output.result(gift, giftDetails(gift, { directory: lab.directory, measures }))
      }),
    )
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
        amountOf(amount)
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

async function list(at: At, given: string | undefined): Promise<void> {
  const { lab, options, output } = at
  if (options.csv && output.json)
    throw new LabError('usage', '--csv or --json: one of them.', { field: 'csv' })
  const msisdn = await msisdnOf(lab, given ?? options.phone)
  const query = await queryOf(at, msisdn)
  const gifts: GiftAnswer[] = []
  let page: GiftPage
  do {
    page = await lab.get<GiftPage>(`/api/gifts?${query}`)
    gifts.push(...page.gifts)
    if (page.next !== undefined) query.set('after', page.next)
  } while (page.next !== undefined)
  const measures = await measuresOf(lab, msisdn)
  const head = `Gifts of ${msisdn}: ${counted(gifts.length, 'gift')}.`
  output.text(options.csv ? csvLine(COLUMNS) : head)
  for (const gift of gifts)
    output.result(gift, options.csv ? giftCsv(gift) : giftLine(gift, measures))
}

async function queryOf({ lab, options }: At, msisdn: string): Promise<URLSearchParams> {
  const { state, since, until, with: other } = options
  return new URLSearchParams({
    msisdn,
    limit: String(LIST_LIMIT),
    ...(state !== undefined && { state }),
    ...(since !== undefined && { since: dateOf(since, 'since') }),
    ...(until !== undefined && { until: dateOf(until, 'until') }),
    ...(other !== undefined && { with: await msisdnOf(lab, other, { beside: msisdn }) }),
  })
}

const COLUMNS = 'at reference id from to bytes state validUntil channel reason'.split(' ')

function giftCsv(gift: GiftAnswer): string {
  const { id, at, from, to, amountBytes, state, validUntil, channel, reason } = gift
  const values = [at, receiptNumberOf(id), id, from, to, amountBytes, state, validUntil, channel]
  return csvLine([...values, reason])
}

interface GiftPage {
  readonly gifts: readonly GiftAnswer[]
  readonly next?: string
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
  return giftText(gift, { directory, measures: await measuresOf(lab, gift.from) })
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
  const measures = await measuresOf(lab, from)
  const amountBytes = amountToJson(amountOf(amount, measures))
  const body = { from, to: await msisdnOf(lab, own.to, { beside: from }), amountBytes }
  const ask = await postOnce<AskAnswer>(lab, { path: '/api/asks', body, key: own.key })
  output.result(ask, askText(ask, { directory: lab.directory, measures }))
}

async function listAsks(
  { lab, options, output }: At,
  of: { readonly msisdn: string | undefined; readonly side: 'made' | 'got' },
): Promise<void> {
  const msisdn = await msisdnOf(lab, of.msisdn ?? options.phone)
  const path = `/api/asks?msisdn=${msisdn}&side=${of.side}`
  const asks = await allOf<'asks', AskAnswer>(lab, { path, name: 'asks' })
  output.text(`Questions that ${msisdn} ${of.side}: ${counted(asks.length, 'question')}.`)
  const place = { directory: lab.directory, measures: await measuresOf(lab, msisdn) }
  for (const ask of asks) output.result(ask, askText(ask, place))
}

function askText(
  { id, from, to, amountBytes, until }: AskAnswer,
  lab: { readonly directory: string; readonly measures: Measures },
): string {
  const { gigabyteBytes, timeZone } = lab.measures
  const amount = amountText(amountBytes, gigabyteBytes)
  const head = `${from} asks ${to} for ${amount}, until ${zonedText(until, timeZone)}.`
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
