/**
 * The bodies of 3GPP service-based interfaces as OpenAPI shows them: what of TS 32.291, TS 29.503 and TS 29.509 is read
 * and written here. Requests are read field by field, so that each error names its information element; other fields of
 * theirs are passed over, as TS 29.501 §5.2.2.2 has it.
 */

import { z } from 'zod'

const UINT32 = { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 } as const
const VOLUME = { type: 'integer', minimum: 0, maximum: 2 ** 50 } as const
const NETWORK_NAME = '^5G:mnc[0-9]{3}[.]mcc[0-9]{3}[.]3gppnetwork[.]org(:[A-Fa-f0-9]{11})?$'

/** A SUPI or a SUCI, as TS 29.571 §5.3.2 writes them. */
export const IDENTITY = '^(?:imsi-[0-9]{5,15}|suci-0-.+)$'

interface JsonObject {
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, object>>
}

function object({ required, properties }: JsonObject) {
  return { type: 'object', required, properties } as const
}

/** A request that is read field by field. */
function read(id: string, of: JsonObject) {
  return z
    .unknown()
    .refine((body) => body !== undefined)
    .meta({ id, ...object(of) })
}

function octets(count: number) {
  return { type: 'string', pattern: `^[A-Fa-f0-9]{${count * 2}}$` } as const
}

const volumes = { totalVolume: VOLUME, uplinkVolume: VOLUME, downlinkVolume: VOLUME }

const charging = {
  required: ['nfConsumerIdentification', 'invocationTimeStamp', 'invocationSequenceNumber'],
  properties: {
    nfConsumerIdentification: object({
      required: ['nodeFunctionality'],
      properties: {
        nodeFunctionality: { type: 'string', minLength: 1, maxLength: 64 },
        nFName: { type: 'string', minLength: 1, maxLength: 255 },
      },
    }),
    invocationTimeStamp: { type: 'string', format: 'date-time' },
    invocationSequenceNumber: UINT32,
    serviceSpecificationInfo: { type: 'string', maxLength: 1000 },
    multipleUnitUsage: {
      type: 'array',
      items: object({
        required: ['ratingGroup'],
        properties: {
          ratingGroup: UINT32,
          requestedUnit: object({ required: [], properties: volumes }),
          usedUnitContainer: {
            type: 'array',
            items: object({
              required: ['localSequenceNumber'],
              properties: {
                localSequenceNumber: UINT32,
                ...volumes,
                quotaManagementIndicator: {
                  enum: ['ONLINE_CHARGING', 'OFFLINE_CHARGING', 'QUOTA_MANAGEMENT_SUSPENDED'],
                },
                triggers: {
                  type: 'array',
                  items: object({
                    required: ['triggerCategory'],
                    properties: {
                      triggerCategory: { enum: ['IMMEDIATE_REPORT', 'DEFERRED_REPORT'] },
                      triggerType: { type: 'string', minLength: 1, maxLength: 100 },
                    },
                  }),
                },
              },
            }),
          },
        },
      }),
    },
  },
} satisfies JsonObject

export const chargingDataRequest = read('ChargingDataRequest', charging)

export const chargingDataCreate = read('ChargingDataCreate', {
  required: [...charging.required, 'subscriberIdentifier'],
  properties: {
    ...charging.properties,
    subscriberIdentifier: { type: 'string', pattern: '^(?:imsi|msisdn)-[0-9]{5,15}$' },
    chargingId: UINT32,
    notifyUri: { type: 'string', format: 'uri', pattern: '^https?://', maxLength: 2000 },
    oneTimeEvent: { type: 'boolean', description: 'A single event in the place of a session.' },
    oneTimeEventType: { enum: ['IEC', 'PEC'], description: 'Immediate, or over already.' },
    pDUSessionChargingInformation: object({
      required: [],
      properties: {
        pduSessionInformation: object({
          required: ['pduSessionID'],
          properties: { pduSessionID: { type: 'integer', minimum: 0, maximum: 255 } },
        }),
      },
    }),
  },
})

