/** ES6 (operator — eUICC): what an operator changes of its enabled profile over the air (SGP.22 §5.4.1). */

import {
  encode,
  implicit,
  octetString,
  optional,
  sequence,
  utf8String,
  type Infer,
} from '../asn1/schema.ts'
import { PprIds } from './common.ts'

/**
 * UpdateMetadataRequest ::= [42] SEQUENCE { serviceProviderName [17] UTF8String (SIZE(0..32)) OPTIONAL,
 *   profileName [18] UTF8String (SIZE(0..64)) OPTIONAL, iconType [19] IconType OPTIONAL,
 *   icon [20] OCTET STRING (SIZE(0..1024)) OPTIONAL, profilePolicyRules [25] PprIds OPTIONAL }
 *
 * An icon is removed by an iconType and an icon without octets, which no INTEGER can be: so iconType is octets here.
 */
export const UpdateMetadataRequest = implicit(
  0xbf2a,
  sequence('UpdateMetadataRequest', {
    serviceProviderName: optional(implicit(0x91, utf8String({ max: 32 }))),
    profileName: optional(implicit(0x92, utf8String({ max: 64 }))),
    iconType: optional(implicit(0x93, octetString({ max: 1 }))),
    icon: optional(implicit(0x94, octetString({ max: 1024 }))),
    profilePolicyRules: optional(implicit(0x99, PprIds)),
  }),
)
export type UpdateMetadataRequest = Infer<typeof UpdateMetadataRequest>

/** What the operator changes: a value replaces, an empty one deletes, an absent one leaves. */
export interface MetadataChange {
  readonly serviceProviderName?: string | undefined
  readonly profileName?: string | undefined
  /** PNG or JPEG. */
  readonly icon?: Uint8Array | undefined
  /** The rules that stay; rules can only be taken away. */
  readonly profilePolicyRules?: readonly ('ppr1' | 'ppr2')[] | undefined
}

const ICON_TYPES = { jpg: 0, png: 1 } as const
const PNG_BEGIN = 0x89

/**
 * The data of the command, tag BF2A, as `Euicc.updateMetadata` takes them.
 * @throws {Asn1Error} a name or the icon is too long
 */
export function encodeUpdateMetadata(change: MetadataChange): Uint8Array {
  const { icon } = change
  return encode(UpdateMetadataRequest, {
    ...change,
    ...(icon && { iconType: iconTypeOf(icon) }),
  })
}

function iconTypeOf(icon: Uint8Array): Uint8Array {
  if (icon.length === 0) return Uint8Array.of()
  return Uint8Array.of(icon[0] === PNG_BEGIN ? ICON_TYPES.png : ICON_TYPES.jpg)
}
