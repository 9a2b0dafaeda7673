/** Who a profile is for, and whose it is: the values that differ between packages of one template. */

import { LabError } from '../base/errors.ts'

/** One subscriber's data. Digits are strings; keys are 16 octets. */
export interface ProfileSubscriber {
  /** 18 to 20 digits (ITU-T E.118), with or without the filler `F`. */
  readonly iccid: string
  readonly imsi: string
  /** E.164 digits without `+`. */
  readonly msisdn: string
  /** K, the subscriber's authentication key (3GPP TS 35.206). */
  readonly ki: Uint8Array
  readonly opc: Uint8Array
  /** 4 to 8 digits. */
  readonly pin1: string
  /** 8 digits. */
  readonly puk1: string
  /** The administrative key, 4 to 8 digits. */
  readonly adm1: string
}

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
}

export type ProfileClass = 'test' | 'provisioning' | 'operational'

/** 64 × 64 pixels, at most 1024 octets (SGP.22 §5.5.3). */
export interface ProfileIcon {
  readonly type: 'jpg' | 'png'
  readonly octets: Uint8Array
}

const KEY_OCTETS = 16

/** Refuses what no card could take. @throws {LabError} badInput with the field's name */
export function checkSubscriber(subscriber: ProfileSubscriber): void {
  checkDigits(subscriber, SUBSCRIBER_DIGITS)
  for (const field of ['ki', 'opc'] as const) {
    const { length } = subscriber[field]
    if (length !== KEY_OCTETS) {
      throw badField(field, `must be ${KEY_OCTETS} octets, not ${length}`)
    }
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
}

const ICON_OCTETS_MAX = 1024

interface DigitRule {
  readonly pattern: RegExp
  readonly expected: string
}

const SUBSCRIBER_DIGITS = {
  iccid: { pattern: /^[0-9]{18,20}F?$/i, expected: '18 to 20 digits' },
  imsi: { pattern: /^[0-9]{6,15}$/, expected: '6 to 15 digits' },
  msisdn: { pattern: /^[0-9]{3,15}$/, expected: '3 to 15 digits without +' },
  pin1: { pattern: /^[0-9]{4,8}$/, expected: '4 to 8 digits' },
  puk1: { pattern: /^[0-9]{8}$/, expected: '8 digits' },
  adm1: { pattern: /^[0-9]{4,8}$/, expected: '4 to 8 digits' },
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

/** The value itself is not repeated: it may be a secret. */
function badField(field: string, expected: string): LabError {
  return new LabError('badInput', `${field} ${expected}`, { field })
}