export const chargingDataResponse = z
  .looseObject({
    invocationTimeStamp: z.string(),
    invocationSequenceNumber: z.int().min(0),
    invocationResult: z
      .looseObject({
        error: z.looseObject({ status: z.int(), cause: z.string(), detail: z.string() }),
        failureHandling: z.literal('TERMINATE'),
      })
      .optional(),
    multipleUnitInformation: z
      .array(
        z.looseObject({
          ratingGroup: z.int().min(0),
          resultCode: z.string(),
          grantedUnit: z.object({ totalVolume: z.int().min(0) }).optional(),
          triggers: z
            .array(z.object({ triggerType: z.string(), triggerCategory: z.string() }))
            .optional(),
          validityTime: z.int().optional(),
          volumeQuotaThreshold: z.int().min(0).optional(),
          finalUnitIndication: z.object({ finalUnitAction: z.literal('TERMINATE') }).optional(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'ChargingDataResponse' })

const resynchronizationInfo = object({
  required: ['rand', 'auts'],
  properties: { rand: octets(16), auts: octets(14) },
})

const servingNetworkName = { type: 'string', pattern: NETWORK_NAME }

export const authenticationInfoRequest = read('AuthenticationInfoRequest', {
  required: ['servingNetworkName', 'ausfInstanceId'],
  properties: {
    servingNetworkName,
    ausfInstanceId: { type: 'string', minLength: 1, maxLength: 64 },
    resynchronizationInfo,
  },
})

const hex = z.string().regex(/^[0-9a-f]+$/)

export const authenticationInfoResult = z
  .object({
    authType: z.literal('5G_AKA'),
    authenticationVector: z.object({
      avType: z.literal('5G_HE_AKA'),
      rand: hex,
      autn: hex,
      xresStar: hex,
      kausf: hex,
    }),
    supi: z.string(),
  })
  .meta({ id: 'AuthenticationInfoResult' })

export const hssAuthenticationInfoRequest = read('HssAuthenticationInfoRequest', {
  required: ['hssAuthType', 'numOfRequestedVectors', 'servingNetworkId'],
  properties: {
    hssAuthType: { const: 'EPS_AKA' },
    numOfRequestedVectors: { type: 'integer', minimum: 1, maximum: 5 },
    servingNetworkId: object({
      required: ['mcc', 'mnc'],
      properties: {
        mcc: { type: 'string', pattern: '^[0-9]{3}$' },
        mnc: { type: 'string', pattern: '^[0-9]{2,3}$' },
      },
    }),
    resynchronizationInfo,
  },
})

export const hssAuthenticationInfoResult = z
  .object({
    hssAuthenticationVectors: z.array(
      z.object({ avType: z.literal('EPS_AKA'), rand: hex, xres: hex, autn: hex, kasme: hex }),
    ),
  })
  .meta({ id: 'HssAuthenticationInfoResult' })

export const authenticationInfo = read('AuthenticationInfo', {
  required: ['supiOrSuci', 'servingNetworkName'],
  properties: {
    supiOrSuci: { type: 'string', pattern: IDENTITY, maxLength: 1000 },
    servingNetworkName,
    resynchronizationInfo,
  },
})

export const ueAuthenticationCtx = z
  .object({
    authType: z.literal('5G_AKA'),
    '5gAuthData': z.object({ rand: hex, hxresStar: hex, autn: hex }),
    _links: z.object({ '5g-aka': z.object({ href: z.string() }) }),
    servingNetworkName: z.string(),
  })
  .meta({ id: 'UEAuthenticationCtx' })

export const confirmationData = read('ConfirmationData', {
  required: ['resStar'],
  properties: { resStar: { anyOf: [octets(16), { type: 'null' }] } },
})

export const confirmationDataResponse = z
  .object({
    authResult: z.enum(['AUTHENTICATION_SUCCESS', 'AUTHENTICATION_FAILURE']),
    supi: z.string().optional(),
    kseaf: hex.optional(),
  })
  .meta({ id: 'ConfirmationDataResponse' })
