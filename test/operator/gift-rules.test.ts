import test from 'ava'
import fc from 'fast-check'
import { giftLimit, judgeGift } from '../../src/operator/gift-rules.ts'
import type { Account, ProfileState } from '../../src/operator/accounts.ts'

const STATES: readonly ProfileState[] = ['ordered', 'installed', 'enabled', 'disabled', 'deleted']

const account = (profileState: ProfileState): Account => ({
  id: 1,
  operator: 'lab',
  status: 'active',
  closedAt: undefined,
  planId: undefined,
  customerKind: 'person',
  ageGroup: 'adult',
  identified: true,
  payment: 'prepaid',
  language: undefined,
  region: undefined,
  billingDay: undefined,
  period: undefined,
  feeCharged: true,
  msisdn: '999010000001',
  iccid: '8900101000000000019',
  profileState,
  openedAt: new Date(0),
  liveSince: undefined,
})

test('what may be given and what is refused never disagree', (t) => {
  const amounts = fc.bigInt(0n, 20n)
  fc.assert(
    fc.property(
      fc.record({
        state: fc.constantFrom(...STATES),
        min: fc.bigInt(1n, 5n),
        all: amounts,
        part: amounts,
        amount: amounts,
      }),
      ({ state, min, all, part, amount }) => {
        const giftableBytes = part < all ? part : all
        const usable = { availableBytes: all, generalBytes: all, giftableBytes }
        const giver = { account: account(state), usable }
        const rules = { minAmountBytes: min, gigabyteBytes: 10 ** 9 }
        const receiver = account('enabled')
        const verdict = judgeGift({
          ...rules,
          from: 'a',
          to: 'b',
          giver,
          receiver,
          amountBytes: amount,
        })
        const limit = giftLimit(giver, rules)
        t.is(verdict.allowed, amount >= min && amount <= limit.giftableBytes)
        t.is(limit.giftableBytes === 0n || limit.giftableBytes >= min, true)
      },
    ),
  )
})
