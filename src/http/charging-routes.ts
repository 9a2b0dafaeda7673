/**
 * Nchf_ConvergedCharging for consumers of others (3GPP TS 32.291 §6.1, v3): create, update and release of charging data,
 * behind the operator's token. Only volume is charged, in the rating groups of the operator's file.
 */

import { createHash } from 'node:crypto'
import { Router, type ErrorRequestHandler, type Request } from 'express'
import { LabError } from '../base/errors.ts'
import { jsonFields, type JsonFields } from '../base/json-fields.ts'
import { NotAdmitted } from '../operator/charging/admission.ts'
import type { Charging } from '../operator/charging/charging.ts'
import type {
  ChargingAnswer,
  ChargingRequest,
  CreateRequest,
  UnitAnswer,
  UnitUsage,
  UsageContainer,
} from '../operator/charging/requests.ts'
import { amountToJson } from '../operator/amount.ts'
import { AMOUNT_MAX_BYTES } from '../store/ledger.ts'
import { methodNotAllowed, problemOf } from './problem.ts'

export const CHARGING_PATH = '/nchf-convergedcharging/v3/chargingdata'

/** The routes, to be mounted behind the operator's token, with JSON bodies parsed. */
export function chargingRoutes(charging: Charging): Router {
  const router = Router()
  router
    .route(CHARGING_PATH)
    .post(async (request, response) => {
      const asked = createRequestOf(request)
      const { ref, answer } = await charging.create(asked)
      // Of a single event nothing is left that could be updated.
      if (asked.event === undefined) response.location(`${CHARGING_PATH}/${ref}`)
      response.status(201).json(answerJson(answer))
    })
    .all(methodNotAllowed(['POST']))
  router
    .route(`${CHARGING_PATH}/:ref/update`)
    .post(async (request, response) => {
      const ref = String(request.params.ref)
      response.json(answerJson(await charging.update({ ref, ...requestOf(bodyOf(request)) })))
    })
    .all(methodNotAllowed(['POST']))
  router
    .route(`${CHARGING_PATH}/:ref/release`)
    .post(async (request, response) => {
      const ref = String(request.params.ref)
      await charging.release({ ref, ...requestOf(bodyOf(request)) })
      response.status(204).end()
    })
    .all(methodNotAllowed(['POST']))
  router.use('/nchf-convergedcharging', chargingProblem)
  return router
}

const UINT32_MAX = 2 ** 32 - 1
const URI_OCTETS_MAX = 2000
const VOLUME_MAX = Number(AMOUNT_MAX_BYTES)
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** Fields that are not known stay unread: those are of later releases (TS 29.501 §5.2.2.2). */
function bodyOf(request: Request): JsonFields {
  return jsonFields(request.body, { path: 'the body', isWhole: true })
}

/** ChargingDataRequest that opens a session or is a single event (TS 32.291 §6.1.6.2.1.1). */
function createRequestOf(request: Request): CreateRequest {
  const fields = bodyOf(request)
  const found = requestOf(fields)
  const event = eventOf(fields, found)
  const subscriber = fields.text('subscriberIdentifier', {
    pattern: /^(?:imsi|msisdn)-[0-9]{5,15}$/,
    expected: 'imsi-<digits> or msisdn-<digits>',
  })
  const digits = subscriber.slice(subscriber.indexOf('-') + 1)
  return {
    ...found,
    subscriber,
    by: subscriber.startsWith('imsi-') ? { imsi: digits } : { msisdn: digits },
    identity: identityOf(fields, { subscriber, event, ...found }),
    event,
    notifyUri: fields.maybe('notifyUri', () => notifyUriOf(fields)),
  }
}

/** An immediate event says how much is debited, one that is over how much was used. */
function eventOf(fields: JsonFields, { units }: ChargingRequest): CreateRequest['event'] {
  if (!fields.flag('oneTimeEvent')) return undefined
  const event = fields.oneOf('oneTimeEventType', ['IEC', 'PEC'] as const)
  const isWhole = (unit: UnitUsage): boolean =>
    event === 'IEC' ? typeof unit.wanted === 'bigint' : unit.containers.length > 0
  if (units.length === 0 || !units.every(isWhole)) {
    const needed = event === 'IEC' ? 'requestedUnit with a volume' : 'usedUnitContainer'
    fields.refuse('multipleUnitUsage', `rating groups, each with ${needed}`)
  }
  return event
}

