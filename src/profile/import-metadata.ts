/** The metadata of an imported profile: what its owner wants it to say, and else what the package says (SGP.22 §5.5.3). */

import { iccidToOctets, mccMncToOctets } from '../base/bcd.ts'
import { LabError } from '../base/errors.ts'
import { fromHex } from '../base/octets.ts'
import type { OperatorId, PprIds, StoreMetadataRequest } from '../rsp/common.ts'
import type { PackageFacts } from './import.ts'
import type { ProfileClass } from './subscriber.ts'

/** What may be chosen; a package has no names, class, rules or icon of its own. */
export interface MetadataWishes {
  /** At most 32 characters; EF.SPN's unless told. */
  readonly serviceProviderName?: string
  /** At most 64 characters; the header's `profileType` unless told. */
  readonly profileName?: string
  /** `operational` unless told. */
  readonly profileClass?: ProfileClass
  /**
   * `MCC-MNC`, then the group identifiers in hexadecimal: `001-01:0A:0B`. The IMSI's network unless told; group
   * identifiers that are not told are the package's.
   */
  readonly profileOwner?: string
  readonly profilePolicyRules?: PprIds
  /** JPEG or PNG, at most 1024 octets. */
  readonly icon?: Uint8Array
}

/**
 * StoreMetadataRequest but for where notifications go, which is the server's to say.
 * @throws {LabError} badInput, naming the wish
 */
export function importedMetadata(
  facts: Pick<PackageFacts, 'iccid' | 'owner' | 'serviceProviderName' | 'headerType'>,
  wishes: MetadataWishes,
): StoreMetadataRequest {
  const profileOwner =
    wishes.profileOwner === undefined
      ? facts.owner
      : { ...facts.owner, ...ownerOf(wishes.profileOwner) }
  const { profilePolicyRules: rules, icon } = wishes
  if (rules && rules.length > 0 && !profileOwner) {
    throw badWish('profilePolicyRules', 'rules need an owner, and the package has no IMSI')
  }
  return {
    iccid: iccidToOctets(facts.iccid),
    serviceProviderName: nameOf({
      field: 'serviceProviderName',
      max: 32,
      wish: wishes.serviceProviderName,
      otherwise: facts.serviceProviderName ?? 'Imported',
    }),
    profileName: nameOf({
      field: 'profileName',
      max: 64,
      wish: wishes.profileName,
      otherwise: facts.headerType ?? `Profile ${facts.iccid}`,
    }),
    profileClass: wishes.profileClass ?? 'operational',
    ...(icon && { iconType: iconTypeOf(icon), icon }),
    ...(profileOwner && { profileOwner }),
    ...(rules && rules.length > 0 && { profilePolicyRules: rules }),
  }
}

/** A wish that is too long is refused; what the package says is cut. */
function nameOf(name: {
  readonly field: string
  readonly max: number
  readonly wish: string | undefined
  readonly otherwise: string
}): string {
  const { field, max, wish } = name
  if (wish === undefined) return Array.from(name.otherwise).slice(0, max).join('')
  if (Array.from(wish).length > max) throw badWish(field, `at most ${max} characters`)
  return wish
}

const OWNER = /^([0-9]{3})-([0-9]{2,3})(?::((?:[0-9A-Fa-f]{2})*))?(?::((?:[0-9A-Fa-f]{2})*))?$/

function ownerOf(text: string): OperatorId {
  const [, mcc, mnc, ...gids] = OWNER.exec(text) ?? []
  if (mcc === undefined || mnc === undefined) {
    throw badWish('profileOwner', 'expected MCC-MNC[:gid1[:gid2]], such as 001-01 or 001-01:0A')
  }
  const [gid1, gid2] = gids.map((digits) => (digits === undefined ? undefined : fromHex(digits)))
  return { mccMnc: mccMncToOctets({ mcc, mnc }), ...(gid1 && { gid1 }), ...(gid2 && { gid2 }) }
}

const ICON_OCTETS_MAX = 1024
const JPEG_START = 'ffd8ff'
const PNG_START = '89504e47'

function iconTypeOf(icon: Uint8Array): 'jpg' | 'png' {
  if (icon.length > ICON_OCTETS_MAX) throw badWish('icon', `at most ${ICON_OCTETS_MAX} octets`)
  const start = Buffer.from(icon.subarray(0, 4)).toString('hex')
  if (start.startsWith(JPEG_START)) return 'jpg'
  if (start === PNG_START) return 'png'
  throw badWish('icon', 'neither a JPEG nor a PNG')
}

function badWish(field: string, problem: string): LabError {
  return new LabError('badInput', `${field}: ${problem}.`, { field })
}
