import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../../src/base/errors.ts'
import { hex, toHex } from '../../../src/base/octets.ts'
import { createApduCard } from '../../../src/euicc/apdu/card.ts'
import { memoryStorage, type EuiccState } from '../../../src/euicc/state.ts'
import { testLab } from '../../helpers/lab.ts'
import { needed } from '../../helpers/driver.ts'
import { benchOf, ISDR, OPEN_ISDR, withProfiles, type CardBench } from './helper.ts'

/** TERMINAL PROFILE whose third octet says REFRESH, and one that does not. */
const PROFILE_WITH_REFRESH = '80100000030000 80'
const PROFILE_WITHOUT_REFRESH = '80100000030000 7F'
const REFRESH = 'D009810301010482028182'
const PERFORMED = '801400000C810301010482028281830100'
const NOT_PERFORMED = '801400000C810301010482028281830120'

interface Installed extends CardBench {
  readonly iccids: readonly string[]
  states(): readonly string[]
}

async function installed(t: ExecutionContext, count = 2): Promise<Installed> {
  const lab = await testLab(t)
  const phone = await withProfiles(lab, count)
  const bench = benchOf(t, { lab, phone, settings: { responseMode: 'direct' } })
  await bench.play([OPEN_ISDR[0], [`01A4040C10${ISDR}`, '9000']])
  const { profiles } = phone.euicc.state
  return {
    ...bench,
    iccids: profiles.map(({ metadata }) => toHex(metadata.iccid)),
    states: () => phone.euicc.state.profiles.map(({ state }) => state),
  }
}

function enable(iccid: string | undefined, refresh: '00' | 'FF'): string {
  return `81E2910014BF3111A00C5A0A${needed(iccid)}8101${refresh}`
}

test('a change with refreshFlag happens when the device has performed REFRESH', async (t) => {
  const { play, iccids, states } = await installed(t)
  await play([
    [PROFILE_WITH_REFRESH, '9000'],
    ['8012000000', '6985'],
    [enable(iccids[0], 'FF'), 'BF3103800100 910B'],
  ])
  t.deepEqual(states(), ['disabled', 'disabled'])
  await play([
    ['81E2910003BF2E00', 'BF2E…'],
    ['80F2000C', '910B'],
    [PERFORMED, '6985'],
    ['801200000A', '6C0B'],
    ['801200000B', `${REFRESH}9000`],
    ['80F2000C', '9000'],
    [PERFORMED, '9000'],
  ])
  t.deepEqual(states(), ['enabled', 'disabled'])
  await play([
    ['80F2000C', '9000'],
    [PERFORMED, '6985'],
  ])
})

test('a change waits no longer when the device could not perform REFRESH', async (t) => {
  const { play, iccids, states } = await installed(t)
  await play([
    [PROFILE_WITH_REFRESH, '9000'],
    [enable(iccids[0], 'FF'), 'BF3103800100 910B'],
    ['8012000000', `${REFRESH}9000`],
    ['8014000009810301010482028281', '6A80'],
    ['801400000A81030101048202828183', '6A80'],
    [NOT_PERFORMED, '9000'],
    ['80F2000C', '9000'],
  ])
  t.deepEqual(states(), ['disabled', 'disabled'])
})

test('a change that waits for REFRESH happens with a reset', async (t) => {
  const { card, play, iccids, states } = await installed(t)
  await play([
    [PROFILE_WITH_REFRESH, '9000'],
    [enable(iccids[1], 'FF'), 'BF3103800100 910B'],
  ])
  card.reset()
  t.deepEqual(states(), ['disabled', 'enabled'])
  t.is(card.atr.length, 23)
})

