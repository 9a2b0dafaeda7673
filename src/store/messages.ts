/** The simulated inbox of each subscription: what the operator wrote, and what the subscriber did. */

import type { Connection } from './engine.ts'

export interface Message {
  readonly id: number
  readonly accountId: number
  /** `out` is from the operator to the subscriber. */
  readonly direction: 'in' | 'out'
  readonly channel: 'sms' | 'ussd' | 'app' | 'web'
  /** The number or the name on the other side. */
  readonly peer: string
  /** Which text of the catalogue it is. */
  readonly textId: string | undefined
  readonly text: string
  readonly at: Date
  readonly readAt: Date | undefined
}

/**
 * Puts a message down and returns its id. With an `eventId` it is put down once, ever: `undefined` the second time.
 */
export function putMessage(
  db: Connection,
  message: Pick<Message, 'accountId' | 'direction' | 'channel' | 'peer' | 'text'> & {
    readonly textId?: string | undefined
    readonly atMs: number
    readonly eventId?: string | undefined
  },
): number | undefined {
  const { changes, lastInsertRowid } = db
    .sql(
      `INSERT INTO messages (account_id, direction, channel, peer, text_id, text, at, event_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`,
    )
    .run(
      message.accountId,
      message.direction,
      message.channel,
      message.peer,
      message.textId ?? null,
      message.text,
      message.atMs,
      message.eventId ?? null,
    )
  return changes === 1 ? Number(lastInsertRowid) : undefined
}

/** Messages of an account, the newest first, before the one with the id `before`. */
export function messagesOf(
  db: Connection,
  page: {
    readonly accountId: number
    readonly before?: number | undefined
    readonly limit: number
  },
): readonly Message[] {
  return db
    .sql<MessageRow>(
      `SELECT * FROM messages WHERE account_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
    )
    .all(page.accountId, page.before ?? Number.MAX_SAFE_INTEGER, page.limit)
    .map(messageFromRow)
}

/** Messages of an account, the oldest first, after the one with the id `after`. */
export function messagesAfter(
  db: Connection,
  page: {
    readonly accountId: number
    readonly after?: number | undefined
    readonly limit: number
  },
): readonly Message[] {
  return db
    .sql<MessageRow>(`SELECT * FROM messages WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?`)
    .all(page.accountId, page.after ?? 0, page.limit)
    .map(messageFromRow)
}

/** Notes that messages up to one have been read. */
export function markRead(
  db: Connection,
  read: { readonly accountId: number; readonly id: number; readonly atMs: number },
): void {
  db.sql(
    `UPDATE messages SET read_at = ? WHERE id <= ? AND account_id = ? AND read_at IS NULL`,
  ).run(read.atMs, read.id, read.accountId)
}

interface MessageRow {
  readonly id: number
  readonly account_id: number
  readonly direction: Message['direction']
  readonly channel: Message['channel']
  readonly peer: string
  readonly text_id: string | null
  readonly text: string
  readonly at: number
  readonly read_at: number | null
}

function messageFromRow(row: MessageRow): Message {
  return {
    id: row.id,
    accountId: row.account_id,
    direction: row.direction,
    channel: row.channel,
    peer: row.peer,
    textId: row.text_id ?? undefined,
    text: row.text,
    at: new Date(row.at),
    readAt: row.read_at === null ? undefined : new Date(row.read_at),
  }
}
