import test from 'ava'
import { toHex, utf8 } from '../src/base/octets.ts'
import {
  createApduCard,
  createLab,
  es10Client,
  es10OverApdu,
  iccidToOctets,
  installProfileElements,
  lintPackage,
  loadPersonality,
  packageOctets,
  personalityNames,
  readPackage,
} from '../src/index.ts'
import { foreignPackage } from './helpers/packages.ts'

test('the library has a phone’s eUICC as a card, and the device’s side of it', async (t) => {
  const lab = await createLab()
  t.teardown(() => lab.close())
  const { euicc } = lab.createPhone({ personality: loadPersonality('tiny-memory') })
  const card = createApduCard({ euicc })
  t.is(toHex(await card.transmit(Uint8Array.of(0x00, 0x70, 0x00, 0x00, 0x01))), '019000')
  const { svn } = await es10Client(es10OverApdu(card)).getEUICCInfo1({})
  t.deepEqual([...svn], [2, 5, 0])
})

test('the library names the personalities that it comes with', (t) => {
  t.true(personalityNames().includes('tiny-memory'))
})

test('the library reads, checks and executes profile packages without a lab', (t) => {
  const octets = packageOctets(utf8(toHex(foreignPackage())))
  const { iccid, imsi } = readPackage(octets)
  t.false(lintPackage(octets).some(({ severity }) => severity === 'error'))
  const result = installProfileElements(octets, { iccid: iccidToOctets(iccid) })
  if (!result.ok) return t.fail(result.detail)
  t.is(result.profile.imsi, imsi)
  t.true(result.profile.image.mf.files.length > 5)
})
