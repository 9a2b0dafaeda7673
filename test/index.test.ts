import test from 'ava'
import { toHex } from '../src/base/octets.ts'
import {
  createApduCard,
  createLab,
  es10Client,
  es10OverApdu,
  loadPersonality,
  personalityNames,
} from '../src/index.ts'

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
