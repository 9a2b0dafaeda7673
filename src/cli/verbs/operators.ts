/** `esim-lab operators`: who sells profiles in the lab, by which rules, and whether a file of one is right. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { formatAmount, type JsonAmount } from '../../operator/amount.ts'
import { loadOperatorFile } from '../../operator/operator-file.ts'
import { openLab } from '../lab-client.ts'
import { moneyText, type CurrencyAnswer } from '../money.ts'
import { counted, type Output } from '../output.ts'
import { labVerb, verb, type CommonOptions } from '../verb.ts'

export function operatorsVerb(output: Output): Command {
  const command = labVerb({
    name: 'operators',
    summary: 'list the operators of the lab, show one, check a file, read the files again',
    examples: [
      'operators',
      'operators show t2',
      'operators check my-operator.json',
      'operators reload',
    ],
  }).action((options: CommonOptions) => list(options, output))
  // The options that both commands have are taken by `operators`, wherever they stand.
  const data = (): string => command.opts<CommonOptions>().data
  return command
    .addCommand(
      labVerb({
        name: 'show',
        summary: 'show an operator: plans, prices, and each rule with its source and trust',
        examples: ['operators show t2', 'operators show mts --json'],
      })
        .argument('<id>', 'as "operators" lists it')
        .action((id: string) => show({ id, data: data() }, output)),
    )
    .addCommand(
      verb({
        name: 'check',
        summary: "check an operator's file, without a lab",
        examples: ['operators check my-operator.json'],
      })
        .argument('<file>', 'the file')
        .action((file: string) => check(file, output)),
    )
    .addCommand(
      labVerb({
        name: 'reload',
        summary: "have the lab read the operators' files again now",
        examples: ['operators reload'],
      }).action(() => reload(data(), output)),
    )
}

interface PlanAnswer {
  readonly id: string
  readonly name: string
  readonly amountBytes: JsonAmount
  readonly feeMinor: JsonAmount
  readonly period: 'once' | 'monthly'
}

interface OperatorAnswer {
  readonly id: string
  readonly name: string
  readonly country: string
  readonly plmn: { readonly mcc: string; readonly mnc: string }
  readonly timeZone: string
  readonly currency: CurrencyAnswer
  readonly gigabyteBytes: number
  readonly profileType: string
  readonly isDefault: boolean
  readonly gifting: string | null
  readonly plans: readonly PlanAnswer[]
}

async function list(options: CommonOptions, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  const { operators } = await lab.get<{ readonly operators: readonly OperatorAnswer[] }>(
    '/api/operators',
  )
  for (const operator of operators) {
    const { id, name, country, gifting, isDefault } = operator
    const head = `${id.padEnd(14)} ${country}  gifts: ${(gifting ?? 'any').padEnd(7)} ${name}`
    const plans = operator.plans.map((plan) => `    ${planText(plan, operator)}`)
    output.result(operator, [`${head}${isDefault ? '   (the default)' : ''}`, ...plans].join('\n'))
  }
}

function planText(plan: PlanAnswer, operator: OperatorAnswer): string {
  const amount = formatAmount(BigInt(plan.amountBytes), operator.gigabyteBytes)
  const price = moneyText(plan.feeMinor, operator.currency)
  return `${plan.id.padEnd(16)} ${amount}, ${plan.period}, ${price}   ${plan.name}`
}

interface RuleAnswer {
  readonly rule: string
  readonly value: unknown
  readonly source: string
  readonly trust: string
}

/** What the law says, by the names of the operator's file; `sources` says where each was found. */
type LawAnswer = Readonly<Record<string, unknown>> & {
  readonly sources: Readonly<Record<string, Pick<RuleAnswer, 'source' | 'trust'>>>
}

interface OperatorDetails extends OperatorAnswer {
  readonly description: string
  readonly rules: readonly RuleAnswer[]
  readonly moneyRules: readonly RuleAnswer[] | null
  readonly channels: readonly { readonly kind: string; readonly shortCode?: string }[]
  readonly orderOfUse: readonly string[]
  readonly regulation: LawAnswer
  readonly packages: readonly {
    readonly id: string
    readonly name: string
    readonly amountBytes: JsonAmount
    readonly priceMinor: JsonAmount
  }[]
}

