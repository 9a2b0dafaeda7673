import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { bcdToDigits, digitsToBcd } from '../../src/base/bcd.ts'
import { seededRandom, type Random } from '../../src/base/environment.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import {
  concealSupi,
  generateSuciKeyPair,
  revealSupi,
  suciKeyPair,
  type SuciProfile,
} from '../../src/crypto/suci.ts'

interface EciesVector {
  readonly clause: string
  readonly scheme: SuciProfile
  readonly supi: string
  readonly homeNetworkPrivateKey: string
  readonly homeNetworkPublicKeys: readonly string[]
  readonly ephemeralPrivateKey: string
  readonly ephemeralPublicKey: string
  readonly plain: string
  readonly ciphertext: string
  readonly mac: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/suci.json', import.meta.url), 'utf8'),
) as {
  readonly null: { readonly msin: string; readonly plain: string; readonly output: string }
  readonly ecies: readonly EciesVector[]
}

const PROFILES: readonly SuciProfile[] = ['profileA', 'profileB']

test('TS 33.501 §C.4.2.1: the null scheme conceals nothing', (t) => {
  const { msin, plain, output } = vectors.null
  const octets = digitsToBcd(msin)
  t.is(toHex(octets), plain.toUpperCase())
  t.is(toHex(concealSupi({ scheme: 'null', plain: octets })), output.toUpperCase())
  t.deepEqual(revealSupi({ scheme: 'null', output: octets }), { ok: true, plain: octets })
  t.is(bcdToDigits(octets), msin)
})

for (const vector of vectors.ecies) {
  const { scheme } = vector
  const output = concat(hex(vector.ephemeralPublicKey), hex(vector.ciphertext), hex(vector.mac))

  test(`TS 33.501 §${vector.clause}: ${scheme} conceals ${vector.supi} as published`, (t) => {
    const ephemeral = suciKeyPair({ profile: scheme, privateKey: hex(vector.ephemeralPrivateKey) })
    t.is(toHex(ephemeral.publicKey), vector.ephemeralPublicKey.toUpperCase())
    t.true(vector.homeNetworkPublicKeys.length > 0)
    for (const homeNetworkPublicKey of vector.homeNetworkPublicKeys.map(hex)) {
      const plain = hex(vector.plain)
      const made = concealSupi({ scheme, plain, homeNetworkPublicKey, ephemeral })
      t.is(toHex(made), toHex(output))
    }
  })

  test(`TS 33.501 §${vector.clause}: ${scheme} reveals ${vector.supi}`, (t) => {
    const homeNetworkPrivateKey = hex(vector.homeNetworkPrivateKey)
    const { publicKey } = suciKeyPair({ profile: scheme, privateKey: homeNetworkPrivateKey })
    t.is(toHex(publicKey), vector.homeNetworkPublicKeys[0]!.toUpperCase())
    const revealed = revealSupi({ scheme, output, homeNetworkPrivateKey })
    t.true(revealed.ok)
    t.is(revealed.ok && toHex(revealed.plain), vector.plain.toUpperCase())
  })
}

