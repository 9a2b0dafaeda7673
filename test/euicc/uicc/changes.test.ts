import test from 'ava'
import { LabError } from '../../../src/base/errors.ts'
import { parseEuicc, serialiseEuicc } from '../../../src/euicc/state.ts'
import { mergeChanges, placesOf, readChanges } from '../../../src/euicc/uicc/changes.ts'
import { handMadeImage, needed, PIN1, uiccBench, USIM, WRONG } from './helper.ts'

test('what a card has changed is stored by path, the newest of each thing', async (t) => {
  const { play, euicc } = uiccBench(t)
  await play([
    [`0020000108${WRONG}`, '63C2'],
    [`0020000108${PIN1}`, '9000'],
    [`00A4040C10${USIM}`, '9000'],
    ['00A4000C026F39', '9000'],
    ['00DC000303 0000AA', '9000'],
    ['00DC000303 0000BB', '9000'],
    ['00040000', '9000'],
  ])
  t.deepEqual(needed(euicc.state.profiles[0]).changes, {
    codes: { '3F00/01': { value: PIN1, triesLeft: 3, isEnabled: true } },
    contents: { [`3F00/${USIM}/6F39`]: '0000BB0000AA000005' },
    lifeCycles: { [`3F00/${USIM}/6F39`]: 4 },
  })
})

test('later changes take the place of earlier ones for the same thing', (t) => {
  const earlier = { contents: { a: '01', b: '02' }, lifeCycles: { a: 4 } }
  t.deepEqual(mergeChanges(earlier, { contents: { b: '03' }, sqn: { c: ['1'] } }), {
    contents: { a: '01', b: '03' },
    lifeCycles: { a: 4 },
    sqn: { c: ['1'] },
  })
  t.deepEqual(mergeChanges(undefined, earlier), earlier)
})

test('changes for what the profile does not have are passed over', (t) => {
  const image = handMadeImage()
  const before = handMadeImage()
  placesOf(image).apply({
    contents: { '3F00/9999': '00', '3F00': '00' },
    lifeCycles: { '9999': 4 },
    codes: { '3F00/99': { value: PIN1, triesLeft: 1, isEnabled: true } },
    sqn: { '3F00': ['1'], '3F00/9999': ['1'] },
  })
  t.deepEqual(image, before)
})

test('stored changes that no card has made are damage', (t) => {
  const text = serialiseEuicc(uiccBench(t).euicc.state)
  const code = { value: PIN1, triesLeft: 3, isEnabled: true }
  const wrong = [
    { contents: { a: 'XY' } },
    { contents: { a: 5 } },
    { lifeCycles: { a: 'four' } },
    { codes: { a: { ...code, value: '1' } } },
    { codes: { a: { ...code, triesLeft: 'many' } } },
    { unblockCodes: { a: { ...code, isEnabled: 1 } } },
    { codes: { a: null } },
    { sqn: { a: ['-1'] } },
    { sqn: { a: 'none' } },
    { contents: null },
  ]
  for (const changes of wrong) {
    const json = JSON.parse(text) as { profiles: object[] }
    json.profiles = json.profiles.map((profile) => ({ ...profile, changes }))
    const error = t.throws(() => parseEuicc(JSON.stringify(json)), { instanceOf: LabError })
    t.is(error?.code, 'damaged', JSON.stringify(changes))
  }
  const right = { codes: { a: code }, sqn: { a: ['0', '7fffffffffff'] } }
  t.is(readChanges(right), right)
})
