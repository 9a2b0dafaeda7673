/** The lab and its card with an LPA that is not ours: lpac, which whoever runs the tests names in LPAC_BIN. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { labForCards } from './card-helper.ts'
import { BIN, errorOf, jsonLines, run, type Ran } from './helper.ts'

const withLpac = process.env.LPAC_BIN === undefined ? test.skip : test

interface Result {
  readonly exitCode: number | null
  /** The last line. */
  readonly message: unknown
  readonly data: unknown
  readonly steps: readonly unknown[]
}

type Lpac = (line: string, typed?: string) => Promise<Result>

/** lpac with a phone's card; `typed` is what its user types. */
function lpacWith(directory: string): Lpac {
  return async (line, typed = '') => {
    const child = spawn(process.execPath, [
      BIN,
      'lpac',
      '--data',
      directory,
      '--',
      ...line.split(' '),
    ])
    const ended = once(child, 'exit') as Promise<[number | null]>
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.stdin.end(typed)
    const [exitCode] = await ended
    const payloads = jsonLines(said).map(({ payload }) => payload as Record<string, unknown>)
    const { message, data } = payloads.at(-1) ?? {}
    return { exitCode, message, data, steps: payloads.slice(0, -1).map((step) => step.message) }
  }
}

function succeeded(t: ExecutionContext, { exitCode, message, data }: Result): unknown {
  t.is(exitCode, 0, JSON.stringify({ message, data }))
  t.is(message, 'success')
  return data
}

function failed(t: ExecutionContext, result: Result): string {
  t.is(result.exitCode, 255)
  return `${String(result.message)}: ${String(result.data)}`
}

type Rows = readonly Readonly<Record<string, unknown>>[]

withLpac(
  'lpac downloads with and without a confirmation code, and shows each refusal',
  async (t) => {
    t.timeout(120_000)
    const { directory, lab, served } = await labForCards(t)
    const lpac = lpacWith(directory)
    const chip = succeeded(t, await lpac('chip info')) as { readonly eidValue: string }
    t.regex(chip.eidValue, /^89\d{30}$/)

    // A profile that its user has refused is not offered again.
    const refused = await lab.order()
    const previewed = await lpac(`profile download -p -a ${refused.activationCode}`, 'n\n')
    t.is(previewed.exitCode, 255)
    t.true(previewed.steps.includes('preview'))
    const plain = await lab.order()
    const installed = succeeded(
      t,
      await lpac(`profile download -p -a ${plain.activationCode}`, 'y\n'),
    )
    t.like(installed, { seqNumber: 1, iccid: plain.iccid })

    const withCode = async () => {
      const { activationCode, iccid } = await lab.order({ confirmationCode: '2468' })
      return { line: `profile download -a ${activationCode}`, iccid }
    }
    const coded = await withCode()
    t.regex(failed(t, await lpac(coded.line)), /^confirmation_code: required/)
    t.like(succeeded(t, await lpac(`${coded.line} -c 2468`)), { iccid: coded.iccid })
    // lpac cancels after each refusal as if its user had wanted that: a code that was mistyped must not cost the order.
    const mistyped = await withCode()
    t.regex(failed(t, await lpac(`${mistyped.line} -c 1`)), /^es9p_get_bound_profile_package: /)
    t.like(succeeded(t, await lpac(`${mistyped.line} -c 2468`)), { iccid: mistyped.iccid })

    const unknown = `profile download -a LPA:1$${served.rspAddress}$NO-SUCH-ID`
    t.regex(failed(t, await lpac(unknown)), /^es9p_authenticate_client: .*MatchingID/)

    succeeded(t, await lpac(`chip defaultsmdp ${served.rspAddress}`))
    t.like(succeeded(t, await lpac('chip info')), {
      EuiccConfiguredAddresses: { defaultDpAddress: served.rspAddress },
    })
    // Until the server knows that they are installed, the profiles before this one are the card's, too.
    succeeded(t, await lpac('notification process -a -r'))
    const forThisCard = await lab.order({ eid: chip.eidValue, matchingId: '' })
    t.like(succeeded(t, await lpac('profile download')), { iccid: forThisCard.iccid })
    const profiles = succeeded(t, await lpac('profile list')) as Rows
    t.deepEqual(
      profiles.map(({ iccid, profileState }) => ({ iccid, profileState })),
      [plain, coded, mistyped, forThisCard].map(({ iccid }) => ({
        iccid,
        profileState: 'disabled',
      })),
    )
  },
)

withLpac(
  'lpac names, enables, disables and deletes a profile, sends notifications, and purges',
  async (t) => {
    t.timeout(120_000)
    const { directory, lab } = await labForCards(t)
    const lpac = lpacWith(directory)
    const first = await lab.order()
    const second = await lab.order()
    for (const { activationCode } of [first, second]) {
      succeeded(t, await lpac(`profile download -a ${activationCode}`))
    }
    const list = async (): Promise<Rows> => succeeded(t, await lpac('profile list')) as Rows
    const waiting = async (): Promise<unknown[]> => {
      const rows = succeeded(t, await lpac('notification list')) as Rows
      return rows.map((row) => row.profileManagementOperation)
    }
    succeeded(t, await lpac(`profile nickname ${first.iccid} travel`))
    succeeded(t, await lpac(`profile enable ${first.iccid}`))
    t.like(await list(), { 0: { profileNickname: 'travel', profileState: 'enabled' } })
    t.regex(failed(t, await lpac(`profile enable ${first.iccid}`)), /not in disabled state/)
    succeeded(t, await lpac(`profile disable ${first.iccid}`))
    t.like(await list(), { 0: { profileState: 'disabled' } })

    const before = await waiting()
    t.deepEqual([...new Set(before)].sort(), ['disable', 'enable', 'install'])
    succeeded(t, await lpac('notification process -a -r'))
    t.deepEqual(await waiting(), [])
    t.true(lab.operator.balance(first).totalBytes > 0n, 'the operator was told')

    succeeded(t, await lpac(`profile delete ${first.iccid}`))
    t.is((await list()).length, 1)
    t.deepEqual([...new Set(await waiting())], ['delete'])
    const [{ seqNumber } = {}] = succeeded(t, await lpac('notification list')) as Rows
    succeeded(t, await lpac(`notification remove ${String(seqNumber)}`))

    succeeded(t, await lpac('chip purge yes'))
    t.deepEqual(await list(), [])
  },
)

test('without lpac the command says what to do', async (t) => {
  const { directory } = await labForCards(t)
  const ran = await new Promise<Ran>((resolve) => {
    const env = { ...process.env, LPAC_BIN: './no-such-lpac' }
    const args = [BIN, 'lpac', '--json', '--data', directory, '--', 'chip', 'info']
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, stdout: '', stderr }))
  })
  t.is(ran.exitCode, 5)
  t.like(errorOf(ran), { code: 'notFound', reason: 'lpacNotFound' })
  t.is((await run('lpac', '--data', directory)).exitCode, 2, 'and it has something to do')
})
