/** Bound Profile Packages opened with the card's one-time key, by the book and not by the card (SGP.22 §2.5, §5.5). */

import { element } from '../../src/asn1/der.ts'
import { decode } from '../../src/asn1/schema.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { BspOpener, deriveBspKeys } from '../../src/crypto/bsp.ts'
import {
  agree,
  publicKeyFromPoint,
  verify,
  type KeyPair,
  type PublicKey,
} from '../../src/crypto/ec.ts'
import { BoundProfilePackage, ReplaceSessionKeysRequest } from '../../src/rsp/es8plus.ts'
import { needed } from './driver.ts'

/** What a package is made of, in clear. */
export interface OpenedPackage {
  readonly configureIsdp: Uint8Array
  readonly storeMetadata: Uint8Array
  readonly replaceSessionKeys: Uint8Array | undefined
  readonly elements: Uint8Array
}

/** Opens a package; a segment whose MAC is wrong throws. */
export function openPackage(to: {
  readonly boundProfilePackage: Uint8Array
  readonly keyPair: KeyPair
  readonly eid: string
}): OpenedPackage {
  const bound = decode(BoundProfilePackage, to.boundProfilePackage)
  const { smdpOtpk, controlRefTemplate } = bound.initialiseSecureChannelRequest
  const { curve, privateKey } = to.keyPair
  const publicKey = needed(publicKeyFromPoint({ curve, point: smdpOtpk }))
  const sharedSecret = agree({ privateKey, publicKey })
  const { hostId } = controlRefTemplate
  const session = new BspOpener(deriveBspKeys({ sharedSecret, hostId, eid: hex(to.eid) }))
  const configureIsdp = openAll(session, bound.firstSequenceOf87)
  const storeMetadata = openAll(session, bound.sequenceOf88)
  const { secondSequenceOf87 } = bound
  const replaceSessionKeys = secondSequenceOf87 && openAll(session, secondSequenceOf87)
  const opener = replaceSessionKeys ? openerOf(replaceSessionKeys) : session
  const elements = openAll(opener, bound.sequenceOf86)
  return { configureIsdp, storeMetadata, replaceSessionKeys, elements }
}

function openAll(opener: BspOpener, segments: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...segments.map((segment) => {
      const opened = opener.open(segment)
      if (!opened.ok) throw new Error('the MAC of a segment is wrong')
      return opened.data
    }),
  )
}

function openerOf(octets: Uint8Array): BspOpener {
  const { initialMacChainingValue, ppkEnc, ppkCmac } = decode(ReplaceSessionKeysRequest, octets)
  return new BspOpener({ macChainingValue: initialMacChainingValue, sEnc: ppkEnc, sMac: ppkCmac })
}

/** smdpSign covers BF23's content up to itself, then the card's key (SGP.22 §5.5.1). */
export function isSigned(of: {
  readonly boundProfilePackage: Uint8Array
  readonly keyPair: KeyPair
  readonly publicKey: PublicKey
}): boolean {
  const { initialiseSecureChannelRequest } = decode(BoundProfilePackage, of.boundProfilePackage)
  const signature = initialiseSecureChannelRequest.smdpSign
  const text = toHex(of.boundProfilePackage)
  const [before = ''] = text.split(`5F3740${toHex(signature)}`)
  const signed = hex(before.slice(before.indexOf('820101')))
  return verify(of.publicKey, {
    data: concat(signed, element(0x5f49, of.keyPair.point)),
    signature,
  })
}
