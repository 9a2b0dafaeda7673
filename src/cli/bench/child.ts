/** Starts a bench process and asks it questions. */

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { LabError } from '../../base/errors.ts'
import type { BenchAnswers, BenchQuestion, BenchReady } from './server.ts'

export interface BenchServer extends BenchReady {
  ask<A extends BenchQuestion['ask']>(ask: A, count?: number): Promise<BenchAnswers[A]>
  close(): Promise<void>
}

/** The server over a data directory, listening on loopback. */
export async function startBenchServer(options: {
  readonly dataDirectory: string
  readonly transport: 'http' | 'https'
  readonly fillerOctets?: number
}): Promise<BenchServer> {
  const script = siblingScript('server')
  const filler = String(options.fillerOctets ?? 0)
  const child = fork(script, [options.dataDirectory, options.transport, filler], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, '--expose-gc'],
  })
  const { address } = (await message(child)) as BenchReady
  const ask: BenchServer['ask'] = async (question, count) => {
    child.send({ ask: question, count })
    return (await message(child)) as never
  }
  return {
    address,
    ask,
    async close() {
      const ended = once(child, 'exit')
      await ask('close')
      await ended
    },
  }
}

/** A script beside this one, in the form in which this one runs. */
export function siblingScript(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url))
}

async function message(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new LabError('unavailable', `a process of the bench ended with exit code ${code}.`)
  })
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
  ended.catch(() => undefined)
  return answer
}
