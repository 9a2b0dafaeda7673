/** A profile made by hand, small and with a file of each kind, on a card behind APDUs. */

import type { ExecutionContext } from 'ava'
import { seededRandom, type Random } from '../../../src/base/environment.ts'
import { concat, hex, toHex } from '../../../src/base/octets.ts'
import { createApduCard } from '../../../src/euicc/apdu/card.ts'
import type { ApduCard, ApduSettings } from '../../../src/euicc/apdu/types.ts'
import { createEuicc, type Euicc } from '../../../src/euicc/euicc.ts'
import {
  manufacturedEuicc,
  memoryStorage,
  type EuiccState,
  type EuiccStorage,
  type InstalledProfile,
} from '../../../src/euicc/state.ts'
import type {
  Directory,
  ElementaryFile,
  ProfileImage,
  SecretCode,
} from '../../../src/profile/image.ts'

export const USIM = 'A0000000871002FF44FF12890000010F'
export const ISIM = 'A0000000871004FF44FF12890000010F'
export const PIN1 = '31323334FFFFFFFF'
export const PIN2 = '35363738FFFFFFFF'
/** Available memory, as FCP of a directory has it: the default card's without the few octets of a bench's profile. */
export const ROOM = '83040007FFF6'
export const WRONG = '30303030FFFFFFFF'
export const PUK1 = '3132333435363738'
export const ADM1 = '4142434445464748'
/** 234100123456789 (3GPP TS 31.102 §4.2.2). */
export const IMSI = '082943011032547698'

/** TS 35.208, test set 1. */
export const K = '465B5CE8B199B49FAA5F0A2EE238A6BC'
export const OPC = 'CD63CB71954A9F4E48A5994E37A02BAF'

/** Records of EF.ARR; what each allows stands in the expanded format. */
const RULES = [
  // 1: read always, update PIN1
  '800101 9000 800102 A406830101950108',
  // 2: read PIN1, update and the states ADM1
  '800101 A406830101950108 80015A A40683010A950108',
  // 3: all ADM1
  '80015B A40683010A950108',
  // 4: read always, update never
  '800101 9000 800102 9700',
  // 5: read and update PIN1, activate and deactivate PIN1, INCREASE PIN1
  '80011B A406830101950108 840132 A406830101950108',
  // 6: read PIN1 or ADM1, update PIN1 and PIN2
  '800101 A010 A406830101950108 A40683010A950108 800102 AF10 A406830101950108 A406830181950108',
  // 7: read by two conditions one after the other
  '800101 A40683010A950108 A406830101950108',
  // 8: a rule that is cut short
  '800101 A406',
  // 9: two modes with one condition
  '800101 800102 9000',
]
const RULE_OCTETS = 48

/** What the image of a test has; it is made anew each time, as `buildProfile` makes one. */
export interface ImageWishes {
  readonly iccid?: string
  readonly sqn?: bigint
  readonly isPin1Enabled?: boolean
  /** Services of EF.UST that are available. */
  readonly services?: readonly number[]
  readonly authentication?: ProfileImage['naas'][number]['authentication']
  readonly suciCalcInfo?: string
  readonly imsi?: string
  /** Digits of the MNC, as EF.AD has them; 2 unless told. */
  readonly mncLength?: number
  /** EF.Routing_Indicator. */
  readonly routingIndicator?: string
}

const SERVICES = [27, 38, 124, 125]

export function handMadeImage(wishes: ImageWishes = {}): ProfileImage {
  const mf = directory({ kind: 'mf', fileId: 0x3f00, pinStatus: '01810A' })
  mf.codes.push(
    code(0x01, { value: PIN1, unblockedBy: 0x01, isEnabled: wishes.isPin1Enabled ?? true }),
    code(0x0a, { value: ADM1, triesMax: 10 }),
  )
  mf.unblockCodes.push(code(0x01, { value: PUK1, triesMax: 10 }))
  const arr = RULES.map((rule) => padded(hex(rule), RULE_OCTETS))
  ef(mf, { fileId: 0x2f06, records: arr, rule: 4, shortFileId: 6 })
  ef(mf, {
    fileId: 0x2fe2,
    content: hex(wishes.iccid ?? '98001032547698103214'),
    rule: 4,
    shortFileId: 2,
  })
  const languages = ef(mf, { fileId: 0x2f05, content: hex('656EFFFF'), rule: 1, shortFileId: 5 })
  const telecom = directory({ kind: 'df', fileId: 0x7f10, pinStatus: '01810A', parent: mf })
  ef(telecom, {
    fileId: 0x6f3a,
    records: ['416C696365', '426F62FFFF', 'FFFFFFFFFF'].map((record) => hex(record)),
    rule: 5,
  })
  const phonebook = directory({ kind: 'df', fileId: 0x5f3a, pinStatus: '01810A', parent: telecom })
  ef(phonebook, { fileId: 0x4f30, content: hex('00'), rule: 5 })
  const usim = directory({
    kind: 'adf',
    fileId: 0x7ff0,
    pinStatus: '01810A',
    parent: mf,
    aid: USIM,
  })
  usim.codes.push(code(0x81, { value: PIN2, unblockedBy: 0x81 }))
  usim.unblockCodes.push(code(0x81, { value: PUK1 }))
  fillUsim(usim, wishes)
  ef(usim, { fileId: 0x6f05, link: languages, rule: 5, shortFileId: 2 })
  const isim = directory({
    kind: 'adf',
    fileId: 0x7ff2,
    pinStatus: '01810A',
    parent: mf,
    aid: ISIM,
  })
  ef(isim, { fileId: 0x6f02, content: hex('8003616263'), rule: 2, shortFileId: 2 })
  const authentication = (): NonNullable<ImageWishes['authentication']> =>
    wishes.authentication ?? {
      algorithm: { kind: 'milenage', k: hex(K), opc: hex(OPC), resOctets: 8 },
      sqnOptions: 0x02,
      sqnDelta: 1n << 28n,
      sqnAgeLimit: 1n << 28n,
      sqn: Array.from({ length: 32 }, () => wishes.sqn ?? 0n),
    }
  return {
    mf,
    naas: [
      { kind: 'usim', adf: usim, authentication: authentication() },
      { kind: 'isim', adf: isim, authentication: authentication() },
    ],
    securityDomains: [],
    applications: [],
  }
}

