/** The thread that copies the write-ahead log into the database: one pass for each message, and its end when told. */

import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const db = new Database(workerData as string)
db.pragma('synchronous = NORMAL')
db.pragma('wal_autocheckpoint = 0')

parentPort?.on('message', (message: 'copy' | 'end') => {
  if (message === 'copy') {
    db.pragma('wal_checkpoint(PASSIVE)')
    parentPort?.postMessage('copied')
  } else {
    db.close()
    parentPort?.close()
  }
})
