import { verify, X509Certificate } from 'node:crypto'
import * as asn1js from 'asn1js'
import test from 'ava'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { CURVES } from '../../src/crypto/ec.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { phoneOn, testLab } from '../helpers/lab.ts'

/** An element as another reader of DER sees it. */
interface Seen {
  readonly tag: string
  readonly octets: Uint8Array
  readonly children: readonly Seen[]
}

const CLASSES = ['', 'universal', 'application', 'context', 'private']

function read(octets: Uint8Array): Seen {
  const { result, offset } = asn1js.fromBER(Uint8Array.from(octets))
  if (offset !== octets.length) throw new RangeError('not exactly one element')
  return see(result)
}

function see(block: asn1js.AsnType): Seen {
  const { tagClass, tagNumber } = block.idBlock
  const inner: unknown = Reflect.get(block.valueBlock, 'value')
  return {
    tag: `${CLASSES[tagClass]} ${tagNumber}`,
    octets: new Uint8Array(block.valueBeforeDecodeView),
    children:
      block.idBlock.isConstructed && Array.isArray(inner)
        ? (inner as asn1js.AsnType[]).map(see)
        : [],
  }
}

/** Whether raw r‖s over data verifies under a certificate's key, by Node's crypto alone. */
function isSigned(
  certificate: Uint8Array,
  signed: { readonly data: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const key = {
    key: new X509Certificate(certificate).publicKey,
    dsaEncoding: 'ieee-p1363',
  } as const
  return verify('sha256', signed.data, key, signed.signature)
}

for (const curve of CURVES) {
  test(`a ProfileInstallationResult reads and verifies by other means on ${curve}`, async (t) => {
    const lab = await testLab(t)
    const phone = phoneOn(lab, { signing: curve, verification: curve })
    const order = await lab.order()
    const driver = createDriver(lab, { phone, matchingId: order.matchingId })
    await driver.through('load')
    const stored = needed(phone.euicc.state.notifications[0]).octets

    const result = read(stored)
    t.is(result.tag, 'context 55')
    const [data, signature] = result.children as [Seen, Seen]
    t.deepEqual([data.tag, signature.tag], ['context 39', 'application 55'])
    t.is(toHex(signature.octets.subarray(0, 3)), '5F3740')
    const { euiccCertificate } = needed(phone.euicc.state.credentials[0])
    const raw = signature.octets.subarray(3)
    t.true(isSigned(euiccCertificate.der, { data: data.octets, signature: raw }))

    const [transactionId, metadata, smdpOid, finalResult] = data.children as Seen[]
    t.is(toHex(needed(transactionId).octets), `8010${toHex(driver.transactionId)}`)
    t.deepEqual(
      metadata?.children.map(({ tag }) => tag),
      ['context 0', 'context 1', 'universal 12', 'application 26'],
    )
    t.is(toHex(needed(metadata?.children[0]).octets), '800101')
    t.is(toHex(needed(metadata?.children[1]).octets), '81020780')
    t.is(toHex(needed(smdpOid).octets), '060388370A')
    t.deepEqual([finalResult?.tag, finalResult?.children[0]?.tag], ['context 2', 'context 0'])
    t.is(
      toHex(needed(finalResult?.children[0]?.children[0]).octets),
      '4F10A0000005591010FFFFFFFF8900001000',
    )
  })

  test(`other notifications read and verify by other means on ${curve}`, async (t) => {
    const lab = await testLab(t)
    const phone = phoneOn(lab, { signing: curve })
    const order = await lab.order()
    await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
    const notification = read(needed(phone.euicc.state.notifications[1]).octets)
    t.is(notification.tag, 'universal 16')
    const [tbs, signature, euiccCertificate, eumCertificate] = notification.children as Seen[]
    t.is(tbs?.tag, 'context 47')
    const certificate = needed(euiccCertificate).octets
    t.true(
      isSigned(certificate, {
        data: needed(tbs).octets,
        signature: needed(signature).octets.subarray(3),
      }),
    )
    const eum = new X509Certificate(needed(eumCertificate).octets)
    t.true(new X509Certificate(certificate).verify(eum.publicKey))
    t.true(eum.verify(new X509Certificate(lab.pki[curve].ci.certificate.der).publicKey))
  })

  test(`euiccSignature1, euiccSignature2 and the cancel’s verify by other means on ${curve}`, async (t) => {
    const lab = await testLab(t)
    const phone = phoneOn(lab, { signing: curve })
    const { matchingId } = await lab.order()
    const driver = createDriver(lab, { phone, matchingId })
    await driver.initiate()
    const ok = needed((await driver.authenticateServer()).authenticateResponseOk)
    const { euiccCertificate } = ok
    t.true(isSigned(euiccCertificate, { data: ok.euiccSigned1.raw, signature: ok.euiccSignature1 }))
    const { smdpSignature2, smdpSigned2, smdpCertificate } = await driver.authenticateClient()
    t.true(
      isSigned(smdpCertificate, {
        data: concat(smdpSigned2.raw, hex('5F3740'), ok.euiccSignature1),
        signature: smdpSignature2,
      }),
    )
    const prepared = needed((await driver.prepareDownload()).downloadResponseOk)
    const data = concat(prepared.euiccSigned2.raw, hex('5F3740'), smdpSignature2)
    t.true(isSigned(euiccCertificate, { data, signature: prepared.euiccSignature2 }))
    const { transactionId, card } = driver
    const cancel = await card.cancelSession({ transactionId, reason: 'timeout' })
    const { euiccCancelSessionSigned, euiccCancelSessionSignature } = needed(
      cancel.cancelSessionResponseOk,
    )
    t.is(euiccCancelSessionSigned.raw[0], 0x30)
    t.true(
      isSigned(euiccCertificate, {
        data: euiccCancelSessionSigned.raw,
        signature: euiccCancelSessionSignature,
      }),
    )
  })
}
