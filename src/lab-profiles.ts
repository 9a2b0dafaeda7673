/** Where the lab's profiles come from: what the operator knows of a subscriber, or what others have made. */

import { decode, encode } from './asn1/schema.ts'
import { LabError } from './base/errors.ts'
import { packageOctets, readPackage } from './profile/import.ts'
import { importedMetadata, type MetadataWishes } from './profile/import-metadata.ts'
import { profileMetadata } from './profile/metadata.ts'
import { packageNeeds, type PackageNeeds } from './profile/needs.ts'
import {
  OTA_KEY_NAMES,
  OTA_KEY_OCTETS,
  type OperatorProfile,
  type OtaKeys,
  type ProfileSubscriber,
} from './profile/subscriber.ts'
import { createProfileTemplate, personalise, type ProfileTemplate } from './profile/template.ts'
import { StoreMetadataRequest } from './rsp/common.ts'
import { keepKeysInPlace } from './store/authentication.ts'
import type { Store } from './store/engine.ts'
import {
  addImportedProfile,
  findImportedPackage,
  findImportedProfile,
  isKnownIccid,
  isKnownMsisdn,
} from './store/imported-profiles.ts'
import type { InventoryItem, NumberRange } from './store/inventory.ts'
import { normaliseMsisdn } from './operator/msisdn.ts'
import type { OperatorNetwork } from './operator/network.ts'
import type { OperatorFile } from './operator/operator-file.ts'
import type { Operator } from './operator/operator.ts'
import { checkKeysInPlace } from './operator/subscriber-keys.ts'
import type { ProfileSource } from './smdp/smdp.ts'

/** The operators' profiles; the template of each operator's file is made once, when it is first asked for. */
export function labProfiles(parts: {
  readonly operator: Operator
  readonly fillerOctets: number
}): ProfileSource {
  const { operator, fillerOctets } = parts
  const madeOf = new WeakMap<OperatorFile, Made>()
  function made(file: OperatorFile): Made {
    const there = madeOf.get(file)
    if (there) return there
    const template = createProfileTemplate({
      operator: operatorProfile(file, operator.network),
      fillerOctets,
    })
    const fresh = { template, needs: packageNeeds(template.octets) }
    madeOf.set(file, fresh)
    return fresh
  }
  const madeFor = (iccid: string) => made(operator.fileOf({ iccid }))
  // At once, so that a file that no profile can be made from is refused when the lab starts.
  made(operator.file)
  return {
    metadata(iccid, notificationAddress) {
      const { template } = madeFor(iccid)
      const metadata = profileMetadata(template, { iccid, notificationAddress })
      const { notificationAddresses, ...request } = metadata
      return {
        ...request,
        notificationConfigurationInfo: notificationAddresses.flatMap(allEventsTo),
      }
    },
    profilePackage: (iccid) =>
      personalise(madeFor(iccid).template, subscriberOf(itemOf(operator, iccid))),
    needs: (iccid) => madeFor(iccid).needs,
  }
}

interface Made {
  readonly template: ProfileTemplate
  readonly needs: PackageNeeds
}

/** The operator's file says how its profiles look; its network has the keys that conceal identities. */
function operatorProfile(file: OperatorFile, network: OperatorNetwork): OperatorProfile {
  const { profileType: _, profileOwner: owner, suci, ...profile } = file.profile
  const keys = network.suciPublicKeys().map(({ id, profile: scheme, publicKey }) => {
    return { keyId: id, scheme, publicKey }
  })
  return {
    ...profile,
    ...owner.mccMnc,
    languages: file.languages,
    ...(suci && { suci: { ...suci, keys } }),
  }
}

/** Imported profiles as they came, and those of another source where nothing was imported. */
export function withImportedProfiles(store: Store, others: ProfileSource): ProfileSource {
  return {
    metadata(iccid, notificationAddress) {
      const imported = store.read((db) => findImportedProfile(db, iccid))
      if (!imported) return others.metadata(iccid, notificationAddress)
      const request = decode(StoreMetadataRequest, imported.metadata)
      return { ...request, notificationConfigurationInfo: allEventsTo(notificationAddress) }
    },
    profilePackage(iccid) {
      const imported = store.read((db) => findImportedPackage(db, iccid))
      return imported ?? others.profilePackage(iccid)
    },
    needs(iccid) {
      const imported = store.read((db) => findImportedPackage(db, iccid))
      return imported ? packageNeeds(imported) : others.needs(iccid)
    },
  }
}

function allEventsTo(notificationAddress: string) {
  return [{ profileManagementOperation: ALL_EVENTS, notificationAddress }]
}

const ALL_EVENTS = [
  'notificationInstall',
  'notificationEnable',
  'notificationDisable',
  'notificationDelete',
] as const

interface Parts {
  readonly store: Store
  readonly operator: Operator
}

/** A package of somebody else's, to be put on stock. */
export interface ProfileImport extends MetadataWishes {
  /** DER, or text in hexadecimal or Base64. */
  readonly package: Uint8Array
  /** What it is ordered by; `imported` unless told. */
  readonly profileType?: string
  /** The id of the operator whose subscriber it becomes: plan, rules, home network. The default one unless told. */
  readonly operator?: string
  /** The number of its account, as people write numbers; EF.MSISDN's unless told. The package stays as it is. */
  readonly msisdn?: string
  /** What the authentication centre shall hold in place of the package's keys: so a profile with a wrong Ki can be shown. */
  readonly ki?: Uint8Array
  /** OPc, or TOPc with TUAK. */
  readonly opc?: Uint8Array
}

