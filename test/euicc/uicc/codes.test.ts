import test from 'ava'
import { ADM1, PIN1, PIN2, PUK1, uiccBench, USIM, WRONG } from './helper.ts'

const NEW = '3938373635FFFFFF'

test('a PIN is changed with the old one, and the new one holds after a loss of power', async (t) => {
  const bench = uiccBench(t)
  await bench.play([
    [`0024000110${WRONG}${NEW}`, '63C2'],
    [`0024000110${PIN1}${NEW}`, '9000'],
    ['00200001', '9000'],
  ])
  await bench.again().play([
    [`0020000108${PIN1}`, '63C2'],
    [`0020000108${NEW}`, '9000'],
    [`0020000108${WRONG}`, '63C2'],
    ['00200001', '63C2'],
  ])
})

test('a PIN that is disabled keeps nobody away until it is enabled', async (t) => {
  const bench = uiccBench(t)
  await bench.play([
    [`0026000108${WRONG}`, '63C2'],
    [`0028000108${PIN1}`, '6984'],
    [`0026000108${PIN1}`, '9000'],
    [`0026000108${PIN1}`, '6984'],
    [`0020000108${PIN1}`, '6984'],
    [`0024000110${PIN1}${NEW}`, '6984'],
    ['00200001', '9000'],
  ])
  const again = bench.again()
  await again.play([
    [`00A4040C10${USIM}`, '9000'],
    ['00B0870001', '08 9000'],
    [`0028000108${WRONG}`, '63C2'],
    [`0028000108${PIN1}`, '9000'],
  ])
  again.card.reset()
  await again.play([
    [`00A4040C10${USIM}`, '9000'],
    ['00B0870001', '6982'],
  ])
})

test('a blocked PIN refuses all but its PUK', async (t) => {
  const { play } = uiccBench(t)
  await play([
    [`0020000108${WRONG}`, '63C2'],
    [`0026000108${WRONG}`, '63C1'],
    [`0024000110${WRONG}${NEW}`, '63C0'],
    [`0020000108${PIN1}`, '6983'],
    [`0026000108${PIN1}`, '6983'],
    [`0024000110${PIN1}${NEW}`, '6983'],
    ['00200001', '6983'],
    ['002C0001', '63CA'],
    ['002C0000', '63CA'],
    [`002C000110${PUK1}${NEW}`, '9000'],
    [`0020000108${NEW}`, '9000'],
  ])
})

test('a PUK is blocked for ever after its tries', async (t) => {
  const bench = uiccBench(t)
  for (let left = 9; left >= 0; left--) {
    const answer = await bench.send(`002C000110${WRONG}${NEW}`)
    t.is(answer, `63C${left.toString(16).toUpperCase()}`)
  }
  const refused = [
    [`002C000110${PUK1}${NEW}`, '6983'],
    ['002C0001', '6983'],
    ['00200001', '63C3'],
  ] as const
  await bench.play(refused)
  await bench.again().play(refused)
})

test('a disabled PIN is enabled by unblocking', async (t) => {
  const { play } = uiccBench(t, { images: [{ isPin1Enabled: false }] })
  await play([
    ['00200001', '9000'],
    [`002C000110${PUK1}${NEW}`, '9000'],
    [`0020000108${WRONG}`, '63C2'],
  ])
})

test('a wrong try takes away what was verified', async (t) => {
  const { play } = uiccBench(t)
  await play([
    [`00A4040C10${USIM}`, '9000'],
    [`0020000108${PIN1}`, '9000'],
    ['00B0870001', '08 9000'],
    [`0020000108${WRONG}`, '63C2'],
    ['00B0870001', '6982'],
    [`0020000108${PIN1}`, '9000'],
    ['00B0870001', '08 9000'],
  ])
})

const REFUSALS: readonly (readonly [what: string, command: string, word: string])[] = [
  ['a code that is not there', '0020000208', '6A88'],
  ['a code of an application that is not selected', '00200081', '6A88'],
  ['VERIFY with a code too short', '00200001043132333 4'.replace(' ', ''), '6700'],
  ['VERIFY with P1', `0020800108${PIN1}`, '6A86'],
  ['CHANGE PIN with one code', `0024000108${PIN1}`, '6700'],
  ['CHANGE PIN with P1', `0024010110${PIN1}${NEW}`, '6A86'],
  ['CHANGE PIN to three digits', `0024000110${PIN1}313233FFFFFFFFFF`, '6A80'],
  ['CHANGE PIN to letters', `0024000110${PIN1}41424344FFFFFFFF`, '6A80'],
  ['CHANGE PIN with digits behind the filling', `0024000110${PIN1}31323334FFFFFF35`, '6A80'],
  ['DISABLE PIN without a code', '00260001', '6700'],
  ['DISABLE PIN for the universal PIN', `0026800108${PIN1}`, '6A86'],
  ['ENABLE PIN without a code', '00280001', '6700'],
  ['ENABLE PIN with P1', `0028800108${PIN1}`, '6A86'],
  ['UNBLOCK PIN of a code without a PUK', `002C000A10${PUK1}${NEW}`, '6A88'],
  ['UNBLOCK PIN with one code', `002C000108${PUK1}`, '6700'],
  ['UNBLOCK PIN to three digits', `002C000110${PUK1}313233FFFFFFFFFF`, '6A80'],
  ['VERIFY in the proprietary class', `8020000108${PIN1}`, '6E00'],
]

for (const [what, command, answer] of REFUSALS) {
  test(`${what} is ${answer}, and no try is lost`, async (t) => {
    const { play, euicc } = uiccBench(t)
    const before = euicc.state
    await play([
      [command.length === 10 && command.endsWith('08') ? command.slice(0, 8) : command, answer],
    ])
    t.is(euicc.state, before)
  })
}

test('an application has a PIN of its own, known within it alone', async (t) => {
  const { play } = uiccBench(t)
  await play([
    [`00A4040C10${USIM}`, '9000'],
    [`0020008108${PIN2}`, '9000'],
    ['00A4000C025FC0', '9000'],
    ['00200081', '9000'],
    ['00A4000C023F00', '9000'],
    ['00200081', '6A88'],
  ])
})

test('an administrative code may be any octets', async (t) => {
  const { play } = uiccBench(t)
  await play([
    ['0020000A', '63CA'],
    [`0024000A10${ADM1}0001020304050607`, '9000'],
    ['0020000A080001020304050607', '9000'],
  ])
})

test('what cannot be stored has not happened', async (t) => {
  let isFull = false
  const told: unknown[] = []
  const { play, card } = uiccBench(t, {
    storage: (initial) => {
      let state = initial
      return {
        load: () => state,
        save(changed) {
          if (isFull) throw new RangeError('full')
          state = changed
        },
      }
    },
    settings: { onDefect: (error) => told.push(error) },
  })
  await play([[`0020000108${PIN1}`, '9000']])
  isFull = true
  await play([
    [`0020000108${WRONG}`, '6581'],
    [`0024000110${PIN1}${NEW}`, '6581'],
    ['00A4000C022F05', '9000'],
    ['00D600000200FF', '6581'],
    ['00B0000004', '656EFFFF 9000'],
  ])
  isFull = false
  card.reset()
  await play([
    ['00200001', '63C3'],
    [`0020000108${PIN1}`, '9000'],
  ])
  t.is(told.length, 3)
})
