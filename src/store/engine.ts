/**
 * The SQLite engine: one connection, one writer, commands that run whole and are committed in groups.
 *
 * The port is asynchronous at the command: `write(command)` settles when the command's effect is on disk. A command
 * itself is synchronous, so no other work can interleave inside a transaction. See docs/decisions/0004-store.md.
 */

import Database from 'better-sqlite3'
import { LabError, messageOf } from '../base/errors.ts'
import { durabilityOf, type Durability } from './durability.ts'
import { MIGRATIONS, type Migration } from './migrations.ts'

export type Statement<Row> = Database.Statement<unknown[], Row>

/** The database as commands see it: prepared statements, each made once per text. */
export interface Connection {
  /** Integers arrive as `number`: for counts, flags and instants in milliseconds. */
  sql<Row = unknown>(text: string): Statement<Row>
  /** Integers arrive as `bigint`: for every statement that carries an amount of bytes. */
  bigSql<Row = unknown>(text: string): Statement<Row>
}

/** Work against the database within one transaction. It throws to undo everything it did. */
export type Command<T> = (db: Connection) => T

export interface Store {
  /**
   * Runs a command and settles once its effect is durable.
   * Commands that wait together share one commit; each is undone alone when it throws.
   */
  write<T>(command: Command<T>): Promise<T>
  /** Runs a query against the committed state. */
  read<T>(query: Command<T>): T
  /** What a command would return now: it runs against the committed state, and everything that it does is undone. */
  foresee<T>(command: Command<T>): T
  /** Settles when every command handed in before has been committed. */
  flush(): Promise<void>
  /** Refuses further commands at once, commits those that wait, and closes the file whether or not that succeeds. */
  close(): Promise<void>
}

/** How one command of a group is undone alone. */
interface Undoing {
  enter(): void
  undo(): void
  leave(): void
}

interface Waiting {
  run(connection: Connection, undoing: Undoing): void
  /** With why the whole group has failed, if it has. */
  settle(failure: LabError | undefined): void
}

const GROUP_MAX = 512
const GROUP_WORTH_A_COMMIT = 24

/**
 * Opens the database file (`:memory:` for a lab that keeps nothing) and brings its tables up to date.
 * @throws {LabError} damaged — not a database of ours, or of a newer version of esim-lab
 */
export function openStore(options: { readonly path: string }): Store {
  const db = connect(options.path)
  migrate(db, MIGRATIONS)
  return groupingStore(db)
}

function connect(path: string): Database.Database {
  try {
    const db = new Database(path)
    db.pragma('journal_mode = WAL')
    // Commits are synced by durability.ts, which also copies the log: neither keeps the next command waiting.
    db.pragma('synchronous = NORMAL')
    db.pragma('foreign_keys = ON')
    // Without it, INSERT OR REPLACE would delete rows past the triggers that forbid it.
    db.pragma('recursive_triggers = ON')
    db.pragma('wal_autocheckpoint = 0')
    db.pragma('cache_size = -16000')
    // What undoes one command of a group is written beside it, in a file unless told otherwise.
    db.pragma('temp_store = MEMORY')
    db.pragma('busy_timeout = 2000')
    return db
  } catch (error) {
    throw new LabError(
      'damaged',
      `cannot open the database ${path}: ${messageOf(error)}. Move it away to start afresh.`,
      { cause: error },
    )
  }
}

function migrate(db: Database.Database, migrations: readonly Migration[]): void {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > migrations.length) {
    throw new LabError(
      'damaged',
      `the database has version ${version}, this esim-lab knows ${migrations.length}. Use a newer esim-lab, or another --data directory.`,
    )
  }
  if (version === migrations.length) return
  // A table that is made anew is away for a moment, and SQLite would follow what refers to it.
  db.pragma('foreign_keys = OFF')
  db.pragma('legacy_alter_table = ON')
  for (const [at, migration] of migrations.entries()) {
    if (at < version) continue
    db.transaction(() => {
      db.exec(migration.sql)
      const lost = db.pragma('foreign_key_check') as readonly unknown[]
      if (lost.length > 0) throw new LabError('damaged', `${migration.name} would lose rows`)
      db.pragma(`user_version = ${at + 1}`)
    })()
  }
  db.pragma('legacy_alter_table = OFF')
  db.pragma('foreign_keys = ON')
}

function statementCache(db: Database.Database): Connection {
  const numbers = new Map<string, Statement<unknown>>()
  const bigints = new Map<string, Statement<unknown>>()
  function cached<Row>(cache: Map<string, Statement<unknown>>, text: string): Statement<Row> {
    let statement = cache.get(text)
    if (!statement) {
      statement = db.prepare<unknown[], unknown>(text).safeIntegers(cache === bigints)
      cache.set(text, statement)
    }
    return statement as Statement<Row>
  }
  return {
    sql: (text) => cached(numbers, text),
    bigSql: (text) => cached(bigints, text),
  }
}

