/**
 * How commits reach the disk without anybody waiting for it inside a transaction: the write-ahead log is synced beside the
 * work that goes on, and copied into the database by a thread of its own. See docs/decisions/0004-store.md.
 */

import { closeSync, fdatasync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type Database from 'better-sqlite3'

/** The disk below one database. */
export interface Durability extends SyncedLog {
  /** Told after each commit of so many commands: copies the log into the database when it has grown. */
  tidyLog(commands: number): void
  /** Ends the thread, where there is one, and closes the database. Nothing may be waiting. */
  close(): Promise<void>
}

/** Of a database whose commits do not sync by themselves. */
export function durabilityOf(db: Database.Database): Durability {
  if (db.memory) return inMemory(db)
  const log = openSync(`${db.name}-wal`, 'r+')
  // To close this one before SQLite closes its own would take away SQLite's locks.
  const database = openSync(db.name, 'r+')
  const checkpoints = checkpointing(db, database)
  return {
    ...syncedLog((done) => fdatasync(log, done)),
    tidyLog: checkpoints.tidyLog,
    async close() {
      await checkpoints.close()
      db.close()
      closeSync(log)
      closeSync(database)
    },
  }
}

/** A database in memory is as durable as it will ever be. */
function inMemory(db: Database.Database): Durability {
  return {
    whenSynced: (settle) => settle(undefined),
    isSyncing: () => false,
    failure: () => undefined,
    tidyLog() {},
    close: async () => void db.close(),
  }
}

export interface SyncedLog {
  /** Calls back, in the order of the calls, when every commit made before the call is on disk; with an error if it is not. */
  whenSynced(settle: (error: unknown) => void): void
  isSyncing(): boolean
  /** Why the disk has refused. From then on nobody knows what is on it, and a later sync would not tell. */
  failure(): unknown
}

/** One sync at a time; those who come meanwhile share the next. */
export function syncedLog(sync: (done: (error: unknown) => void) => void): SyncedLog {
  let waiting: ((error: unknown) => void)[] = []
  let isSyncing = false
  let failure: unknown

  function syncNext(): void {
    if (isSyncing || waiting.length === 0) return
    isSyncing = true
    const settled = waiting
    waiting = []
    const done = (error: unknown) => {
      isSyncing = false
      failure ??= error ?? undefined
      syncNext()
      for (const settle of settled) settle(failure)
    }
    if (failure === undefined) sync(done)
    else setImmediate(done)
  }

  return {
    whenSynced(settle) {
      waiting.push(settle)
      syncNext()
    },
    isSyncing: () => isSyncing,
    failure: () => failure,
  }
}

/** So many changed rows are worth a copy; with more of them, callers would wait longer for the disk that syncs the copy. */
const CHANGES_TO_COPY = 2000
/** Fewer commands than this with so many changes are a stock or an import: nobody waits behind them. */
const COMMANDS_WORTH_A_THREAD = 100
/** The log may grow to 64 MB while nobody stops writing. */
const FRAMES_MAX = 16_384
/** What the thread leaves may be copied between two commits when it is this little. */
const CHANGES_TO_FINISH = 400
const PASSES_MAX = 8
/** A thread that has nothing to do is 15 MB. */
const IDLE_MS = 5000

interface Checkpointing {
  tidyLog(commands: number): void
  close(): Promise<void>
}

/**
 * The log begins anew by itself once all of it has been copied and nothing came meanwhile. Where somebody always writes,
 * it grows to its limit; then the thread copies in passes, each shorter than the one before, and the last small rest is
 * copied between two commits, which is the only wait. A lab that does little never starts the thread.
 */
function checkpointing(db: Database.Database, databaseFd: number): Checkpointing {
  const countChanges = db.prepare('SELECT total_changes()').pluck()
  const changes = () => countChanges.get() as number
  let copiedAt = changes()
  let commandsSince = 0
  let passBeganAt = 0
  let passes = 0
  let thread: Worker | undefined
  let idle: NodeJS.Timeout | undefined

  function pass(): void {
    clearTimeout(idle)
    thread ??= started()
    passes += 1
    passBeganAt = changes()
    thread.postMessage('copy', [])
  }

  function started(): Worker {
    const copying = new Worker(COPYING, {
      eval: true,
      workerData: { path: db.name, databaseFd, driver },
    })
    copying.on('message', afterPass)
    copying.on('error', () => {
      thread = undefined
      if (db.open) copyHere()
    })
    copying.unref()
    return copying
  }

  function afterPass({ frames }: { readonly frames: number }): void {
    // Whoever ends the thread waits for its last pass, and wants no other.
    if (!thread) return
    const cameMeanwhile = changes() - passBeganAt
    const isFull = frames >= FRAMES_MAX
    if (isFull && cameMeanwhile >= CHANGES_TO_FINISH && passes < PASSES_MAX) return pass()
    if (isFull && cameMeanwhile > 0) copyHere()
    else copied(passBeganAt)
    idle = setTimeout(() => void ended(), IDLE_MS).unref()
  }

  function copyHere(): void {
    db.pragma('wal_checkpoint(PASSIVE)')
    copied(changes())
  }

  function copied(at: number): void {
    copiedAt = at
    commandsSince = 0
    passes = 0
  }

  async function ended(): Promise<void> {
    clearTimeout(idle)
    if (!thread) return
    const ending = thread
    thread = undefined
    ending.ref()
    // Not `once` of node:events: it rejects when the thread fails on its way out, and the database would stay open.
    const exit = new Promise((resolve) => void ending.once('exit', resolve))
    ending.postMessage('end', [])
    await exit
  }

  return {
    tidyLog(commands) {
      commandsSince += commands
      if (passes > 0 || changes() - copiedAt < CHANGES_TO_COPY) return
      if (commandsSince < COMMANDS_WORTH_A_THREAD) copyHere()
      else pass()
    },
    close: ended,
  }
}

const driver = createRequire(import.meta.url).resolve('better-sqlite3')

/** The thread, as text: one that had to read TypeScript would be 18 MB larger. */
const COPYING = `
  const { fsyncSync } = require('node:fs')
  const { parentPort, workerData } = require('node:worker_threads')
  const Database = require(workerData.driver)
  const db = new Database(workerData.path)
  db.pragma('synchronous = NORMAL')
  db.pragma('wal_autocheckpoint = 0')
  parentPort.on('message', (message) => {
    if (message === 'copy') {
      const [{ log }] = db.pragma('wal_checkpoint(PASSIVE)')
      // SQLite syncs what it has copied only when nothing came meanwhile.
      fsyncSync(workerData.databaseFd)
      parentPort.postMessage({ frames: log })
    } else {
      db.close()
      parentPort.close()
    }
  })
`