for (const profile of PROFILES) {
  const random = seededRandom(`suci ${profile}`)
  const home = generateSuciKeyPair({ profile, random })
  const conceal = (plain: Uint8Array) =>
    concealSupi({
      scheme: profile,
      plain,
      homeNetworkPublicKey: home.publicKey,
      ephemeral: generateSuciKeyPair({ profile, random }),
    })
  const reveal = (output: Uint8Array) =>
    revealSupi({ scheme: profile, output, homeNetworkPrivateKey: home.privateKey })

  test(`${profile}: what was concealed is revealed, whatever it is`, (t) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (plain) => {
        const revealed = reveal(conceal(plain))
        return revealed.ok && toHex(revealed.plain) === toHex(plain)
      }),
      { numRuns: 50 },
    )
    t.pass()
  })

  test(`${profile}: the same subscriber never looks the same`, (t) => {
    const plain = hex('00012080f6')
    t.not(toHex(conceal(plain)), toHex(conceal(plain)))
  })

  test(`${profile}: a change anywhere is noticed`, (t) => {
    const output = conceal(hex('00012080f6'))
    for (const at of output.keys()) {
      const changed = Uint8Array.from(output)
      changed[at] = changed[at]! ^ 1
      t.false(reveal(changed).ok, `octet ${at}`)
    }
    const lastChanged = Uint8Array.from(output)
    lastChanged[output.length - 1]! ^= 0x80
    t.deepEqual(reveal(lastChanged), { ok: false, fault: 'security' })
  })

  test(`${profile}: another home network reveals nothing`, (t) => {
    const other = generateSuciKeyPair({ profile, random })
    const output = conceal(hex('00012080f6'))
    t.deepEqual(revealSupi({ scheme: profile, output, homeNetworkPrivateKey: other.privateKey }), {
      ok: false,
      fault: 'security',
    })
  })

  test(`${profile}: whatever comes is answered`, (t) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (output) => !reveal(output).ok),
      { numRuns: 100 },
    )
    const noCiphertext = concat(home.publicKey, new Uint8Array(8))
    t.deepEqual(reveal(noCiphertext), { ok: false, fault: 'structure' })
    t.deepEqual(reveal(new Uint8Array(0)), { ok: false, fault: 'structure' })
  })

  test(`${profile}: keys of a wrong length are refused by name`, (t) => {
    const ephemeral = generateSuciKeyPair({ profile, random })
    const plain = hex('00')
    const refusals = [
      ['privateKey', () => suciKeyPair({ profile, privateKey: new Uint8Array(31) })],
      [
        'homeNetworkPublicKey',
        () =>
          concealSupi({
            scheme: profile,
            plain,
            homeNetworkPublicKey: new Uint8Array(31),
            ephemeral,
          }),
      ],
      [
        'homeNetworkPublicKey',
        () =>
          concealSupi({
            scheme: profile,
            plain,
            homeNetworkPublicKey: new Uint8Array(home.publicKey.length),
            ephemeral,
          }),
      ],
    ] as const
    for (const [field, refused] of refusals) {
      t.like(t.throws(refused), { name: 'LabError', code: 'badInput', field })
    }
  })
}

test('an ephemeral X25519 key of small order is refused', (t) => {
  const home = generateSuciKeyPair({ profile: 'profileA', random: seededRandom('small order') })
  const output = concat(new Uint8Array(32), new Uint8Array(5), new Uint8Array(8))
  const homeNetworkPrivateKey = home.privateKey
  t.deepEqual(revealSupi({ scheme: 'profileA', output, homeNetworkPrivateKey }), {
    ok: false,
    fault: 'structure',
  })
})

test('an uncompressed ephemeral point is refused with profile B', (t) => {
  const vector = vectors.ecies.find(({ clause }) => clause === 'C.4.4.1')!
  const uncompressed = hex(
    '049AAB8376597021E855679A9778EA0B67396E68C66DF32C0F41E9ACCA2DA9B9D1D1F44EA1C87AA7478B954537BDE79951E748A43294A4F4CF86EAFF1789C9C81F',
  )
  const output = concat(uncompressed, hex(vector.ciphertext), hex(vector.mac))
  const homeNetworkPrivateKey = hex(vector.homeNetworkPrivateKey)
  t.deepEqual(revealSupi({ scheme: 'profileB', output, homeNetworkPrivateKey }), {
    ok: false,
    fault: 'structure',
  })
})

test('a private key of P-256 lies below the order, and another draw follows one that does not', (t) => {
  const tooLarge = new Uint8Array(32).fill(0xff)
  const drawn = [tooLarge, new Uint8Array(32), new Uint8Array(32).fill(0x11)]
  const random: Random = { ...seededRandom('unused'), bytes: () => drawn.shift()! }
  const pair = generateSuciKeyPair({ profile: 'profileB', random })
  t.is(toHex(pair.privateKey), '11'.repeat(32))
  t.like(
    t.throws(() => suciKeyPair({ profile: 'profileB', privateKey: tooLarge })),
    { code: 'badInput', field: 'privateKey' },
  )
})
