/** Who a profile is for, and whose it is: the values that differ between packages of one template. */

import { LabError } from '../base/errors.ts'
import type { AkaAlgorithm } from '../crypto/aka.ts'
import type { PprIds } from '../rsp/common.ts'

/** One subscriber's data. Digits are strings. */
export interface ProfileSubscriber {
  /** 18 to 20 digits (ITU-T E.118), with or without the filler `F`. */
  readonly iccid: string
  readonly imsi: string
  /** E.164 digits without `+`. */
  readonly msisdn: string
  /** K, the authentication key: 16 octets, or 32 with TUAK of 256 bits (3GPP TS 35.206, TS 35.231). */
  readonly ki: Uint8Array
  /** OPc of 16 octets, or TOPc of 32. */
  readonly opc: Uint8Array
  /** 4 to 8 digits. */
  readonly pin1: string
  readonly pin2: string
  /** 8 digits. */
  readonly puk1: string
  readonly puk2: string
  /** The administrative key, 4 to 8 digits. */
  readonly adm1: string
  readonly otaKeys: OtaKeys
}

/** Keys of the operator's security domain and of a supplementary one, 16 octets each (ETSI TS 102 225, TS 102 226). */
export type OtaKeys = Readonly<Record<OtaKeyName, Uint8Array>>

/** Ciphering, integrity and key encryption. */
export const OTA_KEY_NAMES = ['otaKic', 'otaKid', 'otaKik', 'ssdKic', 'ssdKid', 'ssdKik'] as const
export type OtaKeyName = (typeof OTA_KEY_NAMES)[number]
export const OTA_KEY_OCTETS = 16

/** The operator as its profiles show it. */
export interface OperatorProfile {
  /** At most 16 characters reach EF.SPN, 32 the metadata. */
  readonly serviceProviderName: string
  readonly profileName: string
  readonly mcc: string
  readonly mnc: string
  /** `operational` unless said otherwise. */
  readonly profileClass?: ProfileClass
  readonly icon?: ProfileIcon
  /** Group identifiers (3GPP TS 31.102 §4.2.10): the operator's brand or reseller. */
  readonly gid1?: Uint8Array
  readonly gid2?: Uint8Array
  readonly profilePolicyRules?: PprIds
  /** Host names besides the SM-DP+ that hear of each change of the profile (SGP.22 §3.5). */
  readonly notificationAddresses?: readonly string[]
  /** ISO 639-1, the preferred one first. */
  readonly languages?: readonly string[]
  /** E.164 digits of the short message service centre, without `+`. */
  readonly smsc?: string
  /** Emergency numbers; 112 and 911 unless told. */
  readonly emergencyNumbers?: readonly string[]
  readonly networkName?: { readonly full: string; readonly short?: string }
  readonly plmns?: PlmnLists
  /** Milenage with the standard constants unless told. */
  readonly algorithm?: OperatorAlgorithm
  /** How identities are concealed in 5G; not at all unless told (3GPP TS 33.501 §6.12.2). */
  readonly suci?: SuciSettings
}

export type ProfileClass = 'test' | 'provisioning' | 'operational'

/** 64 × 64 pixels, at most 1024 octets (SGP.22 §5.5.3). */
export interface ProfileIcon {
  readonly type: 'jpg' | 'png'
  readonly octets: Uint8Array
}

export interface Plmn {
  readonly mcc: string
  readonly mnc: string
}

/** Access technologies of EF.HPLMNwAcT and its like (3GPP TS 31.102 §4.2.5). */
export type AccessTechnology = 'utran' | 'eutran' | 'ngran' | 'gsm' | 'gsmCompact'

export interface PlmnWithAccess extends Plmn {
  readonly access: readonly AccessTechnology[]
}

/** Networks in order of preference. */
export interface PlmnLists {
  /** The operator's own in every technology unless told. */
  readonly home?: readonly PlmnWithAccess[]
  readonly equivalentHome?: readonly Plmn[]
  readonly operator?: readonly PlmnWithAccess[]
  readonly forbidden?: readonly Plmn[]
  /** Where the operator's name is shown as at home. */
  readonly display?: readonly Plmn[]
}

export type OperatorAlgorithm =
  | {
      readonly kind: 'milenage'
      /** r1 to r5, in bits. */
      readonly rotationConstants?: Uint8Array
      /** c1 to c5, 16 octets each. */
      readonly xoringConstants?: Uint8Array
    }
  | {
      readonly kind: 'tuak'
      readonly keyOctets: 16 | 32
      /** 1 unless told (3GPP TS 35.231 §7.2). */
      readonly keccakIterations?: number
      /** 8 unless told. */
      readonly resOctets?: 4 | 8 | 16
    }

