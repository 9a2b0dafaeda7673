/** ES12 and ES15: who has something for an eUICC says so, and takes it back (SGP.22 §5.9, §5.10, §3.6). */

import { LabError, messageOf } from '../base/errors.ts'
import { toHex } from '../base/octets.ts'
import type { Es12, Es12Request, Es12Response } from '../rsp/es12.ts'
import { refuse, RspError } from '../rsp/status-codes.ts'
import {
  addWithdrawal,
  findEvent,
  insertEvent,
  isEventIdInUse,
  markForwarded,
  removeEvent,
  type EventKey,
  type SmdsEvent,
} from '../store/smds-events.ts'
import type { EventCaller, SmdsContext } from './smds.ts'

const EVENT_ID_OCTETS = 16

/** A call of ES12, with who makes it. */
interface Call<Request> {
  readonly caller: EventCaller
  readonly request: Request
}

/**
 * Keeps an event for an eUICC. An alternative SM-DS registers it at the root SM-DS as well where the caller wants that,
 * under an EventID of its own (SGP.22 §5.9.1, §3.6.1). If the root SM-DS does not take it, it is not kept here either.
 * @throws {RspError} eventDuplicated, smdsInaccessible, smdsFailed
 */
export async function registerEvent(
  context: SmdsContext,
  call: Call<Es12Request<'registerEvent'>>,
): Promise<Es12Response<'registerEvent'>> {
  const { eid, rspServerAddress, eventId, forwardingIndicator } = call.request
  const isForwarded = forwardingIndicator && context.kind === 'alternative'
  const event: SmdsEvent = {
    ...keyOf(context, call),
    eid,
    rspServerAddress,
    forwardedEventId: isForwarded
      ? toHex(context.environment.random.unique(EVENT_ID_OCTETS))
      : undefined,
  }
  await context.store.write((db) => {
    if (isEventIdInUse(db, event)) throw refuse('eventDuplicated', { subjectIdentifier: eventId })
    insertEvent(db, event)
  })
  if (event.forwardedEventId !== undefined) {
    await forward(context, { ...event, forwardedEventId: event.forwardedEventId })
  }
  return {}
}

/** Registers an event at the root SM-DS, or undoes its registration here. */
async function forward(
  context: SmdsContext,
  event: SmdsEvent & { readonly forwardedEventId: string },
): Promise<void> {
  const { eid, forwardedEventId } = event
  const rspServerAddress = context.addresses[0]
  const request = { eid, rspServerAddress, eventId: forwardedEventId, forwardingIndicator: false }
  try {
    await rootOf(context).registerEvent(request)
  } catch (error) {
    await context.store.write((db) => {
      removeEvent(db, event)
      // Without an answer nobody knows whether the root SM-DS has it.
      if (!(error instanceof RspError)) addWithdrawal(db, event)
    })
    throw cascadeFailed(error)
  }
  await context.store.write((db) => markForwarded(db, event))
}

/**
 * Forgets an event; first at the root SM-DS, if it was registered there. One that the root SM-DS does not know is no
 * reason to keep it here (SGP.22 §5.9.2, §3.6.3).
 * @throws {RspError} eventUnknown, smdsInaccessible, smdsFailed
 */
export async function deleteEvent(
  context: SmdsContext,
  call: Call<Es12Request<'deleteEvent'>>,
): Promise<Es12Response<'deleteEvent'>> {
  const { eid, eventId } = call.request
  const key = keyOf(context, call)
  const event = context.store.read((db) => findEvent(db, key))
  if (event?.eid !== eid) throw refuse('eventUnknown', { subjectIdentifier: eventId })
  if (event.forwardedEventId !== undefined) {
    await withdraw(context, { eid, eventId: event.forwardedEventId }).catch((error: unknown) => {
      throw cascadeFailed(error)
    })
  }
  await context.store.write((db) => removeEvent(db, key))
  return {}
}

/** Deletes an event at the root SM-DS, or finds that it is not there. @throws {RspError | LabError} */
export async function withdraw(
  context: SmdsContext,
  event: Es12Request<'deleteEvent'>,
): Promise<void> {
  try {
    await rootOf(context).deleteEvent(event)
  } catch (error) {
    if (!(error instanceof RspError) || error.status !== 'eventUnknown') throw error
  }
}

function keyOf(
  { name }: SmdsContext,
  { caller, request }: Call<{ readonly eventId: string }>,
): EventKey {
  return { smds: name, caller: caller.oid, eventId: request.eventId }
}

function rootOf({ root }: SmdsContext): Es12 {
  if (root) return root
  throw new LabError('unavailable', 'the root SM-DS is not known')
}

/** What the root SM-DS's refusal, or its silence, is to the caller of this one (SGP.22 Table 54, Table 56). */
function cascadeFailed(error: unknown): unknown {
  if (error instanceof RspError) {
    return refuse('smdsFailed', { detail: `Root SM-DS: ${error.code} ${error.message}` })
  }
  if (!(error instanceof LabError)) return error
  return refuse('smdsInaccessible', { detail: `Root SM-DS: ${messageOf(error)}` })
}
