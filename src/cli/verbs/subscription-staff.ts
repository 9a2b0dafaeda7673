/** The parts of `esim-lab subscription` for staff: the list, details, corrections, charging sessions, changes of card. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { amountToJson, formatAmount, type JsonAmount } from '../../operator/amount.ts'
import { amountOf } from '../amounts.ts'
import { amountText, instantText } from '../balance.ts'
import { openLab } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { postOnce } from '../repeatable.ts'
import { gigabyteOf, msisdnOf } from '../subscriber.ts'
import { labVerb, phoneVerb } from '../verb.ts'
import type { Choose, Chosen } from './subscription.ts'

/** The commands, for `subscription` to have as its parts; `chosen` knows the options that they share. */
export function staffCommands(chosen: Choose, output: Output): readonly Command[] {
  return [
    labVerb({
      name: 'list',
      summary: 'list the subscriptions of the lab by number',
      examples: ['subscription list', 'subscription list --json'],
    }).action(() => list(chosen(undefined), output)),
    setCommand(chosen, output),
    adjustCommand(chosen, output),
    ofOne({
      name: 'sessions',
      summary: 'list the charging sessions, the newest first',
      examples: ['subscription sessions --phone p1'],
    }).action((msisdn: string | undefined) => sessions(chosen(msisdn), output)),
    ofOne({
      name: 'sim-swap',
      summary: 'tell whether the subscription has lately come to another card (CAMARA)',
      examples: ['subscription sim-swap --phone p1 --max-age 72'],
    })
      .option('--max-age <hours>', 'how far back, from 1 to 2400', '240')
      .action((msisdn: string | undefined, own: { readonly maxAge: string }) =>
        simSwap({ ...chosen(msisdn), maxAge: own.maxAge }, output),
      ),
  ]
}

function ofOne(declared: Parameters<typeof phoneVerb>[0]): Command {
  return phoneVerb(declared).argument('[msisdn]', 'a number, in place of a phone')
}

interface AccountAnswer {
  readonly msisdn: string
  readonly iccid: string
  readonly profileState: string
  readonly liveSince: string | null
}

async function list({ options }: Chosen, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  let path = '/api/accounts?limit=500'
  for (;;) {
    const page = await lab.get<{
      readonly accounts: readonly AccountAnswer[]
      readonly next?: string
    }>(path)
    for (const account of page.accounts) {
      const { msisdn, iccid, profileState, liveSince } = account
      const live = liveSince === null ? 'not live yet' : `live since ${instantText(liveSince)}`
      output.result(account, `${msisdn.padEnd(15)}  ${iccid}  ${profileState.padEnd(9)}  ${live}`)
    }
    if (page.accounts.length === 0) output.note('There are no subscriptions yet: order a profile.')
    if (page.next === undefined) return
    path = `/api/accounts?limit=500&after=${page.next}`
  }
}

interface Details {
  readonly kind?: string
  readonly age?: string
  readonly identified?: string
  readonly language?: string
  readonly region?: string
}

function setCommand(chosen: Choose, output: Output): Command {
  return ofOne({
    name: 'set',
    summary: 'change details that rules and texts ask for',
    examples: ['subscription set --language zh --phone p1', 'subscription set --age minor'],
  })
    .option('--kind <kind>', 'person or company')
    .option('--age <group>', 'minor or adult')
    .option('--identified <answer>', 'yes or no: whether somebody has seen a passport')
    .option('--language <tag>', "one of the operator's, such as ru, en or zh")
    .option('--region <name>', 'where the subscription is at home')
    .action((msisdn: string | undefined, own: Details) => {
      const body = detailsOf(own)
      if (Object.keys(body).length === 0)
        throw usage('say what to set, such as --language zh', 'details')
      return set({ ...chosen(msisdn), body }, output)
    })
}

function detailsOf({ kind, age, identified, language, region }: Details): object {
  if (identified !== undefined && !/^(yes|no)$/.test(identified))
    throw usage(`--identified is yes or no, not "${identified}"`, 'identified')
  return {
    ...(kind !== undefined && { customerKind: kind }),
    ...(age !== undefined && { ageGroup: age }),
    ...(identified !== undefined && { identified: identified === 'yes' }),
    ...(language !== undefined && { language }),
    ...(region !== undefined && { region }),
  }
}

interface FactsAnswer {
  readonly msisdn: string
  readonly customerKind: string
  readonly ageGroup: string
  readonly identified: boolean
  readonly language: string | null
  readonly region: string | null
}

async function set(
  { who, options, body }: Chosen & { readonly body: object },
  output: Output,
): Promise<void> {
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, who)
  const facts = await lab.patch<FactsAnswer>(`/api/accounts/${msisdn}/subscription`, body)
  const { customerKind, ageGroup, identified, language, region } = facts
  const known = identified ? 'identified' : 'not identified'
  const said = `${customerKind}, ${ageGroup}, ${known}, language ${language ?? "the operator's"}, region ${region ?? 'none'}`
  output.result(facts, `${msisdn}: ${said}.`)
}

