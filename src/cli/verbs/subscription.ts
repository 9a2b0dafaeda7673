/** `esim-lab subscription`: what a subscriber has with its operator, and what staff do to it. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { formatAmount, type JsonAmount } from '../../operator/amount.ts'
import { zonedText } from '../balance.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import { moneyOf, moneyText } from '../money.ts'
import type { Output } from '../output.ts'
import { postOnce } from '../repeatable.ts'
import { msisdnOf } from '../subscriber.ts'
import { commandLine, phoneVerb, withParts, type CommonOptions, type PhoneOption } from '../verb.ts'
import { staffCommands } from './subscription-staff.ts'

export interface SubscriptionOptions extends CommonOptions, PhoneOption {
  readonly for?: string
  readonly to?: string
  readonly key?: string
  readonly quarantineDays?: string
}

export function subscriptionVerb(output: Output): Command {
  const command = phoneVerb({
    name: 'subscription',
    summary: 'show a subscription with its lots and wallet, buy for it, change it',
    examples: [
      'subscription --phone p1',
      'subscription 999010000001 --json',
      'subscription topup 10 --phone p1',
      'subscription buy lab-5',
      'subscription status suspended --phone p2',
    ],
  })
    .argument('[msisdn]', 'a number, in place of a phone')
    .action((msisdn: string | undefined) => withParts(command, () => show(chosen(msisdn), output)))
  // The options that both commands have are taken by `subscription`, wherever they stand.
  const chosen: Choose = (msisdn, own = {}) => {
    const options: SubscriptionOptions = { ...own, ...command.opts() }
    return { options, who: msisdn ?? options.phone }
  }
  const key = '--key <key>'
  const keyText = 'idempotency key: the same one never pays twice'
  for (const part of staffCommands(chosen, output)) command.addCommand(part)
  return command
    .addCommand(
      forOne(
        {
          name: 'topup',
          summary: 'put money on the account',
          examples: ['subscription topup 12.50', 'subscription topup 500 70002200000'],
        },
        'amount',
      )
        .option(key, keyText)
        .action((amount: string, msisdn: string | undefined, own: SubscriptionOptions) =>
          topUp({ ...chosen(msisdn, own), amount }, output),
        ),
    )
    .addCommand(
      forOne(
        {
          name: 'send',
          summary: 'send money to another subscriber, where the operator lets subscribers do so',
          examples: ['subscription send 100 --to p2', 'subscription send 100 --to 70009990002'],
        },
        'amount',
      )
        .requiredOption('--to <who>', 'a phone or a number that gets it')
        .option(key, keyText)
        .action((amount: string, msisdn: string | undefined, own: SubscriptionOptions) =>
          send({ ...chosen(msisdn, own), amount }, output),
        ),
    )
    .addCommand(
      forOne(
        {
          name: 'buy',
          summary: 'buy a package, for the account or as a gift for another one',
          examples: ['subscription buy lab-5', 'subscription buy unlimited-1m --for p2'],
        },
        'package',
      )
        .option('--for <who>', 'a phone or a number that it is a gift for')
        .option(key, keyText)
        .action((packageId: string, msisdn: string | undefined, own: SubscriptionOptions) =>
          buy({ ...chosen(msisdn, own), packageId }, output),
        ),
    )
    .addCommand(
      forOne(
        {
          name: 'extend',
          summary: 'buy a longer life for a lot',
          examples: ['subscription extend 7 --phone p1'],
        },
        'lot',
      )
        .option(key, keyText)
        .action((lot: string, msisdn: string | undefined, own: SubscriptionOptions) =>
          extend({ ...chosen(msisdn, own), lot }, output),
        ),
    )
    .addCommand(
      forOne(
        {
          name: 'plan',
          summary: 'change the plan, from the next period on',
          examples: ['subscription plan t2-40 --phone p1'],
        },
        'plan',
      ).action((planId: string, msisdn: string | undefined) =>
        change({ ...chosen(msisdn), body: { planId } }, output),
      ),
    )
    .addCommand(
      forOne(
        {
          name: 'status',
          summary: 'set the status: active, suspended, blocked, or closed, which is for good',
          examples: ['subscription status suspended --phone p1'],
        },
        'status',
      ).action((status: string, msisdn: string | undefined) =>
        change({ ...chosen(msisdn), body: { status } }, output),
      ),
    )
    .addCommand(
      phoneVerb({
        name: 'recycle',
        summary: 'put the number of a closed subscription on stock again, with a new profile',
        examples: ['subscription recycle 999010000001 --quarantine-days 0'],
      })
        .argument('<msisdn>', 'the number')
        .option('--quarantine-days <days>', 'how long it must have rested (default: 90)')
        .action((msisdn: string, own: SubscriptionOptions) => recycle(chosen(msisdn, own), output)),
    )
}

/** Puts together what the command and its part were given. */
export type Choose = (msisdn: string | undefined, own?: object) => Chosen