export interface SuciSettings {
  /** The USIM keeps the keys to itself and answers GET IDENTITY, or the device reads them. */
  readonly calculatedBy: 'usim' | 'device'
  /** One to four digits; `0` unless told. */
  readonly routingIndicator?: string
  /** The home network's public keys, the preferred one first (3GPP TS 33.501 annex C.3.4). */
  readonly keys: readonly {
    readonly keyId: number
    readonly scheme: 'profileA' | 'profileB'
    readonly publicKey: Uint8Array
  }[]
}

/** How the operator's subscribers authenticate, on the card and in the authentication centre. */
export function akaAlgorithm(
  algorithm: OperatorAlgorithm | undefined,
  secrets: { readonly ki: Uint8Array; readonly opc: Uint8Array },
): AkaAlgorithm {
  const { ki: k, opc } = secrets
  if (algorithm?.kind !== 'tuak') {
    return { ...algorithm, kind: 'milenage', k, opc, resOctets: RES_OCTETS }
  }
  const { keccakIterations = 1, resOctets = RES_OCTETS } = algorithm
  return { kind: 'tuak', k, topc: opc, keccakIterations, resOctets, macOctets: 8, ckIkOctets: 16 }
}

const RES_OCTETS = 8

/** Refuses what no card could take. @throws {LabError} badInput with the field's name */
export function checkSubscriber(
  subscriber: ProfileSubscriber,
  algorithm: OperatorAlgorithm = { kind: 'milenage' },
): void {
  checkDigits(subscriber, SUBSCRIBER_DIGITS)
  const isTuak = algorithm.kind === 'tuak'
  checkOctets({ field: 'ki', octets: subscriber.ki, count: isTuak ? algorithm.keyOctets : 16 })
  checkOctets({ field: 'opc', octets: subscriber.opc, count: isTuak ? 32 : 16 })
  for (const name of OTA_KEY_NAMES) {
    checkOctets({ field: name, octets: subscriber.otaKeys[name], count: OTA_KEY_OCTETS })
  }
}

/** Refuses an operator whose profiles no card could take. @throws {LabError} badInput with the field's name */
export function checkOperator(operator: OperatorProfile): void {
  checkDigits(operator, OPERATOR_DIGITS)
  checkLength({ field: 'serviceProviderName', text: operator.serviceProviderName, max: 32 })
  checkLength({ field: 'profileName', text: operator.profileName, max: 64 })
  if (operator.icon && operator.icon.octets.length > ICON_OCTETS_MAX) {
    throw badField('icon', `must have at most ${ICON_OCTETS_MAX} octets`)
  }
  if (operator.smsc !== undefined && !/^[0-9]{3,15}$/.test(operator.smsc)) {
    throw badField('smsc', 'must be 3 to 15 digits without +')
  }
}

const ICON_OCTETS_MAX = 1024

interface DigitRule {
  readonly pattern: RegExp
  readonly expected: string
}

const CODE: DigitRule = { pattern: /^[0-9]{4,8}$/, expected: '4 to 8 digits' }
const PUK: DigitRule = { pattern: /^[0-9]{8}$/, expected: '8 digits' }

const SUBSCRIBER_DIGITS = {
  iccid: { pattern: /^[0-9]{18,20}F?$/i, expected: '18 to 20 digits' },
  imsi: { pattern: /^[0-9]{6,15}$/, expected: '6 to 15 digits' },
  msisdn: { pattern: /^[0-9]{3,15}$/, expected: '3 to 15 digits without +' },
  pin1: CODE,
  pin2: CODE,
  puk1: PUK,
  puk2: PUK,
  adm1: CODE,
} as const

const OPERATOR_DIGITS = {
  mcc: { pattern: /^[0-9]{3}$/, expected: '3 digits' },
  mnc: { pattern: /^[0-9]{2,3}$/, expected: '2 or 3 digits' },
} as const

function checkDigits<F extends string>(
  input: { readonly [K in NoInfer<F>]: string },
  rules: Readonly<Record<F, DigitRule>>,
): void {
  for (const field of Object.keys(rules) as F[]) {
    const { pattern, expected } = rules[field]
    if (!pattern.test(input[field])) throw badField(field, `must be ${expected}`)
  }
}

function checkLength(check: {
  readonly field: string
  readonly text: string
  readonly max: number
}): void {
  const length = Array.from(check.text).length
  if (length === 0 || length > check.max) {
    throw badField(check.field, `must have 1 to ${check.max} characters, not ${length}`)
  }
}

function checkOctets(check: {
  readonly field: string
  readonly octets: Uint8Array
  readonly count: number
}): void {
  const { length } = check.octets
  if (length !== check.count)
    throw badField(check.field, `must be ${check.count} octets, not ${length}`)
}

/** The value itself is not repeated: it may be a secret. */
function badField(field: string, expected: string): LabError {
  return new LabError('badInput', `${field} ${expected}`, { field })
}
