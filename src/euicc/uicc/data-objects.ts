/** RETRIEVE DATA and SET DATA: data objects of BER-TLV files, in blocks (ETSI TS 102 221 §11.3). */

import { Asn1Error, children, element, readHeader, type Tlv } from '../../asn1/der.ts'
import { concat, equalOctets, hex } from '../../base/octets.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { ElementaryFile } from '../../profile/image.ts'
import { SW, word, wrongLe } from '../apdu/status-words.ts'
import { ACCESS, checkAccess } from './access.ts'
import { keepContents, shortIdOf } from './binary.ts'
import { checkUsable } from './life-cycle.ts'
import { refuseWith } from './refusal.ts'
import { targetFile, type DataTransfer, type UiccSession } from './session.ts'

const FIRST = 0x80
const NEXT = 0x00
const PREVIOUS_AGAIN = 0xa0
const BLOCK_OCTETS_MAX = 255
const ALL = 256
const CONTENT_OCTETS_MAX = 65_535

/** A data object, tag and length with it; 62F1 while more of it is to come. */
export function retrieveData(session: UiccSession): CardAnswer {
  const { command, place } = session
  const file = objectFile(session, 'read')
  if (command.p2 === FIRST) {
    const octets = objectOf(file, command.data)
    return handOut(session, { kind: 'retrieve', file, octets, count: 0 })
  }
  if (command.p2 !== NEXT && command.p2 !== PREVIOUS_AGAIN) return word(SW.incorrectP1P2)
  if (command.data.length > 0) return word(SW.wrongLength)
  const { transfer } = place
  if (transfer?.kind !== 'retrieve' || transfer.file !== file) {
    return word(SW.conditionsNotSatisfied)
  }
  if (command.p2 === NEXT) return handOut(session, transfer)
  const count = Math.max(0, transfer.count - (transfer.lastOctets ?? 0))
  return handOut(session, { ...transfer, count })
}

function handOut({ command, place }: UiccSession, transfer: DataTransfer): CardAnswer {
  const { octets, count } = transfer
  const le = command.le ?? ALL
  const rest = octets.length - count
  if (rest === 0) return word(SW.conditionsNotSatisfied)
  const isTooMany = le > Math.min(rest, BLOCK_OCTETS_MAX) && le !== ALL
  if (command.data.length === 0 && isTooMany) return word(wrongLe(rest))
  const data = octets.subarray(count, count + Math.min(le, BLOCK_OCTETS_MAX))
  place.transfer = { ...transfer, count: count + data.length, lastOctets: data.length }
  const isMore = data.length < rest
  return { data, statusWord: isMore ? SW.moreToRetrieve : SW.ok }
}

const TAG_LIST = hex('5C')

/** The object with a tag; under 5C, the list of the tags. @throws {StatusWordRefusal} 6A80, 6A88 */
function objectOf(file: ElementaryFile, tag: Uint8Array): Uint8Array {
  if (tag.length === 0) refuseWith(SW.wrongLength)
  const objects = objectsOf(file)
  if (equalOctets(tag, TAG_LIST)) return element(0x5c, ...objects.map((object) => object.tag))
  const found = objects.find((object) => equalOctets(object.tag, tag))
  return found?.octets ?? refuseWith(SW.referenceNotFound)
}

interface DataObject {
  readonly tag: Uint8Array
  readonly octets: Uint8Array
}

function objectsOf({ body }: ElementaryFile): DataObject[] {
  try {
    return [...children(body.octets, 0, body.octets.length)].map((tlv) => ({
      tag: tagOf(body.octets, tlv),
      octets: body.octets.slice(tlv.start, tlv.end),
    }))
  } catch (error) {
    if (error instanceof Asn1Error) return []
    throw error
  }
}

function tagOf(octets: Uint8Array, { tag, start }: Tlv): Uint8Array {
  const count = tag > 0xff_ffff ? 4 : tag > 0xffff ? 3 : tag > 0xff ? 2 : 1
  return octets.slice(start, start + count)
}

/** Puts an object in the place of the one with its tag, or takes that away when only the tag comes. */
export function setData(session: UiccSession): CardAnswer {
  const { command, place } = session
  const file = objectFile(session, 'update')
  if (command.data.length === 0) return word(SW.wrongLength)
  if (command.p2 === FIRST) {
    place.transfer = undefined
    return isTagAlone(command.data)
      ? remove(session, file)
      : receive(session, { file, octets: Uint8Array.from(command.data) })
  }
  if (command.p2 !== NEXT) return word(SW.incorrectP1P2)
  const { transfer } = place
  if (transfer?.kind !== 'set' || transfer.file !== file) return word(SW.conditionsNotSatisfied)
  return receive(session, { file, octets: concat(transfer.octets, command.data) })
}

function isTagAlone(data: Uint8Array): boolean {
  const [first = 0, ...rest] = data
  if ((first & 0x1f) !== 0x1f) return rest.length === 0
  return rest.length > 0 && rest.every((octet, at) => octet >= 0x80 === at < rest.length - 1)
}

function remove(session: UiccSession, file: ElementaryFile): CardAnswer {
  const tag = session.command.data
  const objects = objectsOf(file)
  const others = objects.filter((object) => !equalOctets(object.tag, tag))
  if (others.length === objects.length) return word(SW.referenceNotFound)
  keepContents(session, { file, octets: concat(...others.map(({ octets }) => octets)) })
  return word(SW.ok)
}

interface Received {
  readonly file: ElementaryFile
  readonly octets: Uint8Array
}

/** 63F1 while more of the object is to come. */
function receive(session: UiccSession, { file, octets }: Received): CardAnswer {
  const { place } = session
  place.transfer = undefined
  const header = headerOf(octets)
  if (octets.length > header.end) return word(SW.incorrectData)
  if (header.end > CONTENT_OCTETS_MAX) return word(SW.notEnoughMemory)
  if (octets.length < header.end) {
    place.transfer = { kind: 'set', file, octets, count: header.end - octets.length }
    return word(SW.moreExpected)
  }
  const tag = tagOf(octets, header)
  const others = objectsOf(file).filter((object) => !equalOctets(object.tag, tag))
  const contents = concat(...others.map((object) => object.octets), octets)
  if (contents.length > CONTENT_OCTETS_MAX) return word(SW.notEnoughMemory)
  keepContents(session, { file, octets: contents })
  return word(SW.ok)
}

/** @throws {StatusWordRefusal} 6A80 the object does not begin with a tag and a length */
function headerOf(octets: Uint8Array): Tlv {
  try {
    return readHeader(octets, 0)
  } catch (error) {
    if (error instanceof Asn1Error) return refuseWith(SW.incorrectData)
    throw error
  }
}

function objectFile(session: UiccSession, mode: 'read' | 'update'): ElementaryFile {
  const { p1, p2 } = session.command
  if ((p1 & 0xe0) !== 0) refuseWith(SW.incorrectP1P2)
  // The blocks that follow are for the file of the first one, which is current now.
  const isFollowing = p2 !== FIRST
  const file = targetFile(session, p1 === 0 || isFollowing ? undefined : shortIdOf(p1 & 0x1f))
  if (file.kind !== 'berTlv') refuseWith(SW.incompatibleFile)
  checkUsable(file)
  checkAccess(session, { file, mode: ACCESS[mode] })
  return file
}
