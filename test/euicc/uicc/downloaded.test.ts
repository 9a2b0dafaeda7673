import test, { type ExecutionContext } from 'ava'
import { bcdToDigits, imsiFromOctets } from '../../../src/base/bcd.ts'
import { hex, toHex } from '../../../src/base/octets.ts'
import { akaFunctions, challenge } from '../../../src/crypto/aka.ts'
import type { InventoryItem } from '../../../src/store/inventory.ts'
import { textStorage, testLab } from '../../helpers/lab.ts'
import { benchOf, ISDR, withProfiles, type CardBench } from '../apdu/helper.ts'
import { needed } from './helper.ts'

const OPEN_ISDR = [
  ['0070000001', '01 9000'],
  [`01A4040C10${ISDR}`, '9000'],
] as const
const IN_USIM = ['00A4040C07A0000000871002', '9000'] as const

interface Downloaded extends CardBench {
  /** What each profile was personalised with. */
  readonly items: readonly InventoryItem[]
}

async function downloaded(t: ExecutionContext, count: number): Promise<Downloaded> {
  const lab = await testLab(t)
  const phone = await withProfiles(lab, count)
  const bench = benchOf(t, { lab, phone, settings: { responseMode: 'direct' } })
  await bench.play(OPEN_ISDR)
  const items = phone.euicc.state.profiles.map(({ metadata }) =>
    needed(lab.operator.inventoryItem({ iccid: needed(bcdToDigits(metadata.iccid)) })),
  )
  return { ...bench, items }
}

function enable({ iccid }: InventoryItem): string {
  const octets = iccid.padEnd(20, 'F').replace(/(.)(.)/g, '$2$1')
  return `81E2910014BF3111A00C5A0A${octets}810100`
}

/** A file of the application that is selected. */
async function contentOf({ send }: CardBench, path: string): Promise<Uint8Array> {
  const selected = await send(`00A4080C${toHex(Uint8Array.of(path.length / 2))}${path}`)
  const read = await send('00B0000000')
  if (selected !== '9000' || !read.endsWith('9000')) throw new RangeError(`${path}: ${read}`)
  return hex(read.slice(0, -4))
}

async function seenBy(bench: CardBench) {
  const iccid = bcdToDigits(await contentOf(bench, '2FE2'))
  await bench.play([IN_USIM])
  const imsi = imsiFromOctets(await contentOf(bench, '7FFF6F07'))
  const spn = Buffer.from(await contentOf(bench, '7FFF6F46')).toString('latin1', 1)
  await bench.play([['00A4080C047FFF6F40', '9000']])
  const record = hex((await bench.send('00B2010400')).slice(0, -4))
  const msisdn = bcdToDigits(record.slice(record.length - 12, record.length - 2))
  return { iccid, imsi, msisdn, spn: spn.replace(/\xff+$/, '') }
}

test('a reader sees ICCID, IMSI, MSISDN and SPN of the enabled profile, and another set after switching', async (t) => {
  const bench = await downloaded(t, 2)
  const { lab, items } = bench
  t.is(items.length, 2)
  for (const item of items) {
    await bench.play([[enable(item), 'BF3103800100 9000']])
    const { iccid, imsi, msisdn } = item
    const spn = lab.operator.file.profile.serviceProviderName
    t.deepEqual(await seenBy(bench), { iccid, imsi, msisdn, spn })
  }
})

test('the enabled profile answers a challenge of its operator, once, also when the card is made anew', async (t) => {
  const bench = await downloaded(t, 1)
  const item = needed(bench.items[0])
  const { ki: k, opc } = item
  const functions = akaFunctions({ kind: 'milenage', k, opc, resOctets: 8 })
  const rand = hex('23553CBE9637A89D218AE64DAE47BF35')
  const { autn, xres, ck, ik } = challenge({ functions, rand, sqn: 0x20n, amf: hex('8000') })
  const command = `00880081 22 10 ${toHex(rand)} 10 ${toHex(autn)} 00`
  const answer = `DB 08 ${toHex(xres)} 10 ${toHex(ck)} 10 ${toHex(ik)}…`
  await bench.play([[enable(item), 'BF3103800100 9000'], IN_USIM, [command, answer]])
  const storage = textStorage()
  storage(bench.phone.euicc.state).save(bench.phone.euicc.state)
  const phone = bench.lab.createPhone({ storage })
  await benchOf(t, { lab: bench.lab, phone, settings: { responseMode: 'direct' } }).play([
    IN_USIM,
    [command, 'DC0E…'],
  ])
})

/** The challenge of a sequence number, as a command and as its answer. */
function aka({ ki: k, opc }: InventoryItem, sqn: bigint): { command: string; answer: string } {
  const functions = akaFunctions({ kind: 'milenage', k, opc, resOctets: 8 })
  const rand = hex('23553CBE9637A89D218AE64DAE47BF35')
  const { autn, xres } = challenge({ functions, rand, sqn, amf: hex('8000') })
  const command = `00880081 22 10 ${toHex(rand)} 10 ${toHex(autn)} 00`
  return { command, answer: `DB 08 ${toHex(xres)}…` }
}

const IN_ISIM = ['00A4040C07A0000000871004', '9000'] as const

test('USIM and ISIM use up the same sequence numbers, also when the card is made anew', async (t) => {
  const bench = await downloaded(t, 1)
  const item = needed(bench.items[0])
  const [first, second, third] = [0x20n, 0x40n, 0x60n].map((sqn) => aka(item, sqn))
  await bench.play([
    [enable(item), 'BF3103800100 9000'],
    IN_USIM,
    [needed(first).command, needed(first).answer],
    IN_ISIM,
    [needed(second).command, needed(second).answer],
    IN_USIM,
    [needed(second).command, 'DC0E…'],
    [needed(third).command, needed(third).answer],
  ])
  const storage = textStorage()
  storage(bench.phone.euicc.state).save(bench.phone.euicc.state)
  const phone = bench.lab.createPhone({ storage })
  await benchOf(t, { lab: bench.lab, phone, settings: { responseMode: 'direct' } }).play([
    IN_ISIM,
    [needed(third).command, 'DC0E…'],
    [needed(second).command, 'DC0E…'],
  ])
})

function code(digits: string): string {
  return Buffer.from(digits).toString('hex').padEnd(16, 'F')
}

test('files, codes and rules of the template hold on the card', async (t) => {
  const bench = await downloaded(t, 1)
  const item = needed(bench.items[0])
  await bench.play([
    [enable(item), 'BF3103800100 9000'],
    IN_USIM,
    ['00A4080C047FFF6F07', '9000'],
    ['00D600000108', '6982'],
    [`0020000A08${code(item.adm)}`, '9000'],
    ['00D600000108', '9000'],
    [`0028000108${code(item.pin)}`, '9000'],
    [`0020000108${code('0000')}`, '63C2'],
    [`002C000110${code(item.puk)}${code('4321')}`, '9000'],
    [`0020000108${code('4321')}`, '9000'],
    ['00A4000C023F00', '9000'],
    ['00A4000C022F06', '9000'],
    ['00B2010400', '8001019000…'],
  ])
})
