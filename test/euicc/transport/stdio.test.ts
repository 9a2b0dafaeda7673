import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { hex, utf8 } from '../../../src/base/octets.ts'
import { serveStdio, type HttpRequest } from '../../../src/euicc/transport/stdio.ts'
import { notingCard, type NotingCard } from './helper.ts'

interface Lpa {
  readonly card: NotingCard
  readonly reports: string[]
  readonly others: string[]
  readonly requests: HttpRequest[]
  /** Writes as it stands. */
  say(text: string | Uint8Array): void
  /** Writes a request, and reads the line of its answer. */
  ask(request: object | string): Promise<unknown>
  end(): Promise<void>
  readonly input: PassThrough
  readonly output: PassThrough
}

function startLpa(t: ExecutionContext): Lpa {
  const card = notingCard()
  const input = new PassThrough()
  const output = new PassThrough({ encoding: 'utf8' })
  const reports: string[] = []
  const others: string[] = []
  const requests: HttpRequest[] = []
  const served = serveStdio({
    card,
    input,
    output,
    async http(request) {
      requests.push(request)
      if (request.url.includes('down')) throw new Error('nobody is there')
      return { status: 200, body: utf8('{}') }
    },
    async onOther(line) {
      others.push(line)
      return line.includes('preview') ? 'y' : undefined
    },
    report: (detail) => void reports.push(detail),
  })
  t.teardown(() => input.destroy())
  return {
    card,
    reports,
    others,
    requests,
    input,
    output,
    say: (text) => void input.write(text),
    async ask(request) {
      const answered = once(output, 'data')
      input.write(`${typeof request === 'string' ? request : JSON.stringify(request)}\n`)
      const [text] = (await answered) as [string]
      t.true(text.endsWith('\n'))
      return JSON.parse(text) as unknown
    },
    end() {
      input.end()
      return served
    },
  }
}

const apdu = (func: string, param: string | null = null): object => ({
  type: 'apdu',
  payload: { func, param },
})
const ecode = (code: number, data?: string): object => ({
  type: 'apdu',
  payload: { ecode: code, ...(data === undefined ? {} : { data }) },
})
const FAILED = ecode(-1)
const ISD_R = 'a0000005591010ffffffff8900000100'

test('an LPA connects, opens a channel to the ISD-R, transmits, closes and disconnects', async (t) => {
  const { ask, card, end } = startLpa(t)
  t.deepEqual(await ask(apdu('connect')), ecode(0))
  t.deepEqual(await ask(apdu('logic_channel_open', ISD_R)), ecode(1))
  t.deepEqual(
    await ask(apdu('transmit', '81e2910006bf3e035c015a')),
    ecode(0, '81e2910006bf3e035c015a9000'),
  )
  t.deepEqual(await ask(apdu('logic_channel_close', '01')), ecode(0))
  t.deepEqual(await ask(apdu('disconnect')), ecode(0))
  await end()
  t.deepEqual(card.log, [
    'power on',
    '0070000001',
    `01A4040010${ISD_R.toUpperCase()}`,
    '81E2910006BF3E035C015A',
    '0070800100',
    'power off',
    'power off',
  ])
})

test('an application that is not there closes its channel again', async (t) => {
  const { ask, card, end } = startLpa(t)
  await ask(apdu('connect'))
  t.deepEqual(await ask(apdu('logic_channel_open', 'b000')), FAILED)
  t.is(card.log.at(-1), '0070800100')
  await end()
})

test('HTTP is carried out by the host, and a server that is not there is a 502', async (t) => {
  const { ask, requests, reports, end } = startLpa(t)
  const payload = { url: 'https://a/x', tx: '7b7d', headers: ['Content-Type: application/json'] }
  t.deepEqual(await ask({ type: 'http', payload }), {
    type: 'http',
    payload: { rcode: 200, rx: '7b7d' },
  })
  t.deepEqual(requests, [
    { url: 'https://a/x', body: Buffer.from(hex('7B7D')), headers: payload.headers },
  ])
  t.deepEqual(await ask({ type: 'http', payload: { ...payload, url: 'https://down/x' } }), {
    type: 'http',
    payload: { rcode: 502, rx: '' },
  })
  t.deepEqual(reports, ['nobody is there'])
  t.deepEqual(await ask({ type: 'http', payload: { url: 1 } }), {
    type: 'http',
    payload: { rcode: 400, rx: '' },
  })
  await end()
})

test('what cannot be understood is answered with ecode -1, and the next line has its chance', async (t) => {
  const { ask, card, end } = startLpa(t)
  t.deepEqual(await ask(apdu('transmit', '00')), FAILED, 'before connect')
  await ask(apdu('connect'))
  const junk = ['', 'junk', '{', 'null', '[]', '7', '{"type":"apdu"}', '{"type":"else"}', '\u0000']
  for (const line of junk) t.deepEqual(await ask(line), FAILED, line)
  for (const param of ['0', 'zz', null])
    t.deepEqual(await ask(apdu('transmit', param)), FAILED, String(param))
  t.deepEqual(await ask(apdu('logic_channel_open', '00'.repeat(17))), FAILED)
  t.deepEqual(await ask(apdu('nothing')), FAILED)
  t.deepEqual(card.log, ['power on'])
  t.deepEqual(await ask(apdu('transmit', '00')), ecode(0, '009000'))
  await end()
})

test('a giant line is answered once, and not kept', async (t) => {
  const { ask, say, reports, end } = startLpa(t)
  await ask(apdu('connect'))
  for (let at = 0; at < 5; at += 1) say('9'.repeat(400_000))
  t.deepEqual(await ask('9'), FAILED)
  t.is(reports.length, 1)
  t.deepEqual(await ask(apdu('transmit', '00')), ecode(0, '009000'))
  await end()
})

test('lines come in pieces, also in the middle of a character, and with CR LF', async (t) => {
  const { say, output, end } = startLpa(t)
  const answered = once(output, 'data')
  const line = utf8('{"type":"apdu","payload":{"func":"connect","param":"é"}}\r\n')
  for (const octet of line) say(Uint8Array.of(octet))
  t.deepEqual(JSON.parse(String((await answered)[0])), ecode(0))
  await end()
})

test('results are for the user, and a preview is answered without the end of a line', async (t) => {
  const { say, output, others, end } = startLpa(t)
  say('{"type":"lpa","payload":{"code":0}}\n')
  const answered = once(output, 'data')
  say('{"type":"progress","payload":{"message":"preview"}}\n')
  t.deepEqual(await answered, ['y'])
  t.is(others.length, 2)
  await end()
})

test('an LPA that ends in the middle of a line, or does not listen any more, leaves the card without power', async (t) => {
  const half = startLpa(t)
  await half.ask(apdu('connect'))
  half.say('{"type":"apdu","payl')
  await half.end()
  t.deepEqual(half.card.log, ['power on', 'power off'])

  const deaf = startLpa(t)
  await deaf.ask(apdu('connect'))
  deaf.output.destroy()
  deaf.say(`${JSON.stringify(apdu('transmit', '00'))}\n`)
  await deaf.end()
  t.is(deaf.card.log.at(-1), 'power off')

  const broken = startLpa(t)
  await broken.ask(apdu('connect'))
  broken.input.destroy(new Error('broken off'))
  await t.notThrowsAsync(broken.end())
})
