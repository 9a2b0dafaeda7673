/** The elements of an operator's profile package, with a placeholder wherever a subscriber's data goes. */

import { element } from '../asn1/der.ts'
import { hex, utf8 } from '../base/octets.ts'
import { ACCESS_RULE_OCTETS, accessRuleRecords } from './access-rules.ts'
import { TEMPLATES, type ElementValue } from './elements.ts'
import { linearFixedFile, sizeOctets, transparentFile, type Fcp, type File } from './file.ts'
import type { OperatorProfile } from './subscriber.ts'

/** Application identifier of the USIM (ETSI TS 101 220 annex E): 3GPP's RID, the USIM's code, the rest free. */
export const USIM_AID = hex('A0000000871002FF33FF018900000100')

/** Octets of one record of EF.MSISDN: ten of a name, which stays empty, and fourteen of the number. */
export const MSISDN_RECORD_OCTETS = 24

/** The elements in the order in which a card makes them. */
export function packageElements(options: {
  readonly operator: OperatorProfile
  readonly fillerOctets: number
}): ElementValue[] {
  const { operator, fillerOctets } = options
  const elements = [
    masterFile(),
    pukCodes(),
    pinCodes(),
    usim(operator),
    optionalUsim(operator),
    akaParameter(),
    ...(fillerOctets > 0 ? [filler(fillerOctets)] : []),
    end(),
  ]
  return [header(operator), ...elements.map((make, at) => make(at + 1))]
}

/** An element that waits for its identification number. */
type Numbered = (identification: number) => ElementValue

const VERSION_MAJOR = 3
const VERSION_MINOR = 1

function header(operator: OperatorProfile): ElementValue {
  return {
    kind: 'header',
    value: {
      majorVersion: VERSION_MAJOR,
      minorVersion: VERSION_MINOR,
      profileType: operator.profileName,
      iccid: placeholder(10),
      eUICCMandatoryServices: { usim: null, milenage: null },
      eUICCMandatoryGFSTEList: Object.values(TEMPLATES),
    },
  }
}

/** PIN states of a directory: which PINs count in it, PIN1 and ADM1. */
const PIN_STATUS = hex('010A')

const directory: Fcp = { pinStatusTemplateDO: PIN_STATUS }

function masterFile(): Numbered {
  return (identification) => ({
    kind: 'mf',
    value: {
      mfHeader: mandated(identification),
      templateID: TEMPLATES.mf,
      mf: [{ fileDescriptor: directory }],
      efIccid: transparentFile(placeholder(10)),
      efDir: linearFixedFile([applicationTemplate()], DIR_RECORD_OCTETS),
      efArr: linearFixedFile(accessRuleRecords(), ACCESS_RULE_OCTETS),
    },
  })
}

const DIR_RECORD_OCTETS = 38

/** One record of EF.DIR (ETSI TS 102 221 §13.1). */
function applicationTemplate(): Uint8Array {
  return element(0x61, element(0x4f, USIM_AID), element(0x50, utf8('USIM')))
}

function pukCodes(): Numbered {
  return (identification) => ({
    kind: 'pukCodes',
    value: {
      pukHeader: mandated(identification),
      pukCodes: [
        { keyReference: 'pukAppl1', pukValue: placeholder(8), maxNumOfAttempsRetryNumLeft: 0xaa },
      ],
    },
  })
}

const ADM_TRIES = 0xaa

function pinCodes(): Numbered {
  return (identification) => ({
    kind: 'pinCodes',
    value: {
      pinHeader: mandated(identification),
      pinCodes: {
        pinconfig: [
          {
            keyReference: 'pinAppl1',
            pinValue: placeholder(8),
            unblockingPINReference: 'pukAppl1',
            pinAttributes: PIN_MAY_BE_DISABLED,
            maxNumOfAttempsRetryNumLeft: 0x33,
          },
          {
            keyReference: 'adm1',
            pinValue: placeholder(8),
            pinAttributes: PIN_STAYS_ENABLED,
            maxNumOfAttempsRetryNumLeft: ADM_TRIES,
          },
        ],
      },
    },
  })
}

/** A fresh profile asks for no PIN: the value is there, the check is off until the user wants it. */
const PIN_MAY_BE_DISABLED = 6
const PIN_STAYS_ENABLED = 1

/** Names the USIM's directory while the package is worked off; a card then gives it an identifier of its own. */
const USIM_TEMPORARY_FILE_ID = hex('7FF1')

function usim(operator: OperatorProfile): Numbered {
  const adf = { ...directory, fileID: USIM_TEMPORARY_FILE_ID, dfName: USIM_AID }
  return (identification) => ({
    kind: 'usim',
    value: {
      usimHeader: mandated(identification),
      templateID: TEMPLATES.usim,
      adfUsim: [{ fileDescriptor: adf }],
      efImsi: transparentFile(placeholder(9)),
      efArr: linkedFile(hex('2F06')),
      efUst: sizedFile(serviceTable(operator)),
      efSpn: transparentFile(serviceProviderName(operator)),
      efEst: transparentFile(hex('00')),
      efAcc: transparentFile(placeholder(2)),
      efAd: sizedFile(administrativeData(operator)),
      efEcc: linearFixedFile(EMERGENCY_NUMBERS, ECC_RECORD_OCTETS),
    },
  })
}

