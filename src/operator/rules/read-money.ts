/** What an operator's file says about money between subscribers. */

import type { JsonFields } from '../../base/json-fields.ts'
import type { MoneyCodeRule, MoneyRules, MoneyTransferRules } from './money.ts'
import { present, readMoney, readSource, type FileUnits } from './read-values.ts'
import type { RuleSource } from './types.ts'

const NAMES = ['min', 'max', 'senderDay', 'gapMinutes', 'spentBefore', 'keep', 'code']

/**
 * Reads an object of rules, each `{ "value", "source", "trust" }`.
 * @throws {LabError} badInput, naming the field
 */
export function readMoneyTransfer(section: JsonFields, units: FileUnits): MoneyTransferRules {
  section.onlyFields(NAMES)
  const sources: Partial<Record<keyof MoneyRules, RuleSource>> = {}
  const rule = <T>(
    name: string,
    of: { readonly as: keyof MoneyRules; read(rule: JsonFields): T },
  ): T | undefined =>
    section.maybe(name, () => {
      const found = section.child(name)
      found.onlyFields(['value', 'source', 'trust'])
      sources[of.as] = readSource(found)
      return of.read(found)
    })
  const money = (found: JsonFields) => readSum(found, units)
  const rules: MoneyRules = present({
    minMinor: rule('min', { as: 'minMinor', read: money }),
    maxMinor: rule('max', { as: 'maxMinor', read: money }),
    senderDayMinor: rule('senderDay', { as: 'senderDayMinor', read: money }),
    gapMinutes: rule('gapMinutes', {
      as: 'gapMinutes',
      read: (found) => found.integer('value', { min: 1, max: 44_640 }),
    }),
    spentBeforeMinor: rule('spentBefore', { as: 'spentBeforeMinor', read: money }),
    keepMinor: rule('keep', { as: 'keepMinor', read: money }),
    code: rule('code', { as: 'code', read: (found) => readCode(found.child('value')) }),
  })
  const { minMinor = 1n, maxMinor, senderDayMinor } = rules
  if (maxMinor !== undefined && maxMinor < minMinor)
    section.child('max').refuse('value', 'at least min')
  if (senderDayMinor !== undefined && senderDayMinor < minMinor)
    section.child('senderDay').refuse('value', 'at least min')
  return { rules, sources }
}

function readSum(rule: JsonFields, units: FileUnits): bigint {
  const minor = readMoney(rule, { name: 'value', units })
  return minor > 0n ? minor : rule.refuse('value', 'an amount of money above 0')
}

function readCode(code: JsonFields): MoneyCodeRule {
  code.onlyFields(['digits', 'withinMinutes', 'tries'])
  return {
    digits: code.integer('digits', { min: 3, max: 6 }),
    withinMinutes: code.integer('withinMinutes', { min: 1, max: 60 }),
    tries: code.integer('tries', { min: 1, max: 10 }),
  }
}