/** What every request has. */
function requestOf(fields: JsonFields): ChargingRequest {
  consumerOf(fields)
  const timestamp = fields.text('invocationTimeStamp', {
    pattern: DATE_TIME,
    expected: 'a date and time of RFC 3339',
  })
  if (Number.isNaN(Date.parse(timestamp)))
    fields.refuse('invocationTimeStamp', 'a date and time that exists')
  const sequence = fields.integer('invocationSequenceNumber', { min: 0, max: UINT32_MAX })
  const units =
    fields.maybe('multipleUnitUsage', () => fields.list('multipleUnitUsage', unitOf)) ?? []
  const info = fields.maybe('serviceSpecificationInfo', () =>
    fields.text('serviceSpecificationInfo', { pattern: /^/ }),
  )
  return { sequence, timestamp, units, fingerprint: digestOf([info, units]) }
}

function consumerOf(fields: JsonFields): readonly (string | undefined)[] {
  const consumer = fields.child('nfConsumerIdentification')
  const name = consumer.maybe('nFName', () => consumer.text('nFName', { maxOctets: 255 }))
  return [consumer.text('nodeFunctionality', { maxOctets: 64 }), name]
}

/** With a charging id the session is the consumer's whatever the clock says; without one the instant tells sessions apart. */
function identityOf(
  fields: JsonFields,
  of: Pick<CreateRequest, 'subscriber' | 'sequence' | 'timestamp' | 'event'>,
): string {
  const { subscriber, sequence, timestamp, event } = of
  const consumer = consumerOf(fields)
  const chargingId = fields.maybe('chargingId', () =>
    fields.integer('chargingId', { min: 0, max: UINT32_MAX }),
  )
  const instant = chargingId === undefined ? timestamp : undefined
  const session = [consumer, subscriber, chargingId, pduSessionOf(fields), instant, sequence]
  return digestOf(event === undefined ? session : [...session, event])
}

function pduSessionOf(fields: JsonFields): number | undefined {
  return fields.maybe('pDUSessionChargingInformation', () => {
    const session = fields.child('pDUSessionChargingInformation')
    return session.maybe('pduSessionInformation', () => {
      const information = session.child('pduSessionInformation')
      return information.integer('pduSessionID', { min: 0, max: 255 })
    })
  })
}

function notifyUriOf(fields: JsonFields): string {
  const expected = 'an http or https URL without a user'
  const text = fields.text('notifyUri', { maxOctets: URI_OCTETS_MAX, expected })
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isRight = url && /^https?:$/.test(url.protocol) && !url.username && !url.password
  return isRight ? url.href : fields.refuse('notifyUri', expected)
}

/** MultipleUnitUsage (TS 32.291 §6.1.6.2.1.5). */
function unitOf(json: unknown, path: string): UnitUsage {
  const unit = jsonFields(json, { path })
  return {
    ratingGroup: unit.integer('ratingGroup', { min: 0, max: UINT32_MAX }),
    wanted: unit.maybe('requestedUnit', () => wishOf(unit.child('requestedUnit'))),
    containers:
      unit.maybe('usedUnitContainer', () => unit.list('usedUnitContainer', containerOf)) ?? [],
  }
}

/** RequestedUnit: no volume, or one of 0, leaves it to the operator. */
function wishOf(requested: JsonFields): UnitUsage['wanted'] {
  const volume = volumeOf(requested)
  const others = ['time', 'serviceSpecificUnits'].filter((name) => requested.names().includes(name))
  const [other] = others
  if (volume === undefined && other !== undefined)
    requested.refuse(other, 'a volume; none else is charged')
  return volume === undefined || volume === 0n ? 'any' : volume
}

/** UsedUnitContainer. Whoever manages the quota: what was used is used. */
function containerOf(json: unknown, path: string): UsageContainer {
  const container = jsonFields(json, { path })
  container.maybe('quotaManagementIndicator', () =>
    container.oneOf('quotaManagementIndicator', [
      'ONLINE_CHARGING',
      'OFFLINE_CHARGING',
      'QUOTA_MANAGEMENT_SUSPENDED',
    ]),
  )
  container.maybe('triggers', () => container.list('triggers', checkTrigger))
  return {
    localSequence: container.integer('localSequenceNumber', { min: 0, max: UINT32_MAX }),
    usedBytes: volumeOf(container) ?? 0n,
  }
}

function checkTrigger(json: unknown, path: string): void {
  const trigger = jsonFields(json, { path })
  trigger.oneOf('triggerCategory', ['IMMEDIATE_REPORT', 'DEFERRED_REPORT'])
  trigger.maybe('triggerType', () => trigger.text('triggerType', { maxOctets: 100 }))
}

