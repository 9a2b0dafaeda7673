import test from 'ava'
import { toHex } from '../../../src/base/octets.ts'
import { needed, PIN1, PIN2, uiccBench, USIM } from './helper.ts'

const ISDR = 'A0000005591010FFFFFFFF8900000100'

test('each channel has its own directory, file and record', async (t) => {
  const { play } = uiccBench(t)
  await play([
    ['0070000001', '01 9000'],
    [`0020000108${PIN1}`, '9000'],
    [`01A4040C10${USIM}`, '9000'],
    ['01A4000C026F07', '9000'],
    ['00A4000C022FE2', '9000'],
    ['01B0000001', '08 9000'],
    ['00B0000001', '98 9000'],
    ['00A4080C047F106F3A', '9000'],
    ['01A4080C047F106F3A', '9000'],
    ['00B2000200', '416C696365 9000'],
    ['00B2000200', '426F62FFFF 9000'],
    ['01B2000200', '416C696365 9000'],
    ['00DC010405 5858585858', '9000'],
    ['01B2010400', '5858585858 9000'],
  ])
})

test('a PIN that one channel has verified holds on all of them', async (t) => {
  const { play } = uiccBench(t)
  await play([
    ['0070000001', '01 9000'],
    [`01A4040C10${USIM}`, '9000'],
    [`0020000108${PIN1}`, '9000'],
    ['01B0870001', '08 9000'],
    [`00A4040C10${USIM}`, '9000'],
    [`0020008108${PIN2}`, '9000'],
    ['01200081', '9000'],
    [`00A4044C10${USIM}`, '9000'],
    ['01200081', '9000'],
    [`01A4044C10${USIM}`, '9000'],
    [`01A4040C10${USIM}`, '9000'],
    ['01200081', '63C3'],
  ])
})

test('a channel opened from another begins where that is, and goes its own way', async (t) => {
  const { play } = uiccBench(t)
  await play([
    ['0070000001', '01 9000'],
    [`01A4040C10${USIM}`, '9000'],
    ['0170000001', '02 9000'],
    ['82F2000112', `8410${USIM}9000`],
    ['01A4000C023F00', '9000'],
    ['82F2000112', `8410${USIM}9000`],
    ['0070000001', '03 9000'],
    ['83F2000100', '6A88'],
  ])
})

function change(tag: '31' | '32', iccid: string, refresh: '00' | 'FF' = '00'): string {
  return `81E2910014BF${tag}11A00C5A0A${iccid}8101${refresh}`
}

const OPEN_ISDR = [
  ['0070000001', '01 9000'],
  [`01A4040C10${ISDR}`, '9000'],
] as const

test('another profile is another set of files, at once without REFRESH', async (t) => {
  const { play, iccids } = uiccBench(t, { profiles: ['enabled', 'disabled'] })
  const [first = '', second = ''] = iccids
  await play([
    ...OPEN_ISDR,
    ['0070000001', '02 9000'],
    [`0020000108${PIN1}`, '9000'],
    ['00A4000C022F05', '9000'],
    ['00D60000046465FFFF', '9000'],
    [`02A4040C10${USIM}`, '9000'],
    ['00B0820000', `${first}9000`],
    [change('31', second), 'BF3103800100 9000'],
    ['82F2000100', '6A88'],
    ['02B0870000', '6A82'],
    ['00B0820000', `${second}9000`],
    ['00B0850000', '656EFFFF 9000'],
    ['00200001', '63C3'],
    [change('31', first), 'BF3103800100 9000'],
    ['00B0820000', `${first}9000`],
    ['00B0850000', '6465FFFF 9000'],
    [change('32', first), 'BF3203800100 9000'],
    ['00B0820000', '6986'],
    ['00A4000C022FE2', '6A82'],
    ['00A40004023F0000', '621B8202782183023F00A5068001718701018A01058C0100C603900100 9000'],
  ])
})

test('another profile is there with REFRESH, and not before', async (t) => {
  const { play, iccids } = uiccBench(t, { profiles: ['enabled', 'disabled'] })
  const [first = '', second = ''] = iccids
  await play([
    ...OPEN_ISDR,
    ['8010000003000080', '9000'],
    [change('31', second, 'FF'), 'BF3103800100 910B'],
    ['00B0820000', `${first}910B`],
    ['801200000B', 'D009810301010482028182 9000'],
    ['00B0820000', `${first}9000`],
    ['801400000C810301010482028281830100', '9000'],
    ['00B0820000', `${second}9000`],
  ])
})

test('another profile is there with a reset', async (t) => {
  const { play, iccids, card } = uiccBench(t, { profiles: ['enabled', 'disabled'] })
  const [, second = ''] = iccids
  await play([
    ...OPEN_ISDR,
    ['8010000003000080', '9000'],
    [change('31', second, 'FF'), 'BF3103800100 910B'],
  ])
  card.reset()
  await play([['00B0820000', `${second}9000`]])
})

test('a profile that is deleted takes its changes with it', async (t) => {
  const { play, euicc, iccids } = uiccBench(t, { profiles: ['enabled'] })
  await play([
    [`0020000108${PIN1}`, '9000'],
    ['00A4000C022F05', '9000'],
    ['00D60000046465FFFF', '9000'],
  ])
  t.deepEqual(euicc.state.profiles[0]?.changes, { contents: { '3F00/2F05': '6465FFFF' } })
  await play([
    ...OPEN_ISDR,
    [change('32', needed(iccids[0])), 'BF3203800100 9000'],
    [`81E291000FBF330C5A0A${needed(iccids[0])}00`, 'BF3303800100 9000'],
  ])
  t.deepEqual(euicc.state.profiles, [])
})

test('answers wait for GET RESPONSE where the card does so, with their warning', async (t) => {
  const { play } = uiccBench(t, { settings: { responseMode: '61xx' } })
  await play([
    [`0020000108${PIN1}`, '9000'],
    [`00A4040410${USIM}`, '6136'],
    ['00C0000036', `6234 82027821 8410${USIM}…`],
    ['00A4000C026F39', '9000'],
    ['00040000', '9000'],
    ['00A40004026F39', '6283'],
    ['00C0000000', '621D 82054621000303 83026F39 8A0104 8B032F0605 80020009 81020009 8800 9000'],
  ])
})

test('AIDs name the applications of a profile that is enabled, and of no other', async (t) => {
  const { play } = uiccBench(t, { profiles: ['disabled'] })
  await play([
    [`00A4040C10${USIM}`, '6A82'],
    ['00A4000C022FE2', '6A82'],
  ])
  t.is(toHex(uiccBench(t).card.atr).slice(0, 2), '3B')
})
