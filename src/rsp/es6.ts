/** ES6 (operator — eUICC): what an operator changes of its enabled profile over the air (SGP.22 §5.4.1). */

import {
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
