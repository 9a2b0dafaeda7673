import test from 'ava'
import { encode } from '../../src/asn1/schema.ts'
import { toHex } from '../../src/base/octets.ts'
import { CURVES } from '../../src/crypto/ec.ts'
import { labProfiles } from '../../src/lab-profiles.ts'
import { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { phoneOn, testLab } from '../helpers/lab.ts'
import { isSigned, openPackage } from '../helpers/open-bpp.ts'

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
      t.is(opened.replaceSessionKeys !== undefined, profileProtection === 'profileProtectionKeys')
      t.is(toHex(opened.configureIsdp), 'BF2407B805800388370A')
      t.is(
        toHex(opened.storeMetadata),
        toHex(encode(StoreMetadataRequest, metadata(iccid, lab.smdp.address))),
      )
      t.is(toHex(opened.elements), toHex(profilePackage(iccid)))
    })
  }
}
