import test from 'ava'
import fc from 'fast-check'
import { LabError } from '../../src/base/errors.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { hex, utf8 } from '../../src/base/octets.ts'
import { toPem } from '../../src/pki/forge.ts'
import { octetsOfFile, showAsn1 } from '../../src/pki/show.ts'
import { createTestPki } from '../../src/pki/test-pki.ts'

const { certificate } = createTestPki({ random: seededRandom('show') })['P-256'].dpAuth

test('draws a certificate with the names of what it holds', (t) => {
  const lines = showAsn1(certificate.der)
  t.regex(lines[0]!, /^30 SEQUENCE \(\d+\)$/)
  const tree = lines.join('\n')
  t.regex(tree, /2\.23\.146\.1\.2\.1\.4 id-rspRole-dp-auth/)
  t.regex(tree, /1\.2\.840\.10045\.3\.1\.7 P-256/)
  t.regex(tree, /"TEST SM-DP\+"/)
})

test('draws messages of the protocol by their tags', (t) => {
  t.deepEqual(showAsn1(hex('BF2E1280104B7D8E9A0F1C2D3E4B5A69788796A5B4')), [
    'BF2E [46] (18)',
    '  80 [0] (16) 4B7D8E9A0F1C2D3E4B5A69788796A5B4',
  ])
})

test('takes DER, PEM and hexadecimal', (t) => {
  const asPem = utf8(toPem('CERTIFICATE', certificate.der))
  const asHex = utf8(Buffer.from(certificate.der).toString('hex'))
  for (const content of [certificate.der, asPem, asHex]) {
    t.deepEqual(Buffer.from(octetsOfFile(content)), Buffer.from(certificate.der))
  }
})

test('draws a constructed string, whatever is in it', (t) => {
  t.deepEqual(showAsn1(hex('320100')), ['32 NumericString (1)'])
})

test('refuses a file of very many elements, which would take minutes', (t) => {
  t.is(showAsn1(Buffer.alloc(2 * 4096, hex('0500'))).length, 4096)
  const refusal = t.throws(() => showAsn1(Buffer.alloc(1 << 20, 0x04)), { instanceOf: LabError })
  t.regex(refusal?.message ?? '', /more than 4096 elements/)
})

test('refuses what is no ASN.1 with a defined error, whatever the octets', (t) => {
  const refusal = t.throws(() => showAsn1(hex('30820100')), { instanceOf: LabError })
  t.is(refusal?.code, 'badInput')
  t.throws(() => showAsn1(hex('18026675')), { message: /no ASN.1 after 0 octets: Wrong input/ })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      try {
        showAsn1(octets)
        return true
      } catch (error) {
        return error instanceof LabError
      }
    }),
  )
})
