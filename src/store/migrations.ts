/** The database's tables, in the order in which they came. A migration that has landed is never edited. */

import { ADVICE, CHANNELS } from './tables/channels.ts'
import { CHARGING } from './tables/charging.ts'
import {
  ACCESS,
  ACTION_CHANGES,
  BALANCE_ACTIONS,
  DELIVERIES_OF_LISTENERS,
  EVENTS,
} from './tables/edge.ts'
import { EVENT_TABLES } from './tables/events.ts'
import {
  APPROVAL_WAITS,
  GIFT_ANSWERS,
  GIFT_EVIDENCE,
  GIFT_SETTINGS,
  GIFTS_ALLOWED,
} from './tables/gifts.ts'
import { IDLENESS } from './tables/idleness.ts'
import { LEDGER_2 } from './tables/ledger.ts'
import { LOCALITY } from './tables/locality.ts'
import { MONEY_BETWEEN } from './tables/money.ts'
import { NETWORK_TABLES } from './tables/network.ts'
import { MORE_SECRETS, OPERATOR_TABLES } from './tables/operator.ts'
import { ORDER_LIMITS } from './tables/order-limits.ts'
import { RSP_TABLES } from './tables/rsp.ts'
import { JOURNAL_SEALS } from './tables/seals.ts'
import { GIFT_REQUESTS, MESSAGES, MONEY, PLACES } from './tables/subscriptions.ts'

export interface Migration {
  readonly name: string
  readonly sql: string
}

export const MIGRATIONS: readonly Migration[] = [
  { name: '0001 orders, downloads and events of the SM-DP+', sql: RSP_TABLES },
  {
    name: '0002 inventory, accounts, lots, journal and gifts of the operator',
    sql: OPERATOR_TABLES,
  },
  {
    name: '0003 idempotency keys by age, to be forgotten',
    sql: 'CREATE INDEX idempotency_keys_by_age ON idempotency_keys (at)',
  },
  {
    name: '0004 sequence numbers, keys for imported profiles, and who is attached',
    sql: NETWORK_TABLES,
  },
  { name: '0005 second PINs and keys over the air of the inventory', sql: MORE_SECRETS },
  { name: '0020 events of the SM-DSs, and of the orders of the SM-DP+', sql: EVENT_TABLES },
  { name: '0030 limits of orders, calls of ES2+, progress for the operator', sql: ORDER_LIMITS },
  {
    name: '0040 subscriptions of several operators, holds, and the second form of the ledger',
    sql: LEDGER_2,
  },
  { name: '0041 money, a ledger of its own', sql: MONEY },
  { name: '0042 where phones are', sql: PLACES },
  { name: '0043 gifts on their way', sql: GIFT_REQUESTS },
  { name: '0044 messages', sql: MESSAGES },
  { name: '0045 tokens, and codes with which subscribers sign in', sql: ACCESS },
  { name: '0046 events, and who is told of them', sql: EVENTS },
  { name: '0047 what is settled about gifts, and questions for data', sql: GIFT_SETTINGS },
  {
    name: '0048 charging sessions, data that did not count, rest of data that was lifted',
    sql: CHARGING,
  },
  { name: '0049 answers to messages of subscribers, and USSD sessions', sql: CHANNELS },
  { name: '0050 top-ups, corrections and reservations over TMF654', sql: BALANCE_ACTIONS },
  { name: '0051 first answers of gifts, and gifts that are bought', sql: GIFT_ANSWERS },
  { name: '0052 what was counted when gifts were stopped', sql: GIFT_EVIDENCE },
  { name: '0053 what became of the data of an account', sql: ADVICE },
  { name: '0054 fewer pages for each gift and each report of use', sql: LOCALITY },
  { name: '0060 when accounts were last used', sql: IDLENESS },
  {
    name: '0061 whose imported profiles are',
    sql: 'ALTER TABLE imported_profiles ADD COLUMN operator TEXT',
  },
  { name: '0065 since when gifts are allowed again that were stopped', sql: GIFTS_ALLOWED },
  { name: '0066 who waits for a service that is not approved yet', sql: APPROVAL_WAITS },
  { name: '0070 deliveries of events by listener', sql: DELIVERIES_OF_LISTENERS },
  { name: '0071 changes to top-ups, corrections and reservations', sql: ACTION_CHANGES },
  { name: '0075 seals of the journals', sql: JOURNAL_SEALS },
  { name: '0076 money that subscribers send each other', sql: MONEY_BETWEEN },
]
