/** The bench's server, a process of its own so that its CPU can be told from its clients'. Talks to its parent by IPC. */

import { serveLab } from '../../http/serve.ts'
import { createLab } from '../../lab.ts'

/** What the parent may ask; every question has one answer. */
export type BenchQuestion =
  | { readonly ask: 'orders'; readonly count: number }
  | { readonly ask: 'cpu' }
  | { readonly ask: 'stock'; readonly count: number }
  | { readonly ask: 'memory' }
  | { readonly ask: 'close' }

export interface BenchAnswers {
  readonly orders: readonly string[]
  /** CPU time of the process so far, milliseconds. */
  readonly cpu: number
  readonly stock: null
  /** Resident memory, MiB. */
  readonly memory: number
  readonly close: null
}

/** What the server says first. */
export interface BenchReady {
  readonly address: string
}

const [, , dataDirectory = '', transport = 'http', filler = '0'] = process.argv
const lab = await createLab({ dataDirectory, fillerOctets: Number(filler), stock: 2000 })
const served = await serveLab(lab, { rsp: { plain: transport === 'http' } })

const ANSWERS: {
  readonly [A in BenchQuestion['ask']]: (count: number) => Promise<BenchAnswers[A]>
} = {
  async orders(count) {
    const ordered = Array.from({ length: count }, () => lab.order())
    return (await Promise.all(ordered)).map(({ activationCode }) => activationCode)
  },
  async cpu() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  async stock(count) {
    await lab.addStock(count)
    return null
  },
  async memory() {
    globalThis.gc?.()
    return process.memoryUsage().rss / 2 ** 20
  },
  async close() {
    await served.close()
    await lab.close()
    return null
  },
}

process.on('message', async (question: BenchQuestion) => {
  const count = 'count' in question ? question.count : 0
  process.send?.(await ANSWERS[question.ask](count))
  if (question.ask === 'close') process.disconnect()
})
process.send?.({ address: served.rspAddress } satisfies BenchReady)