function savepoint(db: Database.Database, name: string): Undoing {
  const enter = db.prepare(`SAVEPOINT ${name}`)
  const undo = db.prepare(`ROLLBACK TO ${name}`)
  const leave = db.prepare(`RELEASE ${name}`)
  return {
    enter: () => void enter.run(),
    undo: () => void undo.run(),
    leave: () => void leave.run(),
  }
}

function groupingStore(db: Database.Database): Store {
  const statements = statementCache(db)
  const durability = durabilityOf(db)
  const foresight = savepoint(db, 'foresight')
  const enlist = commandQueue({ db, statements, durability })
  let closing: Promise<void> | undefined

  const requireOpen = () => {
    if (!db.open) throw new LabError('unavailable', 'the lab is closed')
  }
  const write = <T>(command: Command<T>): Promise<T> =>
    closing ? Promise.reject(new LabError('unavailable', 'the lab is closed')) : enlist(command)
  return {
    write,
    read(query) {
      requireOpen()
      return query(statements)
    },
    foresee(command) {
      requireOpen()
      foresight.enter()
      try {
        return command(statements)
      } finally {
        if (db.inTransaction) {
          foresight.undo()
          foresight.leave()
        }
      }
    },
    flush: () => write(() => undefined),
    close() {
      closing ??= enlist(() => undefined).finally(async () => {
        await durability.close()
      })
      return closing
    },
  }
}

/** Takes commands in, and commits those that wait together. */
function commandQueue(of: {
  readonly db: Database.Database
  readonly statements: Connection
  readonly durability: Durability
}): <T>(command: Command<T>) => Promise<T> {
  const { durability } = of
  const commit = groupCommit(of.db, of.statements)
  const queue: Waiting[] = []
  let scheduled = false

  function commitGroup(): void {
    scheduled = false
    const group = queue.splice(0, GROUP_MAX)
    if (group.length === 0) return
    const commitError = commit(group)
    if (commitError === undefined) keep(group)
    else for (const waiting of group) waiting.settle(notCommitted(commitError))
    if (queue.length > 0) schedule()
  }

  /** The next group need not wait until this one is on disk; those who handed it in do. */
  function keep(group: readonly Waiting[]): void {
    durability.whenSynced((error) => {
      const failure = error === undefined ? undefined : notKept(error)
      for (const waiting of group) waiting.settle(failure)
      if (queue.length > 0) schedule()
    })
    durability.tidyLog(group.length)
  }

  /** A few commands wait for the sync under way, whose end they must see anyway: together they write fewer pages. */
  function schedule(): void {
    if (scheduled || (durability.isSyncing() && queue.length < GROUP_WORTH_A_COMMIT)) return
    scheduled = true
    setImmediate(commitGroup)
  }

  return (command) => {
    const failure = durability.failure()
    if (failure !== undefined) return Promise.reject(notKept(failure))
    return new Promise((resolve, reject) => {
      queue.push(waitingFor(command, { db: of.db, resolve, reject }))
      schedule()
    })
  }
}

/** Runs and commits a group; returns why the database has refused to. */
function groupCommit(
  db: Database.Database,
  statements: Connection,
): (group: readonly Waiting[]) => unknown {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const amongOthers = savepoint(db, 'command')
  /** A command that has the transaction for itself needs no savepoint, which would copy each page that it writes. */
  const alone: Undoing = {
    enter() {},
    undo: () => void rollback.run(),
    leave() {},
  }
  return (group) => {
    try {
      begin.run()
      const undoing = group.length === 1 ? alone : amongOthers
      for (const waiting of group) waiting.run(statements, undoing)
      if (db.inTransaction) commit.run()
      return undefined
    } catch (error) {
      if (db.inTransaction) rollback.run()
      return error
    }
  }
}

/** One command on its way: what it came to is told when its group is on disk. */
function waitingFor<T>(
  command: Command<T>,
  caller: {
    readonly db: Database.Database
    resolve(value: T): void
    reject(error: unknown): void
  },
): Waiting {
  let outcome:
    { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }
  return {
    run(connection, undoing) {
      undoing.enter()
      try {
        outcome = { ok: true, value: command(connection) }
      } catch (error) {
        // A full disk, for one, ends the transaction of all: then the group has failed, not this command alone.
        if (!caller.db.inTransaction) throw error
        undoing.undo()
        outcome = { ok: false, error }
      }
      undoing.leave()
    },
    settle(failure) {
      if (failure !== undefined) caller.reject(failure)
      else if (outcome.ok) caller.resolve(outcome.value)
      else caller.reject(outcome.error)
    },
  }
}

function notCommitted(cause: unknown): LabError {
  const detail = `the database refused to commit: ${messageOf(cause)}`
  return new LabError('unavailable', detail, { cause })
}

function notKept(cause: unknown): LabError {
  const detail = `the disk refused to keep what was written: ${messageOf(cause)}. Open the lab again to see what it has.`
  return new LabError('unavailable', detail, { cause })
}
