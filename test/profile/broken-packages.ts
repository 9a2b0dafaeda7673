/** For each rule of `profile lint`, a package that breaks it. */

import { concat, hex, utf8 } from '../../src/base/octets.ts'
import {
  encodeElement,
  readProfileElements,
  type DeclaredKind,
  type ElementContent,
  type ElementValue,
  type ProfileElement,
} from '../../src/profile/elements.ts'
import type { Fcp, File } from '../../src/profile/file.ts'
import { foreignPackage } from '../helpers/packages.ts'

/** A package without errors. */
export const PACKAGE = foreignPackage()

export type Part = ElementValue | ProfileElement
/** Makes a package that breaks a rule. */
export type Breaking = (parts: readonly Part[]) => readonly (Part | Uint8Array)[]

export function broken(breaking: Breaking): Uint8Array {
  const parts = breaking(readProfileElements(PACKAGE))
  return concat(...parts.map((part) => (part instanceof Uint8Array ? part : encodeElement(part))))
}

/** The first element of a kind with other content. */
function change<K extends DeclaredKind>(
  kind: K,
  changed: (value: ElementContent<K>) => ElementContent<K>,
): Breaking {
  return (parts) => {
    const at = parts.findIndex((part) => part.kind === kind)
    const value = changed((parts[at] as ElementValue).value as ElementContent<K>)
    return parts.with(at, { kind, value } as ElementValue)
  }
}

function without(kind: DeclaredKind): Breaking {
  return (parts) => parts.filter((part) => part.kind !== kind)
}

/** Another element before the end. */
function adding(...added: readonly (ElementValue | Uint8Array)[]): Breaking {
  return (parts) => [...parts.slice(0, -1), ...added, parts.at(-1) as Part]
}

/** The first element of a kind stands before the first one of another. */
function moving(kind: DeclaredKind, before: DeclaredKind): Breaking {
  return (parts) => {
    const moved = parts.find((part) => part.kind === kind) as Part
    const rest = parts.filter((part) => part !== moved)
    const at = rest.findIndex((part) => part.kind === before)
    return [...rest.slice(0, at), moved, ...rest.slice(at)]
  }
}

function described(file: File | undefined, fcp: Fcp): File {
  const rest = (file ?? []).filter(({ fileDescriptor }) => !fileDescriptor)
  const before = file?.find(({ fileDescriptor }) => fileDescriptor)?.fileDescriptor
  return [{ fileDescriptor: { ...before, ...fcp } }, ...rest]
}

function filled(content: Uint8Array): File {
  return [{ fillFileContent: content }]
}

export const gfmHeader = { mandated: null, identification: 900 }

function creating(
  path: string,
  ...steps: ElementContent<'genericFileManagement'>['fileManagementCMD'][number]
): Breaking {
  const fileManagementCMD = [[{ filePath: hex(path) }, ...steps]]
  return adding({ kind: 'genericFileManagement', value: { gfmHeader, fileManagementCMD } })
}

/** A transparent file in the MF that offends nobody. */
export const FILE: Fcp = {
  fileDescriptor: hex('4121'),
  fileID: hex('2F50'),
  securityAttributesReferenced: hex('0A'),
  efFileSize: hex('04'),
  shortEFID: hex(''),
}

const USIM_AID = 'A0000000871002FF33FF018900000100'
const UST_OCTETS = 17

function serviceTable(...services: readonly number[]): File {
  const table = new Uint8Array(UST_OCTETS)
  for (const service of services) table[(service - 1) >> 3]! |= 1 << ((service - 1) & 7)
  return filled(table)
}

const pin = {
  keyReference: 'pinAppl1',
  pinValue: hex('31323334FFFFFFFF'),
  pinAttributes: 7,
  maxNumOfAttempsRetryNumLeft: 0x33,
} as const
const adm = { ...pin, keyReference: 'adm1' } as const

type Pin = NonNullable<ElementContent<'pinCodes'>['pinCodes']['pinconfig']>[number]

