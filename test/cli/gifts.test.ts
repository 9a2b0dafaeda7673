import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { OPERATORS_DIRECTORY } from '../../src/operator/operators.ts'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

/** A lab with two phones, p1 and p2, of an operator. */
async function labWith(t: ExecutionContext, operator: string, own: readonly string[] = []) {
  const data = ['--data', temporaryDirectory(t)]
  const lab = await serve(t, ...data, '--clock', 'manual', ...own)
  const numbers: string[] = []
  for (const phone of ['p1', 'p2']) {
    const [order] = await runJson(t, ['order', '--operator', operator, ...data])
    const code = String(order?.activationCode)
    await runJson(t, ['download', code, '--enable', '--phone', phone, ...data])
    numbers.push(String(order?.msisdn))
  }
  const [a = '', b = ''] = numbers
  return {
    a,
    b,
    stop: lab.stop,
    json: (line: string) => runJson(t, [...line.split(' '), ...data]),
    tried: (line: string) => run(...line.split(' '), ...data),
  }
}

/** Smart, as it would be if the sender had to say yes. */
function smartThatConfirms(t: ExecutionContext): string {
  interface File {
    icon?: string
    readonly gifting: Record<string, object>
  }
  const shipped = readFileSync(fileURLToPath(new URL('smart.json', OPERATORS_DIRECTORY)), 'utf8')
  const file = JSON.parse(shipped) as File
  delete file.icon
  const value = { kind: 'yes', withinMinutes: 5 }
  file.gifting.confirmation = { ...file.gifting.confirmation, value }
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'smart.json'), JSON.stringify(file))
  return directory
}

test.serial(
  'a gift that waits says what to do next, and is confirmed, listed, reversed',
  async (t) => {
    const { a, b, json, tried, stop } = await labWith(t, 'smart', [
      '--operators',
      smartThatConfirms(t),
    ])
    await json('subscription topup 10 --phone p1')
    const waiting = await tried('gift 100MB --from p1 --to p2 --key k')
    t.is(waiting.exitCode, 0, waiting.stderr)
    t.regex(waiting.stdout, new RegExp(`^${a} gives 100 MB to ${b}: ${a} has to confirm it until `))
    t.regex(waiting.stdout, /\n {2}.*esim-lab gifts confirm [0-9A-F]{24} --data /)
    const [gift] = await json('gifts --state awaitingConfirmation')
    const id = String(gift?.id)
    t.true(waiting.stdout.includes(id))
    // Smart's megabyte is 2^20 bytes.
    const asked = { from: a, to: b, amountBytes: 104_857_600 }
    t.like(gift, { ...asked, awaits: { what: 'confirmation', by: a } })
    t.regex((await tried('gifts --phone p2')).stdout, /: 1 gift\.\n.*awaiting confirmation, until /)

    const early = await tried(`gifts accept ${id} --json`)
    t.is(early.exitCode, 6)
    t.is(errorOf(early).reason, 'wrongState')
    const confirmed = await tried(`gifts confirm ${id}`)
    t.regex(confirmed.stdout, new RegExp(`^${a} has given 100 MB to ${b}, to be used until `))
    t.like((await json(`gifts confirm ${id}`))[0], { state: 'completed', awaits: null })
    t.is((await tried(`gifts decline ${id}`)).exitCode, 6)
    const reversed = await tried(`gifts reverse ${id} --reason mistake`)
    t.is(reversed.stdout, `The gift ${id} of 100 MB from ${a} to ${b} is reversed (mistake).\n`)
    t.deepEqual(await json('gifts --state completed'), [])

    const [other] = await json('gift 60MB --from p1 --to p2')
    t.like((await json(`gifts cancel ${String(other?.id)}`))[0], { state: 'cancelled' })

    const [ask] = await json('gifts ask 60MB --from p2 --to p1 --key q')
    t.like((await json('gifts ask 60MB --from p2 --to p1 --key q'))[0], { id: ask?.id })
    t.deepEqual(await json('gifts asks'), [ask])
    t.deepEqual(await json('gifts asks --made --phone p2'), [ask])
    t.like((await json(`gifts answer ${String(ask?.id)} yes`))[0], { from: a, to: b })
    const [again] = await json('gifts ask 60MB --from p2 --to p1')
    t.is((await tried(`gifts answer ${String(again?.id)} no`)).stdout, 'The answer is no.\n')
    t.is((await tried(`gifts answer ${String(again?.id)} perhaps`)).exitCode, 2)
    t.is((await tried('gifts cancel nothing')).exitCode, 5)
    t.is(await stop(), 0)
  },
)

test.serial(
  'a code is made and claimed, and how much may be given is said with the rule',
  async (t) => {
    const { a, b, json, tried, stop } = await labWith(t, 'mineo')
    const made = await tried('gift 100MB --from p1 --code --key k')
    const code = /^The code is (\w{10})\.\n/.exec(made.stdout)?.[1] ?? 'none'
    t.true(made.stdout.includes(`esim-lab gifts claim ${code} --data `), made.stdout)
    t.like((await json('gift 100MB --from p1 --code --key k'))[0], {
      code,
      gift: { state: 'held' },
    })
    const own = await tried(`gifts claim ${code} --json`)
    t.is(own.exitCode, 3)
    t.is(errorOf(own).reason, 'sameAccount')
    t.like((await json(`gifts claim ${code} --phone p2`))[0], { state: 'completed', to: b })
    t.is((await tried(`gifts claim ${code} --phone p2`)).exitCode, 6)

    const [most] = await json('gift --how-much --from p1 --to p2')
    t.like(most, { msisdn: a, to: b })
    const said = await tried('gift --how-much --from p1 --to p2')
    t.regex(said.stdout, new RegExp(`^${a} may give .* to ${b}\\.\n`))
    const bytes = BigInt(String(most?.amountBytes))
    t.true(bytes > 0n)
    t.is((await tried(`gift ${bytes + 1n} --from p1 --to p2`)).exitCode, 3)
    t.like((await json(`gift ${bytes} --from p1 --to p2`))[0], { state: 'completed' })

    for (const line of [
      'gift --from p1 --to p2',
      'gift 1GB --from p1',
      'gift 1GB --from p1 --to p2 --code',
      'gift 1GB --how-much --from p1',
      'gifts fly',
      'gifts confirm',
    ]) {
      t.not((await tried(line)).exitCode, 0, line)
    }
    t.deepEqual(await json('gifts suspensions'), [])
    t.is((await tried(`gifts allow ${a}`)).exitCode, 5)
    t.is(await stop(), 0)
  },
)

test.serial('every instant that a subscriber of T2 reads is by the clocks of Moscow', async (t) => {
  const { a, tried } = await labWith(t, 't2')
  for (const line of [
    `gift 1GB --from ${a} --to p2`,
    `gifts ${a}`,
    `subscription ${a}`,
    'balance --phone p2',
    'history --phone p2',
    'inbox --phone p2',
  ]) {
    const { stdout } = await tried(line)
    t.regex(stdout, /\d{4}-\d{2}-\d{2} \d{2}:\d{2} GMT\+3/, line)
    t.notRegex(stdout, /\d UTC/, line)
  }
})
