import test, { type ExecutionContext } from 'ava'
import { toHex } from '../../../src/base/octets.ts'
import { needed } from '../../helpers/driver.ts'
import { testLab } from '../../helpers/lab.ts'
import { benchOf, ISDR, withProfiles, type CardBench } from './helper.ts'

/*
 * The commands are those of lpac 2.3.0.r454 (commit 8f68d5c7e5c8), octet by octet, as logged at a virtual reader: class
 * 81, no Le, blocks of 120 octets. The answers are what it needs to go on (SGP.22 §5.7).
 */

interface Scripted extends CardBench {
  readonly iccid: string
  readonly isdpAid: string
  /** A whole command in; the status word behind the data. */
  es10(command: string): Promise<string>
}

async function scripted(t: ExecutionContext): Promise<Scripted> {
  const lab = await testLab(t)
  const phone = await withProfiles(lab, 1)
  const bench = benchOf(t, { lab, phone })
  const { play, send } = bench
  await play([
    ['80AA00000AA9088100820101830107', '9000'],
    ['0070000001', '01 9000'],
    [`01A4040010${ISDR}`, '6121'],
  ])
  const [profile] = phone.euicc.state.profiles
  return {
    ...bench,
    iccid: toHex(needed(profile).metadata.iccid),
    isdpAid: toHex(needed(profile).isdpAid),
    async es10(command) {
      const octets = command.replaceAll(' ', '')
      let given = await send(
        `81E29100${toHex(Uint8Array.of(octets.length / 2))}${octets}`.toLowerCase(),
      )
      let data = given.slice(0, -4)
      while (given.slice(-4, -2) === '61') {
        given = await send(`81C00000${given.slice(-2)}`)
        data += given.slice(0, -4)
      }
      return data + given.slice(-4)
    },
  }
}

type Step = readonly [command: string, answer: RegExp]

const FUNCTIONS: Readonly<Record<string, (card: Scripted) => readonly Step[]>> = {
  GetEID: ({ phone }) => [['BF3E 03 5C015A', new RegExp(`^BF3E125A10${phone.eid}9000$`)]],
  'GetEuiccConfiguredAddresses and SetDefaultDpAddress': () => [
    ['BF3C 00', /^BF3C..81..(?:..)+9000$/],
    ['BF3F15 8013 64702E6578616D706C652E636F6D3A38343433', /^BF3F038001009000$/],
    ['BF3C 00', /^BF3C..801364702E6578616D706C652E636F6D3A3834343381(?:..)+9000$/],
    ['BF3F02 8000', /^BF3F038001009000$/],
    ['BF3C 00', /^BF3C..81..(?:..)+9000$/],
  ],
  GetRAT: () => [['BF43 00', /^BF43..A0(?:..)+9000$/]],
  'GetEUICCInfo1 and GetEUICCInfo2': () => [
    ['BF20 00', /^BF20..8203020500A9(?:..)+9000$/],
    ['BF22 00', /^BF2281..8103......8203020500(?:..)+9000$/],
  ],
  GetEUICCChallenge: () => [['BF2E 00', /^BF2E128010.{32}9000$/]],
  'GetProfilesInfo and SetNickname': ({ iccid, isdpAid }) => [
    [
      'BF2D 00',
      new RegExp(
        `^BF2D(81)?..A0(81)?..E3(81)?..(?=.*5A0A${iccid})(?=.*4F10${isdpAid})(?=.*9F700100).*9000$`,
      ),
    ],
    [`BF2918 5A0A${iccid} 900A4D79206E69636B20C3A9`, /^BF29038001009000$/],
    ['BF2D 00', /900A4D79206E69636B20C3A9.*9000$/],
    [`BF290E 5A0A${iccid} 9000`, /^BF29038001009000$/],
    ['BF2D 00', /^(?!.*4D79206E69636B).*9000$/],
    ['BF2918 5A0A98001032547698103214 900A4D79206E69636B20C3A9', /^BF29038001019000$/],
  ],
  'EnableProfile, DisableProfile and DeleteProfile by ICCID': ({ iccid }) => [
    [`BF3111 A00C5A0A${iccid} 810100`, /^BF31038001009000$/],
    [`BF3111 A00C5A0A${iccid} 8101FF`, /^BF31038001029000$/],
    [`BF330C 5A0A${iccid}`, /^BF33038001029000$/],
    [`BF3211 A00C5A0A${iccid} 8101FF`, /^BF32038001009000$/],
    [`BF3211 A00C5A0A${iccid} 810100`, /^BF32038001029000$/],
    [`BF330C 5A0A${iccid}`, /^BF33038001009000$/],
    [`BF330C 5A0A${iccid}`, /^BF33038001019000$/],
    ['BF2D 00', /^BF2D02A0009000$/],
  ],
  'EnableProfile, DisableProfile and DeleteProfile by AID': ({ isdpAid }) => [
    [`BF3117 A0124F10${isdpAid} 810100`, /^BF31038001009000$/],
    [`BF3217 A0124F10${isdpAid} 810100`, /^BF32038001009000$/],
    [`BF3312 4F10${isdpAid}`, /^BF33038001009000$/],
  ],
  eUICCMemoryReset: () => [
    ['BF3404 820205E0', /^BF34038001009000$/],
    ['BF3404 820205E0', /^BF34038001019000$/],
  ],
  'ListNotification, RetrieveNotificationsList and RemoveNotificationFromList': () => [
    ['BF28 00', /^BF28(?:..)+A0(?:..)+BF2F..8001(?:..)+9000$/],
    ['BF2B05 A003 800101', /^BF2B82....A082....BF37(?:..)+9000$/],
    ['BF3003 800101', /^BF30038001009000$/],
    ['BF3003 800101', /^BF30038001019000$/],
    ['BF2B05 A003 800101', /^BF2B02A0009000$/],
  ],
  'CancelSession without a session': () => [
    [`BF4115 8010${'AA'.repeat(16)} 810100`, /^BF41038101059000$/],
  ],
  'what no function is': () => [
    ['BF55 00', /^6A88$/],
    ['BF36 00', /^6A88$/],
    ['BF2D 01', /^6A80$/],
    ['30 00', /^6A88$/],
  ],
}

for (const [name, script] of Object.entries(FUNCTIONS)) {
  test(`${name}, as lpac sends it`, async (t) => {
    const card = await scripted(t)
    for (const [command, answer] of script(card)) {
      t.regex(await card.es10(command), answer, command)
    }
    await card.play([['0070800100', '9000']])
  })
}