async function show(
  asked: { readonly id: string; readonly data: string },
  output: Output,
): Promise<void> {
  const lab = await openLab(asked.data)
  const operator = await lab.get<OperatorDetails>(`/api/operators/${encodeURIComponent(asked.id)}`)
  const { name, country, plmn, timeZone, currency, description, profileType } = operator
  const packages = operator.packages.map((offer) => {
    const amount = formatAmount(BigInt(offer.amountBytes), operator.gigabyteBytes)
    return `  ${offer.id.padEnd(16)} ${amount}, ${moneyText(offer.priceMinor, currency)}   ${offer.name}`
  })
  const lines = [
    `${operator.id}: ${name}, ${country}, ${plmn.mcc}-${plmn.mnc}, ${timeZone}, ${currency.code}`,
    description,
    `Its profiles: esim-lab order --operator ${operator.id}   (profile type ${profileType})`,
    '',
    'Plans',
    ...operator.plans.map((plan) => `  ${planText(plan, operator)}`),
    ...(packages.length > 0 ? ['', 'Packages', ...packages] : []),
    '',
    'Rules of giving, with source and trust (A the operator itself … D contradictory, I inferred here, U not found)',
    ...operator.rules.map((rule) => ruleText(rule, operator)),
    ...moneyRulesText(operator),
    ...lawText(operator),
    '',
    `Used first: ${[...operator.orderOfUse, 'what ends first'].join(', then ')}`,
    `Channels: ${operator.channels.map(channelText).join(', ')}`,
  ]
  output.result(operator, lines.join('\n'))
}

function ruleText({ rule, value, source, trust }: RuleAnswer, operator: OperatorDetails): string {
  // As the file calls it: there sums are text, and no minor units.
  const name = rule.replace(/Minor$/, '')
  return `  ${trust}  ${name}: ${valueText(value, { rule, operator })}\n       ${source}`
}

function valueText(
  value: unknown,
  of: { readonly rule: string; readonly operator: OperatorDetails },
): string {
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object'))
    return value.map((one) => valueText(one, of)).join(', ')
  const isAmount = of.rule.endsWith('Bytes') && /^[0-9]+$/.test(String(value))
  if (of.rule.endsWith('Minor')) return moneyText(value as JsonAmount, of.operator.currency)
  if (isAmount) return formatAmount(BigInt(String(value)), of.operator.gigabyteBytes)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function channelText({ kind, shortCode }: OperatorDetails['channels'][number]): string {
  return shortCode === undefined ? kind : `${kind} ${shortCode}`
}

function moneyRulesText(operator: OperatorDetails): readonly string[] {
  const rules = operator.moneyRules?.map((rule) => ruleText(rule, operator)) ?? []
  return rules.length > 0 ? ['', 'Money from one subscriber to another', ...rules] : []
}

function lawText(operator: OperatorDetails): readonly string[] {
  const { sources, ...law } = operator.regulation
  const rules = Object.entries(sources).map(([rule, source]) =>
    ruleText({ rule, value: law[rule], ...source }, operator),
  )
  return rules.length > 0 ? ['', 'What the law says', ...rules] : []
}

async function check(path: string, output: Output): Promise<void> {
  const file = loadOperatorFile(path)
  const { id, name, plans, gifting } = file
  const rules = Object.keys({ ...gifting, ...file.moneyTransfer?.rules }).length
  output.result(
    { file: path, id, name, plans: plans.map((plan) => plan.id), rules },
    `${path} is right: ${id}, "${name}", with ${counted(plans.length, 'plan')} and ${counted(rules, 'rule')}.`,
  )
}

interface ReloadAnswer {
  readonly ids: readonly string[]
  readonly faults: readonly { readonly path: string; readonly text: string }[]
}

async function reload(directory: string, output: Output): Promise<void> {
  const lab = await openLab(directory)
  const reloaded = await lab.post<ReloadAnswer>('/api/operators/reload', { body: {} })
  for (const { path, text } of reloaded.faults) output.warn(`${path}: ${text}`)
  output.result(reloaded, `Read again: ${reloaded.ids.join(', ') || 'none'}.`)
  if (reloaded.faults.length === 0) return
  throw new LabError(
    'badInput',
    `${counted(reloaded.faults.length, 'file')} of operators cannot be used; what was read before stands.`,
    { field: 'operators' },
  )
}
