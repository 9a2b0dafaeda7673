/** What the tables themselves hold to, whatever a program above them does: one attempt for each of their rules. */

import test, { type ExecutionContext } from 'ava'
import { openStore, type Store } from '../../src/store/engine.ts'
import { placeHold, releaseHold } from '../../src/store/holds.ts'
import { adjust, reverseGift } from '../../src/store/ledger-changes.ts'
import { audit, consume, expireDue, issueLot, postGift } from '../../src/store/ledger.ts'
import { moveMoney } from '../../src/store/money.ts'
import { insertAccount } from './helper.ts'

const DAY_MS = 86_400_000
const NOW_MS = 4 * DAY_MS
const TERMS = { origin: 'plan', trafficClass: 'general', giftable: true, atMs: 0 } as const

/**
 * At day 4. Lot 1 of account 1, to day 10: granted 100, used 10, given 20, withdrawn 5, held 31. Lot 2 of account 2: the
 * gift, of which nothing was used, taken back to lot 3. Lot 4 ended at day 2, all expired. Lot 5 ended at day 3 with 10
 * that wait for the sweep. Lot 6 begins at day 6. Holds: `open` has 30 and `small` 1 of lot 1, `empty` nothing, and
 * `ended` is over.
 */
async function createBooks(t: ExecutionContext): Promise<Store> {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  await store.write((db) => {
    for (const id of [1, 2]) insertAccount(db, id)
    const issue = (transferId: string, amountBytes: bigint, days: readonly [number, number]) => {
      const [validFromMs, validUntilMs] = [days[0] * DAY_MS, days[1] * DAY_MS]
      issueLot(db, { ...TERMS, accountId: 1, transferId, amountBytes, validFromMs, validUntilMs })
    }
    issue('issue', 100n, [0, 10])
    consume(db, { transferId: 'use', accountId: 1, amountBytes: 10n, atMs: 1 })
    const sides = { giverAccountId: 1, receiverAccountId: 2 }
    postGift(db, { ...sides, transferId: 'gift', amountBytes: 20n, atMs: 2 })
    reverseGift(db, { transferId: 'reverse', giftId: 'gift', atMs: 3 })
    issue('ended', 10n, [0, 2])
    expireDue(db, { atMs: 2 * DAY_MS })
    issue('due', 10n, [0, 3])
    issue('later', 10n, [6, 9])
    const own = { accountId: 1, atMs: 5, eligible: isFirst }
    adjust(db, { ...own, transferId: 'withdraw', amountBytes: 5n })
    const hold = (holdId: string, amountBytes: bigint, leastBytes?: bigint) => {
      const untilMs = 20 * DAY_MS
      const terms = { holdId, transferId: `hold:${holdId}`, purpose: 'gift', untilMs } as const
      placeHold(db, { ...own, ...terms, amountBytes, leastBytes })
    }
    hold('open', 30n)
    hold('small', 1n)
    hold('ended', 1n)
    releaseHold(db, { transferId: 'release:ended', holdId: 'ended', atMs: 6 })
    db.sql(
      `INSERT INTO holds (id, account_id, purpose, held_at, until_at) VALUES ('empty', 1, 'gift', 1, 2)`,
    ).run()
    const money = { accountId: 1, currency: 'XTS', atMs: 1 } as const
    moveMoney(db, { ...money, id: 'm', kind: 'topUp', amountMinor: 100n })
    const request = `INSERT INTO gift_requests (id, operator, channel, giver_account_id, receiver_account_id, amount, state,
      requested_at, changed_at, transfer_id) VALUES`
    db.sql(`${request} ('r', 'lab', 'api', 1, 2, 5, 'requested', 1, 1, NULL)`).run()
    db.sql(
      `INSERT INTO balance_actions (id, kind, account_id, caller, key, request, status, requested_at, settled_at)
       VALUES ('a', 'adjust', 1, 'c', 'k', '{}', 'completed', 1, 1)`,
    ).run()
    db.sql(`INSERT INTO events (type, subject, at) VALUES ('e', 's', 1)`).run()
  })
  return store
}

const isFirst = (lot: { readonly id: number }): boolean => lot.id === 1

const newLot = (accountId: number, origin = 'bonus'): string =>
  `INSERT INTO lots (id, account_id, origin, traffic_class, giftable, valid_from, valid_until)
   VALUES (99, ${accountId}, '${origin}', 'general', 1, 0, ${20 * DAY_MS})`