function fillUsim(usim: Directory, wishes: ImageWishes): void {
  const { services = SERVICES, suciCalcInfo, imsi = IMSI } = wishes
  ef(usim, { fileId: 0x6f07, content: hex(imsi), rule: 2, shortFileId: 7 })
  ef(usim, { fileId: 0x6f38, content: serviceTable(services), rule: 2, shortFileId: 4 })
  ef(usim, {
    fileId: 0x6fad,
    content: Uint8Array.of(0, 0, 0, wishes.mncLength ?? 2),
    rule: 10,
    shortFileId: 3,
  })
  ef(usim, {
    fileId: 0x6f39,
    kind: 'cyclic',
    records: ['000005', '000003', '000000'].map((record) => hex(record)),
    rule: 5,
  })
  ef(usim, { fileId: 0x6f40, records: [hex('FF07')], rule: 6 })
  ef(usim, { fileId: 0x6f41, content: hex('0102'), rule: 7 })
  ef(usim, { fileId: 0x6f42, content: hex('0102'), rule: 8 })
  ef(usim, { fileId: 0x6f43, content: hex('0102') })
  ef(usim, { fileId: 0x6f47, content: hex('0102'), rule: 9 })
  ef(usim, { fileId: 0x6f44, content: hex('0102'), rule: 5, specialInformation: 0x80 })
  ef(usim, { fileId: 0x6f45, kind: 'berTlv', content: hex(''), rule: 5, shortFileId: 20 })
  const dfSaip = directory({ kind: 'df', fileId: 0x5fd0, pinStatus: '01810A', parent: usim })
  ef(dfSaip, { fileId: 0x4f01, content: hex(suciCalcInfo ?? 'A002FFFF'), rule: 3, shortFileId: 1 })
  const df5gs = directory({ kind: 'df', fileId: 0x5fc0, pinStatus: '01810A', parent: usim })
  const routingIndicator = hex(wishes.routingIndicator ?? '2143FFFF')
  ef(df5gs, { fileId: 0x4f0a, content: routingIndicator, rule: 2, shortFileId: 10 })
}

function serviceTable(services: readonly number[]): Uint8Array {
  const table = new Uint8Array(17)
  for (const service of services) {
    const at = (service - 1) >> 3
    table[at] = (table[at] as number) | (1 << ((service - 1) & 7))
  }
  return table
}

function directory(wanted: {
  readonly kind: Directory['kind']
  readonly fileId: number
  readonly pinStatus: string
  readonly parent?: Directory
  readonly aid?: string
}): Directory {
  const { kind, fileId, parent, aid } = wanted
  const made: Directory = {
    kind,
    fileId,
    lifeCycle: 5,
    accessRule: { arrFileId: 0x2f06, record: 3 },
    pinStatus: hex(wanted.pinStatus),
    parent,
    files: [],
    codes: [],
    unblockCodes: [],
    ...(aid && { aid: hex(aid) }),
  }
  parent?.files.push(made)
  return made
}

interface WantedEf {
  readonly fileId: number
  readonly content?: Uint8Array
  /** The file that this one is linked with. */
  readonly link?: ElementaryFile
  readonly records?: readonly Uint8Array[]
  readonly kind?: 'cyclic' | 'berTlv'
  readonly rule?: number
  readonly shortFileId?: number
  readonly specialInformation?: number
}

const DESCRIPTORS = { transparent: '4121', linearFixed: '4221', cyclic: '4621', berTlv: '7921' }

