import { readFileSync } from 'node:fs'
import test from 'ava'
import { seededRandom, type Random } from '../../../src/base/environment.ts'
import { hex, toHex } from '../../../src/base/octets.ts'
import { imsiToOctets } from '../../../src/base/bcd.ts'
import { revealSupi } from '../../../src/crypto/suci.ts'
import { suciFromMobileIdentity } from '../../../src/nas/suci.ts'
import { ISIM, needed, PIN1, uiccBench, USIM } from './helper.ts'

interface EciesVector {
  readonly clause: string
  readonly scheme: 'profileA' | 'profileB'
  readonly supi: string
  readonly homeNetworkPrivateKey: string
  readonly homeNetworkPublicKeys: readonly string[]
  readonly ephemeralPrivateKey: string
  readonly ephemeralPublicKey: string
  readonly ciphertext: string
  readonly mac: string
}

const { ecies } = JSON.parse(readFileSync('fixtures/vectors/suci.json', 'utf8')) as {
  readonly ecies: readonly EciesVector[]
}
const OF_IMSI = ecies.filter(({ supi }) => supi === 'MSIN 001002086')

/** 274012001002086: the IMSI of the vectors. */
const IMSI = toHex(imsiToOctets('274012001002086'))
const SERVICES = [124, 125]

/** Chance that is the vector's ephemeral key. */
function drawing(octets: string): Random {
  return { ...seededRandom('vector'), bytes: () => hex(octets) }
}

function calcInfo(schemes: string, keys: readonly (readonly [id: string, key: string])[]): string {
  const list = keys.map(([id, key]) => `8001${id}81${lengthOf(key)}${key}`).join('')
  return `A0${lengthOf(schemes)}${schemes}A1${keys.length > 0 ? longLengthOf(list) : '00'}${list}`
}

function lengthOf(octets: string): string {
  return toHex(Uint8Array.of(octets.length / 2))
}

function longLengthOf(octets: string): string {
  return octets.length / 2 < 128 ? lengthOf(octets) : `81${lengthOf(octets)}`
}

const IN_USIM = [
  [`0020000108${PIN1}`, '9000'],
  [`00A4040C10${USIM}`, '9000'],
] as const

test('GET IDENTITY conceals as TS 33.501 annex C.4 does', async (t) => {
  t.deepEqual(
    OF_IMSI.map(({ scheme }) => scheme),
    ['profileA', 'profileB'],
  )
  for (const vector of OF_IMSI) {
    const scheme = vector.scheme === 'profileA' ? '01' : '02'
    for (const key of vector.homeNetworkPublicKeys) {
      const suciCalcInfo = calcInfo(`${scheme}01`, [['1B', key]])
      const { play } = uiccBench(t, {
        images: [{ suciCalcInfo, services: SERVICES, imsi: IMSI, mncLength: 3 }],
        random: drawing(vector.ephemeralPrivateKey),
      })
      const output = `${vector.ephemeralPublicKey}${vector.ciphertext}${vector.mac}`
      const value = `01 722410 2143 ${scheme} 1B ${output}`.replaceAll(' ', '')
      await play([...IN_USIM, ['8078000100', `A1${lengthOf(value)}${value} 9000`.toUpperCase()]])
    }
  }
})

test('what GET IDENTITY conceals, the home network reveals', async (t) => {
  for (const vector of OF_IMSI) {
    const scheme = vector.scheme === 'profileA' ? '01' : '02'
    const suciCalcInfo = calcInfo(`${scheme}01`, [['05', needed(vector.homeNetworkPublicKeys[0])]])
    const { send, play } = uiccBench(t, { images: [{ suciCalcInfo, services: SERVICES }] })
    await play(IN_USIM)
    const identity = hex((await send('8078000100')).slice(4, -4))
    const suci = needed(suciFromMobileIdentity(identity))
    const revealed = revealSupi({
      scheme: vector.scheme,
      output: suci.output,
      homeNetworkPrivateKey: hex(vector.homeNetworkPrivateKey),
    })
    t.deepEqual(revealed.ok && toHex(revealed.plain), '1032547698')
    t.notDeepEqual(hex((await send('8078000100')).slice(4, -4)), identity, 'no SUCI comes twice')
  }
})

const NULL_SCHEME = 'A10D 01 32F401 2143 00 00 1032547698 9000'

test('without a key that can be used, the null scheme says the IMSI', async (t) => {
  const unusable = [
    'A000A100',
    'FFFFFFFF',
    'A002FF',
    calcInfo('0000', []),
    calcInfo('0101', []),
    calcInfo('0102', [['01', '00'.repeat(32)]]),
    calcInfo('0101', [['01', '00'.repeat(31)]]),
    calcInfo('0201', [['01', `02${'FF'.repeat(32)}`]]),
    calcInfo('0301', [['01', '00'.repeat(32)]]),
  ]
  for (const suciCalcInfo of unusable) {
    const { play } = uiccBench(t, { images: [{ suciCalcInfo, services: SERVICES }] })
    await play([...IN_USIM, ['8078000100', NULL_SCHEME]])
  }
})

test('the first scheme that can be used is taken', async (t) => {
  const [a] = OF_IMSI
  const key = needed(needed(a).homeNetworkPublicKeys[0])
  const suciCalcInfo = calcInfo('0301020101020000', [
    ['01', '00'],
    ['07', key],
  ])
  const { play } = uiccBench(t, { images: [{ suciCalcInfo, services: SERVICES }] })
  await play([...IN_USIM, ['8078000100', 'A135 01 32F401 2143 01 07…']])
})

test('an operator without routing indicator has 0', async (t) => {
  const images = [{ suciCalcInfo: 'A000', services: SERVICES, routingIndicator: 'FFFFFFFF' }]
  const { play } = uiccBench(t, { images })
  await play([...IN_USIM, ['8078000100', 'A10D 01 32F401 F0FF 00 00 1032547698 9000']])
})

test('GET IDENTITY needs the USIM, its PIN, and services 124 and 125', async (t) => {
  const { play } = uiccBench(t)
  await play([
    ['8078000100', '6985'],
    [`00A4040C10${USIM}`, '9000'],
    ['8078000100', '6982'],
    [`0020000108${PIN1}`, '9000'],
    ['8078000100', 'A1…'],
    ['80780001', 'A1…'],
    ['8078000200', '6A81'],
    ['8078000000', '6A86'],
    ['8078010100', '6A86'],
    ['807800010100', '6700'],
    ['0078000100', '6E00'],
    [`00A4040C10${ISIM}`, '9000'],
    ['8078000100', '6985'],
  ])
  for (const services of [[], [124], [125]]) {
    await uiccBench(t, { images: [{ services }] }).play([...IN_USIM, ['8078000100', '6985']])
  }
})
