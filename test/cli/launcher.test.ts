import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { broughtNode, isNewEnough } from '../../bin/node-choice.js'
import { BIN, runNode, temporaryDirectory } from './helper.ts'

/** Makes a Node believe that it is an old one, before the launcher looks. */
const PRETEND = `data:text/javascript,Object.defineProperty(process,'version',{value:'v20.20.2'})`

test('knows which versions of Node are new enough', (t) => {
  for (const version of ['v22.18.0', 'v22.19.1', 'v24.0.0', 'v26.1.0']) {
    t.true(isNewEnough(version), version)
  }
  for (const version of ['v12.22.12', 'v20.20.2', 'v22.17.9', 'v8.18.0', 'nonsense']) {
    t.false(isNewEnough(version), version)
  }
})

test('an old Node without another says what to do and exits with 1', async (t) => {
  const root = temporaryDirectory(t)
  cpSync(dirname(BIN), join(root, 'bin'), { recursive: true })
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  t.is(broughtNode(root), undefined)
  const { exitCode, stdout, stderr } = await runNode(
    '--import',
    PRETEND,
    join(root, 'bin', 'esim-lab.js'),
    'demo',
  )
  t.is(exitCode, 1)
  t.is(stdout, '')
  t.regex(stderr, /^esim-lab needs Node 22\.18 or newer, and this is v20\.20\.2: .*\n$/)
})

test('an old Node hands over to the one that npm brought, arguments and exit code included', async (t) => {
  const root = temporaryDirectory(t)
  cpSync(dirname(BIN), join(root, 'bin'), { recursive: true })
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  mkdirSync(join(root, 'node_modules', 'node', 'bin'), { recursive: true })
  const shell = '#!/bin/sh\nshift\necho "handed over: $*"\nexit 42\n'
  writeFileSync(join(root, 'node_modules', 'node', 'bin', 'node'), shell, { mode: 0o755 })
  const launcher = join(root, 'bin', 'esim-lab.js')
  const { exitCode, stdout } = await runNode('--import', PRETEND, launcher, 'gift', '5GB')
  t.is(stdout, 'handed over: gift 5GB\n')
  t.is(exitCode, 42)
})

test('never hands over to itself', (t) => {
  const root = temporaryDirectory(t)
  mkdirSync(join(root, 'node_modules', 'node', 'bin'), { recursive: true })
  symlinkSync(process.execPath, join(root, 'node_modules', 'node', 'bin', 'node'))
  t.is(broughtNode(root), undefined)
})
