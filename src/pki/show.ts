/** Draws the tree of anything in BER or DER, for people. Read by asn1js, which forgives what our own reader refuses. */

import * as asn1js from 'asn1js'
import { checkDer } from '../asn1/der.ts'
import { LabError, messageOf } from '../base/errors.ts'
import { asBuffer, fromUtf8, toHex } from '../base/octets.ts'
import { fromPem } from './forge.ts'
import { ATTRIBUTE_OIDS, EXTENSION_OIDS, ROLE_POLICIES } from './oids.ts'

const FILE_OCTETS_MAX = 1 << 20
const DEPTH_MAX = 64
/** Elements side by side in a file: asn1js looks at all that is left for each of them. */
const ELEMENTS_MAX = 4096
const TEXT_MAX = 64

const OID_NAMES = new Map<string, string>([
  ...Object.entries(ATTRIBUTE_OIDS).map(([name, oid]) => [oid, name] as const),
  ...Object.entries(EXTENSION_OIDS).map(([name, oid]) => [oid, name] as const),
  ...Object.entries(ROLE_POLICIES).map(([role, oid]) => [oid, `id-rspRole-${role}`] as const),
  ['1.2.840.10045.2.1', 'ecPublicKey'],
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.36.3.3.2.8.1.1.7', 'brainpoolP256r1'],
  ['1.2.840.10045.4.3.2', 'ecdsa-with-SHA256'],
])

/**
 * One line for each element, indented by depth: tag, kind, length, and the value where it is short enough to read.
 * @throws {LabError} badInput — the octets are no ASN.1, or too many
 */
export function showAsn1(octets: Uint8Array): string[] {
  if (octets.length > FILE_OCTETS_MAX) {
    throw new LabError(
      'badInput',
      `expected at most ${FILE_OCTETS_MAX} octets, found ${octets.length}.`,
    )
  }
  const lines: string[] = []
  for (let rest = octets, count = 0; rest.length > 0; count++) {
    if (count === ELEMENTS_MAX) {
      throw new LabError('badInput', `there are more than ${ELEMENTS_MAX} elements side by side.`)
    }
    const read = readElement(rest)
    if ('problem' in read) {
      const before = octets.length - rest.length
      throw new LabError('badInput', `no ASN.1 after ${before} octets: ${read.problem}.`)
    }
    draw(read.block, { depth: 0, lines })
    rest = rest.subarray(read.octetCount)
  }
  return lines
}

/** Some elements asn1js refuses with a value, others, such as times of another form, with an exception. */
function readElement(
  octets: Uint8Array,
):
  { readonly block: asn1js.BaseBlock; readonly octetCount: number } | { readonly problem: string } {
  try {
    const { offset, result } = asn1js.fromBER(octets)
    return offset > 0 ? { block: result, octetCount: offset } : { problem: result.error }
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

/** The octets of a file's content: DER as it is, PEM unwrapped, hexadecimal text read. */
export function octetsOfFile(content: Uint8Array): Uint8Array {
  const text = asBuffer(content).toString('latin1')
  const pem = fromPem('CERTIFICATE', text) ?? fromPem('PRIVATE KEY', text)
  if (pem) return pem
  const digits = text.replaceAll(/\s/g, '')
  const isHex = digits.length > 0 && digits.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(digits)
  return isHex ? Buffer.from(digits, 'hex') : content
}

function draw(
  block: asn1js.BaseBlock,
  at: { readonly depth: number; readonly lines: string[] },
): void {
  if (at.depth > DEPTH_MAX) throw new LabError('badInput', 'the elements are nested too deeply.')
  const raw = block.valueBeforeDecodeView
  const head = raw.subarray(0, block.idBlock.blockLength)
  const length = raw.length - block.idBlock.blockLength - block.lenBlock.blockLength
  const value = valueOf(block, raw.subarray(raw.length - length))
  at.lines.push(`${'  '.repeat(at.depth)}${toHex(head)} ${kindOf(block)} (${length})${value}`)
  for (const child of childrenOf(block)) draw(child, { depth: at.depth + 1, lines: at.lines })
}

function kindOf(block: asn1js.BaseBlock): string {
  const { tagClass, tagNumber } = block.idBlock
  if (tagClass === 1) return (block.constructor as typeof asn1js.BaseBlock).NAME
  return `${{ 2: 'APPLICATION ', 3: '', 4: 'PRIVATE ' }[tagClass as 2 | 3 | 4] ?? ''}[${tagNumber}]`
}

/** An OCTET STRING may hold another element, as the extensions of certificates do: it is drawn when it is whole DER. */
function childrenOf(block: asn1js.BaseBlock): readonly asn1js.BaseBlock[] {
  if (block.idBlock.isConstructed) {
    // Of a string type that is constructed, asn1js gives the text and not the parts.
    const parts: unknown = (block as asn1js.Constructed).valueBlock.value
    return Array.isArray(parts) ? parts : []
  }
  if (!(block instanceof asn1js.OctetString)) return []
  const content = Uint8Array.from(block.valueBlock.valueHexView)
  if (!isDer(content)) return []
  const read = readElement(content)
  return 'block' in read ? [read.block] : []
}

function isDer(octets: Uint8Array): boolean {
  try {
    checkDer(octets)
    return true
  } catch {
    return false
  }
}

function valueOf(block: asn1js.BaseBlock, content: Uint8Array): string {
  if (block.idBlock.isConstructed) return ''
  if (block instanceof asn1js.ObjectIdentifier) {
    const oid = block.getValue()
    const name = OID_NAMES.get(oid)
    return ` ${oid}${name === undefined ? '' : ` ${name}`}`
  }
  const text = fromUtf8(content)
  const isText = text !== undefined && /^[\x20-\x7e]{2,}$/.test(text)
  return isText
    ? ` "${shortened(text)}"`
    : content.length > 0
      ? ` ${shortened(toHex(content))}`
      : ''
}

function shortened(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
}
