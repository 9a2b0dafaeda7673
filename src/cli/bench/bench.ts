/** `npm run bench`: what a session costs the server beside the floor under it, and what gifts, memory and starting cost. */

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../../base/environment.ts'
import { loadPki, type TestPki } from '../../pki/test-pki.ts'
import { startBenchServer, siblingScript, type BenchServer } from './child.ts'
import { EXCHANGES, PACKAGE_OCTETS } from './floor.ts'
import { giftFigures, type GiftFigures } from './gifts.ts'
import { mixFigures, type MixFigures } from './mix.ts'
import { profileFigures, type ProfileFigures } from './profiles.ts'
import { connector, downloadSteps, prepareSessions, runSessions, STEP_NAMES } from './sessions.ts'

/** One way of running sessions, and what it gave. */
export interface SessionFigures {
  readonly transport: 'http' | 'https'
  readonly connection: 'keep-alive' | 'per call'
  readonly clients: number
  readonly sessionsPerSecond: number
  readonly serverCpuMsPerSession: number
}

/** Everything the bench measures; sizes in octets or MiB, times in milliseconds. */
export interface BenchFigures extends GiftFigures, MixFigures, ProfileFigures {
  /** Those of HTTP with keep-alive and 8 clients. */
  readonly sessionsPerSecond: number
  /** CPU of the server for one session over HTTP with keep-alive, the least of several clients' runs. */
  readonly serverCpuMsPerSession: number
  readonly floorMsPerSession: number
  /** The server's CPU over the floor. */
  readonly ratio: number
  readonly packageOctets: number
  readonly sessions: readonly SessionFigures[]
  readonly serverCpuMsPerEndpoint: Readonly<Record<string, number>>
  readonly floor: { readonly cryptographyMs: number; readonly exchangesMs: number }
  /** Resident memory with 100,000 profiles in stock. */
  readonly rssMiB: number
  /** From the start of the process to the ready line, with that data directory. */
  readonly readyMs: number
}

export interface BenchOptions {
  /** Told what is being measured. */
  readonly onStep?: (step: string) => void
  /** Sessions of each measurement; 600 unless told. */
  readonly sessions?: number
}

const SESSIONS = 600
/** Node compiles what runs some thousand times; a server is measured when it has. */
const WARM_UP_ROUNDS = 6
const FILLER_OCTETS = 9_650
const STOCK = 100_000

/** Measures in a directory of its own, which is removed at the end. */
export async function runBench(options: BenchOptions = {}): Promise<BenchFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'esim-lab-bench-'))
  const step = options.onStep ?? (() => undefined)
  const count = options.sessions ?? SESSIONS
  try {
    // First, in a process that has done nothing else: what lived long in other measurements would be collected in this one.
    const mix = await mixFigures(directory, { step })
    const sessions: SessionFigures[] = []
    for (const transport of ['http', 'https'] as const) {
      sessions.push(...(await sessionFigures({ directory, transport, count, step })))
    }
    step('the server, endpoint by endpoint')
    const serverCpuMsPerEndpoint = await endpointFigures({ directory, count })
    step('profiles: personalised and installed')
    const profiles = profileFigures({ fillerOctets: FILLER_OCTETS })
    step('the floor: cryptography and bare exchanges')
    const floor = await floorFigures()
    step('gifts from 64 callers')
    const gifts = await giftFigures(directory)
    step(`memory and start with ${STOCK.toLocaleString('en')} profiles in stock`)
    const large = await stockFigures(directory)
    return {
      ...summary({ sessions, floor }),
      serverCpuMsPerEndpoint,
      ...profiles,
      ...gifts,
      ...mix,
      ...large,
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function summary(parts: {
  readonly sessions: readonly SessionFigures[]
  readonly floor: BenchFigures['floor']
}) {
  const { sessions, floor } = parts
  const plain = sessions.filter(
    (run) => run.transport === 'http' && run.connection === 'keep-alive',
  )
  const serverCpuMsPerSession = Math.min(...plain.map((run) => run.serverCpuMsPerSession))
  const floorMsPerSession = floor.cryptographyMs + floor.exchangesMs
  return {
    sessionsPerSecond: Math.max(...plain.map((run) => run.sessionsPerSecond)),
    serverCpuMsPerSession,
    floorMsPerSession,
    ratio: serverCpuMsPerSession / floorMsPerSession,
    packageOctets: PACKAGE_OCTETS,
    sessions,
    floor,
  }
}

interface SessionRun {
  readonly directory: string
  readonly transport: 'http' | 'https'
  readonly count: number
  readonly step: (step: string) => void
}

async function sessionFigures(run: SessionRun): Promise<SessionFigures[]> {
  const { transport, count } = run
  const server = await benchServer(run)
  const pki = pkiOf(server.dataDirectory)
  const figures: SessionFigures[] = []
  const { address } = server
  const connect = connector({ address, transport, pki })
  const measure = async (way: { clients: number; keepAlive: boolean; count: number }) => {
    const sessions = await newSessions(server, { pki, count: way.count })
    const beforeMs = await server.ask('cpu')
    const tookMs = await runSessions({ sessions, ...way, connect, address })
    return { tookMs, cpuMs: (await server.ask('cpu')) - beforeMs }
  }
  run.step(`${transport}: warming up`)
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    await measure({ clients: 8, keepAlive: true, count })
  }
  for (const keepAlive of [true, false]) {
    for (const clients of [1, 8]) {
      const connection = keepAlive ? 'keep-alive' : 'per call'
      run.step(`${transport}, ${connection}, ${clients === 1 ? '1 client' : `${clients} clients`}`)
      const { tookMs, cpuMs } = await measure({ clients, keepAlive, count })
      const sessionsPerSecond = (count / tookMs) * 1000
      const serverCpuMsPerSession = cpuMs / count
      figures.push({ transport, connection, clients, sessionsPerSecond, serverCpuMsPerSession })
    }
  }
  await server.close()
  return figures
}

async function benchServer(run: {
  readonly directory: string
  readonly transport: 'http' | 'https'
}): Promise<BenchServer & { readonly dataDirectory: string }> {
  const { transport } = run
  const dataDirectory = mkdtempSync(join(run.directory, `${transport}-`))
  const server = await startBenchServer({ dataDirectory, transport, fillerOctets: FILLER_OCTETS })
  return { ...server, dataDirectory }
}

function pkiOf(dataDirectory: string): TestPki {
  const directory = join(dataDirectory, 'pki')
  const files = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))])
  return loadPki(Object.fromEntries(files) as Record<string, Uint8Array>)
}

