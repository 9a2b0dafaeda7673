import { readFileSync } from 'node:fs'
import test from 'ava'
import { concat, fromHex, hex, toHex } from '../../../src/base/octets.ts'
import { akaFunctions, challenge, openAuts } from '../../../src/crypto/aka.ts'
import type { AuthenticationParameters } from '../../../src/profile/image.ts'
import { ISIM, K, needed, OPC, PIN1, uiccBench, USIM } from './helper.ts'

interface MilenageSet {
  readonly set: string
  readonly k: string
  readonly rand: string
  readonly sqn: string
  readonly amf: string
  readonly opc: string
  readonly f1: string
  readonly f2: string
  readonly f3: string
  readonly f4: string
  readonly f5: string
  /** Absent where TS 55.205 has none. */
  readonly kc?: string
  readonly sres?: string
}

const { sets } = JSON.parse(readFileSync('fixtures/vectors/milenage.json', 'utf8')) as {
  readonly sets: readonly MilenageSet[]
}

const IN_USIM = [
  [`0020000108${PIN1}`, '9000'],
  [`00A4040C10${USIM}`, '9000'],
] as const

const LIMIT = 1n << 28n
const ZEROS: readonly bigint[] = Array.from({ length: 32 }, () => 0n)

function parametersOf(set: MilenageSet): AuthenticationParameters {
  const seq = BigInt(`0x${set.sqn}`) >> 5n
  return {
    algorithm: { kind: 'milenage', k: hex(set.k), opc: hex(set.opc), resOctets: 8 },
    sqnOptions: 2,
    sqnDelta: LIMIT,
    sqnAgeLimit: LIMIT,
    // The number before, so that the set's is fresh.
    sqn: Array.from({ length: 32 }, () => (seq === 0n ? 0n : seq - 1n)),
  }
}

function autnOf({ sqn, f5, amf, f1 }: MilenageSet): string {
  const concealed = hex(sqn).map((octet, at) => octet ^ (hex(f5)[at] as number))
  return `${toHex(concealed)}${amf}${f1}`
}

function aka(rand: string, autn: string): string {
  return `008800812210${rand}10${autn}00`
}

test('AUTHENTICATE answers the numbers of TS 35.208 and TS 55.205 in the 3G and the GSM context', async (t) => {
  let count = 0
  for (const set of sets) {
    const { play } = uiccBench(t, { images: [{ authentication: parametersOf(set) }] })
    const { kc, sres } = set
    const keys = `DB 08 ${set.f2} 10 ${set.f3} 10 ${set.f4} 08`.toUpperCase()
    await play([...IN_USIM, [aka(set.rand, autnOf(set)), kc ? `${keys} ${kc} 9000` : `${keys}…`]])
    if (!kc || !sres) continue
    await play([[`008800801110${set.rand}00`, `04 ${sres} 08 ${kc} 9000`]])
    count++
  }
  t.is(count, 19)
})

const functions = akaFunctions({ kind: 'milenage', k: hex(K), opc: hex(OPC), resOctets: 8 })
const RAND = '23553CBE9637A89D218AE64DAE47BF35'

/** AUTHENTICATE with a challenge of this sequence number. */
function challengeWith(sqn: bigint, rand: string = RAND): string {
  const { autn } = challenge({ functions, rand: hex(rand), sqn, amf: hex('8000') })
  return aka(rand, toHex(autn))
}

test('a challenge is taken once, and AUTS tells the network where the card stands, also after a loss of power', async (t) => {
  const bench = uiccBench(t)
  await bench.play([...IN_USIM, [challengeWith(0x1234n), 'DB08…']])
  const again = bench.again()
  await again.play(IN_USIM)
  const answer = await again.send(challengeWith(0x1234n))
  t.regex(answer, /^DC0E[0-9A-F]{28}9000$/)
  const auts = hex(answer.slice(4, -4))
  t.deepEqual(openAuts({ functions, rand: hex(RAND), auts }), { sqn: 0x1234n, macOk: true })
})

const sqn = (seq: bigint, ind: bigint): bigint => (seq << 5n) | ind

test('numbers out of order are taken while each is new for its index', async (t) => {
  const { play } = uiccBench(t)
  await play([
    ...IN_USIM,
    [challengeWith(sqn(10n, 1n)), 'DB…'],
    [challengeWith(sqn(7n, 2n)), 'DB…'],
    [challengeWith(sqn(7n, 2n)), 'DC…'],
    [challengeWith(sqn(9n, 1n)), 'DC…'],
    [challengeWith(sqn(8n, 2n)), 'DB…'],
    [challengeWith(sqn(10n + LIMIT, 3n)), 'DB…'],
    [challengeWith(sqn(11n + LIMIT + LIMIT, 3n)), 'DC…'],
  ])
})

test('the limits of Annex C.2 hold as the profile has them', async (t) => {
  const first = needed(sets[0])
  const parameters = {
    ...parametersOf(first),
    algorithm: { kind: 'milenage', k: hex(K), opc: hex(OPC), resOctets: 8 },
    sqnAgeLimit: 5n,
    sqn: ZEROS.with(0, 100n),
  } as const
  const old = challengeWith((95n << 5n) | 1n)
  const far = challengeWith((100n + LIMIT + 1n) << 5n)
  for (const [sqnOptions, isOld, isFar] of [
    [0x00, 'DB…', 'DB…'],
    [0x02, 'DB…', 'DC…'],
    [0x04, 'DC…', 'DB…'],
    [0x06, 'DC…', 'DC…'],
  ] as const) {
    const { play } = uiccBench(t, {
      images: [{ authentication: { ...parameters, sqnOptions, sqn: [...parameters.sqn] } }],
    })
    await play([...IN_USIM, [old, isOld], [far, isFar]])
  }
})

