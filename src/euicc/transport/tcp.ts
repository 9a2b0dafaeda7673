/** The card behind a port of this machine, for programs that bring APDUs themselves. The frames are those of `frames.ts`. */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
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
const CONNECTIONS_MAX = 4
/** For the card to see that the client before has gone, and to end what it does for it. */
const PATIENCE_MS = 1_000

/**
 * Listens on this machine alone, for one client at a time: another waits a second, and is closed when the first is still
 * there. 0 takes any port that is free. The card loses its power when a client goes.
 * @throws {LabError} unavailable — the port cannot be had
 */
export async function listenForCardClient(options: {
  readonly card: ApduCard
  readonly port: number
}): Promise<CardListener> {
  const { card, port } = options
  const sockets = new Set<Socket>()
  let served: Promise<void> | undefined
  async function take(socket: Socket): Promise<void> {
    sockets.add(socket.once('close', () => sockets.delete(socket)).on('error', () => {}))
    if (served) await Promise.race([served, delay(PATIENCE_MS, undefined, { ref: false })])
    if (served || socket.destroyed) return void socket.destroy()
    served = serveFrames(socket, card)
    await served
    served = undefined
  }
  const server = createServer({ noDelay: true }, (socket) => void take(socket))
  server.maxConnections = CONNECTIONS_MAX
  await opened(server, port)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
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
