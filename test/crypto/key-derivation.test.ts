import { readFileSync } from 'node:fs'
import test from 'ava'
import { hex, toHex, utf8 } from '../../src/base/octets.ts'
import { akaFunctions, challenge } from '../../src/crypto/aka.ts'
import {
  deriveHresStar,
  deriveKasme,
  deriveKausf,
  deriveKseaf,
  deriveResStar,
  kdf,
} from '../../src/crypto/key-derivation.ts'

type Values = Readonly<Record<string, string>>

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/key-derivation.json', import.meta.url), 'utf8'),
) as {
  readonly kdf: Values
  readonly fiveG: Values
  readonly names: { readonly derived: readonly Values[] } & Readonly<
    Record<'ck' | 'ik' | 'rand' | 'concealedSqn' | 'res', string>
  >
  readonly eps: Values
}

function challengeOf(values: Values) {
  const rand = hex(values['rand']!)
  const functions = akaFunctions({
    kind: 'milenage',
    k: hex(values['k']!),
    opc: hex(values['opc']!),
    resOctets: 8,
  })
  const sqn = BigInt(`0x${values['sqn']}`)
  return { rand, ...challenge({ functions, rand, sqn, amf: hex(values['amf']!) }) }
}

test('the generic function derives what RFC 5448 has', (t) => {
  const { ck, ik, networkName, concealedSqn, derived } = vectors.kdf
  const key = hex(`${ck}${ik}`)
  const parameters = [utf8(networkName!), hex(concealedSqn!)]
  t.is(toHex(kdf({ key, functionCode: 0x20, parameters })), derived!.toUpperCase())
})

test('the keys of 5G-AKA are those of a third party, from the challenge to KSEAF', (t) => {
  const { fiveG } = vectors
  const { rand, autn, xres: res, ck, ik } = challengeOf(fiveG)
  const concealedSqn = autn.subarray(0, 6)
  const xresStar = deriveResStar({
    ck,
    ik,
    servingNetworkName: fiveG['servingNetworkName']!,
    rand,
    res,
  })
  const servingNetworkName = fiveG['servingNetworkNameOfKeys']!
  const kausf = deriveKausf({ ck, ik, servingNetworkName, concealedSqn })
  const made = {
    autn,
    xres: res,
    xresStar,
    kausf,
    hxresStar: deriveHresStar({ rand, resStar: xresStar }),
    kseaf: deriveKseaf({ kausf, servingNetworkName }),
  }
  for (const [name, octets] of Object.entries(made)) {
    t.is(toHex(octets), fiveG[name]!.toUpperCase(), name)
  }
})

for (const derived of vectors.names.derived) {
  const servingNetworkName = derived['servingNetworkName']!
  test(`RES*, KAUSF and KSEAF for ${servingNetworkName} are those of a third party`, (t) => {
    const { ck, ik, rand, concealedSqn, res } = vectors.names
    const keys = { ck: hex(ck), ik: hex(ik), servingNetworkName }
    const kausf = deriveKausf({ ...keys, concealedSqn: hex(concealedSqn) })
    const resStar = deriveResStar({ ...keys, rand: hex(rand), res: hex(res) })
    t.is(toHex(resStar), derived['resStar']!.toUpperCase())
    t.is(toHex(kausf), derived['kausf']!.toUpperCase())
    t.is(toHex(deriveKseaf({ kausf, servingNetworkName })), derived['kseaf']!.toUpperCase())
  })
}

test('KASME is that of a third party’s HSS', (t) => {
  const { eps } = vectors
  const { autn, xres, ck, ik } = challengeOf(eps)
  t.is(toHex(autn), eps['autn']!.toUpperCase())
  t.is(toHex(xres), eps['xres']!.toUpperCase())
  const servingNetworkId = hex(eps['servingNetworkId']!)
  const kasme = deriveKasme({ ck, ik, servingNetworkId, concealedSqn: autn.subarray(0, 6) })
  t.is(toHex(kasme), eps['kasme']!.toUpperCase())
})

test('what has a wrong length is refused by name', (t) => {
  const right = {
    ck: new Uint8Array(16),
    ik: new Uint8Array(16),
    servingNetworkName: '5G:mnc001.mcc001.3gppnetwork.org',
    servingNetworkId: new Uint8Array(3),
    concealedSqn: new Uint8Array(6),
    rand: new Uint8Array(16),
    res: new Uint8Array(8),
  }
  const refusals = [
    ['ck', () => deriveKausf({ ...right, ck: new Uint8Array(15) })],
    ['ik', () => deriveKasme({ ...right, ik: new Uint8Array(0) })],
    ['concealedSqn', () => deriveKausf({ ...right, concealedSqn: new Uint8Array(5) })],
    ['servingNetworkId', () => deriveKasme({ ...right, servingNetworkId: new Uint8Array(2) })],
    ['rand', () => deriveResStar({ ...right, rand: new Uint8Array(17) })],
    ['res', () => deriveResStar({ ...right, res: new Uint8Array(3) })],
    ['res', () => deriveResStar({ ...right, res: new Uint8Array(32) })],
    ['resStar', () => deriveHresStar({ rand: right.rand, resStar: new Uint8Array(8) })],
    ['kausf', () => deriveKseaf({ ...right, kausf: new Uint8Array(16) })],
  ] as const
  for (const [field, refused] of refusals) {
    t.like(t.throws(refused), { name: 'LabError', code: 'badInput', field })
  }
})
