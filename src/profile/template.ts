/**
 * Profile templates: an operator's package is built once, and each subscriber's is a copy with their octets put in.
 *
 * Every value of a subscriber has a fixed length, so no length in the package ever changes.
 */

import { assert, LabError } from '../base/errors.ts'
import { hex } from '../base/octets.ts'
import { encodeElements, readProfileElements, type ElementValue } from './elements.ts'
import { sizeOctets } from './file.ts'
import {
  checkOperator,
  checkSubscriber,
  type OperatorProfile,
  type ProfileSubscriber,
} from './subscriber.ts'
import { encodePersonal, type PersonalName } from './subscriber-values.ts'
import { templateElements, type NumberedElement } from './template-elements.ts'
import { loadTemplateFile, type TemplateFile } from './template-file.ts'

/** An operator's package, ready to be personalised. */
export interface ProfileTemplate {
  readonly operator: OperatorProfile
  /** The package with zeros where a subscriber's data goes. */
  readonly octets: Uint8Array
  /** Where in `octets` each value of a subscriber goes; a value may stand in several places. */
  readonly places: readonly PersonalPlace[]
}

export interface PersonalPlace {
  readonly name: PersonalName
  readonly offset: number
}

/** The longest file that a size of two octets can describe. */
const FILLER_OCTETS_MAX = 65_535

/**
 * Builds an operator's package; `fillerOctets` lengthens it by a file of that size and its few octets of overhead.
 * @throws {LabError} badInput when the operator, the template or the filler is out of range
 */
export function createProfileTemplate(options: {
  readonly operator: OperatorProfile
  /** The generic one unless told. */
  readonly file?: TemplateFile
  readonly fillerOctets?: number
}): ProfileTemplate {
  const { operator, file = loadTemplateFile(), fillerOctets = 0 } = options
  checkOperator(operator)
  if (!Number.isInteger(fillerOctets) || fillerOctets < 0 || fillerOctets > FILLER_OCTETS_MAX) {
    throw new LabError('badInput', `fillerOctets must be 0 to ${FILLER_OCTETS_MAX}`, {
      field: 'fillerOctets',
    })
  }
  const extra = fillerOctets > 0 ? [filler(fillerOctets)] : []
  const { elements, placeholders } = templateElements({ file, operator, extra })
  const octets = encodeElements(elements)
  return { operator, octets, places: placesOf({ octets, elements, placeholders }) }
}

/**
 * The subscriber's own package: the template's octets with theirs in place.
 * @throws {LabError} badInput when a field is malformed or the IMSI is not the operator's
 */
export function personalise(template: ProfileTemplate, subscriber: ProfileSubscriber): Uint8Array {
  const { operator } = template
  checkSubscriber(subscriber, operator.algorithm)
  const { mcc, mnc } = operator
  if (!subscriber.imsi.startsWith(mcc + mnc)) {
    throw new LabError('badInput', `imsi must begin with the operator's ${mcc}${mnc}`, {
      field: 'imsi',
    })
  }
  const upp = Buffer.from(template.octets)
  for (const { name, offset } of template.places) {
    upp.set(encodePersonal(name, { subscriber, operator }), offset)
  }
  return upp
}

const FILLER_FILE_ID = hex('2F50')
const TRANSPARENT = hex('4121')
const RULE_ADMINISTRATOR_WRITES = hex('0A')

/** A file in the master file that only takes room, for packages as long as the ones operators load. */
function filler(fillerOctets: number): NumberedElement {
  const fcp = {
    fileDescriptor: TRANSPARENT,
    fileID: FILLER_FILE_ID,
    securityAttributesReferenced: RULE_ADMINISTRATOR_WRITES,
    efFileSize: sizeOctets(fillerOctets),
    shortEFID: new Uint8Array(0),
  }
  return (gfmHeader) => ({
    kind: 'genericFileManagement',
    value: {
      gfmHeader,
      fileManagementCMD: [
        [
          { filePath: new Uint8Array(0) },
          { createFCP: fcp },
          { fillFileContent: Uint8Array.from({ length: fillerOctets }, (_, at) => at & 0xff) },
        ],
      ],
    },
  })
}

/**
 * Where the placeholders ended up. Decoded octets are views of the package, so a value lies where its view begins; the
 * way to it is the same in what was encoded and in what is decoded.
 */
function placesOf(made: {
  readonly octets: Uint8Array
  readonly elements: readonly ElementValue[]
  readonly placeholders: ReadonlyMap<Uint8Array, PersonalName>
}): PersonalPlace[] {
  const { octets, elements, placeholders } = made
  const read = readProfileElements(octets)
  const places = elements.flatMap((written, at) => {
    const decoded = read[at]
    assert(decoded && decoded.kind === written.kind, 'elements are read as they were written')
    return placesIn(placeholders, { written: written.value, decoded: decoded.value })
  })
  assert(places.length === placeholders.size, 'every placeholder is found')
  return places.map(({ name, view }) => ({ name, offset: view.byteOffset - octets.byteOffset }))
}

function placesIn(
  placeholders: ReadonlyMap<Uint8Array, PersonalName>,
  at: { readonly written: unknown; readonly decoded: unknown },
): { readonly name: PersonalName; readonly view: Uint8Array }[] {
  const { written, decoded } = at
  if (written instanceof Uint8Array) {
    const name = placeholders.get(written)
    if (name === undefined) return []
    assert(decoded instanceof Uint8Array, `${name} is read as octets`)
    return [{ name, view: decoded }]
  }
  if (typeof written !== 'object' || written === null) return []
  return Object.entries(written).flatMap(([key, inner]) =>
    placesIn(placeholders, {
      written: inner,
      decoded: (decoded as Readonly<Record<string, unknown>> | undefined)?.[key],
    }),
  )
}