/** The total, or the sum of both directions; where all three stand, they must agree. */
function volumeOf(units: JsonFields): bigint | undefined {
  const volume = (name: string): bigint | undefined =>
    units.maybe(name, () => BigInt(units.integer(name, { min: 0, max: VOLUME_MAX })))
  const total = volume('totalVolume')
  const up = volume('uplinkVolume')
  const down = volume('downlinkVolume')
  const sum = up === undefined && down === undefined ? undefined : (up ?? 0n) + (down ?? 0n)
  const isWhole = up !== undefined && down !== undefined
  // A total that hides a part of its directions would be use that nobody pays.
  if (total !== undefined && sum !== undefined && (isWhole ? sum !== total : sum > total)) {
    units.refuse('totalVolume', 'the sum of uplinkVolume and downlinkVolume')
  }
  return total ?? sum
}

function digestOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? String(part) : (part ?? null),
  )
  return createHash('sha256').update(text).digest('hex')
}

/** ChargingDataResponse (TS 32.291 §6.1.6.2.1.2). */
function answerJson({ timestamp, sequence, units, denial }: ChargingAnswer): object {
  const error = denial && {
    status: 403,
    cause: CAUSES[denial.reason]?.cause ?? 'END_USER_REQUEST_DENIED',
    detail: denial.text,
  }
  return {
    invocationTimeStamp: timestamp,
    invocationSequenceNumber: sequence,
    ...(error && { invocationResult: { error, failureHandling: 'TERMINATE' } }),
    ...(units.length > 0 && { multipleUnitInformation: units.map(unitJson) }),
  }
}

/** MultipleUnitInformation. */
function unitJson(unit: UnitAnswer): object {
  const { ratingGroup, resultCode, grantedBytes, validitySeconds, thresholdBytes, isFinal } = unit
  const granted = grantedBytes !== undefined && {
    grantedUnit: { totalVolume: amountToJson(grantedBytes) },
    ...(validitySeconds !== undefined && {
      triggers: triggersOf(unit),
      validityTime: validitySeconds,
    }),
  }
  return {
    ratingGroup,
    resultCode,
    ...granted,
    ...(thresholdBytes !== undefined && { volumeQuotaThreshold: amountToJson(thresholdBytes) }),
    ...(isFinal && { finalUnitIndication: { finalUnitAction: 'TERMINATE' } }),
  }
}

function triggersOf({ isFinal }: UnitAnswer): readonly object[] {
  const types = [...(isFinal ? [] : ['QUOTA_THRESHOLD']), 'QUOTA_EXHAUSTED', 'VALIDITY_TIME']
  return types.map((triggerType) => ({ triggerType, triggerCategory: 'IMMEDIATE_REPORT' }))
}

interface Cause {
  readonly status: number
  readonly cause: string
}

/** TS 32.291 §6.1.7.3: the reasons of our own errors as causes. */
const CAUSES: Readonly<Record<string, Cause>> = {
  userUnknown: { status: 404, cause: 'USER_UNKNOWN' },
  sessionUnknown: { status: 404, cause: 'CONTEXT_NOT_FOUND' },
  sessionEnded: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  profileNotEnabled: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  notAttached: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  coolingAfterRoaming: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  coolingAfterIdle: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  sequenceReused: { status: 400, cause: 'CHARGING_FAILED' },
  containerReused: { status: 400, cause: 'CHARGING_FAILED' },
}

/** ProblemDetails of TS 29.571 §5.2.4.1; what is no refusal of ours goes on to the app's own handler. */
// oxlint-disable-next-line max-params -- express knows an error handler by its four parameters
const chargingProblem: ErrorRequestHandler = (error, _request, response, next) => {
  const found = error instanceof LabError ? causeOf(error) : undefined
  if (!found || response.headersSent) return next(error)
  const { message: detail, field } = error as LabError
  const invalidParams = field === undefined ? {} : { invalidParams: [{ param: field }] }
  const until = error instanceof NotAdmitted && error.until ? { until: error.until } : {}
  // Its own type and reason tell the lab's clients what a cause leaves open.
  const problem = { ...problemOf(error), ...found, detail, ...invalidParams, ...until }
  response.status(found.status).type('application/problem+json').send(JSON.stringify(problem))
}

const OPTIONAL = /^(?:multipleUnitUsage|notifyUri|chargingId|serviceSpecificationInfo|pDUSession)/

function causeOf({ reason = '', code, field = '' }: LabError): Cause | undefined {
  if (Object.hasOwn(CAUSES, reason)) return CAUSES[reason]
  if (code !== 'badInput') return undefined
  const cause = OPTIONAL.test(field) ? 'OPTIONAL_IE_INCORRECT' : 'MANDATORY_IE_INCORRECT'
  return { status: 400, cause }
}
