import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { asBuffer, hex, toHex } from '../../src/base/octets.ts'
import { es10OverApdu } from '../../src/euicc/apdu/es10-over-apdu.ts'
import { framed } from '../../src/euicc/transport/frames.ts'
import { TEST_DEVICE } from '../../src/lab.ts'
import { createLpa } from '../../src/lpa/lpa.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { es10Client } from '../../src/rsp/es10.ts'
import {
  labForCards,
  overStdio,
  startCard,
  type LabForCards,
  type StdioCard,
} from './card-helper.ts'
import { errorOf, jsonLines, run, runJson, temporaryDirectory } from './helper.ts'

/** lpac's own, in octets of data. */
const BLOCK_OCTETS = 120
/** With this, the profile package has some 12,000 octets. */
const FILLER_OCTETS = 11_000
const DOWNLOAD_MS_MAX = 2_000

test('a profile of 12 kB is downloaded through stdin and stdout within 2 s, and is there afterwards', async (t) => {
  const { directory, lab, served } = await labForCards(t, { fillerOctets: FILLER_OCTETS })
  const order = await lab.order()
  const command = startCard(t, '--stdio', '--data', directory)
  const card = overStdio(command)
  await card.ask('apdu', { func: 'connect', param: null })
  const lpa = createLpa({
    es10: es10Client(es10OverApdu(card, { nextBlockOctets: () => BLOCK_OCTETS })),
    es9Plus: served.es9Plus,
    clock: lab.clock,
    device: TEST_DEVICE,
    trustedCis: [lab.pki['P-256'].ci.certificate],
  })
  const download = async ({ activationCode }: { readonly activationCode: string }) => {
    const beginsAtMs = performance.now()
    await lpa.download({ activationCode: parseActivationCode(activationCode) })
    return Math.round(performance.now() - beginsAtMs)
  }
  // The first alone may be slow where other tests have the processor.
  const tookMs = [await download(order), await download(await lab.order())]
  t.log(tookMs.join(' and '), 'ms')
  t.true(Math.min(...tookMs) < DOWNLOAD_MS_MAX)

  const inUse = await run('profiles', '--data', directory, '--json')
  t.is(inUse.exitCode, 0, 'others may look on')
  const taken = await run('notifications', '--send', '--data', directory, '--json')
  t.is(errorOf(taken).reason, 'phoneInUse')
  command.child.stdin.end()
  t.is(await command.ended, 0)
  const [profile] = await runJson(t, ['profiles', '--data', directory])
  t.is(profile?.iccid, order.iccid)
})

async function openStdio(
  t: ExecutionContext,
  { directory }: Pick<LabForCards, 'directory'>,
): Promise<{ readonly card: StdioCard; readonly command: ReturnType<typeof startCard> }> {
  const command = startCard(t, '--stdio', '--data', directory)
  const card = overStdio(command)
  t.deepEqual(await card.ask('apdu', { func: 'connect', param: null }), { ecode: 0 })
  return { card, command }
}

test("an LPA's HTTP goes to the lab, and to nobody whose certificate is not under its CI", async (t) => {
  const { directory, served } = await labForCards(t)
  const { card, command } = await openStdio(t, { directory })
  const url = `${served.rspUrl}/gsma/rsp2/es9plus/initiateAuthentication`
  const headers = ['Content-Type: application/json', 'X-Admin-Protocol: gsma/rsp/v2.2.2']
  const { rcode, rx } = await card.ask('http', { url, tx: '7b7d', headers })
  t.is(rcode, 200)
  t.regex(asBuffer(hex(String(rx))).toString('utf8'), /"subjectCode":"1\.3\.1"/)

  const other = await labForCards(t, { seed: 'another CI' })
  const elsewhere = url.replace(served.rspAddress, other.served.rspAddress)
  t.deepEqual(await card.ask('http', { url: elsewhere, tx: '7b7d', headers }), {
    rcode: 502,
    rx: '',
  })
  const wrong = [
    { url: url.replace('https:', 'http:'), tx: '7b7d', headers },
    { url: 'https://localhost:99999/', tx: '', headers },
    { url: 'https://a@localhost/', tx: '', headers },
    { url, tx: '', headers: ['no header'] },
  ]
  for (const request of wrong) {
    t.deepEqual(await card.ask('http', request), { rcode: 502, rx: '' }, JSON.stringify(request))
  }
  command.child.stdin.end()
  t.is(await command.ended, 0)
  const warnings = jsonLines(command.errors()).map(({ warning }) => JSON.stringify(warning))
  t.is(warnings.length, 1 + wrong.length)
  t.regex(warnings[0] ?? '', /TLS certificate of the server is not accepted/)
})

test("an LPA's HTTP reaches the lab's SM-DSs, the root one by the name that the card has for it", async (t) => {
  const { directory, served } = await labForCards(t)
  const { card } = await openStdio(t, { directory })
  const headers = ['Content-Type: application/json']
  for (const address of ['testrootsmds.example.com', served.alternativeDsAddress]) {
    const url = `https://${address}/gsma/rsp2/es9plus/authenticateClient`
    const { rcode, rx } = await card.ask('http', { url, tx: '7b7d', headers })
    t.is(rcode, 200, address)
    t.regex(asBuffer(hex(String(rx))).toString('utf8'), /"subjectCode":"1\.3\.1"/)
  }
})

