/** Events of orders at SM-DSs: registered when the order is released, deleted when it has ended (SGP.22 §3.6). */

import type { Clock } from '../base/environment.ts'
import { LabError, messageOf } from '../base/errors.ts'
import type { Es12 } from '../rsp/es12.ts'
import { refuse, RspError } from '../rsp/status-codes.ts'
import type { Store } from '../store/engine.ts'
import {
  findEventOfOrder,
  findEventsToDelete,
  findOrderEvent,
  markAnnounced,
  markDeleted,
  postponeDeletion,
  setAsked,
  type OrderEvent,
} from '../store/order-events.ts'

export interface OrderEvents {
  /**
   * Registers the event of a profile's order at its SM-DS, if it has one that is not registered yet.
   * @throws {RspError} smdsInaccessible, smdsFailed
   */
  announce(iccid: string): Promise<void>
  /** Begins to delete what is to be deleted, and waits for nothing. */
  kick(): void
  /** Deletes the events of orders that have ended, where they are due; settles when each was tried. */
  settle(): Promise<void>
}

const RETRY_FIRST_MS = 5_000
const RETRY_LONGEST_MS = 3_600_000
/** Some two days, most of them an hour apart. */
const TRIES_MAX = 60

/** An SM-DS that is slow or gone holds up the registration that waits for it, and nothing else. */
export function createOrderEvents(options: {
  readonly store: Store
  readonly clock: Clock
  /** ES12 of the SM-DS at an address. */
  es12(address: string): Es12
  /** The address at which the SM-DP+ works events off. */
  address(): string
}): OrderEvents {
  const { store, clock } = options
  const inTurn = turns()

  async function announce(iccid: string): Promise<void> {
    const planned = store.read((db) => findEventOfOrder(db, iccid))
    if (planned?.state !== 'planned') return
    await inTurn(planned.eventId, () => register(planned.eventId))
  }

  async function register(eventId: string): Promise<void> {
    const event = store.read((db) => findOrderEvent(db, eventId))
    if (event?.state !== 'planned') return
    try {
      const { eid, smdsAddress } = event
      const smds = options.es12(smdsAddress)
      await store.write((db) => setAsked(db, { eventId, asked: true }))
      const rspServerAddress = options.address()
      await smds.registerEvent({ eid, eventId, rspServerAddress, forwardingIndicator: true })
    } catch (error) {
      // The answer to an earlier try was lost: what the SM-DS has is this very event.
      const isThere = error instanceof RspError && error.status === 'eventDuplicated' && event.asked
      if (!isThere) throw await notRegistered(event, error)
    }
    await store.write((db) => markAnnounced(db, eventId))
  }

  async function notRegistered(event: OrderEvent, error: unknown): Promise<unknown> {
    const { eventId, asked, smdsAddress: subjectIdentifier } = event
    if (error instanceof RspError) {
      await store.write((db) => setAsked(db, { eventId, asked }))
      return refuse('smdsFailed', { detail: `${error.code} ${error.message}`, subjectIdentifier })
    }
    if (!(error instanceof LabError)) return error
    return refuse('smdsInaccessible', { detail: messageOf(error), subjectIdentifier })
  }

  async function deleteDue(): Promise<void> {
    const silent = new Map<string, Failure>()
    for (const event of store.read((db) => findEventsToDelete(db, clock.nowMs()))) {
      await inTurn(event.eventId, () => deleteOne(event, silent))
    }
  }

  async function deleteOne(due: OrderEvent, silent: Map<string, Failure>): Promise<void> {
    const { eventId, eid, smdsAddress } = due
    const event = store.read((db) => findOrderEvent(db, eventId))
    if (event?.state !== 'deleting') return
    const failure =
      silent.get(smdsAddress) ??
      (await failureOf(() => options.es12(smdsAddress).deleteEvent({ eid, eventId })))
    if (!failure) return store.write((db) => markDeleted(db, eventId))
    if (failure.isSilence) silent.set(smdsAddress, failure)
    const { error } = failure
    const waitMs = Math.min(RETRY_FIRST_MS * 2 ** event.tries, RETRY_LONGEST_MS)
    const dueMs = event.tries + 1 < TRIES_MAX ? clock.nowMs() + waitMs : 'never'
    await store.write((db) => postponeDeletion(db, { eventId, error, dueMs }))
  }

  const settle = oneAtATime(deleteDue)
  return {
    announce,
    settle,
    // What fails here fails again when the lab settles its events, and is told then.
    kick: () => void settle().catch(() => {}),
  }
}

interface Failure {
  readonly error: string
  /** There was no answer, so others need not be asked for now. */
  readonly isSilence: boolean
}

/** Why an event could not be deleted; nothing when it is gone, as it also is where the SM-DS does not know it. */
async function failureOf(deletion: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await deletion()
    return undefined
  } catch (error) {
    if (error instanceof LabError) return { error: messageOf(error), isSilence: true }
    if (!(error instanceof RspError)) throw error
    if (error.status === 'eventUnknown') return undefined
    return { error: `${error.code} ${error.message}`, isSilence: false }
  }
}

/** Work under one name runs one after another. */
function turns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>()
  return (name, work) => {
    const turn = (tails.get(name) ?? Promise.resolve()).then(work, work)
    tails.set(name, turn)
    const forget = (): void => {
      if (tails.get(name) === turn) tails.delete(name)
    }
    turn.then(forget, forget)
    return turn
  }
}

/** Work that is asked for while it runs is run once more after it. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = (): Promise<void> => {
    running = work().finally(() => (running = undefined))
    return running
  }
  return () => {
    if (!running) return start()
    const after = (): Promise<void> => {
      next = undefined
      return start()
    }
    next ??= running.then(after, after)
    return next
  }
}