function ef(parent: Directory, wanted: WantedEf): ElementaryFile {
  const { fileId, content, records, rule, shortFileId } = wanted
  const kind = wanted.kind ?? (records ? 'linearFixed' : 'transparent')
  const made: ElementaryFile = {
    kind,
    fileId,
    lifeCycle: 5,
    accessRule: rule === undefined ? undefined : { arrFileId: 0x2f06, record: rule },
    ...(shortFileId && { shortFileId }),
    ...(records?.[0] && { recordOctets: records[0].length }),
    descriptor: hex(DESCRIPTORS[kind]),
    body: wanted.link?.body ?? { octets: content ?? concat(...(records ?? [])) },
    specialInformation: wanted.specialInformation ?? 0,
    parent,
  }
  parent.files.push(made)
  return made
}

function code(
  keyReference: number,
  wanted: {
    readonly value: string
    readonly unblockedBy?: number
    readonly isEnabled?: boolean
    readonly triesMax?: number
  },
): SecretCode {
  const { value, unblockedBy, isEnabled = true, triesMax = 3 } = wanted
  return {
    keyReference,
    value: hex(value),
    triesMax,
    triesLeft: triesMax,
    isEnabled,
    attributes: 7,
    ...(unblockedBy !== undefined && { unblockedBy }),
  }
}

function padded(octets: Uint8Array, length: number): Uint8Array {
  const record = new Uint8Array(length).fill(0xff)
  record.set(octets)
  return record
}

export interface UiccBench {
  readonly euicc: Euicc
  readonly storage: EuiccStorage
  readonly card: ApduCard
  readonly iccids: readonly string[]
  send(apdu: string): Promise<string>
  /** Holds a script of APDUs and their answers; `…` at the end of an answer stands for more. */
  play(script: readonly (readonly [command: string, response: string])[]): Promise<void>
  /** The same card, made anew from what it has stored. */
  again(): UiccBench
}

export interface BenchWishes {
  /** The states of the profiles; one that is enabled unless told. */
  readonly profiles?: readonly InstalledProfile['state'][]
  readonly settings?: ApduSettings
  /** What the images are like, by the place of the profile; the last holds for all that follow. */
  readonly images?: readonly ImageWishes[]
  readonly storage?: (initial: EuiccState) => EuiccStorage
  readonly random?: Random
}

export function uiccBench(t: ExecutionContext, wishes: BenchWishes = {}): UiccBench {
  const { images = [{}], storage = memoryStorage } = wishes
  const profiles = (wishes.profiles ?? ['enabled']).map((state, at) => installed(state, at))
  const numbers = profiles.map(({ elements }) => toHex(elements))
  const imageOf = (elements: Uint8Array): ProfileImage => {
    const wanted = images[numbers.indexOf(toHex(elements))] ?? images.at(-1)
    return handMadeImage({ iccid: toHex(elements), ...wanted })
  }
  const eid = '89049032123451234512345678901235'
  const state = { ...manufacturedEuicc({ eid, credentials: [], trustedCis: [] }), profiles }
  const { settings, random = seededRandom('uicc') } = wishes
  return open(t, { storage: storage(state), imageOf, settings, random })
}

/** Its elements are its ICCID: what the image is made of, and told from others by. */
function installed(state: InstalledProfile['state'], at: number): InstalledProfile {
  const iccid = hex(`9800103254769810321${at}`)
  return {
    isdpAid: hex(`A0000005591010FFFFFFFF89000010${at}000`),
    state,
    metadata: {
      iccid,
      serviceProviderName: 'Lab',
      profileName: `number ${at}`,
      profileClass: 'operational',
    },
    nickname: undefined,
    dpProprietaryData: undefined,
    elements: iccid,
    ciKeyId: hex('00'),
  }
}

function open(
  t: ExecutionContext,
  parts: {
    readonly storage: EuiccStorage
    readonly imageOf: (elements: Uint8Array) => ProfileImage
    readonly settings: ApduSettings | undefined
    readonly random: Random
  },
): UiccBench {
  const { storage, imageOf, random } = parts
  const euicc = createEuicc({ storage, random, buildImage: imageOf })
  const card = createApduCard({
    euicc,
    settings: {
      responseMode: 'direct',
      onDefect: (error) => t.fail(`defect: ${String(error)}`),
      ...parts.settings,
    },
  })
  const send = async (apdu: string): Promise<string> =>
    toHex(await card.transmit(hex(apdu.replaceAll(' ', ''))))
  return {
    euicc,
    storage,
    card,
    iccids: euicc.state.profiles.map(({ metadata }) => toHex(metadata.iccid)),
    send,
    async play(script) {
      for (const [command, response] of script) {
        const given = await send(command)
        const expected = response.replaceAll(' ', '').toUpperCase()
        if (expected.endsWith('…')) {
          t.true(given.startsWith(expected.slice(0, -1)), `${command} was answered ${given}`)
        } else t.is(given, expected, command)
      }
    },
    again: () => open(t, parts),
  }
}

export function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('the test lacks something')
  return value
}