function withPins(...pinconfig: readonly Pin[]): Breaking {
  return change('pinCodes', (value) => ({ ...value, pinCodes: { pinconfig } }))
}

type Algorithm = NonNullable<ElementContent<'akaParameter'>['algoConfiguration']['algoParameter']>

function withAlgorithm(changed: Partial<Algorithm>): Breaking {
  return change('akaParameter', (value) => {
    const { algoParameter } = value.algoConfiguration
    const parameter = { ...(algoParameter as Algorithm), ...changed }
    return { ...value, algoConfiguration: { algoParameter: parameter } }
  })
}

function withServices(
  changed: (services: Readonly<Record<string, null | undefined>>) => object,
): Breaking {
  return change('header', (value) => ({
    ...value,
    eUICCMandatoryServices: changed(value.eUICCMandatoryServices),
  }))
}

type Domain = ElementContent<'securityDomain'>

function withKeys(changed: (keys: NonNullable<Domain['keyList']>) => Domain['keyList']): Breaking {
  return change('securityDomain', ({ keyList = [], ...rest }) => {
    const keys = changed(keyList)
    return { ...rest, ...(keys && { keyList: keys }) }
  })
}

function appletOf(loadFile: string): ElementValue {
  return {
    kind: 'application',
    value: {
      appHeader: { identification: 902 },
      instanceList: [
        {
          applicationLoadPackageAID: hex(loadFile),
          classAID: hex('A0000000990101'),
          instanceAID: hex('A000000099010101'),
          applicationPrivileges: hex('00'),
          lifeCycleState: hex('07'),
          applicationSpecificParametersC9: hex('00'),
        },
      ],
    },
  }
}

/** For each rule a package that breaks it; and the errors that it cannot but bring along. */
export const BREAKING: Readonly<
  Record<string, { readonly make: Breaking; readonly also?: string[] }>
