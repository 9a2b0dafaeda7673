/** The card in the slot of vsmartcard's virtual PC/SC reader (vpcd), which listens; the card dials. */

import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApduCard } from '../apdu/types.ts'
import { serveFrames } from './frames.ts'

export interface VpcdOptions {
  readonly card: ApduCard
  readonly host: string
  /** 35963 is the first slot of Debian's reader, 35964 its second. */
  readonly port: number
  /** Takes the card out. */
  readonly signal: AbortSignal
  /** Told when the card is in the slot, and when it waits for a reader; not for each try. */
  readonly onState: (state: 'inserted' | 'waiting') => void
  /** How long to wait between two tries; 500 ms unless told. */
  readonly retryMs?: number
}

const RETRY_MS = 500

/** Keeps the card in the slot until it is taken out. When pcscd ends, the card waits for the next one. */
export async function serveVpcd(options: VpcdOptions): Promise<void> {
  const { signal, onState, retryMs = RETRY_MS } = options
  let isWaiting = false
  while (!signal.aborted) {
    const socket = await dial(options)
    if (socket) {
      isWaiting = false
      onState('inserted')
      await serveFrames(socket, options.card)
    }
    if (signal.aborted) return
    if (!isWaiting) onState('waiting')
    isWaiting = true
    await delay(retryMs, undefined, { signal }).catch(() => {})
  }
}

/** A connection, or nothing when nobody takes it. */
function dial({ host, port, signal }: VpcdOptions): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true })
    const takeOut = (): void => void socket.destroy()
    signal.addEventListener('abort', takeOut, { once: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => {})
    socket.once('close', () => {
      signal.removeEventListener('abort', takeOut)
      resolve(undefined)
    })
  })
}