function forOne(declared: Parameters<typeof phoneVerb>[0], what: string): Command {
  return phoneVerb(declared)
    .argument(`<${what}>`)
    .argument('[msisdn]', 'a number, in place of a phone')
}

/** Whose subscription, and what else was written. */
export interface Chosen {
  readonly who: string
  readonly options: SubscriptionOptions
}

interface LotAnswer {
  readonly id: number
  readonly origin: string
  readonly label: string | null
  readonly scope: string
  readonly trafficClass: string
  readonly giftable: boolean
  readonly availableBytes: JsonAmount
  readonly heldBytes: JsonAmount
  readonly validUntil: string
}

interface FactsAnswer {
  readonly msisdn: string
  readonly operator: string
  readonly status: string
  readonly profileState: string
  readonly plan: { readonly id: string; readonly name: string } | null
  readonly period: { readonly from: string; readonly until: string } | null
  readonly feeCharged: boolean
  readonly payment: string
  readonly customerKind: string
  readonly ageGroup: string
  readonly openedAt: string
  readonly liveSince: string | null
}

interface SubscriptionAnswer extends FactsAnswer {
  readonly bindings: readonly {
    readonly iccid: string
    readonly eid: string
    readonly from: string
    readonly to: string | null
  }[]
  readonly wallet: {
    readonly moneyMinor: JsonAmount
    readonly currency: string
    readonly minorDigits: number
  }
  readonly gigabyteBytes: number
  readonly timeZone: string
  readonly lots: readonly LotAnswer[]
}

interface ReceiptAnswer {
  readonly msisdn: string
  readonly amountMinor: JsonAmount
  readonly lot: {
    readonly id: number
    readonly grantedBytes: JsonAmount
    readonly validUntil: string
  } | null
}

async function show({ who, options }: Chosen, output: Output): Promise<void> {
  const { answer } = await lookAt({ who, options })
  output.result(answer, textOf(answer))
}

async function lookAt({ who, options }: Chosen): Promise<{
  readonly lab: LabClient
  readonly answer: SubscriptionAnswer
}> {
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, who)
  return { lab, answer: await lab.get<SubscriptionAnswer>(pathOf(msisdn, 'subscription')) }
}

function pathOf(msisdn: string, part: string): string {
  return `/api/accounts/${msisdn}/${part}`
}

function currencyOf({ wallet }: SubscriptionAnswer) {
  return { code: wallet.currency, minorDigits: wallet.minorDigits }
}

function textOf(answer: SubscriptionAnswer): string {
  const { plan, period, liveSince, bindings, wallet, lots } = answer
  const time = (instant: string) => zonedText(instant, answer.timeZone)
  const fee = answer.feeCharged ? '' : ', its fee not charged'
  return [
    `${answer.msisdn} of ${answer.operator}: ${answer.status}, profile ${answer.profileState}`,
    `  ${answer.customerKind}, ${answer.ageGroup}, ${answer.payment}; opened ${time(answer.openedAt)}${liveSince ? `, live since ${time(liveSince)}` : ''}`,
    `  plan      ${plan ? `${plan.id} (${plan.name})` : 'none yet'}${period ? `, until ${time(period.until)}${fee}` : ''}`,
    `  wallet    ${moneyText(wallet.moneyMinor, currencyOf(answer))}`,
    ...bindings.map(
      ({ iccid, eid, from, to }) =>
        `  card      ${eid} with ${iccid} from ${time(from)}${to ? ` to ${time(to)}` : ' on'}`,
    ),
    lots.length === 0 ? '  No data.' : '  Data, in the order in which it is used:',
    ...lots.map((lot, at) => `  ${String(at + 1).padStart(3)}.  ${lotText(lot, answer)}`),
  ].join('\n')
}

function lotText(lot: LotAnswer, { gigabyteBytes, timeZone }: SubscriptionAnswer): string {
  const amount = (bytes: JsonAmount): string => formatAmount(BigInt(bytes), gigabyteBytes)
  const held = BigInt(lot.heldBytes) > 0n ? `, ${amount(lot.heldBytes)} held` : ''
  const limits = [
    lot.label,
    lot.scope === 'any' ? null : `${lot.scope} only`,
    lot.trafficClass === 'general' ? null : lot.trafficClass,
    lot.giftable ? null : 'not to be given',
  ].filter((limit) => limit !== null)
  return `lot ${lot.id}: ${amount(lot.availableBytes)}${held} until ${zonedText(lot.validUntil, timeZone)} (${[lot.origin, ...limits].join(', ')})`
}

