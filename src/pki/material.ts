/** Certificates and private keys in files of any layout, told apart by what they hold and never by their names. */

import { asBuffer, fromBase64 } from '../base/octets.ts'
import { keyPairFromPkcs8, keyPairFromSec1, type KeyPair } from '../crypto/ec.ts'
import { CertificateError, readCertificate, type Certificate } from './certificate.ts'
import { partsOf, readElement, type Element } from './element.ts'

/** A file's octets, under the path by which people know it. */
export interface SourceFile {
  readonly path: string
  readonly octets: Uint8Array
}

/** Something that was not taken, and why: half a sentence about the file. */
export interface PassedOver {
  readonly file: string
  readonly why: string
}

/** What files hold. The same certificate or key in several of them is there as often. */
export interface Material {
  readonly certificates: readonly { readonly certificate: Certificate; readonly file: string }[]
  readonly keys: readonly { readonly keyPair: KeyPair; readonly file: string }[]
  readonly passedOver: readonly PassedOver[]
}

type Piece =
  | { readonly certificate: Certificate }
  | { readonly keyPair: KeyPair }
  | { readonly why: string }
  | 'nothing'

/**
 * Reads X.509 certificates and EC private keys, PKCS#8 or SEC 1, from DER, from PEM with any number of blocks, and from
 * DER written as hexadecimal or Base64. Everything else is passed over with its reason.
 */
export function readMaterial(files: readonly SourceFile[]): Material {
  const pieces = files.flatMap(({ path, octets }) =>
    piecesOf(octets).map((piece) => ({ file: path, piece })),
  )
  return {
    certificates: pieces.flatMap(({ file, piece }) =>
      typeof piece === 'object' && 'certificate' in piece
        ? [{ file, certificate: piece.certificate }]
        : [],
    ),
    keys: pieces.flatMap(({ file, piece }) =>
      typeof piece === 'object' && 'keyPair' in piece ? [{ file, keyPair: piece.keyPair }] : [],
    ),
    passedOver: pieces.flatMap(({ file, piece }) =>
      typeof piece === 'object' && 'why' in piece ? [{ file, why: piece.why }] : [],
    ),
  }
}

function piecesOf(octets: Uint8Array): Piece[] {
  if (octets.length === 0) return [{ why: 'is empty' }]
  const text = asBuffer(octets).toString('latin1')
  if (text.includes(PEM_BEGIN)) return pemPieces(text)
  const der = derOfText(text) ?? octets
  return der[0] === SEQUENCE ? [pieceOfDer(der)] : [{ why: NEITHER }]
}

const SEQUENCE = 0x30
/** What is said of all that is foreign. */
export const NEITHER = 'is neither a certificate nor a key'
const PEM_BEGIN = '-----BEGIN '
const PEM_END = '-----END '
const PEM_DASHES = '-----'

/** Block after block, so that a file of many beginnings takes no longer than another. */
function pemPieces(text: string): Piece[] {
  const pieces: Piece[] = []
  let at = text.indexOf(PEM_BEGIN)
  while (at >= 0) {
    const labelEnd = text.indexOf(PEM_DASHES, at + PEM_BEGIN.length)
    const end = text.indexOf(PEM_END, at)
    if (labelEnd < 0 || end < labelEnd)
      return [...pieces, { why: 'has a PEM block without an end' }]
    const label = text.slice(at + PEM_BEGIN.length, labelEnd)
    pieces.push(pieceOfPem(label, text.slice(labelEnd + PEM_DASHES.length, end)))
    at = text.indexOf(PEM_BEGIN, end)
  }
  return pieces
}

function pieceOfPem(label: string, body: string): Piece {
  // The curve of the key that follows, which the key names as well.
  if (label === 'EC PARAMETERS') return 'nothing'
  if (label.startsWith('ENCRYPTED') || body.includes('Proc-Type:')) return { why: ENCRYPTED }
  const der = fromBase64(body.replaceAll(/\s/g, ''))
  return der ? pieceOfDer(der) : { why: `has a PEM block "${label}" that is not Base64` }
}

const ENCRYPTED = 'holds a key under a passphrase. Take it off: openssl pkey -in … -out …'

/** DER that somebody has written as text. */
function derOfText(text: string): Uint8Array | undefined {
  const plain = text.replaceAll(/\s/g, '')
  if (/^30[0-9a-fA-F]+$/.test(plain) && plain.length % 2 === 0) return Buffer.from(plain, 'hex')
  return plain.startsWith('MI') ? fromBase64(plain) : undefined
}

/** What a SEQUENCE is, by the tags of its parts: the forms of RFC 5280, 2986, 5958, 5915 and 7292 differ in them. */
const FORMS: readonly (readonly [RegExp, (der: Uint8Array, parts: readonly Element[]) => Piece])[] =
  [
    [/^30 30 03$/, (der, parts) => signedPiece(der, parts)],
    [/^02 30 04\b/, (der) => keyPiece(keyPairFromPkcs8(der))],
    [/^02 04\b/, (der) => keyPiece(keyPairFromSec1(der))],
    [/^30 04$/, () => ({ why: ENCRYPTED })],
    [/^30 03$/, () => ({ why: 'is a public key, which its certificate has as well' })],
    [/^02 30( 30)?$/, () => ({ why: 'is PKCS#12. Write it as PEM: openssl pkcs12 -nodes -in …' })],
  ]

function pieceOfDer(der: Uint8Array): Piece {
  const parts = partsIn(der)
  if (!parts) return { why: 'is not DER, or damaged' }
  const tags = parts.map(({ tag }) => tag.toString(16).padStart(2, '0')).join(' ')
  const form = FORMS.find(([pattern]) => pattern.test(tags))
  return form ? form[1](der, parts) : { why: NEITHER }
}

function partsIn(der: Uint8Array): Element[] | undefined {
  try {
    return partsOf(readElement(der, 'file'), { tag: SEQUENCE, what: 'file' })
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}

function keyPiece(keyPair: KeyPair | undefined): Piece {
  return keyPair
    ? { keyPair }
    : { why: 'is a private key, but not one of P-256 or brainpoolP256r1 that names its curve' }
}

/** A request begins with version 0, and only a revocation list has an instant outside of any validity. */
function signedPiece(der: Uint8Array, [tbs]: readonly Element[]): Piece {
  const parts = tbs?.tag === SEQUENCE ? partsOf(tbs, { tag: SEQUENCE, what: 'tbs' }) : []
  const [first] = parts
  if (first?.tag === 0x02 && first.value[0] === 0) return { why: 'is a certificate request' }
  if (parts.some(({ tag }) => tag === 0x17 || tag === 0x18)) return { why: 'is a revocation list' }
  try {
    return { certificate: readCertificate(der) }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return { why: `is a certificate that cannot be used: ${error.detail}` }
  }
}