test('a reset whose change cannot be stored is a reset all the same, and the next one stores it', async (t) => {
  const { lab, phone, iccids } = await installed(t)
  let isFull = false
  const disk = memoryStorage(phone.euicc.state)
  const save = (state: EuiccState): void => {
    if (isFull) throw new LabError('unavailable', 'there is no room.')
    disk.save(state)
  }
  const told: unknown[] = []
  const card = createApduCard({
    euicc: lab.createPhone({ storage: () => ({ load: disk.load, save }) }).euicc,
    settings: { responseMode: 'direct', onDefect: (error) => told.push(error) },
  })
  for (const apdu of ['0070000001', `01A4040C10${ISDR}`, '8010000003000080']) {
    await card.transmit(hex(apdu))
  }
  t.is(toHex(await card.transmit(hex(enable(iccids[0], 'FF')))), 'BF3103800100910B')
  isFull = true
  t.deepEqual(card.reset(), card.atr)
  card.powerOff()
  t.is(told.length, 2)
  isFull = false
  card.powerOn()
  t.deepEqual(
    disk.load().profiles.map(({ state }) => state),
    ['enabled', 'disabled'],
  )
})

test('a device that cannot be told to refresh has the change at once', async (t) => {
  const { play, iccids, states } = await installed(t)
  await play([
    [PROFILE_WITHOUT_REFRESH, '9000'],
    [enable(iccids[1], 'FF'), 'BF3103800100 9000'],
  ])
  t.deepEqual(states(), ['disabled', 'enabled'])
})

test('a change without refreshFlag selects the MF on the basic channel alone', async (t) => {
  const { play, iccids } = await installed(t)
  await play([
    [`00A4040C10${ISDR}`, '9000'],
    ['80E2910003BF2E00', 'BF2E…'],
    [enable(iccids[0], '00'), 'BF3103800100 9000'],
    ['80E2910003BF2E00', '6999'],
    ['81E2910003BF2E00', 'BF2E…'],
    [`00A4040C10${ISDR}`, '9000'],
    [enable(iccids[0], '00'), 'BF3103800102 9000'],
    ['80E2910003BF2E00', 'BF2E…'],
  ])
})

/** A Case 3 command: EnableProfile (31) or DisableProfile (32). */
function change(tag: '31' | '32', iccid: string | undefined): string {
  return `81E2900014BF${tag}11A00C5A0A${needed(iccid)}810100`
}

function erase(iccid: string | undefined): string {
  return `81E290000FBF330C5A0A${needed(iccid)}`
}

test('enable, disable and delete answer in status words as Case 3 commands', async (t) => {
  const { play, iccids, states, phone } = await installed(t)
  const [first, second] = iccids
  const unknown = '98001032547698103214'
  await play([
    [change('31', unknown), '6A82'],
    [change('31', first), '9000'],
    ['81C0000000', '6985'],
    [change('31', first), '6985'],
    [change('32', second), '6985'],
    [erase(first), '6985'],
    [change('31', second), '9000'],
    [change('32', second), '9000'],
    [erase(first), '9000'],
    [erase(first), '6A82'],
    ['81E2900004BF310100', '6A80'],
  ])
  t.deepEqual(states(), ['disabled'])
  phone.euicc.setCatBusy(true)
  await play([[change('31', second), '9300']])
})

test('a Case 3 command may come in blocks and ends in 91xx', async (t) => {
  const { play, iccids } = await installed(t, 1)
  await play([
    [PROFILE_WITH_REFRESH, '9000'],
    ['81E2100008BF3111A00C5A0A98'.padEnd(10 + 16, '0'), '9000'],
    [`81E2110106${'00'.repeat(6)}`, '6A86'],
    ['81E2100003BF3111', '9000'],
    [`81E2900111A00C5A0A${needed(iccids[0])}8101FF`, '910B'],
  ])
})

test('other functions have no Case 3 command', async (t) => {
  const { play, phone } = await installed(t, 1)
  const before = phone.euicc.state
  await play([
    ['81E2900003BF2E00', '6A86'],
    ['81E2900007BF3404820205E0', '6A86'],
    ['81E2900004A0820100', '6A86'],
  ])
  t.is(phone.euicc.state, before)
})

test('TERMINAL PROFILE, FETCH and TERMINAL RESPONSE hold to their form', async (t) => {
  const { play } = await installed(t, 1)
  await play([
    ['8010010001FF', '6A86'],
    ['80100000', '6700'],
    ['8012010000', '6A86'],
    ['801200000100', '6700'],
    ['8014010001FF', '6A86'],
    ['80140000', '6700'],
    ['801000000100', '9000'],
  ])
})