const transfer = (kind: string, of: { hold?: string; atMs?: number } = {}): string =>
  `INSERT INTO transfers (id, kind, at, hold_id)
   VALUES ('x', '${kind}', ${of.atMs ?? NOW_MS}, ${of.hold ? `'${of.hold}'` : 'NULL'})`

type Side = readonly [account: string, lotId?: number]

const posting = (
  [[debit, from], [credit, to]]: readonly [Side, Side],
  of: { amount?: number; seq?: number } = {},
): string =>
  `INSERT INTO postings (transfer_seq, line, debit, debit_lot_id, credit, credit_lot_id, amount)
   VALUES (${of.seq ?? '(SELECT max(seq) FROM transfers)'}, 5, '${debit}', ${from ?? 'NULL'}, '${credit}', ${to ?? 'NULL'}, ${of.amount ?? 1})`

const moves = (
  kind: string,
  sides: readonly [Side, Side],
  of: Parameters<typeof transfer>[1] = {},
) => [newLot(kind === 'extend' || kind === 'rollover' ? 1 : 2), transfer(kind, of), posting(sides)]

const OTHER_PURPOSE = /a posting does what its transfer is for/
const OUT_OF_LIFE = /usable within its validity and expires after it/
const NEVER_CHANGED = /the journal is never changed/
const NO_REFILL = /never come back/

