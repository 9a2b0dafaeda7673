import test from 'ava'
import type { ExecutionContext } from 'ava'
import { seededRandom, wallClock } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import { equalOctets, hex, toHex } from '../../src/base/octets.ts'
import { CURVES, type Curve } from '../../src/crypto/ec.ts'
import { serveLab } from '../../src/http/serve.ts'
import { cardOfPki, createIdentity } from '../../src/lab-identity.ts'
import type { Lab, LabOptions } from '../../src/lab.ts'
import { arrangePki } from '../../src/pki/arrange.ts'
import { givenTls } from '../../src/pki/brought.ts'
import { readCertificate } from '../../src/pki/certificate.ts'
import type { Credential } from '../../src/pki/issue.ts'
import type { LoadedPki } from '../../src/pki/load.ts'
import { readMaterial } from '../../src/pki/material.ts'
import {
  createTestPki,
  issueEuiccCredential,
  issueTlsCredential,
  makeEid,
  type CredentialName,
} from '../../src/pki/test-pki.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { orderState, testLab } from '../helpers/lab.ts'
import { certificatePem, keyPem } from '../pki/load-helper.ts'

const random = seededRandom('somebody else')
const theirs = createTestPki({ random })
const others = createTestPki({ random: seededRandom('a third party') })

interface Piece {
  readonly credential: Credential
  readonly withKey: boolean
}

function piece(credential: Credential, withKey = true): Piece {
  return { credential, withKey }
}

/** Some credentials of somebody's PKI, by curve; CI certificates without their keys. */
function pieces(
  names: readonly CredentialName[],
  options: { readonly curves?: readonly Curve[]; readonly of?: typeof theirs } = {},
): Piece[] {
  const { curves = CURVES, of = theirs } = options
  return curves.flatMap((curve) => [
    piece(of[curve].ci, false),
    ...names.map((name) => piece(of[curve][name])),
  ])
}

function brought(...all: readonly Piece[]): LoadedPki {
  const files = all.flatMap(({ credential, withKey }, at) => [
    { path: `${at}.pem`, octets: certificatePem(credential) },
    ...(withKey ? [{ path: `${at}.key`, octets: keyPem(credential) }] : []),
  ])
  return { ...arrangePki(readMaterial(files)), directory: 'theirs' }
}

function labOn(t: ExecutionContext, broughtPki: LoadedPki, options: LabOptions = {}): Promise<Lab> {
  return testLab(t, { ...options, broughtPki })
}

const WHOLE = ['eum', 'dpAuth', 'dpPb'] as const

for (const curve of CURVES) {
  test(`a card of their EUM on ${curve} downloads, enables and notifies over HTTPS`, async (t) => {
    const lab = await labOn(t, brought(...pieces(WHOLE)))
    const served = await serveLab(lab)
    t.teardown(served.close)
    const phone = lab.createPhone({ curves: [curve], es9Plus: served.es9Plus })
    const [credential] = phone.euicc.state.credentials
    t.true(equalOctets(credential!.eumCertificate.der, theirs[curve].eum.certificate.der))
    const order = await lab.order()
    const { iccid } = await phone.download({
      activationCode: parseActivationCode(order.activationCode),
    })
    await phone.enable({ iccid })
    await phone.sendNotifications()
    t.is(orderState(lab, order), 'Installed')
    t.is(served.tls?.from, 'testCi')
  })
}

test("the CI's key alone makes an EUM, and cards under it", async (t) => {
  const lab = await labOn(t, brought(...pieces(['ci', 'dpAuth', 'dpPb'])))
  const phone = lab.createPhone()
  t.is(phone.euicc.state.credentials.length, 2)
  const { activationCode } = await lab.order()
  await t.notThrowsAsync(phone.download({ activationCode: parseActivationCode(activationCode) }))
})

test('the same name has the same EID and key, whatever else was made', (t) => {
  const pki = brought(...pieces(WHOLE))
  const make = (...names: string[]) => names.map((name) => madeCard(pki, name)).at(-1)
  t.deepEqual(make('p1', 'p2'), make('p2'))
})

function madeCard(pki: LoadedPki, name: string) {
  const identity = createIdentity({
    own: others,
    brought: pki,
    withTestCi: false,
    random: seededRandom('cards'),
  })
  const { eid, credentials } = identity.manufacture({ name })
  return { eid, points: credentials.map(({ keyPair }) => toHex(keyPair.point)) }
}

