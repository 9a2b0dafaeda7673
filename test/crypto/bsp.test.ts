import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import {
  BspOpener,
  BspProtector,
  deriveBspKeys,
  SEGMENT_OCTETS_MAX,
  type BspKeys,
} from '../../src/crypto/bsp.ts'
import { agree, keyPairFromScalar, publicKeyFromPoint } from '../../src/crypto/ec.ts'

interface Vectors {
  readonly ecdh: Readonly<Record<string, string>>
  readonly kdf: readonly Readonly<Record<string, string>>[]
  readonly segments: readonly {
    keys: string
    op: string
    tag: string
    plain: string
    out: string
  }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/bsp.json', import.meta.url), 'utf8'),
) as Vectors

const sessionKeys: BspKeys = (() => {
  const trace = vectors.kdf[1]!
  return {
    macChainingValue: hex(trace['mcv']!),
    sEnc: hex(trace['s_enc']!),
    sMac: hex(trace['s_mac']!),
  }
})()

test('agrees on the shared secret of a third party’s trace', (t) => {
  const { ecdh } = vectors
  const curve = 'P-256' as const
  const smdp = keyPairFromScalar({ curve, scalar: hex(ecdh['smdp_otsk_bytes']!) })
  t.is(toHex(smdp.point), ecdh['smdp_otpk_der']!.toUpperCase())
  const publicKey = publicKeyFromPoint({ curve, point: hex(ecdh['euicc_otpk_der']!) })
  t.is(
    toHex(agree({ privateKey: smdp.privateKey, publicKey: publicKey! })),
    ecdh['expected_shared_secret']!.toUpperCase(),
  )
})

for (const [at, kdf] of vectors.kdf.entries()) {
  test(`derives the keys of a third party’s trace, entry ${at}`, (t) => {
    const keys = deriveBspKeys({
      sharedSecret: hex(kdf['shared_secret']!),
      hostId: hex(kdf['host_id']!),
      eid: hex(kdf['eid']!),
    })
    t.is(toHex(keys.macChainingValue), kdf['mcv']!.toUpperCase())
    t.is(toHex(keys.sEnc), kdf['s_enc']!.toUpperCase())
    t.is(toHex(keys.sMac), kdf['s_mac']!.toUpperCase())
  })
}

test('protects and opens the segments of a third party’s trace', (t) => {
  let protector = new BspProtector(sessionKeys)
  let opener = new BspOpener(sessionKeys)
  for (const segment of vectors.segments) {
    const plain = hex(segment.plain)
    const tag = Number.parseInt(segment.tag, 16)
    if (segment.keys.startsWith('ppk') && plain[0] === 0xa0) {
      const ppk = {
        macChainingValue: hex('000102030405060708090a0b0c0d0e0f'),
        sEnc: hex('010102030405060708090a0b0c0d0e0f'),
        sMac: hex('020102030405060708090a0b0c0d0e0f'),
      }
      protector = new BspProtector(ppk)
      opener = new BspOpener(ppk)
    }
    const made =
      segment.op === 'mac_only'
        ? protector.macOnly(tag, plain)
        : protector.encryptAndMac(tag, plain)
    t.deepEqual(made.map(toHex), [segment.out.toUpperCase()])
    const opened = opener.open(hex(segment.out))
    t.true(opened.ok && toHex(opened.data) === toHex(plain))
  }
})

test('never makes a segment above 1020 octets and loses nothing, at every size around the limits', (t) => {
  for (const size of [
    0, 1, 15, 16, 17, 1006, 1007, 1008, 1009, 1020, 2013, 2014, 2015, 2016, 2017,
  ]) {
    const data = Buffer.alloc(size, 0xa5)
    for (const mode of ['encrypted', 'clear'] as const) {
      const protector = new BspProtector(sessionKeys)
      const opener = new BspOpener(sessionKeys)
      const made =
        mode === 'clear' ? protector.macOnly(0x88, data) : protector.encryptAndMac(0x86, data)
      const perSegment = mode === 'clear' ? 1008 : 1007
      t.is(made.length, Math.ceil(size / perSegment))
      t.true(made.every((segment) => segment.length <= SEGMENT_OCTETS_MAX))
      const opened = made.map((segment) => opener.open(segment))
      t.is(toHex(concat(...opened.map((one) => (one.ok ? one.data : hex(''))))), toHex(data))
    }
  }
})

test('opens what was protected, whatever the order and sizes of the TLVs', (t) => {
  const part = fc.record({
    tag: fc.constantFrom(0x86, 0x87, 0x88),
    data: fc.uint8Array({ maxLength: 2100 }),
  })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const protector = new BspProtector(sessionKeys)
      const opener = new BspOpener(sessionKeys)
      for (const { tag, data } of parts) {
        const made =
          tag === 0x88 ? protector.macOnly(tag, data) : protector.encryptAndMac(tag, data)
        const opened = made.map((segment) => opener.open(segment))
        const plain = concat(...opened.map((one) => (one.ok ? one.data : hex('FF'))))
        if (toHex(plain) !== toHex(data)) return false
      }
      return true
    }),
    { numRuns: 60 },
  )
  t.pass()
})

test('refuses a segment of which any octet was changed, and one out of order', (t) => {
  const segments = new BspProtector(sessionKeys).encryptAndMac(0x86, Buffer.alloc(2100, 7))
  const [first, second] = segments as [Uint8Array, Uint8Array]
  t.deepEqual(new BspOpener(sessionKeys).open(second), { ok: false, fault: 'security' })
  for (let at = 4; at < 64; at += 3) {
    const broken = Buffer.from(first)
    broken[at] = broken[at]! ^ 0x01
    t.deepEqual(new BspOpener(sessionKeys).open(broken), { ok: false, fault: 'security' })
  }
  t.deepEqual(new BspOpener(sessionKeys).open(hex('8602 0102')), { ok: false, fault: 'structure' })
})
