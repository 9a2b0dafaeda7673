import test from 'ava'
import { hex } from '../../../src/base/octets.ts'
import { loadPersonality } from '../../../src/euicc/personality-file.ts'
import { testLab } from '../../helpers/lab.ts'
import { benchOf, cardBench, ISDR, OPEN_ISDR } from './helper.ts'

const FCI = `6F1F8410${ISDR}A5049F6501FFE0058203020500`
const FCP = `6226820278218410${ISDR}A5049F6501FF8A0105E0058203020500`
const MF_FCP = '621B8202782183023F00A5068001718701018A01058C0100C603900100'

test('SELECT gives the FCI of the ISD-R, also where an FCP is asked for, or nothing', async (t) => {
  const { play } = await cardBench(t, { responseMode: 'direct' })
  await play([
    [`00A4040010${ISDR}00`, `${FCI}9000`],
    [`00A4040410${ISDR}00`, `${FCI}9000`],
    [`00A4040C10${ISDR}`, '9000'],
    ['80F2000000', `${FCP}9000`],
  ])
})

test('SELECT finds the ISD-R by the beginning of its AID', async (t) => {
  const { play } = await cardBench(t, { responseMode: 'direct' })
  await play([
    ['00A4040005A00000055900', `${FCI}9000`],
    ['00A404000CA0000005591010FFFFFFFF8900', `${FCI}9000`],
    ['00A4040C05A000000558', '6A82'],
    ['00A4040C04A0000005', '6700'],
    [`00A4040C11${ISDR}00`, '6700'],
    [`00A4040210${ISDR}`, '6A82'],
    ['00A40400', '6A82'],
  ])
})

test('SELECT finds the ISD-R under other AIDs where they are set', async (t) => {
  const other = 'A0000005591010FFFFFFFF8900050500'
  const { play } = await cardBench(t, { isdrAids: [hex(other), hex(ISDR)] })
  await play([
    [`00A4040C10${other}`, '9000'],
    ['80F2000112', `8410${other}9000`],
    [`00A4040C10${ISDR}`, '9000'],
    ['80F2000112', `8410${ISDR}9000`],
  ])
})

test('what was selected stays when nothing is found', async (t) => {
  const { play } = await cardBench(t)
  await play([
    ...OPEN_ISDR,
    ['01A4040C07A0000000871002', '6A82'],
    ['01A4000C022FE2', '6A82'],
    ['81CA005A12', '5A10…'],
    ['01A4000C023F00', '9000'],
    ['81CA005A12', '6999'],
  ])
})

test('the MF is selected from the start and asks for TERMINAL CAPABILITY', async (t) => {
  const { play } = await cardBench(t)
  await play([
    ['80F2000000', `${MF_FCP}9000`],
    ['80F200001D', `${MF_FCP}9000`],
    ['80F2000010', '6C1D'],
    ['80F2000100', '6A88'],
    ['80F2000C', '9000'],
    ['80F2030000', '6A86'],
    ['80F2000200', '6A86'],
    ['00A40004023F00', '611D'],
    ['00C000001D', `${MF_FCP}9000`],
    ['00A40004', `${MF_FCP}9000`],
    ['00A4080C023F00', '6A82'],
    ['00A4000C027FFF', '6A82'],
    ['00A4050C023F00', '6A86'],
    ['00A40008023F00', '6A86'],
  ])
})

test('GET DATA has the EID and the card recognition data', async (t) => {
  const { play, phone } = await cardBench(t)
  await play([
    ...OPEN_ISDR,
    ['81CA005A00', `5A10${phone.eid}9000`],
    ['81CA005A05', '6C12'],
    ['81CA005A12', `5A10${phone.eid}9000`],
    ['01CA005A12', `5A10${phone.eid}9000`],
    ['81CA006600', '6623732106072A864886FC6B01…'],
    ['81CA00CF00', '6A88'],
    ['81CA9F7F00', '6A88'],
  ])
})

const OTHER_AID = 'A0000005591010FFFFFFFF8900050500'
const KINDS = {
  'other-aid': [
    [`00A4040010${ISDR}`, '6A82'],
    [`00A4040010${OTHER_AID}`, '6121'],
    ['80E2910003BF2E00', '6115'],
  ],
  'no-channels': [
    ['0070000001', '6A81'],
    [`00A4040010${ISDR}`, '6121'],
    ['80E2910003BF2E00', '6115'],
  ],
  'wants-capability': [
    [`00A4040010${ISDR}`, '6121'],
    ['80E2910003BF2E00', '6A88'],
    ['80AA000005A903830107', '9000'],
    ['80E2910003BF2E00', '6115'],
  ],
} as const

for (const [name, script] of Object.entries(KINDS)) {
  test(`the personality "${name}" is heard by SELECT and the functions behind it`, async (t) => {
    const lab = await testLab(t)
    const phone = lab.createPhone({ personality: loadPersonality(name) })
    await benchOf(t, { lab, phone }).play(script)
  })
}