/** The two eUICCs of a PKI that can make no other, unless it has the EUM's key. */
function givenEuiccs(eids: readonly string[], { withEum }: { readonly withEum: boolean }) {
  return brought(
    ...pieces([]),
    ...CURVES.map((curve) => piece(theirs[curve].eum, withEum)),
    ...CURVES.flatMap((curve) =>
      eids.map((eid) => piece(issueEuiccCredential({ pki: theirs, curve, eid, random }))),
    ),
  )
}

test('a new card is a CERT.EUICC that no other card is, or one that is made', (t) => {
  const [a, b] = [1n, 2n].map((serial) => makeEid({ serial })) as [string, string]
  const card = { name: 'p1', takenEids: [], random }
  const given = givenEuiccs([b, a], { withEum: false })
  t.is(cardOfPki(given, card).eid, a)
  t.is(cardOfPki(given, { ...card, eid: b }).eid, b)
  t.is(cardOfPki(given, { ...card, takenEids: [a] }).eid, b)
  t.is(cardOfPki(given, card).credentials.length, 2)
  for (const wish of [{ takenEids: [a, b] }, { eid: makeEid({ serial: 3n }) }]) {
    const refused = t.throws(() => cardOfPki(given, { ...card, ...wish }), { instanceOf: LabError })
    t.is(refused?.code, 'conflict')
    t.is(refused?.reason, 'euiccInUse')
    const made = cardOfPki(givenEuiccs([b, a], { withEum: true }), { ...card, ...wish })
    t.false([a, b].includes(made.eid))
    if (wish.eid !== undefined) t.is(made.eid, wish.eid)
  }
})

test("without an EUM's key no card is made, unless the lab's own test CI is believed too", async (t) => {
  const pki = brought(...pieces(['dpAuth', 'dpPb']))
  const strict = await labOn(t, pki)
  const refused = t.throws(() => strict.createPhone(), { instanceOf: LabError })
  t.is(refused?.code, 'conflict')
  t.is(refused?.reason, 'noEum')
  const open = await labOn(t, pki, { withTestCi: true })
  const { activationCode } = await open.order()
  const phone = open.createPhone()
  await t.notThrowsAsync(phone.download({ activationCode: parseActivationCode(activationCode) }))
})

test("a card of the lab's own test CI is refused where only theirs is believed", async (t) => {
  const lab = await labOn(t, brought(...pieces(WHOLE)))
  const ownLab = await testLab(t)
  const phone = ownLab.createPhone({ es9Plus: () => lab.es9Plus })
  const { activationCode } = await lab.order()
  await t.throwsAsync(phone.download({ activationCode: parseActivationCode(activationCode) }), {
    message: /8\.8\.2/,
  })
})

test('a lab does not begin without CERT.DPpb, and says so with the report', async (t) => {
  const pki = brought(...pieces(['eum', 'dpAuth']), piece(theirs['P-256'].dpPb, false))
  const error = await t.throwsAsync(testLab(t, { broughtPki: pki }), { instanceOf: LabError })
  t.is(error?.code, 'badInput')
  t.is(error?.field, 'pki')
  t.regex(error?.message ?? '', /> SM-DP\+: missing the key of CERT.DPpb\n/)
  t.regex(error?.message ?? '', /> SM-DP\+: missing CERT.DPpb and its key\n/)
})

test('where one curve is whole and the other is not, the whole one serves', async (t) => {
  const lab = await labOn(
    t,
    brought(
      ...pieces(WHOLE, { curves: ['brainpoolP256r1'] }),
      ...pieces(['dpAuth'], { curves: ['P-256'] }),
    ),
  )
  t.deepEqual(
    lab.smdp.credentials.map(({ ci }) => ci.curve),
    ['brainpoolP256r1'],
  )
  const { activationCode } = await lab.order()
  await t.notThrowsAsync(
    lab.createPhone().download({ activationCode: parseActivationCode(activationCode) }),
  )
})

// SGP.22 §2.6.7.1: each list is in the eUICC's order of preference, and each is answered by itself.
for (const [title, verification, signing] of ordersOfLists()) {
  test(`the SM-DP+ picks from the card's lists in the card's order: ${title}`, async (t) => {
    const lab = await labOn(t, brought(...pieces(WHOLE), ...pieces(WHOLE, { of: others })))
    t.is(lab.smdp.credentials.length, 4)
    const answer = await lab.es9Plus.initiateAuthentication({
      euiccChallenge: new Uint8Array(16),
      smdpAddress: lab.smdp.address,
      euiccInfo1: {
        svn: hex('020500'),
        euiccCiPKIdListForVerification: verification.map(keyIdOf),
        euiccCiPKIdListForSigning: signing.map(keyIdOf),
      },
    })
    t.deepEqual(answer.euiccCiPKIdToBeUsed, keyIdOf(firstKnown(signing)))
    const { authorityKeyId } = readCertificate(answer.serverCertificate)
    t.deepEqual(authorityKeyId, keyIdOf(firstKnown(verification)))
  })
}

