import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../../src/base/errors.ts'
import { concat, hex, toHex } from '../../../src/base/octets.ts'
import { framed } from '../../../src/euicc/transport/frames.ts'
import { listenForCardClient } from '../../../src/euicc/transport/tcp.ts'
import { serveVpcd } from '../../../src/euicc/transport/vpcd.ts'
import { ATR, notingCard, type NotingCard } from './helper.ts'

interface Listening {
  readonly card: NotingCard
  readonly port: number
  close(): Promise<void>
}

async function listening(t: ExecutionContext): Promise<Listening> {
  const card = notingCard()
  const listener = await listenForCardClient({ card, port: 0 })
  t.teardown(() => listener.close())
  return { card, ...listener }
}

async function clientAt(t: ExecutionContext, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Octets of a socket, as many as wanted. */
async function read(socket: Socket, count: number): Promise<string> {
  const chunks: Buffer[] = []
  while (Buffer.concat(chunks).length < count) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    chunks.push(chunk)
  }
  return toHex(Buffer.concat(chunks))
}

const frame = (octets: string): Uint8Array => framed(hex(octets))

test('controls have no answer but the ATR, and every other frame has one', async (t) => {
  const { card, port } = await listening(t)
  const client = await clientAt(t, port)
  client.write(concat(frame('04'), frame('01'), frame('02'), frame('09'), frame('80CA005A00')))
  const expected = concat(framed(ATR), frame('80CA005A009000'))
  t.is(await read(client, expected.length), toHex(expected))
  client.write(frame('00'))
  client.end()
  await once(client, 'close')
  t.deepEqual(card.log, ['power on', 'power on', 'reset', '80CA005A00', 'power off', 'power off'])
})

test('frames come in pieces of any size, and empty ones are passed over', async (t) => {
  const { port } = await listening(t)
  const client = await clientAt(t, port)
  for (const octet of concat(frame(''), frame('00A40000'))) client.write(Uint8Array.of(octet))
  t.is(await read(client, 8), `0006${'00A40000'}9000`)
})

test('the longest frame is answered, though its answer would not fit', async (t) => {
  const { port } = await listening(t)
  const client = await clientAt(t, port)
  client.write(framed(new Uint8Array(0xffff)))
  t.is(await read(client, 4), '00026700')
})

test('a client that goes in the middle of a frame leaves the card to the next one', async (t) => {
  const { card, port } = await listening(t)
  const first = await clientAt(t, port)
  first.write(hex('00FF80E2'))
  first.destroy()
  await once(first, 'close')
  const second = await clientAt(t, port)
  second.write(frame('00A40000'))
  t.is(await read(second, 8), '000600A400009000')
  t.deepEqual(card.log.slice(0, 3), ['power on', 'power off', 'power on'])
})

test('one client at a time: another is closed when the first stays', async (t) => {
  const { port } = await listening(t)
  const first = await clientAt(t, port)
  first.write(frame('04'))
  await read(first, 2 + ATR.length)
  const second = await clientAt(t, port)
  await once(second, 'close')
  first.write(frame('00A40000'))
  t.is(await read(first, 8), '000600A400009000')
})

test('a port that is taken is said to be', async (t) => {
  const { port } = await listening(t)
  const options = { card: notingCard(), port }
  const error = await t.throwsAsync(listenForCardClient(options), { instanceOf: LabError })
  t.is(error.code, 'unavailable')
  t.is(error.reason, 'EADDRINUSE')
})

interface Reader {
  readonly server: Server
  readonly port: number
  inserted(): Promise<Socket>
}

/** What vpcd does: it listens, and the card dials. */
async function startReader(t: ExecutionContext, port = 0): Promise<Reader> {
  const server = createServer({ noDelay: true })
  server.listen({ host: '127.0.0.1', port })
  t.teardown(() => server.close())
  await once(server, 'listening')
  return {
    server,
    port: (server.address() as AddressInfo).port,
    inserted: async () => ((await once(server, 'connection')) as [Socket])[0],
  }
}

test('a card dials the virtual reader, and comes back when the reader does', async (t) => {
  const card = notingCard()
  const states: string[] = []
  const ending = new AbortController()
  const first = await startReader(t)
  const inserted = first.inserted()
  const served = serveVpcd({
    card,
    host: '127.0.0.1',
    port: first.port,
    signal: ending.signal,
    onState: (state) => void states.push(state),
    retryMs: 5,
  })
  const slot = await inserted
  slot.write(concat(frame('01'), frame('80E2910003BF2D00')))
  t.is(await read(slot, 12), '000A80E2910003BF2D009000')
  first.server.close()
  slot.destroy()
  await once(first.server, 'close')

  const second = await startReader(t, first.port)
  const again = await second.inserted()
  again.write(frame('04'))
  t.is(await read(again, 2 + ATR.length), toHex(framed(ATR)))
  ending.abort()
  await served
  t.is(states[0], 'inserted')
  t.is(states.at(-1), 'inserted')
  t.is(states.filter((state) => state === 'waiting').length, 1)
  t.is(card.log.at(-1), 'power off')
  again.destroy()
})

test('a card that waits for a reader can be taken out', async (t) => {
  const ending = new AbortController()
  const reader = await startReader(t)
  const { port } = reader
  reader.server.close()
  await once(reader.server, 'close')
  const card = notingCard()
  await serveVpcd({
    card,
    host: '127.0.0.1',
    port,
    signal: ending.signal,
    onState: () => ending.abort(),
  })
  t.deepEqual(card.log, [])
})