async function newSessions(
  server: BenchServer,
  wanted: { readonly pki: TestPki; readonly count: number },
) {
  const activationCodes = await server.ask('orders', wanted.count)
  return prepareSessions({ pki: wanted.pki, random: systemRandom(), activationCodes })
}

/** Every session's first exchange, then every session's second, and so on: the CPU between is the endpoint's. */
async function endpointFigures(run: {
  readonly directory: string
  readonly count: number
}): Promise<Record<string, number>> {
  const server = await benchServer({ ...run, transport: 'http' })
  const pki = pkiOf(server.dataDirectory)
  const { address } = server
  const link = connector({ address, transport: 'http', pki })()
  const figures: Record<string, number> = {}
  for (const isWarm of [false, true]) {
    const sessions = await newSessions(server, { pki, count: run.count })
    const steps = sessions.map((session) => downloadSteps(session, address))
    for (const [at, name] of STEP_NAMES.entries()) {
      const beforeMs = await server.ask('cpu')
      for (const session of steps) await session[at]?.(link)
      if (isWarm) figures[name] = ((await server.ask('cpu')) - beforeMs) / run.count
    }
  }
  link.close()
  await server.close()
  return figures
}

const FLOOR_ROUNDS = 1000

/** CPU milliseconds that the bare server spends on a session, warm, under as many clients as the sessions had. */
async function floorFigures(): Promise<BenchFigures['floor']> {
  const child = fork(siblingScript('bare-server'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [port] = (await once(child, 'message')) as [number]
  const agent = new Agent({ keepAlive: true, maxSockets: FLOOR_CLIENTS })
  const measure = async (withCryptography: boolean): Promise<number> => {
    await exchanges({ port, agent, withCryptography })
    const beforeMs = await cpuOf(child)
    await exchanges({ port, agent, withCryptography })
    return ((await cpuOf(child)) - beforeMs) / FLOOR_ROUNDS
  }
  const exchangesMs = await measure(false)
  const sessionMs = await measure(true)
  agent.destroy()
  const ended = once(child, 'exit')
  child.send('close')
  await ended
  return { exchangesMs, cryptographyMs: sessionMs - exchangesMs }
}

const FLOOR_CLIENTS = 8

async function exchanges(run: {
  readonly port: number
  readonly agent: Agent
  readonly withCryptography: boolean
}): Promise<void> {
  let rounds = FLOOR_ROUNDS
  const client = async (): Promise<void> => {
    while (rounds-- > 0) {
      for (const [step, [octets, answer]] of Object.entries(EXCHANGES)) {
        const path = `/${run.withCryptography ? step : 'none'}/${answer}`
        await exchange({ ...run, path, octets })
      }
    }
  }
  await Promise.all(Array.from({ length: FLOOR_CLIENTS }, client))
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu')
  const [cpuMs] = (await once(child, 'message')) as [number]
  return cpuMs
}

function exchange(call: {
  readonly port: number
  readonly agent: Agent
  readonly path: string
  readonly octets: number
}): Promise<void> {
  const { port, agent, path } = call
  return new Promise((resolve, reject) => {
    const options = { port, agent, method: 'POST', path, host: '127.0.0.1' }
    const outgoing = request(options, (response) => response.on('end', resolve).resume())
    outgoing.on('error', reject).end(Buffer.alloc(call.octets, 'A'))
  })
}

async function stockFigures(directory: string): Promise<{ rssMiB: number; readyMs: number }> {
  const dataDirectory = mkdtempSync(join(directory, 'stock-'))
  const first = await startBenchServer({ dataDirectory, transport: 'https' })
  await first.ask('stock', STOCK)
  await first.close()
  const startedMs = performance.now()
  const second = await startBenchServer({ dataDirectory, transport: 'https' })
  const readyMs = performance.now() - startedMs
  const rssMiB = await second.ask('memory')
  await second.close()
  return { rssMiB, readyMs }
}
