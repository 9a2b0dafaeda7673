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

/** The next message; a process that ends first is an error. */
async function message(child: ChildProcess): Promise<unknown> {
  const settled = new AbortController()
  const { signal } = settled
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new LabError('unavailable', `a process of the bench ended with exit code ${code}.`)
  })
  try {
    const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown]
    return answer
  } finally {
    ended.catch(() => undefined)
    settled.abort()
  }
}