/** What was put on stock, and with which metadata. */
export interface ImportAnswer {
  readonly iccid: string
  readonly profileType: string
  /** The id of the operator whose subscriber it becomes. */
  readonly operator: string
  readonly imsi: string | undefined
  /** The number of the account that it will have; absent for a profile that has none. */
  readonly msisdn: string | undefined
  /** Why it will have no account. */
  readonly noAccount: 'noNumber' | 'numberInUse' | undefined
  readonly serviceProviderName: string
  readonly profileName: string
  readonly profileClass: StoreMetadataRequest['profileClass']
  readonly elementCount: number
  readonly packageOctets: number
}

export const IMPORTED_TYPE = 'imported'

/**
 * Puts a package on stock as it came: its profile is not personalised.
 * @throws {LabError} notFound — no such operator; badInput, tooLarge, conflict — the ICCID is known, or one of the operator's own range, or the number
 *   that was asked for is in use
 */
export async function importProfile(parts: Parts, given: ProfileImport): Promise<ImportAnswer> {
  const octets = packageOctets(given.package)
  const facts = readPackage(octets)
  const number = given.msisdn === undefined ? facts.msisdn : normaliseMsisdn(given.msisdn, 'msisdn')
  const metadata = importedMetadata(facts, given)
  const { iccid, imsi } = facts
  const { profileType = IMPORTED_TYPE } = given
  const { operators } = parts.operator
  const operator = (
    given.operator === undefined ? operators.default : operators.get(given.operator)
  ).id
  if (isOfOperators(parts.operator, { name: 'iccid', number: iccid })) {
    throw knownIccid(iccid, "is of the operator's own range, which the operator fills itself")
  }
  const encoded = encode(StoreMetadataRequest, metadata)
  const keys = given.ki || given.opc ? { ki: given.ki, opc: given.opc } : undefined
  if (keys) checkKeysInPlace(octets, keys)
  return parts.store.write((db) => {
    if (isKnownIccid(db, iccid)) throw knownIccid(iccid, 'is in stock already')
    const noAccount = noAccountOf(parts, { number, isInUse: (known) => isKnownMsisdn(db, known) })
    if (given.msisdn !== undefined && noAccount) throw numberInUse(given.msisdn)
    const msisdn = noAccount === undefined ? number : undefined
    const profile = { iccid, profileType, imsi, operator }
    addImportedProfile(db, { ...profile, msisdn, metadata: encoded, octets })
    if (keys) keepKeysInPlace(db, { iccid, ...keys })
    const { serviceProviderName, profileName, profileClass } = metadata
    return {
      ...profile,
      msisdn,
      noAccount,
      serviceProviderName,
      profileName,
      profileClass,
      elementCount: facts.elements.length,
      packageOctets: octets.length,
    }
  })
}

/** An account is known by its number: without one that is free there is none. */
function noAccountOf(
  { operator }: Parts,
  profile: {
    readonly number: string | undefined
    readonly isInUse: (msisdn: string) => boolean
  },
): ImportAnswer['noAccount'] {
  const { number: msisdn } = profile
  if (msisdn === undefined) return 'noNumber'
  const isTaken =
    isOfOperators(operator, { name: 'msisdn', number: msisdn }) || profile.isInUse(msisdn)
  return isTaken ? 'numberInUse' : undefined
}

/** Whether digits are of a range that the operator fills itself. */
export function isInRange(digits: string, range: NumberRange): boolean {
  return digits.length === range.digits && digits.startsWith(range.prefix)
}

function numberInUse(msisdn: string): LabError {
  const problem = `the number ${msisdn} is in use, or of a range that an operator fills itself.`
  return new LabError('conflict', problem, { field: 'msisdn', reason: 'numberInUse' })
}

function knownIccid(iccid: string, problem: string): LabError {
  return new LabError('conflict', `the ICCID ${iccid} ${problem}.`, {
    field: 'package',
    reason: 'iccidInUse',
  })
}

/** Whether a number is of the range of an operator of the lab, which may make it any day. */
function isOfOperators(
  operator: Operator,
  of: { readonly name: 'iccid' | 'msisdn'; readonly number: string },
): boolean {
  return operator.operators.list().some(({ ranges }) => isInRange(of.number, ranges[of.name]))
}

function itemOf(operator: Operator, iccid: string): InventoryItem {
  const item = operator.inventoryItem({ iccid })
  if (item) return item
  throw new LabError('notFound', `the operator has no subscriber for the ICCID ${iccid}`)
}

function subscriberOf(item: InventoryItem): ProfileSubscriber {
  const { iccid, imsi, msisdn, ki, opc, pin2, puk2 } = item
  return {
    iccid,
    imsi,
    msisdn,
    ki,
    opc,
    pin1: item.pin,
    pin2,
    puk1: item.puk,
    puk2,
    adm1: item.adm,
    otaKeys: otaKeysOf(item.otaKeys),
  }
}

function otaKeysOf(octets: Uint8Array): OtaKeys {
  const keys = OTA_KEY_NAMES.map((name, at) => {
    return [name, octets.subarray(at * OTA_KEY_OCTETS, (at + 1) * OTA_KEY_OCTETS)]
  })
  return Object.fromEntries(keys) as OtaKeys
}
