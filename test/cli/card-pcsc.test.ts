/** The card in a PC/SC reader: Debian's pcscd, vsmartcard-vpcd and opensc, where they are installed. */

import { spawn, spawnSync, execFile, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { labForCards, startCard } from './card-helper.ts'

const isInstalled = ['pcscd', 'opensc-tool'].every((program) => {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
})
/** Debian's place for the virtual reader's configuration. */
const hasVirtualReader = existsSync('/etc/reader.conf.d/vpcd')
const withReader = isInstalled && hasVirtualReader ? test.serial : test.serial.skip

const READERS = ['Virtual PCD 00 00', 'Virtual PCD 00 01'] as const
const SELECT_ISDR = '00:A4:04:00:10:A0:00:00:05:59:10:10:FF:FF:FF:FF:89:00:00:01:00'
const GET_EID = '80:E2:91:00:06:BF:3E:03:5C:01:5A:00'
const POLL_MS = 100

/** Nothing when it cannot run here: without rights, or beside another. */
async function startPcscd(t: ExecutionContext): Promise<ChildProcess | undefined> {
  if (existsSync('/run/pcscd/pcscd.pid')) return undefined
  const child = spawn('pcscd', ['--foreground'], { stdio: 'ignore' })
  t.teardown(() => end(child))
  while (child.exitCode === null) {
    if ((await openscTool('-l')).includes(READERS[0])) return child
    await delay(POLL_MS)
  }
  return undefined
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

function openscTool(...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('opensc-tool', args, { encoding: 'utf8' }, (_error, stdout) => resolve(stdout))
  })
}

/** pcscd looks for cards now and then. */
async function isSeen(reader: string): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const lines = (await openscTool('-l')).split('\n')
    return lines.some((line) => line.includes(reader) && /\bYes\b/.test(line))
  }
  while (!(await isThere())) await delay(POLL_MS)
}

/** The data of the last answer, as opensc-tool prints it. */
function lastAnswer(printed: string): string {
  const answer = printed.split('Received').at(-1) ?? ''
  const rows = answer.split('\n').slice(1)
  return rows.map((row) => row.slice(0, 48).replaceAll(/[^0-9A-F]/g, '')).join('')
}

withReader(
  'two cards lie in the slots of the virtual reader, and tell OpenSC their EIDs',
  async (t) => {
    const pcscd = await startPcscd(t)
    if (!pcscd) {
      t.log('skipped: pcscd does not start here, or runs already')
      t.pass()
      return
    }
    const { directory } = await labForCards(t)
    const cards = READERS.map((_, slot) => {
      const address = `localhost:${35_963 + slot}`
      return startCard(t, '--vpcd', address, '--phone', `p${slot + 1}`, '--data', directory)
    })
    for (const [slot, reader] of READERS.entries()) {
      const { eid } = JSON.parse((await cards[slot]?.line()) ?? '') as { readonly eid: string }
      await isSeen(reader)
      const printed = await openscTool('-r', String(slot), '-s', SELECT_ISDR, '-s', GET_EID)
      t.is(lastAnswer(printed), `BF3E125A10${eid}`, printed)
    }
    const [first] = cards
    await end(pcscd)
    t.like(JSON.parse((await first?.line()) ?? ''), { event: 'waiting' })
    t.truthy(await startPcscd(t))
    t.like(
      JSON.parse((await first?.line()) ?? ''),
      { event: 'inserted' },
      'the card is in the next one',
    )
    for (const { child, ended } of cards) {
      child.kill('SIGTERM')
      t.is(await ended, 0)
    }
  },
)
