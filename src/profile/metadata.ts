/** Profile metadata: what StoreMetadata says of a profile before it is loaded (SGP.22 §5.5.3). */

import { iccidToOctets, mccMncToOctets } from '../base/bcd.ts'
import type { PprIds } from '../rsp/common.ts'
import type { ProfileClass } from './subscriber.ts'
import type { ProfileTemplate } from './template.ts'

/** The values of a StoreMetadataRequest, without its encoding. */
export interface ProfileMetadata {
  /** Ten octets as in EF.ICCID. */
  readonly iccid: Uint8Array
  readonly serviceProviderName: string
  readonly profileName: string
  readonly iconType?: 'jpg' | 'png'
  readonly icon?: Uint8Array
  readonly profileClass: ProfileClass
  readonly profileOwner?: {
    readonly mccMnc: Uint8Array
    readonly gid1?: Uint8Array
    readonly gid2?: Uint8Array
  }
  readonly profilePolicyRules?: PprIds
  /** The host names to which the card's notifications go. */
  readonly notificationAddresses: readonly string[]
}

/** The metadata of one subscriber's profile, which agrees with the files that `personalise` writes. */
export function profileMetadata(
  template: ProfileTemplate,
  subject: { readonly iccid: string; readonly notificationAddress: string },
): ProfileMetadata {
  const { operator } = template
  const { gid1, gid2, icon, profilePolicyRules, notificationAddresses = [] } = operator
  return {
    iccid: iccidToOctets(subject.iccid),
    serviceProviderName: operator.serviceProviderName,
    profileName: operator.profileName,
    ...(icon && { iconType: icon.type, icon: icon.octets }),
    profileClass: operator.profileClass ?? 'operational',
    profileOwner: {
      mccMnc: mccMncToOctets(operator),
      ...(gid1 && { gid1 }),
      ...(gid2 && { gid2 }),
    },
    ...(profilePolicyRules && { profilePolicyRules }),
    notificationAddresses: [subject.notificationAddress, ...notificationAddresses],
  }
}