function firstKnown(names: readonly CiName[]): CiName {
  return names.find((name) => name !== 'unknown') as CiName
}

type CiName = 'theirs on P-256' | 'theirs on Brainpool' | 'others on Brainpool' | 'unknown'

function keyIdOf(name: CiName): Uint8Array {
  if (name === 'unknown') return new Uint8Array(20)
  const curve = name.endsWith('P-256') ? 'P-256' : 'brainpoolP256r1'
  return (name.startsWith('theirs') ? theirs : others)[curve].ci.certificate
    .subjectKeyId as Uint8Array
}

function ordersOfLists(): [string, CiName[], CiName[]][] {
  const lists: CiName[][] = [
    ['theirs on P-256', 'theirs on Brainpool'],
    ['theirs on Brainpool', 'theirs on P-256'],
    ['unknown', 'others on Brainpool', 'theirs on P-256'],
  ]
  return lists.flatMap((verification) =>
    lists.map((signing): [string, CiName[], CiName[]] => [
      `verifies ${verification.join(', ')}; signs ${signing.join(', ')}`,
      verification,
      signing,
    ]),
  )
}

function tlsOf(hostName: string, atMs: number): Credential {
  return issueTlsCredential({
    pki: theirs,
    hostNames: [hostName],
    role: 'dp-tls',
    nowMs: atMs,
    random,
  })
}

const YEAR_MS = 366 * 86_400_000

test('CERT.DP.TLS as it was brought serves while it is valid and names the server', async (t) => {
  const leaf = tlsOf('localhost', wallClock.nowMs())
  const lab = await labOn(t, brought(...pieces(['ci', ...WHOLE]), piece(leaf)))
  const served = await serveLab(lab)
  t.teardown(served.close)
  t.is(served.tls?.from, 'given')
  t.deepEqual(served.tls?.credential.certificate.der, leaf.certificate.der)
  const { activationCode } = await lab.order()
  const phone = lab.createPhone({ es9Plus: served.es9Plus })
  await t.notThrowsAsync(phone.download({ activationCode: parseActivationCode(activationCode) }))
})

for (const [what, leaf] of [
  ['has expired', tlsOf('localhost', wallClock.nowMs() - 2 * YEAR_MS)],
  ['is for another host', tlsOf('smdp.example.com', wallClock.nowMs())],
] as const) {
  test(`a TLS certificate that ${what} gives way to a new one under the CI whose key is there`, async (t) => {
    const lab = await labOn(t, brought(...pieces(['ci', ...WHOLE]), piece(leaf)))
    const served = await serveLab(lab)
    t.teardown(served.close)
    t.is(served.tls?.from, 'broughtCi')
    t.deepEqual(served.tls?.ci.der, theirs['P-256'].ci.certificate.der)
    const { activationCode } = await lab.order()
    const phone = lab.createPhone({ es9Plus: served.es9Plus })
    await t.notThrowsAsync(phone.download({ activationCode: parseActivationCode(activationCode) }))
  })

  test(`a TLS certificate that ${what} gives way to one of the lab's own test CI where there is no key`, async (t) => {
    const lab = await labOn(t, brought(...pieces(WHOLE), piece(leaf)))
    const served = await serveLab(lab)
    t.teardown(served.close)
    t.is(served.tls?.from, 'testCi')
  })
}

test('of several TLS certificates the one that names the server is taken, with any wildcard', (t) => {
  const now = wallClock.nowMs()
  const [first, second] = [tlsOf('a.example.com', now), tlsOf('*.example.com', now)]
  const pki = brought(...pieces(['dpAuth', 'dpPb']), piece(first), piece(second))
  const chosen = (hostName: string) =>
    givenTls(pki, { hostName, atMs: now })?.credential.certificate
  t.deepEqual(chosen('b.example.com'), second.certificate)
  t.is(chosen('b.example.org'), undefined)
  t.truthy(chosen('A.EXAMPLE.COM'))
})