async function topUp(asked: Chosen & { readonly amount: string }, output: Output): Promise<void> {
  const { lab, answer } = await lookAt(asked)
  const currency = currencyOf(answer)
  const amountMinor = String(moneyOf(asked.amount, currency))
  const receipt = await postOnce<ReceiptAnswer>(lab, {
    path: pathOf(answer.msisdn, 'top-ups'),
    body: { amountMinor },
    key: asked.options.key,
  })
  output.result(receipt, `${receipt.msisdn} has ${moneyText(receipt.amountMinor, currency)} more.`)
}

interface MoneySentAnswer {
  readonly from: string
  readonly to: string
  readonly amountMinor: JsonAmount
}

async function send(asked: Chosen & { readonly amount: string }, output: Output): Promise<void> {
  const { lab, answer } = await lookAt(asked)
  const currency = currencyOf(answer)
  const amountMinor = String(moneyOf(asked.amount, currency))
  const sent = await postOnce<MoneySentAnswer>(lab, {
    path: pathOf(answer.msisdn, 'money-transfers'),
    body: { amountMinor, to: await msisdnOf(lab, asked.options.to ?? '') },
    key: asked.options.key,
  })
  const sum = moneyText(sent.amountMinor, currency)
  output.result(sent, `${sent.from} has sent ${sum} to ${sent.to}.`)
}

async function buy(asked: Chosen & { readonly packageId: string }, output: Output): Promise<void> {
  const { lab, answer } = await lookAt(asked)
  const receiver = asked.options.for
  const forNumber =
    receiver === undefined ? {} : { for: await msisdnOf(lab, receiver, { beside: answer.msisdn }) }
  const receipt = await postOnce<ReceiptAnswer>(lab, {
    path: pathOf(answer.msisdn, 'purchases'),
    body: { packageId: asked.packageId, ...forNumber },
    key: asked.options.key,
  }).catch(withTopUp(answer, lab))
  output.result(receipt, receiptText(receipt, answer))
}

async function extend(asked: Chosen & { readonly lot: string }, output: Output): Promise<void> {
  const lotId = Number(asked.lot)
  if (!/^[1-9][0-9]{0,14}$/.test(asked.lot)) {
    throw new LabError('usage', `a lot is a number, as "subscription" shows it.`, { field: 'lot' })
  }
  const { lab, answer } = await lookAt(asked)
  const receipt = await postOnce<ReceiptAnswer>(lab, {
    path: pathOf(answer.msisdn, 'extensions'),
    body: { lotId },
    key: asked.options.key,
  }).catch(withTopUp(answer, lab))
  output.result(receipt, receiptText(receipt, answer))
}

/** Whoever has no money is told what there is, and how to get some. */
function withTopUp(answer: SubscriptionAnswer, lab: LabClient): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof LabError) || error.reason !== 'notEnoughMoney') throw error
    const { code, message, reason } = error
    const there = moneyText(answer.wallet.moneyMinor, currencyOf(answer))
    const line = commandLine(`subscription topup AMOUNT ${answer.msisdn}`, lab)
    throw new LabError(code, `${message}: ${there}. Put some on it: ${line}`, {
      reason,
      cause: error,
    })
  }
}

function receiptText({ lot, ...receipt }: ReceiptAnswer, answer: SubscriptionAnswer): string {
  const paid = moneyText(String(-BigInt(receipt.amountMinor)), currencyOf(answer))
  if (!lot) return `${receipt.msisdn} has paid ${paid}.`
  const amount = formatAmount(BigInt(lot.grantedBytes), answer.gigabyteBytes)
  return `${receipt.msisdn} has paid ${paid}: lot ${lot.id} of ${amount} until ${zonedText(lot.validUntil, answer.timeZone)}.`
}

async function change(asked: Chosen & { readonly body: object }, output: Output): Promise<void> {
  const lab = await openLab(asked.options.data)
  const msisdn = await msisdnOf(lab, asked.who)
  const facts = await lab.patch<FactsAnswer>(pathOf(msisdn, 'subscription'), asked.body)
  const { plan, status } = facts
  output.result(facts, `${facts.msisdn} is ${status}${plan ? `, with the plan ${plan.id}` : ''}.`)
}

async function recycle({ who, options }: Chosen, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, who)
  const { quarantineDays } = options
  if (quarantineDays !== undefined && !/^[0-9]{1,4}$/.test(quarantineDays)) {
    throw new LabError('usage', `days are a whole number, not "${quarantineDays}".`, {
      field: 'quarantineDays',
    })
  }
  const days = quarantineDays === undefined ? {} : { quarantineDays: Number(quarantineDays) }
  const { iccid } = await lab.post<{ readonly iccid: string }>(pathOf(msisdn, 'recycle'), {
    body: days,
  })
  output.result({ msisdn, iccid }, `${msisdn} is on stock again, with the profile ${iccid}.`)
}
