import test from 'ava'
import { Asn1Error, readHeader } from '../../src/asn1/der.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { metadataOctetsOf, segmentsOf } from '../../src/lpa/segments.ts'
import { encode } from '../../src/asn1/schema.ts'
import { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { testLab } from '../helpers/lab.ts'

for (const profileProtection of ['sessionKeys', 'profileProtectionKeys'] as const) {
  test(`a package under ${profileProtection} is cut as SGP.22 §2.5.5 says`, async (t) => {
    const lab = await testLab(t, { smdp: { profileProtection }, fillerOctets: 5000 })
    const { matchingId } = await lab.order()
    const driver = createDriver(lab, { phone: lab.createPhone(), matchingId })
    await driver.through('authenticateServer')
    const { profileMetadata } = await driver.authenticateClient()
    await driver.prepareDownload()
    const { boundProfilePackage } = await driver.getBoundProfilePackage()

    const segments = segmentsOf(boundProfilePackage)
    t.deepEqual(concat(...segments), Buffer.from(boundProfilePackage), 'nothing lost or moved')
    t.true(segments.slice(1).every(({ length }) => length <= 1020))

    const hasOwnKeys = profileProtection === 'profileProtectionKeys'
    const tags = segments.map((segment) => readHeader(segment, 0).tag)
    const [first, a0, a1, ...rest] = tags
    t.deepEqual([first, a0, a1], [0xbf36, 0xa0, 0xa1])
    t.deepEqual(rest.slice(0, hasOwnKeys ? 3 : 2), hasOwnKeys ? [0x88, 0xa2, 0xa3] : [0x88, 0xa3])
    const elements = rest.slice(hasOwnKeys ? 3 : 2)
    t.true(elements.length > 4)
    t.true(elements.every((tag) => tag === 0x86))

    t.regex(toHex(needed(segments[0])), /^BF3682[0-9A-F]{4}BF2381/)
    t.regex(toHex(needed(segments[1])), /^A0[0-9A-F]{2}87/, 'header and its 87 in one')
    t.regex(toHex(needed(segments[2])), /^A1(81)?[0-9A-F]{2}$/, 'a header alone')
    t.deepEqual(
      metadataOctetsOf(boundProfilePackage),
      Buffer.from(encode(StoreMetadataRequest, profileMetadata)),
    )
  })
}

for (const [title, octets] of [
  ['nothing', ''],
  ['another element', '3000'],
  ['octets behind its end', 'BF3603BF230000'],
  ['no secure channel', 'BF3602A000'],
  ['an unknown sequence', 'BF3605BF2300A400'],
  ['half an element', 'BF3605BF2300'],
] as const) {
  test(`a package that is ${title} cannot be cut`, (t) => {
    t.throws(() => segmentsOf(hex(octets)), { instanceOf: Asn1Error })
  })
}

test('a package without metadata has none', (t) => {
  t.throws(() => metadataOctetsOf(hex('BF3603BF2300')), { instanceOf: Asn1Error })
})