interface AdjustOwn {
  readonly take?: true
  readonly key?: string
  readonly reason?: string
}

function adjustCommand(chosen: Choose, output: Output): Command {
  return phoneVerb({
    name: 'adjust',
    summary: 'as the operator: correct the data of a subscription, up or down',
    examples: [
      'subscription adjust 1GB --reason complaint',
      'subscription adjust 500MB --take --phone p2',
    ],
  })
    .argument('<amount>', 'such as 5GB, 300MB, 1GiB, or bytes')
    .argument('[msisdn]', 'a number, in place of a phone')
    .option('--take', 'take it away, in the order of use; else it is added, for 30 days')
    .option('--reason <text>', 'why')
    .option('--key <key>', 'idempotency key: the same one never corrects twice')
    .action((amount: string, msisdn: string | undefined, own: AdjustOwn) => {
      amountOf(amount)
      return adjust({ ...chosen(msisdn), own, amount }, output)
    })
}

async function adjust(
  asked: Chosen & { readonly own: AdjustOwn; readonly amount: string },
  output: Output,
): Promise<void> {
  const { take, reason, key } = asked.own
  const lab = await openLab(asked.options.data)
  const msisdn = await msisdnOf(lab, asked.who)
  const gigabyteBytes = await gigabyteOf(lab, msisdn)
  const amountBytes = amountOf(asked.amount, { gigabyteBytes })
  const amount = Number(amountToJson(take ? -amountBytes : amountBytes))
  const made = await postOnce<{ readonly id: string }>(lab, {
    path: '/tmf-api/prepayBalanceManagement/v4/adjustBalance',
    body: {
      amount: { amount, units: 'B' },
      usageType: 'data',
      bucket: { id: 'auto' },
      partyAccount: { id: msisdn },
      ...(reason !== undefined && { reason }),
    },
    key,
  })
  const way = take ? 'less' : 'more'
  output.result(made, `${msisdn} has ${formatAmount(amountBytes, gigabyteBytes)} ${way}.`)
}

interface SessionAnswer {
  readonly ref: string
  readonly openedAt: string
  readonly endedAt: string | null
  readonly endReason: string | null
  readonly usedBytes: JsonAmount
  readonly overageBytes: JsonAmount
  readonly lots: readonly { readonly lotId: number; readonly amountBytes: JsonAmount }[]
}

async function sessions({ who, options }: Chosen, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, who)
  const path = `/api/accounts/${msisdn}/charging-sessions?limit=500`
  const { sessions: found } = await lab.get<{ readonly sessions: readonly SessionAnswer[] }>(path)
  const gigabyteBytes = await gigabyteOf(lab, msisdn)
  output.text(`Charging sessions of ${msisdn}: ${counted(found.length, 'session')}.`)
  for (const session of found) output.result(session, sessionText(session, gigabyteBytes))
}

function sessionText(session: SessionAnswer, gigabyteBytes: number): string {
  const { ref, openedAt, endedAt, endReason, usedBytes, overageBytes, lots } = session
  const end = endedAt === null ? 'open' : `until ${instantText(endedAt)} (${endReason})`
  const parts = lots.map(
    ({ lotId, amountBytes }) => `${amountText(amountBytes, gigabyteBytes)} of lot ${lotId}`,
  )
  const beyond = BigInt(overageBytes) > 0n
  if (beyond) parts.push(`${amountText(overageBytes, gigabyteBytes)} beyond all data`)
  const used = `${amountText(usedBytes, gigabyteBytes)} used`
  return `  ${ref}  ${instantText(openedAt)} ${end}  ${[used, ...parts].join(', ')}`
}

async function simSwap(
  { who, options, maxAge }: Chosen & { readonly maxAge: string },
  output: Output,
): Promise<void> {
  if (!/^[1-9][0-9]{0,3}$/.test(maxAge))
    throw usage(`--max-age is a whole number of hours from 1 to 2400, not "${maxAge}"`, 'maxAge')
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, who)
  const phoneNumber = `+${msisdn}`
  const { swapped } = await lab.post<{ readonly swapped: boolean }>('/sim-swap/v2/check', {
    body: { phoneNumber, maxAge: Number(maxAge) },
  })
  const { latestSimChange } = await lab.post<{ readonly latestSimChange: string | null }>(
    '/sim-swap/v2/retrieve-date',
    { body: { phoneNumber } },
  )
  const since =
    latestSimChange === null
      ? 'it is on its first card'
      : `the last time was ${instantText(latestSimChange)}`
  const said = `${msisdn} has ${swapped ? '' : 'not '}come to another card within ${maxAge} hours: ${since}.`
  output.result({ msisdn, maxAge: Number(maxAge), swapped, latestSimChange }, said)
}

function usage(text: string, field: string): LabError {
  return new LabError('usage', `${text}. "esim-lab subscription --help" shows how.`, { field })
}
