/**
 * How commits reach the disk without anybody waiting for it inside a transaction: the write-ahead log is synced beside the
 * work that goes on, and copied into the database by a thread of its own. See docs/decisions/0004-store.md.
 */

import { closeSync, fdatasync, openSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type Database from 'better-sqlite3'

/** The disk below one database. */
export interface Durability {
  /** Calls back when every commit made before is on disk, in the order of the calls; with the error when the disk refused. */
  whenSynced(settle: (error: unknown) => void): void
  /** Told after each commit: copies the log into the database when it has grown. */
  tidyLog(): void
  /** Ends the thread, where there is one. */
  close(): Promise<void>
}

/** A database in memory is as durable as it will ever be. */
const NOTHING_TO_SYNC: Durability = {
  whenSynced: (settle) => settle(undefined),
  tidyLog() {},
  close: async () => {},
}

export function durabilityOf(db: Database.Database): Durability {
  if (db.memory) return NOTHING_TO_SYNC
  const log = syncedLog(`${db.name}-wal`)
  const checkpoints = checkpointing(db)
  return {
    whenSynced: log.whenSynced,
    tidyLog: checkpoints.tidyLog,
    async close() {
      await checkpoints.close()
      log.close()
    },
  }
}

interface SyncedLog {
  whenSynced(settle: (error: unknown) => void): void
  close(): void
}

/** One sync at a time; those who come meanwhile share the next. */
function syncedLog(path: string): SyncedLog {
  const fd = openSync(path, 'r+')
  let waiting: ((error: unknown) => void)[] = []
  let isSyncing = false
  /** After a refusal nobody knows what is on disk, and a later sync would not tell. */
  let failure: unknown

  function sync(): void {
    if (isSyncing || waiting.length === 0) return
    isSyncing = true
    const settled = waiting
    waiting = []
    const done = (error: unknown) => {
      isSyncing = false
      failure ??= error ?? undefined
      sync()
      for (const settle of settled) settle(failure)
    }
    if (failure === undefined) fdatasync(fd, done)
    else setImmediate(done, failure)
  }

  return {
    whenSynced(settle) {
      waiting.push(settle)
      sync()
    },
    close: () => closeSync(fd),
  }
}

/** So many changed rows are worth a copy: about as many pages as SQLite would let gather. */
const CHANGES_TO_COPY = 4000
/** What the thread leaves may be copied within a commit when it is this little. */
const CHANGES_TO_FINISH = 400
const PASSES_MAX = 8

interface Checkpointing {
  tidyLog(): void
  close(): Promise<void>
}

/**
 * The log begins anew only when all of it has been copied and nothing came meanwhile. So the thread copies in passes, each
 * shorter than the one before, and the last small rest is copied between two commits.
 */
function checkpointing(db: Database.Database): Checkpointing {
  const countChanges = db.prepare('SELECT total_changes()').pluck()
  const changes = () => countChanges.get() as number
  let copiedAt = changes()
  let passBeganAt = 0
  let passes = 0
  let worker: Worker | undefined

  function pass(): void {
    worker ??= startWorker()
    passes += 1
    passBeganAt = changes()
    worker.postMessage('copy')
  }

  function startWorker(): Worker {
    const started = new Worker(CHECKPOINTER, { eval: true, workerData: db.name })
    started.unref()
    started.on('message', afterPass)
    return started
  }

  function afterPass(): void {
    if (!db.open) return
    const isLittle = changes() - passBeganAt < CHANGES_TO_FINISH
    if (!isLittle && passes < PASSES_MAX) return pass()
    db.pragma('wal_checkpoint(PASSIVE)')
    copiedAt = changes()
    passes = 0
  }

  return {
    tidyLog() {
      if (passes === 0 && changes() - copiedAt >= CHANGES_TO_COPY) pass()
    },
    async close() {
      await worker?.terminate()
    },
  }
}

const CHECKPOINTER = `
const { parentPort, workerData } = require('node:worker_threads')
const Database = require(${JSON.stringify(new URL(import.meta.resolve('better-sqlite3')).pathname)})
const db = new Database(workerData)
db.pragma('synchronous = NORMAL')
db.pragma('wal_autocheckpoint = 0')
parentPort.on('message', () => {
  parentPort.postMessage(db.pragma('wal_checkpoint(PASSIVE)'))
})
`