> = {
  'unreadable-element': { make: (parts) => [...parts.slice(0, -1), hex('A3020100')] },
  'header-first': { make: without('header') },
  'one-header': { make: (parts) => [...parts.slice(0, 1), ...parts] },
  'end-last': { make: without('end') },
  'behind-end': {
    make: (parts) => [...parts, { kind: 'end', value: { endHeader: { identification: 901 } } }],
  },
  'master-file': {
    make: without('mf'),
    also: [
      'codes-before-directory',
      'base-before-option',
      'parameters-before-application',
      'rfm-target',
      'mapping-source',
      'directory-missing',
      'unblock-code-missing',
      'code-path',
    ],
  },
  'identification-unique': {
    make: change('end', () => ({ endHeader: { identification: 1 } })),
  },
  'version-known': { make: change('header', (value) => ({ ...value, majorVersion: 4 })) },
  'newer-than-version': {
    make: change('header', (value) => ({ ...value, majorVersion: 2, minorVersion: 1 })),
  },
  'unknown-element': {
    make: adding({
      kind: 'nonStandard',
      value: {
        nonStandardHeader: { identification: 901 },
        issuerID: '2.999',
        content: hex('00'),
      },
    }),
  },
  'unknown-content': { make: (parts) => [...parts.slice(0, -1), hex('AA09A00580008101328200')] },
  'codes-before-directory': { make: moving('pukCodes', 'mf'), also: ['unblock-code-missing'] },
  'base-before-option': { make: moving('optUsim', 'usim'), also: ['directory-missing'] },
  'parameters-before-application': {
    make: moving('akaParameter', 'usim'),
    also: ['parameters-missing', 'mapping-source'],
  },
  'mapping-source': {
    make: (parts) => {
      const at = parts.findLastIndex(({ kind }) => kind === 'akaParameter')
      const value = (parts[at] as ElementValue).value as ElementContent<'akaParameter'>
      const mappingParameter = { mappingOptions: hex('03'), mappingSource: hex('A000000099') }
      const mapped = { ...value, algoConfiguration: { mappingParameter } }
      return parts.with(at, { kind: 'akaParameter', value: mapped })
    },
  },
  'domain-before-user': { make: moving('rfm', 'securityDomain') },
  'rfm-target': {
    make: change('rfm', (value) => ({
      ...value,
      adfRFMAccess: {
        adfAID: hex('A000000099'),
        adfAccessDomain: hex('00'),
        adfAdminAccessDomain: hex('00'),
      },
    })),
  },
  'needs-application': {
    make: (parts) =>
      parts
        .filter(({ kind }) => ['header', 'mf', 'pukCodes', 'pinCodes', 'end'].includes(kind))
        .filter(
          (part, at, all) =>
            part.kind !== 'pinCodes' || all.findIndex(({ kind }) => kind === 'pinCodes') === at,
        ),
  },
  'parameters-missing': { make: without('akaParameter') },
  'template-unknown': {
    make: change('usim', (value) => ({ ...value, templateID: '2.23.143.1.2.99' })),
    also: [
      'parameters-before-application',
      'rfm-target',
      'mapping-source',
      'base-before-option',
      'directory-missing',
      'parameters-missing',
      'access-rule-file',
      'code-path',
    ],
  },
  'template-of-element': {
    make: change('telecom', (value) => ({ ...value, templateID: '2.23.143.1.2.2' })),
  },
  'template-unlisted': {
    make: change('header', (value) => ({
      ...value,
      eUICCMandatoryGFSTEList: value.eUICCMandatoryGFSTEList.slice(1),
    })),
  },
  'template-unused': { make: without('telecom') },
  'service-unlisted': { make: withServices(({ milenage: _milenage, ...rest }) => rest) },
  'service-unused': { make: withServices((services) => ({ ...services, tuak256: null })) },
  'header-iccid': {
    make: change('header', (value) => ({ ...value, iccid: hex('89000000000000000000') })),
  },
  'iccid-form': {
    make: change('mf', (value) => ({ ...value, efIccid: filled(hex('980A0000000000000000')) })),
  },
  'iccid-check-digit': {
    make: change('mf', (value) => ({ ...value, efIccid: filled(hex('98001032547698103214')) })),
  },
  'content-too-long': {
    make: change('usim', (value) => ({ ...value, efImsi: filled(new Uint8Array(10)) })),
    also: ['imsi-form'],
  },
  'file-identifier-taken': {
    make: creating('', { createFCP: { ...FILE, fileID: hex('2F05') } }),
  },
  'link-path': {
    make: creating('', { createFCP: { fileID: hex('2F50'), linkPath: hex('2F77') } }),
  },
  'file-description': {
    make: change('mf', (value) => ({
      ...value,
      efPl: described(value.efPl, { efFileSize: hex('0102030405') }),
    })),
  },
  'template-needs': {
    make: change('mf', ({ mf, ...value }) => ({
      ...value,
      mf: mf.map(({ fileDescriptor, ...step }) => {
        const { pinStatusTemplateDO: _pins, ...fcp } = fileDescriptor ?? {}
        return fileDescriptor ? { fileDescriptor: fcp } : step
      }) as File,
    })),
  },
  'content-missing': { make: change('usim', (value) => ({ ...value, efAcc: [] })) },
  'file-length': {
    make: change('usim', (value) => ({
      ...value,
      efSpn: described(value.efSpn, { efFileSize: hex('10') }),
    })),
    also: ['content-too-long'],
  },
  'file-longer': {
    make: change('usim', (value) => ({
      ...value,
      efSpn: described(value.efSpn, { efFileSize: hex('18') }),
    })),
  },
  'list-length': {
    make: change('usim', (value) => ({
      ...value,
      efFplmn: described(value.efFplmn, { efFileSize: hex('09') }),
    })),
  },
  'record-half-filled': {
    make: change('telecom', (value) => ({
      ...value,
      efRma: [
        { fileDescriptor: { fileDescriptor: hex('4221000A'), efFileSize: hex('1E') } },
        { fillFileOffset: 2 },
        { fillFileContent: hex('0102') },
      ],
    })),
  },
  'file-identifier-reserved': {
    make: creating('', { createFCP: { ...FILE, fileID: hex('3FFF') } }),
  },
  'directory-missing': {
    make: change('isim', (value) => ({
      ...value,
      adfIsim: described(value.adfIsim, { fileID: hex('7FF1') }),
    })),
    also: ['file-identifier-taken'],
  },
  'short-identifier-taken': {
    make: creating('', { createFCP: { ...FILE, shortEFID: hex('28') } }),
  },
  'short-identifier-coding': {
    make: creating('', { createFCP: { ...FILE, shortEFID: hex('07') } }),
  },
  'parameter-not-allowed': {
    make: creating('', { createFCP: { ...FILE, pinStatusTemplateDO: hex('01') } }),
  },
  'patterns-exclude': {
    make: creating('', {
      createFCP: {
        ...FILE,
        proprietaryEFInfo: { fillPattern: hex('00'), repeatPattern: hex('00') },
      },
    }),
  },
  'size-coding': { make: creating('', { createFCP: { ...FILE, efFileSize: hex('0004') } }) },
  'do-not-create': {
    make: change('optUsim', (value) => ({ ...value, efGid1: [{ doNotCreate: null }] })),
  },
  'ber-tlv-content': {
    make: creating(
      '',
      { createFCP: { ...FILE, fileDescriptor: hex('7921') } },
      { fillFileContent: hex('8005AA') },
    ),
  },
  'access-rule-file': {
    make: creating('', {
      createFCP: { ...FILE, securityAttributesReferenced: hex('2F7701') },
    }),
  },
  'access-rule-record': {
    make: creating('', { createFCP: { ...FILE, securityAttributesReferenced: hex('63') } }),
  },
  'access-rule-empty': {
    make: change('mf', (value) => ({ ...value, efArr: withRule(value.efArr, '') })),
  },
  'access-rule-coding': {
    make: change('mf', (value) => ({ ...value, efArr: withRule(value.efArr, '9000') })),
  },
  'access-rule-key': {
    make: change('mf', (value) => ({
      ...value,
      efArr: withRule(value.efArr, '800101A40683010E950108'),
    })),
  },
  'no-access-rule': {
    make: creating('', {
      createFCP: {
        fileDescriptor: hex('4121'),
        fileID: hex('2F50'),
        efFileSize: hex('04'),
        shortEFID: hex(''),
      },
    }),
  },
  'codes-missing': {
    make: (parts) => parts.filter(({ kind }, at) => kind !== 'pinCodes' || at > 4),
  },
  'unblock-code-missing': { make: withPins({ ...pin, unblockingPINReference: 'pukAppl7' }, adm) },
  'code-twice': { make: withPins(pin, pin, adm) },
  'codes-twice': {
    make: (parts) => {
      const at = parts.findIndex(({ kind }) => kind === 'pinCodes')
      const pinCodes = { pinconfig: [pin, adm] }
      const value = { pinHeader: { identification: 901 }, pinCodes }
      return [...parts.slice(0, at + 1), { kind: 'pinCodes', value }, ...parts.slice(at + 1)]
    },
  },
  'code-scope': { make: withPins(pin, adm, { ...pin, keyReference: 'secondPINAppl3' }) },
  'code-reference': { make: withPins(pin, adm, { ...pin, keyReference: 99 }) },
  'code-tries': { make: withPins({ ...pin, maxNumOfAttempsRetryNumLeft: 0x35 }, adm) },
  'code-blocked': { make: withPins({ ...pin, maxNumOfAttempsRetryNumLeft: 0x30 }, adm) },
  'code-form': { make: withPins({ ...pin, pinValue: utf8('abcdefgh') }, adm) },
  'code-path': {
    make: change('pinCodes', (value) => ({ ...value, pinCodes: { filePath: hex('7F77') } })),
  },
  'pin-status-undefined': {
    make: change('mf', (value) => ({
      ...value,
      mf: described(value.mf, { pinStatusTemplateDO: hex('010A02') }),
    })),
  },
  'pin-status-coding': {
    make: change('mf', (value) => ({
      ...value,
      mf: described(value.mf, { pinStatusTemplateDO: hex('900100') }),
    })),
  },
  'imsi-form': {
    make: change('usim', (value) => ({ ...value, efImsi: filled(hex('0800AA00000000000F')) })),
  },
  'access-class-form': {
    make: change('usim', (value) => ({ ...value, efAcc: filled(hex('0001')) })),
  },
  'mnc-length': {
    make: change('usim', (value) => ({ ...value, efAd: filled(hex('00000007')) })),
  },
  'directory-entry': {
    make: change('mf', (value) => ({
      ...value,
      efDir: described(filled(hex(`61124F10${USIM_AID}`)), {
        fileDescriptor: hex('42210014'),
        efFileSize: hex('14'),
      }),
    })),
  },
  'directory-application': {
    make: change('mf', (value) => ({
      ...value,
      efDir: described(filled(hex('61074F05A000000099')), {
        fileDescriptor: hex('42210014'),
        efFileSize: hex('14'),
      }),
    })),
  },
  'directory-coding': {
    make: change('mf', (value) => ({
      ...value,
      efDir: described(filled(hex('62074F05A000000099')), {
        fileDescriptor: hex('42210014'),
        efFileSize: hex('14'),
      }),
    })),
  },
  'service-without-file': {
    make: change('usim', (value) => ({ ...value, efUst: serviceTable(17) })),
  },
  'file-without-service': {
    make: change('usim', (value) => ({ ...value, efUst: serviceTable() })),
  },
  'suci-calculation': {
    make: change('usim', (value) => ({ ...value, efUst: serviceTable(125) })),
  },
  'authentication-keys': { make: withAlgorithm({ key: new Uint8Array(15).fill(1) }) },
  'authentication-keys-zero': { make: withAlgorithm({ key: new Uint8Array(16) }) },
  'operator-domain-keys': { make: withKeys(() => undefined) },
  'domain-keys': {
    make: withKeys((keys) =>
      keys.map((key) => ({
        ...key,
        keyComponents: key.keyComponents.map((part) => ({ ...part, keyData: new Uint8Array(15) })),
      })),
    ),
  },
  'domain-key-twice': { make: withKeys((keys) => [...keys, keys[0]!]) },
  'aid-taken': {
    make: change('rfm', (value) => ({ ...value, instanceAID: hex('A000000151000000') })),
  },
  'target-taken': { make: change('rfm', (value) => ({ ...value, tarList: [hex('B00010')] })) },
  'load-file-missing': { make: adding(appletOf('A00000009901')) },
  'card-refuses': {
    make: withPins({ ...pin, unblockingPINReference: 'pukAppl7' }, adm),
    also: ['unblock-code-missing'],
  },
  'card-lacks': { make: withServices((services) => ({ ...services, eaka: null })) },
}

/** The first record of EF.ARR with another rule. */
function withRule(file: File, rule: string): File {
  const descriptor = file.find(({ fileDescriptor }) => fileDescriptor)?.fileDescriptor
  const recordOctets = descriptor?.fileDescriptor?.[3] ?? 0
  const record = new Uint8Array(recordOctets).fill(0xff)
  record.set(hex(rule))
  let isFirst = true
  return file.map((step) => {
    if (!step.fillFileContent || !isFirst) return step
    isFirst = false
    const rest = step.fillFileContent.subarray(Math.min(recordOctets, step.fillFileContent.length))
    return {
      fillFileContent: concat(
        step.fillFileContent.length > recordOctets
          ? concat(record, rest)
          : record.subarray(0, step.fillFileContent.length),
      ),
    }
  })
}
