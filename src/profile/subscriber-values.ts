/** What stands in a subscriber's files, codes and keys, by the names that templates call it by. */

import { element } from '../asn1/der.ts'
import { digitsToBcd, iccidToOctets, imsiToOctets, normaliseIccid } from '../base/bcd.ts'
import { assert } from '../base/errors.ts'
import { fromHex, utf8 } from '../base/octets.ts'
import { homeNetworkDomain } from './operator-values.ts'
import { OTA_KEY_NAMES, type OperatorProfile, type ProfileSubscriber } from './subscriber.ts'

/** Every value has a length of its own, so that one subscriber's octets take the place of another's. */
interface PersonalValue {
  readonly octets: (operator: OperatorProfile) => number
  readonly encode: (subscriber: ProfileSubscriber, operator: OperatorProfile) => Uint8Array
}

export type PersonalName = keyof typeof PERSONAL_VALUES

export function isPersonalName(name: string): name is PersonalName {
  return Object.hasOwn(PERSONAL_VALUES, name)
}

/** How many octets the value has, whoever the subscriber is. */
export function personalOctets(name: PersonalName, operator: OperatorProfile): number {
  return PERSONAL_VALUES[name].octets(operator)
}

export function encodePersonal(
  name: PersonalName,
  of: { readonly subscriber: ProfileSubscriber; readonly operator: OperatorProfile },
): Uint8Array {
  return PERSONAL_VALUES[name].encode(of.subscriber, of.operator)
}

const CODE_OCTETS = 8
const IDENTITY_OCTETS = 80

const PERSONAL_VALUES = {
  headerIccid: fixed(10, ({ iccid }) => headerIccid(iccid)),
  iccid: fixed(10, ({ iccid }) => iccidToOctets(iccid)),
  imsi: fixed(9, ({ imsi }) => imsiToOctets(imsi)),
  accessClass: fixed(2, ({ imsi }) => accessClass(imsi)),
  msisdn: fixed(24, ({ msisdn }) => msisdnRecord(msisdn)),
  impi: identity(({ imsi }, domain) => `${imsi}@${domain}`),
  impu: identity(({ imsi }, domain) => `sip:${imsi}@${domain}`),
  impuOfMsisdn: identity(({ msisdn }, domain) => `sip:+${msisdn}@${domain}`),
  telOfMsisdn: identity(({ msisdn }) => `tel:+${msisdn}`),
  ki: {
    octets: ({ algorithm }) => (algorithm?.kind === 'tuak' ? algorithm.keyOctets : 16),
    encode: ({ ki }) => ki,
  },
  opc: {
    octets: ({ algorithm }) => (algorithm?.kind === 'tuak' ? 32 : 16),
    encode: ({ opc }) => opc,
  },
  pin1: fixed(CODE_OCTETS, ({ pin1 }) => secretCode(pin1)),
  pin2: fixed(CODE_OCTETS, ({ pin2 }) => secretCode(pin2)),
  puk1: fixed(CODE_OCTETS, ({ puk1 }) => secretCode(puk1)),
  puk2: fixed(CODE_OCTETS, ({ puk2 }) => secretCode(puk2)),
  adm1: fixed(CODE_OCTETS, ({ adm1 }) => secretCode(adm1)),
  ...otaKeyValues(),
} satisfies Readonly<Record<string, PersonalValue>>

function fixed(octets: number, encode: PersonalValue['encode']): PersonalValue {
  return { octets: () => octets, encode }
}

type OtaKeyValues = Readonly<Record<(typeof OTA_KEY_NAMES)[number], PersonalValue>>

function otaKeyValues(): OtaKeyValues {
  const values = OTA_KEY_NAMES.map((name) => [name, fixed(16, ({ otaKeys }) => otaKeys[name])])
  return Object.fromEntries(values) as OtaKeyValues
}

/** An identity of the IMS in its data object, filled with `FF` (3GPP TS 31.103 §4.2.2, §4.2.4). */
function identity(text: (subscriber: ProfileSubscriber, domain: string) => string): PersonalValue {
  return fixed(IDENTITY_OCTETS, (subscriber, operator) => {
    const field = Buffer.alloc(IDENTITY_OCTETS, 0xff)
    field.set(element(0x80, utf8(text(subscriber, homeNetworkDomain(operator)))))
    return field
  })
}

function headerIccid(iccid: string): Uint8Array {
  const octets = fromHex(normaliseIccid(iccid).padEnd(20, 'F'))
  assert(octets, 'an ICCID that was checked has digits only')
  return octets
}

/** EF.ACC (3GPP TS 31.102 §4.2.15): subscribers spread over the classes 0 to 9 by the IMSI's last digit (TS 22.011 §4.2). */
function accessClass(imsi: string): Uint8Array {
  const bits = 1 << Number(imsi.at(-1))
  return Uint8Array.of(bits >> 8, bits & 0xff)
}

const MSISDN_RECORD_OCTETS = 24
const DIALLING_NUMBER_OCTETS = 10
const NUMBER_TAIL_OCTETS = 14
const INTERNATIONAL_E164 = 0x91

/** One record of EF.MSISDN (3GPP TS 31.102 §4.2.26): an empty name, then length, type and digits. */
function msisdnRecord(msisdn: string): Uint8Array {
  const record = Buffer.alloc(MSISDN_RECORD_OCTETS, 0xff)
  const at = MSISDN_RECORD_OCTETS - NUMBER_TAIL_OCTETS
  record[at] = 1 + Math.ceil(msisdn.length / 2)
  record[at + 1] = INTERNATIONAL_E164
  record.set(digitsToBcd(msisdn, DIALLING_NUMBER_OCTETS), at + 2)
  return record
}

/** PINs and PUKs are ASCII digits, filled with `FF` (ETSI TS 102 221 §9.5.1). */
function secretCode(digits: string): Uint8Array {
  const octets = Buffer.alloc(CODE_OCTETS, 0xff)
  octets.write(digits, 'latin1')
  return octets
}
