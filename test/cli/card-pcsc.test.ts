/** The card in a PC/SC reader: Debian's pcscd, vsmartcard-vpcd and opensc, where they are installed. */

import { spawn, spawnSync, execFile, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { foreignPackage } from '../helpers/packages.ts'
import { SUBSCRIBER } from '../profile/helper.ts'
import { labForCards, startCard } from './card-helper.ts'
import { runJson } from './helper.ts'

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

interface Answer {
  readonly data: string
  readonly statusWord: string
}

/** The answers to the APDUs of `-s`, as opensc-tool prints them. */
function answersIn(printed: string): readonly Answer[] {
  return printed
    .split(/^Received /m)
    .slice(1)
    .map((answer) => {
      const [, sw1 = '', sw2 = ''] = /SW1=0x(..), SW2=0x(..)/.exec(answer) ?? []
      const rows = answer.split('\n').slice(1)
      return {
        statusWord: sw1 + sw2,
        data: octetsIn(rows.filter((row) => /^[0-9A-F]{2} /.test(row))),
      }
    })
}

const HEX_COLUMNS = 48

/** Each octet in hexadecimal and a space, then each as a character; the only row there is has no gap between. */
function octetsIn(rows: readonly string[]): string {
  const [first = ''] = rows
  const width = rows.length === 1 ? (first.length / 4) * 3 : HEX_COLUMNS
  return rows.map((row) => row.slice(0, width).replaceAll(' ', '')).join('')
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
      t.is(answersIn(printed).at(-1)?.data, `BF3E125A10${eid}`, printed)
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

const SELECT_USIM = '00:A4:04:0C:07:A0:00:00:00:87:10:02'
const READ_ICCID = ['00:A4:00:0C:02:2F:E2', '00:B0:00:00:0A']
const READ_IMSI = ['00:A4:00:0C:02:6F:07', '00:B0:00:00:09']
const READ_MSISDN = ['00:A4:00:0C:02:6F:40', '00:B2:01:04:18']
const READ_SPN = ['00:A4:00:0C:02:6F:46', '00:B0:00:00:11']

interface Seen {
  readonly iccid: string
  readonly imsi: string
  readonly msisdn: string
  readonly serviceProviderName: string
}

/** What a reader of SIM cards shows: files of the MF and of ADF.USIM, decoded by hand (3GPP TS 31.102 §4.2). */
async function filesOfTheUsim(t: ExecutionContext): Promise<Seen> {
  const read = [READ_ICCID, [SELECT_USIM], READ_IMSI, READ_MSISDN, READ_SPN].flat()
  const answers = await sent(t, read)
  t.deepEqual([...new Set(answers.map(({ statusWord }) => statusWord))], ['9000'])
  const [iccid = '', imsi = '', msisdn = '', spn = ''] = answers.flatMap(({ data }) => data || [])
  // The length of the IMSI and its parity, an empty name and the length and type of the number, a display condition.
  return {
    iccid: digits(iccid),
    imsi: digits(imsi).slice(3),
    msisdn: digits(msisdn.slice(24)),
    serviceProviderName: Buffer.from(spn.slice(2).replace(/(?:FF)*$/, ''), 'hex').toString(
      'latin1',
    ),
  }
}

async function sent(t: ExecutionContext, apdus: readonly string[]): Promise<readonly Answer[]> {
  const printed = await openscTool('-r', '0', '-c', 'default', ...apdus.flatMap((c) => ['-s', c]))
  const answers = answersIn(printed)
  t.is(answers.length, apdus.length, printed)
  return answers
}

/** The halves of each octet change places, and `F` fills. */
function digits(octets: string): string {
  return octets.replaceAll(/(.)(.)/g, '$2$1').replace(/F*$/, '')
}

const TERMINAL_PROFILE_WITH_REFRESH = '80:10:00:00:03:00:00:80'
const OPEN_CHANNEL = '00:70:00:00:01'
const SELECT_ISDR_ON_CHANNEL = SELECT_ISDR.replace('00', '01')
/** opensc-tool's own does not know a status word that announces a proactive command. */
const GET_RESPONSE = '81:C0:00:00:06'
const FETCH_REFRESH = '80:12:00:00:0B'
/** UICC Reset, from the card to the terminal (ETSI TS 102 223 §6.6.13). */
const REFRESH = 'D009810301010482028182'

/** What an LPA sends for ES10c.EnableProfile with refreshFlag, and what the device around it does then. */
async function enableAsAnLpaDoes(t: ExecutionContext, iccid: string): Promise<void> {
  const octets = digits(iccid.padEnd(20, 'F')).padEnd(20, 'F')
  const command = `81E2910014BF3111A00C5A0A${octets}8101FF`.replaceAll(/(..)(?=.)/g, '$1:')
  const answers = await sent(t, [
    TERMINAL_PROFILE_WITH_REFRESH,
    OPEN_CHANNEL,
    SELECT_ISDR_ON_CHANNEL,
    command,
    GET_RESPONSE,
    FETCH_REFRESH,
  ])
  t.deepEqual(answers.slice(-2), [
    { data: 'BF3103800100', statusWord: '910B' },
    { data: REFRESH, statusWord: '9000' },
  ])
  await openscTool('-r', '0', '--reset')
}

withReader(
  'OpenSC reads the files of the profile that is enabled, and others after a switch',
  async (t) => {
    t.timeout(60_000)
    const pcscd = await startPcscd(t)
    if (!pcscd) {
      t.log('skipped: pcscd does not start here, or runs already')
      t.pass()
      return
    }
    const { directory, lab } = await labForCards(t)
    const own = await lab.order()
    const { iccid, imsi, msisdn } = SUBSCRIBER
    await lab.importProfile({ package: foreignPackage() })
    const foreign = await lab.order({ iccid })
    await runJson(t, ['download', own.activationCode, '--data', directory, '--enable'])
    await runJson(t, ['download', foreign.activationCode, '--data', directory])

    const card = startCard(t, '--vpcd', 'localhost:35963', '--data', directory)
    t.like(JSON.parse(await card.line()), { event: 'inserted' })
    await isSeen(READERS[0])
    const item = lab.operator.inventoryItem(own)
    t.deepEqual(await filesOfTheUsim(t), {
      iccid: own.iccid,
      imsi: item?.imsi ?? '',
      msisdn: own.msisdn,
      serviceProviderName: 'esim-lab',
    })
    await enableAsAnLpaDoes(t, iccid)
    const after = await filesOfTheUsim(t)
    t.deepEqual(after, { iccid, imsi, msisdn, serviceProviderName: 'Lab Mobile' })
    card.child.kill('SIGTERM')
    t.is(await card.ended, 0)
  },
)
