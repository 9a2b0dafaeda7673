import { readFileSync } from 'node:fs'
import test from 'ava'
import { GIFT_REFUSALS } from '../../../src/operator/rules/refusals.ts'
import { MONEY_REFUSALS } from '../../../src/operator/rules/money.ts'
import { RULE_NAMES } from '../../../src/operator/rules/read-rules.ts'

const PAGE = readFileSync(new URL('../../../docs/gift-refusals.md', import.meta.url), 'utf8')

const rows = PAGE.split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test('the page of refusals has every code in its order, with what it says', (t) => {
  t.deepEqual(
    rows.map(([, code, text]) => [code, text]),
    Object.entries(GIFT_REFUSALS).map(([code, text]) => [`\`${code}\``, text]),
  )
})

test('the rules that the page names are rules of an operator file', (t) => {
  const named = rows.flatMap(([, , , rule = '']) =>
    [...rule.matchAll(/`([a-zA-Z]+)/g)].map(([, name]) => name),
  )
  t.true(named.length > 40)
  for (const name of named)
    t.true(
      name === 'regulation' || (RULE_NAMES as readonly (string | undefined)[]).includes(name),
      name,
    )
})

test('it has every code by which money is refused, in its order, with what it says', (t) => {
  const money = PAGE.split('\n').flatMap((line) => {
    const [, code, text] = /^- `(\w+)`: (.*?) \(/.exec(line) ?? []
    return code === undefined ? [] : [[code, text]]
  })
  t.deepEqual(money, Object.entries(MONEY_REFUSALS))
})