test('a challenge of another key is 9862 and changes nothing', async (t) => {
  const { play, euicc } = uiccBench(t)
  const right = fromHex(challengeWith(0x20n)) as Uint8Array
  const wrong = concat(
    right.subarray(0, 38),
    Uint8Array.of((right[38] as number) ^ 1),
    right.subarray(39),
  )
  await play(IN_USIM)
  const before = euicc.state
  await play([[toHex(wrong), '9862']])
  t.is(euicc.state, before)
  await play([[toHex(right), 'DB…']])
})

test('AUTHENTICATE needs an application and its PIN, and known contexts', async (t) => {
  const { play } = uiccBench(t)
  await play([
    [challengeWith(0x20n), '6985'],
    [`00A4040C10${USIM}`, '9000'],
    [challengeWith(0x20n), '6982'],
    [`0020000108${PIN1}`, '9000'],
    [`008800821110${RAND}00`, '9864'],
    [`008800841110${RAND}00`, '9864'],
    [`008800851110${RAND}00`, '9864'],
    [`008800831110${RAND}00`, '6A86'],
    [`008800011110${RAND}00`, '6A86'],
    [`008801811110${RAND}00`, '6A86'],
    [`008800811110${RAND}00`, '6700'],
    ['0088008100', '6700'],
    [`00880081220F${RAND}11${RAND}00`, '6A80'],
    [`00890081220F${RAND}11${RAND}00`, '6D00'],
    [`80880081220F${RAND}11${RAND}00`, '6E00'],
    ['00A4000C025FC0', '9000'],
    [challengeWith(0x20n), 'DB…'],
    ['00A4000C023F00', '9000'],
    [challengeWith(0x40n), '6985'],
  ])
})

test('Kc is answered with service 27 alone, and the GSM context with service 38', async (t) => {
  const { send, play } = uiccBench(t, { images: [{ services: [] }] })
  await play([...IN_USIM, [`008800801110${RAND}00`, '9864']])
  t.is((await send(challengeWith(0x20n))).length / 2, 1 + 9 + 17 + 17 + 2)
})

test('the ISIM authenticates by itself, without Kc and without the GSM context', async (t) => {
  const { send, play } = uiccBench(t)
  await play([
    ...IN_USIM,
    [challengeWith(0x20n), 'DB…'],
    [`00A4040C10${ISIM}`, '9000'],
    [`008800801110${RAND}00`, '9864'],
  ])
  t.is((await send(challengeWith(0x20n))).length / 2, 1 + 9 + 17 + 17 + 2)
})

test('TUAK answers with keys of 256 bits, and has no Kc of them', async (t) => {
  const algorithm = {
    kind: 'tuak',
    k: hex('AB'.repeat(32)),
    topc: hex('CD'.repeat(32)),
    keccakIterations: 1,
    resOctets: 16,
    macOctets: 16,
    ckIkOctets: 32,
  } as const
  const authentication = { ...parametersOf(needed(sets[0])), algorithm, sqn: [...ZEROS] }
  const { play } = uiccBench(t, { images: [{ authentication }] })
  const { autn, xres, ck, ik } = challenge({
    functions: akaFunctions(algorithm),
    rand: hex(RAND),
    sqn: 0x20n,
    amf: hex('8000'),
  })
  const answer = `DB 10 ${toHex(xres)} 20 ${toHex(ck)} 20 ${toHex(ik)} 9000`
  const command = `008800812A 10 ${RAND} 18 ${toHex(autn)}00`
  await play([
    ...IN_USIM,
    [`0088008122 10 ${RAND} 10 ${RAND} 00`, '6700'],
    [command, answer],
    [command, 'DC16…'],
    [`008800801110${RAND}00`, '9864'],
  ])
})

test('the test algorithm of TS 34.108 knows no limits but the order', async (t) => {
  const algorithm = { kind: 'test', k: hex(K), resOctets: 16 } as const
  const authentication: AuthenticationParameters = {
    algorithm,
    sqnOptions: 6,
    sqnDelta: 1n,
    sqnAgeLimit: 1n,
    sqn: [...ZEROS],
  }
  const { play, send } = uiccBench(t, { images: [{ authentication }] })
  await play(IN_USIM)
  const { autn, xres } = challenge({
    functions: akaFunctions(algorithm),
    rand: hex(RAND),
    sqn: 0x7fff_ffffn,
    amf: hex('0000'),
  })
  t.is((await send(aka(RAND, toHex(autn)))).slice(0, 36), `DB10${toHex(xres)}`)
  t.is((await send(aka(RAND, toHex(autn)))).slice(0, 4), 'DC0E')
})

test('parameters that fit no algorithm are 6985, not a defect', async (t) => {
  const [set] = sets
  const right = parametersOf(needed(set))
  const algorithm = { kind: 'milenage', k: hex('00'), opc: hex('00'), resOctets: 8 } as const
  const { play } = uiccBench(t, { images: [{ authentication: { ...right, algorithm } }] })
  await play([...IN_USIM, [challengeWith(0x20n), '6985']])
})
