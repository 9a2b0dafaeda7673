/**
 * Nchf_ConvergedCharging for consumers of others (3GPP TS 32.291 §6.1, v3): create, update and release of charging data,
 * behind the operator's token. Only volume is charged, in the rating groups of the operator's file.
 */

import { createHash } from 'node:crypto'
import { jsonFields, type JsonFields } from '../base/json-fields.ts'
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
import { ok, route, type Route } from './api/route.ts'
import { idOf } from './api/schemas.ts'
import { chargingDataCreate, chargingDataRequest, chargingDataResponse } from './sbi-schemas.ts'

export const CHARGING_PATH = '/nchf-convergedcharging/v3/chargingdata'

const TAG = '3GPP Nchf_ConvergedCharging'

/** The routes over a charging function. */
export function chargingRoutes(charging: Charging): readonly Route[] {
  const common = { method: 'POST', tag: TAG, scope: 'network:serve' } as const
  const ofSession = { params: idOf('ref', 'ChargingDataRef: the last part of the Location.') }
  return [
    route({
      ...common,
      path: CHARGING_PATH,
      operationId: 'createChargingData',
      summary: 'Open a charging session, or charge a single event (TS 32.291 §6.1.3.2.3.1)',
      body: chargingDataCreate,
      responses: {
        201: {
          description: 'It is open, or charged.',
          schema: chargingDataResponse,
          headers: { Location: 'The URI of the session; a single event has none.' },
        },
      },
      async handle({ body, origin }) {
        const asked = createRequestOf(body)
        const { ref, answer } = await charging.create(asked)
        // Of a single event nothing is left that could be updated.
        const isSession = asked.event === undefined
        const headers = isSession ? { Location: `${origin}${CHARGING_PATH}/${ref}` } : {}
        return { status: 201, headers, body: answerJson(answer) }
      },
    }),
    route({
      ...common,
      ...ofSession,
      path: `${CHARGING_PATH}/{ref}/update`,
      operationId: 'updateChargingData',
      summary: 'Report what was used, and ask for more (TS 32.291 §6.1.3.3.4.2)',
      body: chargingDataRequest,
      responses: { 200: { description: 'What is granted.', schema: chargingDataResponse } },
      async handle({ params, body }) {
        const ref = String(params.ref)
        return ok(answerJson(await charging.update({ ref, ...requestOf(fieldsOf(body)) })))
      },
    }),
    route({
      ...common,
      ...ofSession,
      path: `${CHARGING_PATH}/{ref}/release`,
      operationId: 'releaseChargingData',
      summary: 'Report the last of it, and end the session (TS 32.291 §6.1.3.3.4.3)',
      body: chargingDataRequest,
      responses: { 204: { description: 'It has ended.' } },
      async handle({ params, body }) {
        await charging.release({ ref: String(params.ref), ...requestOf(fieldsOf(body)) })
        return { status: 204 }
      },
    }),
  ]
}

const UINT32_MAX = 2 ** 32 - 1
const URI_OCTETS_MAX = 2000
const VOLUME_MAX = Number(AMOUNT_MAX_BYTES)
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** Fields that are not known stay unread: those are of later releases (TS 29.501 §5.2.2.2). */
function fieldsOf(body: unknown): JsonFields {
  return jsonFields(body, { path: 'the body', isWhole: true })
}

/** ChargingDataRequest that opens a session or is a single event (TS 32.291 §6.1.6.2.1.1). */
function createRequestOf(body: unknown): CreateRequest {
  const fields = fieldsOf(body)
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
    // Of a session that is there: it has ended, or its phone may not use data now.
    cause: 'END_USER_REQUEST_DENIED',
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