test('a card that is there needs no lab', async (t) => {
  const { directory, close } = await labForCards(t)
  const first = await openStdio(t, { directory })
  first.command.child.stdin.end()
  t.is(await first.command.ended, 0)
  await close()
  const { card, command } = await openStdio(t, { directory })
  const es10 = es10Client(es10OverApdu(card))
  const { eidValue } = await es10.getEID({ tagList: hex('5A') })
  t.regex(toHex(eidValue), /^89/)
  const url = 'https://localhost:9/gsma/rsp2/es9plus/initiateAuthentication'
  t.is((await card.ask('http', { url, tx: '', headers: [] })).rcode, 502)
  command.child.stdin.end()
  t.is(await command.ended, 0)
})

test('what is no request does not end the card, nor does half of one harm it', async (t) => {
  const { directory } = await labForCards(t)
  const { card, command } = await openStdio(t, { directory })
  for (const junk of ['junk', '{}', '{"type":"apdu","payload":{"func":"transmit","param":"8"}}']) {
    command.child.stdin.write(`${junk}\n`)
    t.deepEqual(JSON.parse(await command.line()), { type: 'apdu', payload: { ecode: -1 } })
  }
  t.is(toHex(await card.transmit(hex('00'))).length, 4)
  command.child.stdin.end('{"type":"apdu","payload":{"func":"transm')
  t.is(await command.ended, 0)
  t.is((await run('profiles', '--data', directory)).exitCode, 0)
})

async function clientOf(t: ExecutionContext, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function answerTo(socket: Socket, command: string): Promise<string> {
  const answered = once(socket, 'data') as Promise<[Buffer]>
  socket.write(framed(hex(command)))
  const [frame] = await answered
  return toHex(frame.subarray(2))
}

const SELECT_ISDR = '00A4040010A0000005591010FFFFFFFF8900000100'

test('a program brings APDUs to a port, and one that drops the line in mid-segment harms nobody', async (t) => {
  const { directory } = await labForCards(t)
  const command = startCard(t, '--tcp', '0', '--data', directory)
  const ready = JSON.parse(await command.line()) as { port: number; eid: string; atr: string }
  const first = await clientOf(t, ready.port)
  t.is(await answerTo(first, '04'), ready.atr)
  t.regex(await answerTo(first, SELECT_ISDR), /^(61..|6F.*9000)$/)
  t.is(await answerTo(first, '80E2110004BF388101'), '9000', 'the first block of a chain')
  first.write(hex('00FF80E2910178'))
  first.destroy()
  await once(first, 'close')

  const second = await clientOf(t, ready.port)
  t.is(
    await answerTo(second, '80E2910006BF3E035C015A'),
    '6999',
    'the ISD-R is not selected any more',
  )
  await answerTo(second, SELECT_ISDR)
  const offered = await answerTo(second, '80E2910006BF3E035C015A')
  t.is(offered, '6115')
  t.is(await answerTo(second, '80C0000015'), `BF3E125A10${ready.eid}9000`)
  command.child.kill('SIGTERM')
  t.is(await command.ended, 0)
})

test('a card is of the kind that its user has chosen', async (t) => {
  const { directory } = await labForCards(t)
  const command = startCard(t, '--tcp', '0', '--data', directory, '--personality', 'le-required')
  const { port } = JSON.parse(await command.line()) as { readonly port: number }
  const client = await clientOf(t, port)
  await answerTo(client, `${SELECT_ISDR}00`)
  t.is(await answerTo(client, '80E2910006BF3E035C015A'), '6700')
  client.destroy()
  command.child.kill('SIGTERM')
  t.is(await command.ended, 0)
  const unknown = await run('card', '--stdio', '--data', directory, '--personality', 'x', '--json')
  t.is(unknown.exitCode, 5)
  t.is(errorOf(unknown).field, 'personality')
})

test('a card in no reader says that it waits, and is taken out by an interrupt', async (t) => {
  const { directory } = await labForCards(t)
  const command = startCard(t, '--vpcd', '127.0.0.1:9', '--data', directory)
  t.like(JSON.parse(await command.line()), { event: 'waiting', address: '127.0.0.1:9' })
  command.child.kill('SIGINT')
  t.is(await command.ended, 0)
})

test('mistakes are said, with the exit code of their kind', async (t) => {
  const directory = temporaryDirectory(t)
  const card = (...args: string[]) => run('card', '--json', '--data', directory, ...args)
  for (const args of [[], ['--stdio', '--vpcd'], ['--tcp', '0', '--stdio'], ['--tcp', 'x']]) {
    const ran = await card(...args)
    t.is(ran.exitCode, 2, args.join(' '))
    t.is(errorOf(ran).code, 'usage')
  }
  const nowhere = await card('--vpcd', 'a b')
  t.is(nowhere.exitCode, 2)
  t.is(errorOf(nowhere).field, 'address')
  const missing = await card('--stdio')
  t.is(missing.exitCode, 5)
  t.is(errorOf(missing).field, 'phone')
})
