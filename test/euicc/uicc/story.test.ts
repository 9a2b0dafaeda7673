import test from 'ava'
import { ADM1, IMSI, PIN1, PUK1, uiccBench, USIM, WRONG } from './helper.ts'

test('a terminal reads ICCID, finds the USIM by the beginning of its AID, and needs the PIN for the IMSI', async (t) => {
  const { play, iccids } = uiccBench(t)
  await play([
    ['00A40004023F00', '62…'],
    ['00A40004022FE2', '621B 82024121 83022FE2 8A0105 8B032F0604 8002000A 8102000A 880110 9000'],
    ['00B000000A', `${iccids[0]}9000`],
    ['00A4040407A000000087100200', '62…'],
    ['80F2000112', `8410${USIM}9000`],
    ['00A4000C026F07', '9000'],
    ['00B0000009', '6982'],
    ['0020000100', '63C3'],
    ['0020000107 3132333435FFFF', '6700'],
    ['00200001', '63C3'],
    [`0020000108${WRONG}`, '63C2'],
    [`0020000108${PIN1}`, '9000'],
    ['00B0000009', `${IMSI}9000`],
    ['00D6000009082943011032547697', '6982'],
    [`0020000A08${ADM1}`, '9000'],
    ['00D6000009082943011032547697', '9000'],
    ['00B0000009', '082943011032547697 9000'],
  ])
})

test('after a reset the codes must be verified again, and what was written is there', async (t) => {
  const { play, card, again } = uiccBench(t)
  await play([
    [`0020000108${PIN1}`, '9000'],
    ['00A4000C022F05', '9000'],
    ['00D60000046465FFFF', '9000'],
  ])
  card.reset()
  await play([
    ['00A4000C022F05', '9000'],
    ['00B0000004', '6465FFFF 9000'],
    ['00D6000004656EFFFF', '6982'],
  ])
  await again().play([
    ['00A4000C022F05', '9000'],
    ['00B0000004', '6465FFFF 9000'],
  ])
})

test('a PIN is blocked after three tries, power or not, and its PUK makes a new one', async (t) => {
  const bench = uiccBench(t)
  await bench.play([
    [`0020000108${WRONG}`, '63C2'],
    [`0020000108${WRONG}`, '63C1'],
  ])
  const after = bench.again()
  await after.play([
    ['00200001', '63C1'],
    [`0020000108${WRONG}`, '63C0'],
    [`0020000108${PIN1}`, '6983'],
    ['00200001', '6983'],
    ['002C0001', '63CA'],
    [`002C000110${WRONG}${PIN1}`, '63C9'],
    [`002C000110${PUK1}39393939FFFFFFFF`, '9000'],
    ['002C0001', '63CA'],
    ['00200001', '9000'],
    [`0020000108${PIN1}`, '63C2'],
    ['00200001', '63C2'],
    ['002000010839393939FFFFFFFF', '9000'],
  ])
})
