/** ES6.UpdateMetadata: the operator changes the metadata of its enabled profile (SGP.22 §5.4.1). */

import { Asn1Error } from '../asn1/der.ts'
import { decode } from '../asn1/schema.ts'
import type { StoreMetadataRequest } from '../rsp/common.ts'
import { UpdateMetadataRequest } from '../rsp/es6.ts'
import { update, type Card } from './card.ts'

/** The status words of the command (GlobalPlatform Card Specification §11.11, SGP.22 §5.4.1). */
export const UPDATE_METADATA_STATUS = {
  ok: 0x9000,
  /** No profile is enabled, so nobody could have sent it. */
  conditionsOfUseNotSatisfied: 0x6985,
  incorrectData: 0x6a80,
  /** pprUpdateControl is set: rules can be unset alone. */
  functionNotSupported: 0x6a81,
} as const

const ICON_TYPES = ['jpg', 'png'] as const

/**
 * Carries out the command's data, tag BF2A, and answers with its status word. All fields are changed, or none.
 *
 * A field with a value replaces, an empty one deletes, an absent one leaves; policy rules can only be taken away.
 */
export function updateMetadata(card: Card, octets: Uint8Array): number {
  const target = card.state.profiles.find(({ state }) => state === 'enabled')
  if (!target) return UPDATE_METADATA_STATUS.conditionsOfUseNotSatisfied
  const request = requestOf(octets)
  if (!request) return UPDATE_METADATA_STATUS.incorrectData
  if (request.profilePolicyRules?.includes('pprUpdateControl')) {
    return UPDATE_METADATA_STATUS.functionNotSupported
  }
  const metadata = updated(target.metadata, request)
  update(card, {
    profiles: card.state.profiles.map((profile) =>
      profile === target ? { ...profile, metadata } : profile,
    ),
  })
  return UPDATE_METADATA_STATUS.ok
}

function requestOf(octets: Uint8Array): UpdateMetadataRequest | undefined {
  try {
    const request = decode(UpdateMetadataRequest, Uint8Array.from(octets))
    const isEmpty = Object.values(request).every((field) => field === undefined)
    return isEmpty || !isIconWhole(request) ? undefined : request
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

/** Type and icon come together: both with a value, both empty, or neither. */
function isIconWhole({ iconType, icon }: UpdateMetadataRequest): boolean {
  if (!iconType || !icon) return iconType === icon
  if (iconType.length === 0 || icon.length === 0) return iconType.length === icon.length
  return ICON_TYPES[iconType[0] as number] !== undefined
}

function updated(
  metadata: StoreMetadataRequest,
  request: UpdateMetadataRequest,
): StoreMetadataRequest {
  const { iconType: oldType, icon: oldIcon, profilePolicyRules: oldRules, ...others } = metadata
  const { serviceProviderName, profileName, iconType, icon, profilePolicyRules: kept } = request
  const newType = iconType ? ICON_TYPES[iconType[0] ?? -1] : oldType
  const newIcon = icon ? (icon.length > 0 ? icon : undefined) : oldIcon
  const rules = kept ? oldRules?.filter((rule) => kept.includes(rule)) : oldRules
  return {
    ...others,
    ...(serviceProviderName !== undefined && { serviceProviderName }),
    ...(profileName !== undefined && { profileName }),
    ...(newType !== undefined && newIcon && { iconType: newType, icon: newIcon }),
    ...(rules && rules.length > 0 && { profilePolicyRules: rules }),
  }
}
