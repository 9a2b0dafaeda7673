/** Whether an eUICC in its device can take a profile, by what both say of themselves (SGP.22 §3.1.3 (3), Annex F). */

import { Asn1Error, children } from '../asn1/der.ts'
import type { PackageNeeds } from '../profile/needs.ts'
import { CAPABILITY_BITS } from '../profile/services.ts'
import type { DeviceInfo, EUICCInfo2, StoreMetadataRequest } from '../rsp/common.ts'
import { PPRS } from '../rsp/rat.ts'
import type { StatusName } from '../rsp/status-codes.ts'
import type { Order } from '../store/orders.ts'
import type { SmdpContext } from './smdp.ts'

/** Why not, with the code that says so. */
export interface Ineligibility {
  readonly status: StatusName & ('profileNotEligible' | 'memoryInsufficient')
  readonly detail: string
}

export interface Candidate {
  readonly context: SmdpContext
  readonly order: Order
  readonly metadata: StoreMetadataRequest
  readonly euiccInfo2: EUICCInfo2
  readonly deviceInfo: DeviceInfo
}

/**
 * The first of these that fails: a further profile fits, test profiles are supported, the services that the package wants
 * are there, its policy rules are not forbidden, the device can do what it wants, there is memory.
 */
export function ineligibility(candidate: Candidate): Ineligibility | undefined {
  const { context, order } = candidate
  const needs = context.profiles.needs(order.iccid)
  const detail =
    additionalProfileFault(candidate) ??
    testProfileFault(candidate) ??
    serviceFault(candidate, needs) ??
    policyRuleFault(candidate) ??
    deviceFault(candidate, needs)
  if (detail !== undefined) return { status: 'profileNotEligible', detail }
  return memoryFault(candidate, needs)
}

function additionalProfileFault({ euiccInfo2 }: Candidate): string | undefined {
  return euiccInfo2.rspCapability.includes('additionalProfile')
    ? undefined
    : 'It says that no further profile fits.'
}

function testProfileFault({ euiccInfo2, metadata }: Candidate): string | undefined {
  if (metadata.profileClass !== 'test') return undefined
  return euiccInfo2.rspCapability.includes('testProfileSupport')
    ? undefined
    : 'It says that it takes no test profile.'
}

function serviceFault({ euiccInfo2 }: Candidate, needs: PackageNeeds): string | undefined {
  const missing = needs.services.filter(
    (service) => euiccInfo2.uiccCapability[CAPABILITY_BITS[service]] !== true,
  )
  if (missing.length === 0) return undefined
  return `Its uiccCapability lacks what the package wants: ${missing.join(', ')}.`
}

function policyRuleFault({ euiccInfo2, metadata }: Candidate): string | undefined {
  const { profilePolicyRules = [] } = metadata
  const { forbiddenProfilePolicyRules = [] } = euiccInfo2
  const forbidden = PPRS.filter(
    (ppr) => profilePolicyRules.includes(ppr) && forbiddenProfilePolicyRules.includes(ppr),
  )
  if (forbidden.length === 0) return undefined
  return `The eUICC forbids its ${forbidden.map((ppr) => ppr.toUpperCase()).join(' and ')}.`
}

/** Of a device's capabilities one has a counterpart among the services of a package. */
function deviceFault({ deviceInfo }: Candidate, needs: PackageNeeds): string | undefined {
  if (!needs.services.includes('contactless')) return undefined
  return deviceInfo.deviceCapabilities.contactlessSupportedRelease
    ? undefined
    : 'The package wants contactless services, and the device has none.'
}

function memoryFault(
  { context, euiccInfo2 }: Candidate,
  needs: PackageNeeds,
): Ineligibility | undefined {
  if (!context.settings.memoryCheck) return undefined
  const freeOctets = freeMemoryOctets(euiccInfo2.extCardResource)
  if (freeOctets === undefined || needs.octets <= freeOctets) return undefined
  const detail = `The profile has ${needs.octets} octets, the eUICC says that ${freeOctets} are free.`
  return { status: 'memoryInsufficient', detail }
}

const FREE_NON_VOLATILE_TAG = 0x82
const MEMORY_OCTETS_MAX = 6

/** Free non-volatile memory of ETSI TS 102 226 §8.2.1.7.2; nothing where the eUICC does not say it readably. */
function freeMemoryOctets(extCardResource: Uint8Array): number | undefined {
  try {
    for (const part of children(extCardResource, 0, extCardResource.length)) {
      if (part.tag !== FREE_NON_VOLATILE_TAG) continue
      const value = extCardResource.subarray(part.valueStart, part.end)
      if (value.length === 0 || value.length > MEMORY_OCTETS_MAX) return undefined
      return value.reduce((total, octet) => total * 256 + octet, 0)
    }
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
  }
  return undefined
}
