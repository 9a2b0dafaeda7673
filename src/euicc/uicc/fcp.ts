/** File control parameters (ETSI TS 102 221 §11.1.1.3, §11.1.1.4). */

import { Asn1Error, children, element } from '../../asn1/der.ts'
import { concat, hex } from '../../base/octets.ts'
import type { Directory, ElementaryFile, ProfileFile } from '../../profile/image.ts'
import type { EnabledProfile } from '../enabled-profile.ts'
import { findCode, isDirectory } from './session.ts'

/** The FCP template, with the PIN status and the room that is left as they are now. */
export function fcpOf(file: ProfileFile, { freeOctets }: EnabledProfile): Uint8Array {
  return isDirectory(file) ? fcpOfDirectory(file, freeOctets) : fcpOfEf(file)
}

/** Shareable, a DF, and the data coding byte. */
const DIRECTORY_DESCRIPTOR = hex('82027821')
/** Characteristics of the UICC, and tag 87: TERMINAL CAPABILITY is supported, please send it (SGP.22 §3.4.2). */
const CHARACTERISTICS = hex('800171')
const TERMINAL_CAPABILITY = hex('870101')

function fcpOfDirectory(directory: Directory, freeOctets: number): Uint8Array {
  const { kind, aid } = directory
  return element(
    0x62,
    DIRECTORY_DESCRIPTOR,
    kind === 'adf' ? hex('') : fileIdOf(directory),
    aid ? element(0x84, aid) : hex(''),
    element(
      0xa5,
      kind === 'mf' ? CHARACTERISTICS : hex(''),
      element(0x83, fourOctets(freeOctets)),
      kind === 'mf' ? TERMINAL_CAPABILITY : hex(''),
    ),
    lifeCycleOf(directory),
    accessRuleOf(directory),
    pinStatusOf(directory),
  )
}

function fcpOfEf(file: ElementaryFile): Uint8Array {
  const { shortFileId, specialInformation, body } = file
  return element(
    0x62,
    element(0x82, descriptorOf(file)),
    fileIdOf(file),
    specialInformation === 0
      ? hex('')
      : element(0xa5, element(0xc0, Uint8Array.of(specialInformation))),
    lifeCycleOf(file),
    accessRuleOf(file),
    element(0x80, twoOctets(body.octets.length)),
    element(0x81, twoOctets(body.octets.length)),
    element(0x88, shortFileId === undefined ? hex('') : Uint8Array.of(shortFileId << 3)),
  )
}

/** The length and number of records stand behind the descriptor and data coding bytes. */
function descriptorOf({ descriptor, recordOctets, body }: ElementaryFile): Uint8Array {
  const [first = 0x41, coding = 0x21] = descriptor
  const bytes = Uint8Array.of(first, coding)
  if (!recordOctets) return bytes
  const count = Math.floor(body.octets.length / recordOctets)
  return concat(bytes, twoOctets(recordOctets), Uint8Array.of(count))
}

function fileIdOf({ fileId }: ProfileFile): Uint8Array {
  return element(0x83, twoOctets(fileId))
}

function lifeCycleOf({ lifeCycle }: ProfileFile): Uint8Array {
  return element(0x8a, Uint8Array.of(lifeCycle))
}

/** Without a rule: read always, nothing else, in the compact format. */
function accessRuleOf({ accessRule }: ProfileFile): Uint8Array {
  if (!accessRule) return hex('8C020100')
  const { arrFileId, record } = accessRule
  return element(0x8b, twoOctets(arrFileId), Uint8Array.of(record))
}

const UNIVERSAL_PIN = 0x11

/** PS_DO has a bit for each key reference, the highest for the first: set while the code is enabled (§9.5.2). */
function pinStatusOf(directory: Directory): Uint8Array {
  const references = keyReferencesOf(directory.pinStatus)
  const bits = new Uint8Array(Math.max(1, Math.ceil(references.length / 8)))
  for (const [at, keyReference] of references.entries()) {
    const code = findCode(directory, { keyReference, kind: 'codes' })
    if (code?.isEnabled) bits[at >> 3] = (bits[at >> 3] as number) | (0x80 >> (at & 7))
  }
  const items = references.map((keyReference) =>
    concat(
      keyReference === UNIVERSAL_PIN ? hex('950108') : hex(''),
      element(0x83, Uint8Array.of(keyReference)),
    ),
  )
  return element(0xc6, element(0x90, bits), ...items)
}

/** A package lists key references, or has the template's data objects. */
export function keyReferencesOf(pinStatus: Uint8Array): number[] {
  if (pinStatus[0] !== 0x90) return [...pinStatus]
  try {
    return [...children(pinStatus, 0, pinStatus.length)]
      .filter(({ tag, end, valueStart }) => tag === 0x83 && end === valueStart + 1)
      .map(({ valueStart }) => pinStatus[valueStart] as number)
  } catch (error) {
    if (error instanceof Asn1Error) return []
    throw error
  }
}

function twoOctets(value: number): Uint8Array {
  return Uint8Array.of((value >> 8) & 0xff, value & 0xff)
}

function fourOctets(value: number): Uint8Array {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}