const ATTEMPTS: readonly (readonly [what: string, statements: readonly string[], RegExp])[] = [
  [
    'have what was used again',
    ['UPDATE lots SET consumed = 0, available = available + 10 WHERE id = 1'],
    NO_REFILL,
  ],
  [
    'have what was given again',
    ['UPDATE lots SET transferred = 0, available = available + 20 WHERE id = 1'],
    NO_REFILL,
  ],
  [
    'have what was withdrawn again',
    ['UPDATE lots SET withdrawn = 0, available = available + 5 WHERE id = 1'],
    NO_REFILL,
  ],
  [
    'have what expired again',
    ['UPDATE lots SET expired = 0, available = 10 WHERE id = 4'],
    NO_REFILL,
  ],
  ['delete a lot', [newLot(1), 'DELETE FROM lots WHERE id = 99'], /a lot is never deleted/],
  [
    'fill a lot without a posting',
    [
      "INSERT INTO lots (account_id, origin, traffic_class, giftable, granted, available, valid_from, valid_until) VALUES (1, 'bonus', 'general', 1, 5, 5, 0, 1)",
    ],
    /filled by a posting only/,
  ],
  [
    'grant a lot twice',
    ['UPDATE lots SET granted = granted + 1, available = available + 1 WHERE id = 1'],
    /a lot is granted once/,
  ],
  [
    'prolong a lot',
    ['UPDATE lots SET valid_until = valid_until + 1 WHERE id = 1'],
    /terms of a lot never change/,
  ],
  [
    'move a lot to another account',
    ['UPDATE lots SET account_id = 2 WHERE id = 1'],
    /terms of a lot never change/,
  ],
  [
    'make a lot giftable',
    ['UPDATE lots SET giftable = 0 WHERE id = 1'],
    /terms of a lot never change/,
  ],
  [
    'have less than nothing',
    ['UPDATE lots SET available = -1, held = held + available + 1 WHERE id = 1'],
    /available >= 0/,
  ],
  [
    'hold less than nothing',
    ['UPDATE lots SET held = -1, available = available + held + 1 WHERE id = 1'],
    /held >= 0/,
  ],
  [
    'have more than was granted',
    ['UPDATE lots SET available = available + 1 WHERE id = 1'],
    /granted = available/,
  ],
  [
    'have a word instead of bytes',
    [`UPDATE lots SET available = 'many' WHERE id = 1`],
    /cannot store TEXT value in INTEGER column/,
  ],
  ['make a gift of no lot', [newLot(1, 'gift')], /parent_lot_id IS NOT NULL/],

  [
    'add to a transfer of before',
    [posting([['available', 1], ['consumed']], { seq: 2 })],
    /belongs to the newest transfer/,
  ],
  ['issue from a lot', moves('issue', [['available', 1], ['consumed']]), OTHER_PURPOSE],
  [
    'give what is not held with a hold',
    moves(
      'gift',
      [
        ['available', 1],
        ['available', 99],
      ],
      { hold: 'open' },
    ),
    OTHER_PURPOSE,
  ],
  [
    'give what is held without its hold',
    moves('gift', [
      ['held', 1],
      ['available', 99],
    ]),
    /./,
  ],
  [
    'use what has ended as if it expired',
    moves('consume', [['available', 5], ['expired']]),
    OTHER_PURPOSE,
  ],
  [
    'expire what may still be used',
    moves('expire', [['available', 1], ['consumed']]),
    OTHER_PURPOSE,
  ],
  [
    'hold by using',
    moves('hold', [['available', 1], ['consumed']], { hold: 'open' }),
    OTHER_PURPOSE,
  ],
  [
    'release to another lot',
    moves(
      'release',
      [
        ['held', 1],
        ['available', 99],
      ],
      { hold: 'open' },
    ),
    OTHER_PURPOSE,
  ],
  [
    'release by using',
    moves('release', [['held', 1], ['consumed']], { hold: 'open' }),
    OTHER_PURPOSE,
  ],
  [
    'settle to another lot',
    moves(
      'settle',
      [
        ['held', 1],
        ['available', 99],
      ],
      { hold: 'open' },
    ),
    OTHER_PURPOSE,
  ],
  ['correct by using', moves('adjust', [['available', 1], ['consumed']]), OTHER_PURPOSE],
  ['take back by using', moves('reverse', [['available', 1], ['consumed']]), OTHER_PURPOSE],
  ['prolong by using', moves('extend', [['available', 1], ['consumed']]), OTHER_PURPOSE],
  ['carry over by expiring', moves('rollover', [['available', 5], ['expired']]), OTHER_PURPOSE],
  [
    'use at the end',
    moves('consume', [['available', 5], ['consumed']], { atMs: 3 * DAY_MS }),
    OUT_OF_LIFE,
  ],
  ['use after the end', moves('consume', [['available', 5], ['consumed']]), OUT_OF_LIFE],
  ['use before the begin', moves('consume', [['available', 6], ['consumed']]), OUT_OF_LIFE],
  ['expire before the end', moves('expire', [['available', 1], ['expired']]), OUT_OF_LIFE],
  [
    'give after the end',
    moves('gift', [
      ['available', 5],
      ['available', 99],
    ]),
    OUT_OF_LIFE,
  ],
  [
    'carry over before the end',
    moves('rollover', [
      ['available', 1],
      ['available', 99],
    ]),
    OUT_OF_LIFE,
  ],
  [
    'take back after the end',
    moves('reverse', [
      ['available', 5],
      ['available', 99],
    ]),
    OUT_OF_LIFE,
  ],
  [
    'prolong into another account',
    [
      newLot(2),
      transfer('extend'),
      posting([
        ['available', 1],
        ['available', 99],
      ]),
    ],
    /for the same account/,
  ],
  [
    'carry over into another account',
    [
      newLot(2),
      transfer('rollover'),
      posting([
        ['available', 5],
        ['available', 99],
      ]),
    ],
    /for the same account/,
  ],
  [
    'release more than a hold has',
    [
      transfer('release', { hold: 'small' }),
      posting(
        [
          ['held', 1],
          ['available', 1],
        ],
        { amount: 2 },
      ),
    ],
    /only what is held for it/,
  ],
  [
    'release what another hold has',
    [
      transfer('release', { hold: 'empty' }),
      posting([
        ['held', 1],
        ['available', 1],
      ]),
    ],
    /only what is held for it/,
  ],
  [
    'use more than there is',
    moves('consume', [['available', 6], ['consumed']], { atMs: 7 * DAY_MS }).with(
      2,
      posting([['available', 6], ['consumed']], { amount: 11 }),
    ),
    /available >= 0/,
  ],
  [
    'move nothing',
    [transfer('consume'), posting([['available', 1], ['consumed']], { amount: 0 })],
    /amount BETWEEN 1/,
  ],
  [
    'move less than nothing',
    [transfer('consume'), posting([['available', 1], ['consumed']], { amount: -1 })],
    /amount BETWEEN 1/,
  ],
  [
    'move from a lot to itself',
    [
      transfer('gift'),
      posting([
        ['available', 1],
        ['available', 1],
      ]),
    ],
    /debit_lot_id <> credit_lot_id/,
  ],
  [
    'hold in another lot',
    [
      transfer('hold', { hold: 'open' }),
      posting([
        ['available', 1],
        ['held', 6],
      ]),
    ],
    /credit <> 'held'/,
  ],
  [
    'use beyond all lots for nobody',
    [transfer('settle', { hold: 'open' }), posting([['overage'], ['consumed']])],
    /overage_account_id IS NOT NULL/,
  ],
  [
    'use without a lot',
    [transfer('consume'), posting([['available'], ['consumed']])],
    /debit_lot_id IS NOT NULL/,
  ],
  ['settle without a hold', [transfer('settle')], /hold_id IS NOT NULL/],
  ['use for a hold', [transfer('consume', { hold: 'open' })], /hold_id IS NULL/],

  ['end a hold twice', [`UPDATE holds SET closed_at = 9 WHERE id = 'ended'`], /a hold ends once/],
  [
    'open a hold again',
    [`UPDATE holds SET closed_at = NULL WHERE id = 'ended'`],
    /a hold ends once/,
  ],
  [
    'end a hold that holds something',
    [`UPDATE holds SET closed_at = 9 WHERE id = 'open'`],
    /a hold that ends holds nothing/,
  ],
  [
    'move for a hold that has ended',
    [transfer('hold', { hold: 'ended' })],
    /a hold that has ended moves nothing/,
  ],
  ['hold less than nothing for somebody', [`UPDATE hold_lots SET amount = -1`], /amount >= 0/],

  ['change a transfer', [`UPDATE transfers SET at = 5 WHERE id = 'use'`], NEVER_CHANGED],
  [
    'delete a transfer',
    [transfer('consume'), `DELETE FROM transfers WHERE id = 'x'`],
    NEVER_CHANGED,
  ],
  [
    'put another transfer in its place',
    [`INSERT OR REPLACE INTO transfers (seq, id, kind, at) VALUES (1, 'issue', 'issue', 5)`],
    NEVER_CHANGED,
  ],
  [
    'change a posting',
    ['UPDATE postings SET amount = amount + 1 WHERE transfer_seq = 2'],
    NEVER_CHANGED,
  ],
  ['delete a posting', ['DELETE FROM postings WHERE transfer_seq = 2'], NEVER_CHANGED],
  ['change a gift', ['UPDATE gifts SET amount = 1'], NEVER_CHANGED],
  ['delete a gift', ['DELETE FROM gifts'], NEVER_CHANGED],
  ['forget a reversal', ['DELETE FROM reversals'], NEVER_CHANGED],
  ['change a reversal', ['UPDATE reversals SET gift_seq = gift_seq'], NEVER_CHANGED],
  [
    'take a gift back twice',
    [
      transfer('reverse'),
      'INSERT INTO reversals (gift_seq, transfer_seq) SELECT gift_seq, max(transfers.seq) FROM reversals, transfers',
    ],
    /UNIQUE constraint failed: reversals.gift_seq/,
  ],
  [
    'give to oneself',
    [
      transfer('gift'),
      'INSERT INTO gifts (transfer_seq, giver_account_id, receiver_account_id, amount, at) SELECT max(seq), 1, 1, 5, 5 FROM transfers',
    ],
    /giver_account_id <> receiver_account_id/,
  ],
  [
    'take the name of a transfer',
    [`INSERT INTO transfers (id, kind, at) VALUES ('use', 'consume', 5)`],
    /UNIQUE constraint failed: transfers.id/,
  ],

  ['change a movement of money', ['UPDATE money_transfers SET amount_minor = 5'], NEVER_CHANGED],
  ['delete a movement of money', ['DELETE FROM money_transfers'], NEVER_CHANGED],
  [
    'pay with money that is not there',
    [
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('n', 1, 'purchase', -101, 'XTS', 1)`,
    ],
    /money_minor >= -credit_minor/,
  ],
  [
    'be paid for a purchase',
    [
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('n', 1, 'purchase', 1, 'XTS', 1)`,
    ],
    /kind = 'adjust'/,
  ],
  [
    'receive money that nobody sent',
    [
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('received:n', 1, 'received', 5, 'XTS', 1)`,
    ],
    /only money that was sent is received/,
  ],
  [
    'receive more money than was sent',
    [
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('sent:n', 1, 'sent', -5, 'XTS', 1)`,
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('received:n', 2, 'received', 6, 'XTS', 1)`,
    ],
    /only money that was sent is received/,
  ],
  [
    'send money to oneself',
    [
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('sent:n', 1, 'sent', -5, 'XTS', 1)`,
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('received:n', 1, 'received', 5, 'XTS', 1)`,
    ],
    /only money that was sent is received/,
  ],
  [
    'call a purchase money that was sent',
    [
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('sent:n', 1, 'purchase', -5, 'XTS', 1)`,
    ],
    /kind = 'sent'/,
  ],
  [
    'have two requests for money wait at once',
    [
      `INSERT INTO money_requests VALUES ('a', 1, 2, 5, 'awaitingCode', 0, 1, 2), ('b', 1, 2, 5, 'awaitingCode', 0, 1, 2)`,
    ],
    /UNIQUE constraint failed: money_requests.giver_account_id/,
  ],
  [
    'let a request for money wait again that is over',
    [
      `INSERT INTO money_requests VALUES ('a', 1, 2, 5, 'blocked', 3, 1, 2)`,
      `UPDATE money_requests SET state = 'awaitingCode'`,
    ],
    /ends once/,
  ],
  [
    'change whom a request for money is for',
    [
      `INSERT INTO money_requests VALUES ('a', 1, 2, 5, 'awaitingCode', 0, 1, 2)`,
      `UPDATE money_requests SET amount_minor = 6`,
    ],
    /otherwise what it was/,
  ],

  [
    'open a closed account',
    [
      `UPDATE accounts SET status = 'closed', closed_at = 5 WHERE id = 2`,
      `UPDATE accounts SET status = 'active', closed_at = NULL WHERE id = 2`,
    ],
    /never opened again/,
  ],
  [
    'change the operator',
    [`UPDATE accounts SET operator = 'mts' WHERE id = 1`],
    /never changes its operator/,
  ],
  [
    'give one number to two',
    [`UPDATE accounts SET msisdn = (SELECT msisdn FROM accounts WHERE id = 1) WHERE id = 2`],
    /UNIQUE constraint failed: accounts.msisdn/,
  ],
  [
    'let a gift skip its states',
    [`UPDATE gift_requests SET state = 'declined' WHERE id = 'r'`],
    /cannot become that/,
  ],
  [
    'complete a gift that moved nothing',
    [`UPDATE gift_requests SET state = 'completed' WHERE id = 'r'`],
    /CHECK constraint failed/,
  ],
  ['delete a gift request', ['DELETE FROM gift_requests'], /never deleted/],
  ['delete what software asked for', ['DELETE FROM balance_actions'], /an action is never deleted/],
  [
    'undo what was cancelled',
    [
      `UPDATE balance_actions SET status = 'cancelled'`,
      `UPDATE balance_actions SET status = 'completed'`,
    ],
    /an action is cancelled once/,
  ],
  ['change an event', [`UPDATE events SET type = 'f'`], /an event is never changed/],
]

