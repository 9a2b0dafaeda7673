/** `esim-lab history`: what came and went, of data and of money, for people, programs and spreadsheets. */

import { Option, type Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { formatAmount, type JsonAmount } from '../../operator/amount.ts'
import { HISTORY_KINDS } from '../../operator/history.ts'
import { zonedText } from '../balance.ts'
import { csvLine } from '../csv.ts'
import { openLab } from '../lab-client.ts'
import { moneyText } from '../money.ts'
import type { Output } from '../output.ts'
import { measuresOf, msisdnOf, type Measures } from '../subscriber.ts'
import { dateOf, phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface HistoryOptions extends CommonOptions, PhoneOption {
  readonly what?: 'data' | 'money'
  readonly kind?: string
  readonly since?: string
  readonly until?: string
  readonly csv?: true
}

export function historyVerb(output: Output): Command {
  return phoneVerb({
    name: 'history',
    summary: 'show what came and went, of data and money, the latest first',
    examples: [
      'history --phone p1',
      'history --kind giftGiven --since 2026-01-01',
      'history 999010000001 --csv',
    ],
  })
    .argument('[msisdn]', 'a number, in place of a phone')
    .addOption(new Option('--what <what>', 'data or money alone').choices(['data', 'money']))
    .addOption(new Option('--kind <kind>', 'of one kind alone').choices([...HISTORY_KINDS]))
    .option('--since <date>', 'from then on, such as 2026-01-31 or 2026-01-31T15:00Z')
    .option('--until <date>', 'before then')
    .option('--csv', 'a table for spreadsheets')
    .action((msisdn: string | undefined, options: HistoryOptions) =>
      history({ msisdn, options }, output),
    )
}

interface EntryAnswer {
  readonly reference: string
  readonly at: string
  readonly what: 'data' | 'money'
  readonly kind: string
  readonly amountBytes: JsonAmount | null
  readonly keptBytes: JsonAmount | null
  readonly overageBytes: JsonAmount | null
  readonly amountMinor: JsonAmount | null
  readonly currency: string | null
  readonly with: string | null
  readonly label: string | null
}

/** How the operator counts and what its clocks show. */
const COLUMNS = ['at', 'reference', 'what', 'kind', 'amount', 'unit', 'with', 'label'] as const

async function history(
  asked: { readonly msisdn: string | undefined; readonly options: HistoryOptions },
  output: Output,
): Promise<void> {
  const { options } = asked
  if (options.csv && output.json)
    throw new LabError('usage', '--csv or --json: one of them.', { field: 'csv' })
  const query = queryOf(options)
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, asked.msisdn ?? options.phone)
  const measures = await measuresOf(lab, msisdn)
  if (options.csv) output.text(csvLine(COLUMNS))
  let count = 0
  let next: string | undefined
  do {
    if (next !== undefined) query.set('after', next)
    const page = await lab.get<{
      readonly entries: readonly EntryAnswer[]
      readonly next?: string
    }>(`/api/accounts/${msisdn}/history?${query}`)
    for (const entry of page.entries)
      output.result(entry, options.csv ? entryCsv(entry, measures) : entryText(entry, measures))
    count += page.entries.length
    next = page.next
  } while (next !== undefined)
  if (count === 0) output.note(`There is nothing of that in the history of ${msisdn}.`)
}

function queryOf({ what, kind, since, until }: HistoryOptions): URLSearchParams {
  return new URLSearchParams({
    limit: '500',
    ...(what && { what }),
    ...(kind && { kind }),
    ...(since !== undefined && { since: dateOf(since, 'since') }),
    ...(until !== undefined && { until: dateOf(until, 'until') }),
  })
}

function entryText(entry: EntryAnswer, measures: Measures): string {
  const { at, kind, reference, label } = entry
  const other = entry.with === null ? '' : `  ${PREPOSITIONS[kind] ?? 'with'} ${entry.with}`
  const of = label === null ? '' : `  ${label}`
  const time = zonedText(at, measures.timeZone)
  return `${time}  ${amountOf(entry, measures).padStart(14)}  ${wordsOf(kind)}${other}${of}  [${reference}]`
}

const PREPOSITIONS: Readonly<Record<string, string>> = {
  giftReceived: 'from',
  giftGiven: 'to',
  giftReturned: 'from',
  giftTakenBack: 'by',
}

function amountOf(entry: EntryAnswer, { gigabyteBytes, minorDigits }: Measures): string {
  if (entry.what === 'money') {
    const minor = BigInt(entry.amountMinor ?? 0)
    const money = moneyText(String(minor), { code: entry.currency ?? '', minorDigits })
    return minor > 0n ? `+${money}` : money
  }
  const bytes = BigInt(entry.amountBytes ?? 0)
  const said = (amount: bigint) => {
    const text = formatAmount(amount, gigabyteBytes)
    return /\(about (.*)\)$/.exec(text)?.[1]?.replace(/^/, '~') ?? text
  }
  const beyond = BigInt(entry.overageBytes ?? 0)
  if (bytes === 0n)
    return beyond > 0n ? `${said(beyond)} beyond` : `(${said(BigInt(entry.keptBytes ?? 0))})`
  return `${bytes > 0n ? '+' : '-'}${said(bytes > 0n ? bytes : -bytes)}`
}

/** Amounts as they are, in bytes and units of money: a table is for reckoning. */
function entryCsv(entry: EntryAnswer, { minorDigits }: Measures): string {
  const { at, reference, what, kind, label } = entry
  const money = () => moneyText(entry.amountMinor ?? 0, { code: '', minorDigits }).trim()
  const amount = what === 'data' ? String(entry.amountBytes) : money()
  const unit = what === 'data' ? 'B' : entry.currency
  return csvLine([at, reference, what, kind, amount, unit, entry.with, label])
}

/** `giftReceived` as `gift received`. */
function wordsOf(kind: string): string {
  return kind.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
