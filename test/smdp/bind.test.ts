import test from 'ava'
import { element } from '../../src/asn1/der.ts'
import { decode, encode } from '../../src/asn1/schema.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { BspOpener, deriveBspKeys } from '../../src/crypto/bsp.ts'
import {
  agree,
  CURVES,
  publicKeyFromPoint,
  verify,
  type KeyPair,
  type PublicKey,
} from '../../src/crypto/ec.ts'
import { labProfiles } from '../../src/lab-profiles.ts'
import { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { BoundProfilePackage, ReplaceSessionKeysRequest } from '../../src/rsp/es8plus.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { phoneOn, testLab } from '../helpers/lab.ts'

for (const curve of CURVES) {
  for (const profileProtection of ['sessionKeys', 'profileProtectionKeys'] as const) {
    test(`a package on ${curve} under ${profileProtection} opens by the book, and is signed`, async (t) => {
      const lab = await testLab(t, { smdp: { profileProtection } })
      const phone = phoneOn(lab, { verification: curve })
      const { iccid, matchingId } = await lab.order()
      const driver = await createDriver(lab, { phone, matchingId }).through('prepareDownload')
      const { keyPair } = needed(phone.euicc.state.retryKey)
      const { boundProfilePackage } = await driver.getBoundProfilePackage()
      const { publicKey } = lab.pki[curve].dpPb.certificate
      t.true(isSigned({ boundProfilePackage, keyPair, publicKey }))

      const { metadata, profilePackage } = labProfiles({ operator: lab.operator, fillerOctets: 0 })
      const opened = openPackage({ boundProfilePackage, keyPair, eid: phone.eid })
      t.is(opened.hasOwnKeys, profileProtection === 'profileProtectionKeys')
      t.is(toHex(opened.configureIsdp), 'BF2407B805800388370A')
      t.is(
        toHex(opened.storeMetadata),
        toHex(encode(StoreMetadataRequest, metadata(iccid, lab.smdp.address))),
      )
      t.is(toHex(opened.elements), toHex(profilePackage(iccid)))
    })
  }
}

function openPackage(to: {
  readonly boundProfilePackage: Uint8Array
  readonly keyPair: KeyPair
  readonly eid: string
}) {
  const bound = decode(BoundProfilePackage, to.boundProfilePackage)
  const { smdpOtpk, controlRefTemplate } = bound.initialiseSecureChannelRequest
  const { curve, privateKey } = to.keyPair
  const publicKey = needed(publicKeyFromPoint({ curve, point: smdpOtpk }))
  const sharedSecret = agree({ privateKey, publicKey })
  const { hostId } = controlRefTemplate
  const session = new BspOpener(deriveBspKeys({ sharedSecret, hostId, eid: hex(to.eid) }))
  const configureIsdp = openAll(session, bound.firstSequenceOf87)
  const storeMetadata = openAll(session, bound.sequenceOf88)
  const replace = bound.secondSequenceOf87
  const opener = replace ? openerOf(openAll(session, replace)) : session
  const elements = openAll(opener, bound.sequenceOf86)
  return { configureIsdp, storeMetadata, elements, hasOwnKeys: replace !== undefined }
}

function openAll(opener: BspOpener, segments: readonly Uint8Array[]): Uint8Array {
  const opened = segments.map((segment) => opener.open(segment))
  return concat(...opened.map((one) => (one.ok ? one.data : hex(''))))
}

function openerOf(octets: Uint8Array): BspOpener {
  const { initialMacChainingValue, ppkEnc, ppkCmac } = decode(ReplaceSessionKeysRequest, octets)
  return new BspOpener({ macChainingValue: initialMacChainingValue, sEnc: ppkEnc, sMac: ppkCmac })
}

/** smdpSign covers BF23's content up to itself, then the card's key (SGP.22 §5.5.1). */
function isSigned(of: {
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
