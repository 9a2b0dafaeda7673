import test from 'ava'
import { ADM1, PIN1, PIN2, uiccBench, USIM } from './helper.ts'

const IN_USIM = [[`00A4040C10${USIM}`, '9000']] as const
const PIN1_SHOWN = [[`0020000108${PIN1}`, '9000']] as const
const PIN2_SHOWN = [[`0020008108${PIN2}`, '9000']] as const
const ADM1_SHOWN = [[`0020000A08${ADM1}`, '9000']] as const

/** Selection, reading and updating of each file, with what is verified. */
const RULES: readonly {
  readonly what: string
  readonly shown: readonly (readonly [string, string])[]
  readonly file: string
  readonly read: string
  readonly update: string
}[] = [
  { what: 'always and PIN1', shown: [], file: '2F05', read: '9000', update: '6982' },
  { what: 'always and PIN1', shown: PIN1_SHOWN, file: '2F05', read: '9000', update: '9000' },
  { what: 'PIN1 and ADM1', shown: [], file: '6F07', read: '6982', update: '6982' },
  { what: 'PIN1 and ADM1', shown: PIN1_SHOWN, file: '6F07', read: '9000', update: '6982' },
  { what: 'PIN1 and ADM1', shown: ADM1_SHOWN, file: '6F07', read: '6982', update: '9000' },
  { what: 'always and never', shown: ADM1_SHOWN, file: '2FE2', read: '9000', update: '6982' },
  {
    what: 'two conditions in a row',
    shown: PIN1_SHOWN,
    file: '6F41',
    read: '9000',
    update: '6982',
  },
  {
    what: 'two conditions in a row',
    shown: ADM1_SHOWN,
    file: '6F41',
    read: '9000',
    update: '6982',
  },
  {
    what: 'two conditions in a row',
    shown: PIN2_SHOWN,
    file: '6F41',
    read: '6982',
    update: '6982',
  },
  { what: 'a rule cut short', shown: ADM1_SHOWN, file: '6F42', read: '6982', update: '6982' },
  { what: 'two modes in a row', shown: [], file: '6F47', read: '9000', update: '9000' },
  { what: 'no rule', shown: ADM1_SHOWN, file: '6F43', read: '9000', update: '6982' },
  {
    what: 'a record that EF.ARR lacks',
    shown: PIN1_SHOWN,
    file: '6FAD',
    read: '6982',
    update: '6982',
  },
]

for (const { what, shown, file, read, update } of RULES) {
  const codes = shown.map(([command]) => command.slice(6, 8)).join() || 'nothing'
  test(`with ${codes} verified, ${file} (${what}) is read ${read} and updated ${update}`, async (t) => {
    const { play, send } = uiccBench(t)
    const inMf = file.startsWith('2F')
    await play([...IN_USIM, ...shown, [inMf ? '00A4000C023F00' : '00A4080C027FFF', '9000']])
    await play([[`00A4000C02${file}`, '9000']])
    t.is((await send('00B0000001')).slice(-4), read)
    t.is((await send('00D600000100')).slice(-4), update)
  })
}

test('an OR is met by one of its conditions, an AND by all of them', async (t) => {
  const { play } = uiccBench(t)
  await play([
    ...IN_USIM,
    ['00A4000C026F40', '9000'],
    ['00B2010400', '6982'],
    ...ADM1_SHOWN,
    ['00B2010400', 'FF07 9000'],
    ['00DC010402 0000', '6982'],
    ...PIN1_SHOWN,
    ['00DC010402 0000', '6982'],
    ...PIN2_SHOWN,
    ['00DC010402 0000', '9000'],
    ['00B2010400', '0000 9000'],
  ])
})

test('INCREASE and the states have rules of their own', async (t) => {
  const { play } = uiccBench(t)
  await play([
    ...IN_USIM,
    ['00A4000C026F39', '9000'],
    ['8032000001 01 00', '6982'],
    ['00040000', '6982'],
    ['00A2010401 00 00', '6982'],
    ...PIN1_SHOWN,
    ['8032000001 01 00', '000006 01 9000'],
    ['00A4000C026F07', '9000'],
    ['00040000', '6982'],
    ...ADM1_SHOWN,
    ['00040000', '9000'],
    ['00440000', '9000'],
  ])
})