/** The same file as another one, here the master file's. */
function linkedFile(linkPath: Uint8Array): File {
  return [{ fileDescriptor: { linkPath } }]
}

/** A transparent file of exactly its content, where the template leaves the size open. */
function sizedFile(content: Uint8Array): File {
  return transparentFile(content, { efFileSize: sizeOctets(content.length) })
}

/** Services of EF.UST (3GPP TS 31.102 §4.2.8) that this profile has files for. */
const SERVICE = { gid1: 17, gid2: 18, serviceProviderName: 19, msisdn: 21 } as const
const UST_OCTETS = 17

function serviceTable({ gid1, gid2 }: OperatorProfile): Uint8Array {
  const services: number[] = [SERVICE.serviceProviderName, SERVICE.msisdn]
  if (gid1) services.push(SERVICE.gid1)
  if (gid2) services.push(SERVICE.gid2)
  const table = Buffer.alloc(UST_OCTETS)
  for (const service of services) {
    const at = (service - 1) >> 3
    table[at] = (table[at] as number) | (1 << ((service - 1) & 7))
  }
  return table
}

const SPN_NAME_OCTETS = 16

/** EF.SPN (3GPP TS 31.102 §4.2.12): a display condition of zero, then the name, cut to the room there is. */
function serviceProviderName(operator: OperatorProfile): Uint8Array {
  const name = operator.serviceProviderName
  const field = Buffer.alloc(1 + SPN_NAME_OCTETS, 0xff)
  field[0] = 0x00
  field.set(GSM_ALPHABET_AS_ASCII.test(name) ? gsmName(name) : ucs2Name(name), 1)
  return field
}

function gsmName(name: string): Uint8Array {
  return Buffer.from(name.slice(0, SPN_NAME_OCTETS), 'latin1')
}

/** `80`, then two octets for each character (ETSI TS 102 221 annex A). */
function ucs2Name(name: string): Uint8Array {
  const fitting = name.slice(0, Math.floor((SPN_NAME_OCTETS - 1) / 2))
  return Buffer.concat([hex('80'), Buffer.from(fitting, 'utf16le').swap16()])
}

/** The characters whose codes in the GSM default alphabet (3GPP TS 23.038 §6.2.1) and in ASCII agree. */
const GSM_ALPHABET_AS_ASCII = /^[A-Za-z0-9 !"#%&'()*+,\-./:;<=>?]*$/

/** EF.AD (3GPP TS 31.102 §4.2.18): normal operation, and how many of the IMSI's digits are the MNC. */
function administrativeData({ mnc }: OperatorProfile): Uint8Array {
  return Uint8Array.of(0x00, 0x00, 0x00, mnc.length)
}

const ECC_RECORD_OCTETS = 4

/** EF.ECC (3GPP TS 31.102 §4.2.21): 112 and 911, no name, any service. */
const EMERGENCY_NUMBERS = [hex('11F2FF00'), hex('19F1FF00')]

function optionalUsim(operator: OperatorProfile): Numbered {
  return (identification) => ({
    kind: 'optUsim',
    value: {
      optusimHeader: mandated(identification),
      templateID: TEMPLATES.optUsim,
      efGid1: operator.gid1 && sizedFile(operator.gid1),
      efGid2: operator.gid2 && sizedFile(operator.gid2),
      efMsisdn: linearFixedFile([placeholder(MSISDN_RECORD_OCTETS)], MSISDN_RECORD_OCTETS),
    },
  })
}

/** RES and MAC of 64 bits, CK and IK of 128. */
const MILENAGE_OPTIONS = hex('01')

function akaParameter(): Numbered {
  return (identification) => ({
    kind: 'akaParameter',
    value: {
      akaHeader: mandated(identification),
      algoConfiguration: {
        algoParameter: {
          algorithmID: 'milenage',
          algorithmOptions: MILENAGE_OPTIONS,
          key: placeholder(16),
          opc: placeholder(16),
          numberOfKeccak: 1,
        },
      },
    },
  })
}

const FILLER_FILE_ID = hex('2F50')
const TRANSPARENT = hex('4121')
const RULE_ADMINISTRATOR_WRITES = hex('0A')

/** A file in the master file that only takes room, for packages as long as the ones operators load. */
function filler(fillerOctets: number): Numbered {
  const fcp = {
    fileDescriptor: TRANSPARENT,
    fileID: FILLER_FILE_ID,
    securityAttributesReferenced: RULE_ADMINISTRATOR_WRITES,
    efFileSize: sizeOctets(fillerOctets),
    shortEFID: new Uint8Array(0),
  }
  return (identification) => ({
    kind: 'genericFileManagement',
    value: {
      gfmHeader: mandated(identification),
      fileManagementCMD: [
        [
          { filePath: new Uint8Array(0) },
          { createFCP: fcp },
          { fillFileContent: Uint8Array.from({ length: fillerOctets }, (_, at) => at & 0xff) },
        ],
      ],
    },
  })
}

function end(): Numbered {
  return (identification) => ({ kind: 'end', value: { endHeader: mandated(identification) } })
}

function mandated(identification: number): { mandated: null; identification: number } {
  return { mandated: null, identification }
}

/** Room for a subscriber's data. */
function placeholder(lengthOctets: number): Uint8Array {
  return new Uint8Array(lengthOctets)
}
