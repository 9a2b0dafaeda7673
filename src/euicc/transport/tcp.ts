/** The card behind a port of this machine, for programs that bring APDUs themselves. The frames are those of `frames.ts`. */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { LabError, messageOf } from '../../base/errors.ts'
import type { ApduCard } from '../apdu/types.ts'
import { serveFrames } from './frames.ts'

export interface CardListener {
  /** The port that was taken. */
  readonly port: number
  /** Takes no more clients, and sends the present one away. */
  close(): Promise<void>
}

const LOOPBACK = '127.0.0.1'

/**
 * Listens on this machine alone, for one client at a time: another is closed at once. 0 takes any port that is free.
 * The card loses its power when a client goes.
 * @throws {LabError} unavailable — the port cannot be had
 */
export async function listenForCardClient(options: {
  readonly card: ApduCard
  readonly port: number
}): Promise<CardListener> {
  const { port } = options
  let current: Socket | undefined
  let served: Promise<void> = Promise.resolve()
  const server = createServer({ noDelay: true }, (socket) => {
    current = socket
    // The card may be at work for the client before, who has gone.
    served = served.then(() => serveFrames(socket, options.card))
  })
  server.maxConnections = 1
  await opened(server, port)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      current?.destroy()
      await Promise.all([closed, served])
    },
  }
}

function opened(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error & { readonly code?: string }) => {
      const detail = `port ${port} of ${LOOPBACK} cannot be had: ${messageOf(error)}. Choose another.`
      reject(
        new LabError('unavailable', detail, {
          field: 'port',
          ...(error.code === undefined ? {} : { reason: error.code }),
          cause: error,
        }),
      )
    })
    server.listen({ host: LOOPBACK, port }, () => resolve())
  })
}
