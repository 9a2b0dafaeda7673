/**
 * Profile templates: an operator's package is built once, and each subscriber's is a copy with their octets put in.
 *
 * Every field of a subscriber has a fixed length, so no length in the package ever changes.
 */

import { digitsToBcd, iccidToOctets, imsiToOctets, normaliseIccid } from '../base/bcd.ts'
import { assert, LabError } from '../base/errors.ts'
import { fromHex } from '../base/octets.ts'
import {
  encodeElements,
  readProfileElements,
  type DeclaredKind,
  type ElementContent,
  type ProfileElement,
} from './elements.ts'
import { type File } from './file.ts'
import { MSISDN_RECORD_OCTETS, packageElements } from './package.ts'
import {
  checkOperator,
  checkSubscriber,
  type OperatorProfile,
  type ProfileSubscriber,
} from './subscriber.ts'

/** An operator's package, ready to be personalised. */
export interface ProfileTemplate {
  readonly operator: OperatorProfile
  /** The package with zeros where a subscriber's data goes. */
  readonly octets: Uint8Array
  /** The offset of each of a subscriber's fields in `octets`. */
  readonly offsets: Readonly<Record<PersonalField, number>>
}

export type PersonalField =
  'headerIccid' | 'efIccid' | 'imsi' | 'acc' | 'msisdn' | 'ki' | 'opc' | 'pin1' | 'puk1' | 'adm1'

/** The longest file that a size of two octets can describe. */
const FILLER_OCTETS_MAX = 65_535

/**
 * Builds an operator's package; `fillerOctets` lengthens it by a file of that size and its few octets of overhead.
 * @throws {LabError} badInput when the operator or the filler is out of range
 */
export function createProfileTemplate(options: {
  readonly operator: OperatorProfile
  readonly fillerOctets?: number
}): ProfileTemplate {
  const { operator, fillerOctets = 0 } = options
  checkOperator(operator)
  if (!Number.isInteger(fillerOctets) || fillerOctets < 0 || fillerOctets > FILLER_OCTETS_MAX) {
    throw new LabError('badInput', `fillerOctets must be 0 to ${FILLER_OCTETS_MAX}`, {
      field: 'fillerOctets',
    })
  }
  const octets = encodeElements(packageElements({ operator, fillerOctets }))
  return { operator, octets, offsets: personalOffsets(octets) }
}

/**
 * The subscriber's own package: the template's octets with theirs in place.
 * @throws {LabError} badInput when a field is malformed or the IMSI is not the operator's
 */
export function personalise(template: ProfileTemplate, subscriber: ProfileSubscriber): Uint8Array {
  checkSubscriber(subscriber)
  const { mcc, mnc } = template.operator
  if (!subscriber.imsi.startsWith(mcc + mnc)) {
    throw new LabError('badInput', `imsi must begin with the operator's ${mcc}${mnc}`, {
      field: 'imsi',
    })
  }
  const upp = Buffer.from(template.octets)
  const fields = personalFields(subscriber)
  for (const field of Object.keys(fields) as PersonalField[]) {
    upp.set(fields[field], template.offsets[field])
  }
  return upp
}

function personalFields(subscriber: ProfileSubscriber): Record<PersonalField, Uint8Array> {
  return {
    headerIccid: headerIccid(subscriber.iccid),
    efIccid: iccidToOctets(subscriber.iccid),
    imsi: imsiToOctets(subscriber.imsi),
    acc: accessClass(subscriber.imsi),
    msisdn: msisdnRecord(subscriber.msisdn),
    ki: subscriber.ki,
    opc: subscriber.opc,
    pin1: secretCode(subscriber.pin1),
    puk1: secretCode(subscriber.puk1),
    adm1: secretCode(subscriber.adm1),
  }
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

const CODE_OCTETS = 8

/** PINs and PUKs are ASCII digits, filled with `FF` (ETSI TS 102 221 §9.5.1). */
function secretCode(digits: string): Uint8Array {
  const octets = Buffer.alloc(CODE_OCTETS, 0xff)
  octets.write(digits, 'latin1')
  return octets
}

/**
 * Decoded octets are views of the package, so where a field lies is how far its view begins behind the package's.
 */
function personalOffsets(octets: Uint8Array): Record<PersonalField, number> {
  const elements = readProfileElements(octets)
  const { algoParameter } = find(elements, 'akaParameter').algoConfiguration
  const { pinconfig } = find(elements, 'pinCodes').pinCodes
  const [pin1, adm1] = pinconfig ?? []
  const usim = find(elements, 'usim')
  const fields: Record<PersonalField, Uint8Array | undefined> = {
    headerIccid: find(elements, 'header').iccid,
    efIccid: filled(find(elements, 'mf').efIccid),
    imsi: filled(usim.efImsi),
    acc: filled(usim.efAcc),
    msisdn: filled(find(elements, 'optUsim').efMsisdn),
    ki: algoParameter?.key,
    opc: algoParameter?.opc,
    pin1: pin1?.pinValue,
    puk1: find(elements, 'pukCodes').pukCodes[0]?.pukValue,
    adm1: adm1?.pinValue,
  }
  return Object.fromEntries(
    Object.entries(fields).map(([field, view]) => {
      assert(view?.buffer === octets.buffer, `the template has no place for ${field}`)
      return [field, view.byteOffset - octets.byteOffset]
    }),
  ) as Record<PersonalField, number>
}

function find<K extends DeclaredKind>(
  elements: readonly ProfileElement[],
  kind: K,
): ElementContent<K> {
  const found = elements.find((element) => element.kind === kind)
  assert(found && found.kind !== 'other', `the template has no ${kind}`)
  return found.value as ElementContent<K>
}

function filled(file: File | undefined): Uint8Array | undefined {
  return file?.find((step) => step.fillFileContent)?.fillFileContent
}
