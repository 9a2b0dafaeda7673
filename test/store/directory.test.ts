import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { lockDirectory, replaceFile } from '../../src/store/directory.ts'
import { temporaryDirectory } from '../helpers/lab.ts'

test('a directory is one holder’s at a time', (t) => {
  const directory = temporaryDirectory(t)
  const lock = lockDirectory(directory)
  t.throws(() => lockDirectory(directory), { code: 'dataDirectoryLocked' })
  lock.release()
  t.notThrows(() => lockDirectory(directory).release())
})

test('a directory that cannot be locked is not said to be in use', (t) => {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'lock'))
  t.throws(() => lockDirectory(directory), {
    code: 'badInput',
    message: /cannot write in .*--data/,
  })
})

test('a file is replaced for its owner’s eyes alone', (t) => {
  const path = join(temporaryDirectory(t), 'secret')
  replaceFile(path, 'old')
  replaceFile(path, 'new')
  t.is(readFileSync(path, 'utf8'), 'new')
  t.is(statSync(path).mode & 0o777, 0o600)
})

test('a file that cannot be replaced stays, and no draft of it', (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'taken')
  mkdirSync(path)
  t.throws(() => replaceFile(path, 'new'), { code: 'unavailable', message: /cannot write .*taken/ })
  t.deepEqual(readdirSync(directory), ['taken'])
})
