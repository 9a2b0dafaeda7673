import test from 'ava'
import { judgeGift } from '../../../src/operator/rules/judge.ts'
import { mostThatMayBeGiven } from '../../../src/operator/rules/maximum.ts'
import type { GiftingRules } from '../../../src/operator/rules/types.ts'
import { factsOf, lotOf, OPERATORS, type Change } from './helper.ts'

const LAB = OPERATORS.get('lab')
const most = (rules: GiftingRules, change: Change) =>
  mostThatMayBeGiven(factsOf(LAB, change), rules)

test('names the step or the size as the cause where it is what ends the amount', (t) => {
  const left = { sender: { lots: [lotOf({ availableBytes: 14_700_000_000n })] } }
  const [MB, GB] = [10n ** 6n, 10n ** 9n]
  const facts = factsOf(LAB, left)
  const inSteps = { stepBytes: GB, minBytes: GB }
  const text =
    'At most 14 GB may be given, because data is given in steps of 1 GB. ' +
    'Otherwise it would be 14.7 GB, because that is all that is left.'
  t.like(most(inSteps, left), { bytes: 14n * GB, because: 'notInSteps', text })
  const verdict = judgeGift({ ...facts, amountBytes: 15n * GB }, inSteps)
  t.like(verdict, {
    refusals: [{ code: 'moreThanMayBeGiven', text, params: { mostBytes: 14n * GB } }],
  })
  t.like(most({ sizesBytes: [500n * MB, 20n * GB] }, left), {
    bytes: 500n * MB,
    because: 'notASize',
    text:
      'At most 500 MB may be given, because data is given in these sizes: 500 MB, 20 GB. ' +
      'Otherwise it would be 14.7 GB, because that is all that is left.',
  })
  const little = { sender: { lots: [lotOf({ availableBytes: 700n * MB })] } }
  t.like(judgeGift({ ...factsOf(LAB, little), amountBytes: GB }, inSteps), {
    refusals: [
      {
        code: 'moreThanMayBeGiven',
        text: 'At most 0 bytes may be given, because what is left to give is below the smallest gift.',
      },
    ],
  })
  t.is(most({ stepBytes: GB }, little).because, 'notInSteps')
})

test('data that is not for giving is not refused again where the service is for groups only', (t) => {
  const change = { sender: { lots: [lotOf({ giftable: false })] } }
  const facts = factsOf(LAB, change)
  const verdict = judgeGift(facts, { service: 'group' })
  t.deepEqual(!verdict.allowed && verdict.refusals.map(({ code }) => code), ['groupOnly'])
  t.like(judgeGift(facts, {}), {
    refusals: [
      {
        code: 'moreThanMayBeGiven',
        text: 'At most 0 bytes may be given, because what is left may be used, but not given away.',
      },
    ],
  })
})
