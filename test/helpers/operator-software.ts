/** The software of an operator, which takes ES2+.HandleDownloadProgressInfo. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { DownloadProgressCall } from '../../src/rsp/es2plus-progress.ts'

interface Received {
  readonly path: string
  readonly protocol: string | undefined
  readonly call: DownloadProgressCall
}

/** An operator's software that answers with one status after the other, and the last one for ever. */
export async function operatorSoftware(t: ExecutionContext, statuses: readonly number[]) {
  const received: Received[] = []
  const waiting: { readonly count: number; readonly done: () => void }[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const call = JSON.parse(Buffer.concat(parts).toString('utf8')) as DownloadProgressCall
      const protocol = String(request.headers['x-admin-protocol'])
      response.statusCode = statuses[Math.min(received.length, statuses.length - 1)] ?? 204
      received.push({ path: request.url ?? '', protocol, call })
      response.end()
      for (const { count, done } of waiting) if (received.length >= count) done()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return {
    received,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    until: (count: number) =>
      new Promise<void>((done) => {
        if (received.length >= count) done()
        else waiting.push({ count, done })
      }),
  }
}