for (const [what, statements, why] of ATTEMPTS) {
  test(`the store itself lets nobody ${what}`, async (t) => {
    const store = await createBooks(t)
    const before = store.read(audit)
    t.deepEqual(before.faults, [])
    const [last = '', ...first] = statements.toReversed()
    const attempt = store.write((db) => {
      // What prepares the attempt must itself go well.
      for (const statement of first.toReversed())
        t.notThrows(() => db.sql(statement).run(), statement)
      db.sql(last).run()
    })
    t.regex((await t.throwsAsync(attempt)).message, why)
    t.deepEqual(store.read(audit), before)
  })
}

test('what these attempts are made of is taken where it is right', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => {
    for (const statement of [
      newLot(2),
      transfer('gift', { hold: 'open' }),
      posting(
        [
          ['held', 1],
          ['available', 99],
        ],
        { amount: 30 },
      ),
    ])
      db.sql(statement).run()
    db.sql(
      `INSERT INTO gifts (transfer_seq, giver_account_id, receiver_account_id, amount, at) SELECT max(seq), 1, 2, 30, ? FROM transfers`,
    ).run(NOW_MS)
    db.sql(`UPDATE holds SET closed_at = 9 WHERE id = 'open'`).run()
  })
  t.is(store.read(audit).held, 1n)
})
