/** What stands in an operator's files, by the names that templates call it by. */

import { element } from '../asn1/der.ts'
import { digitsToBcd, mccMncToOctets } from '../base/bcd.ts'
import { concat, hex, utf8 } from '../base/octets.ts'
import { accessRuleRecord } from './access-rules.ts'
import type {
  AccessTechnology,
  OperatorProfile,
  Plmn,
  PlmnWithAccess,
  SuciSettings,
} from './subscriber.ts'
import { alphaField, networkName } from './text-fields.ts'

/** One content, or several records; absent where the operator has nothing of the kind. */
export type OperatorValue = Uint8Array | readonly Uint8Array[] | undefined

/** AIDs of the applications of the package, which EF.DIR lists. */
export interface ApplicationAids {
  readonly usim: Uint8Array | undefined
  readonly isim: Uint8Array | undefined
}

/** The value of a name. Names that are none of an operator's are `undefined` too: see `isOperatorValue`. */
export function operatorValue(
  name: string,
  of: {
    readonly operator: OperatorProfile
    readonly aids: ApplicationAids
    readonly accessRules: readonly string[]
  },
): OperatorValue {
  return VALUES[name]?.(of)
}

export function isOperatorValue(name: string): boolean {
  return VALUES[name] !== undefined
}

interface Subject {
  readonly operator: OperatorProfile
  readonly aids: ApplicationAids
  readonly accessRules: readonly string[]
}

const VALUES: Readonly<Record<string, (of: Subject) => OperatorValue>> = {
  accessRules: ({ accessRules }) => accessRules.map(accessRuleRecord),
  usimApplication: ({ aids }) => aids.usim && application(aids.usim, 'USIM'),
  isimApplication: ({ aids }) => aids.isim && application(aids.isim, 'ISIM'),
  languages: ({ operator }) => languages(operator),
  serviceProviderName: ({ operator }) => serviceProviderName(operator),
  administrativeData: ({ operator }) => administrativeData(operator),
  gid1: ({ operator }) => operator.gid1,
  gid2: ({ operator }) => operator.gid2,
  homePlmnsWithAccess: ({ operator }) => plmnsWithAccess(homeOf(operator)),
  operatorPlmnsWithAccess: ({ operator }) =>
    atLeast(8, { octets: plmnsWithAccess(operator.plmns?.operator), unused: NO_PLMN_WITH_ACCESS }),
  equivalentHomePlmns: ({ operator }) => plmns(operator.plmns?.equivalentHome),
  forbiddenPlmns: ({ operator }) =>
    atLeast(4, { octets: plmns(operator.plmns?.forbidden), unused: NO_PLMN }),
  serviceProviderDisplay: ({ operator }) => display(operator.plmns?.display),
  networkName: ({ operator }) => networkNames(operator),
  networkNameRule: ({ operator }) => concat(mccMncToOctets(operator), hex('0000FFFE01')),
  emergencyNumbers: ({ operator }) => (operator.emergencyNumbers ?? ['112', '911']).map(emergency),
  smsParameters: ({ operator }) => smsParameters(operator),
  routingIndicator: ({ operator }) => routingIndicator(operator.suci),
  suci: ({ operator }) => operator.suci && hex(''),
  suciByUsim: ({ operator }) => (operator.suci?.calculatedBy === 'usim' ? hex('') : undefined),
  suciByDevice: ({ operator }) => (operator.suci?.calculatedBy === 'device' ? hex('') : undefined),
  suciCalculationInformation: ({ operator }) => operator.suci && calculation(operator.suci),
  homeNetworkDomain: ({ operator }) => element(0x80, utf8(homeNetworkDomain(operator))),
}

/** One record of EF.DIR (ETSI TS 102 221 §13.1). */
function application(aid: Uint8Array, label: string): Uint8Array {
  return element(0x61, element(0x4f, aid), element(0x50, utf8(label)))
}

/** EF.PL and EF.LI: two letters for each language. */
function languages(operator: OperatorProfile): Uint8Array | undefined {
  const letters = (operator.languages ?? []).map((language) => language.slice(0, 2)).join('')
  return letters === '' ? undefined : Buffer.from(letters, 'latin1')
}

const SPN_NAME_OCTETS = 16

/** EF.SPN (3GPP TS 31.102 §4.2.12): a display condition of zero, then the name, cut to the room there is. */
function serviceProviderName({ serviceProviderName: name }: OperatorProfile): Uint8Array {
  const field = Buffer.alloc(1 + SPN_NAME_OCTETS, 0xff)
  field[0] = 0x00
  field.set(alphaField(name, SPN_NAME_OCTETS), 1)
  return field
}

/** EF.AD (3GPP TS 31.102 §4.2.18): normal operation, and how many of the IMSI's digits are the MNC. */
function administrativeData({ mnc }: OperatorProfile): Uint8Array {
  return Uint8Array.of(0x00, 0x00, 0x00, mnc.length)
}

/** Bits of the two octets behind a network (3GPP TS 31.102 §4.2.5). */
const ACCESS_BITS: Readonly<Record<AccessTechnology, number>> = {
  utran: 0x8000,
  eutran: 0x4000,
  ngran: 0x0800,
  gsm: 0x0080,
  gsmCompact: 0x0040,
}

function homeOf(operator: OperatorProfile): readonly PlmnWithAccess[] {
  const { mcc, mnc, plmns: lists } = operator
  return lists?.home ?? [{ mcc, mnc, access: ['ngran', 'eutran', 'utran', 'gsm'] }]
}

function plmnsWithAccess(list: readonly PlmnWithAccess[] | undefined): Uint8Array | undefined {
  if (!list || list.length === 0) return undefined
  return concat(
    ...list.map((plmn) => {
      const bits = plmn.access.reduce((all, name) => all | ACCESS_BITS[name], 0)
      return concat(mccMncToOctets(plmn), Uint8Array.of(bits >> 8, bits & 0xff))
    }),
  )
}

function plmns(list: readonly Plmn[] | undefined): Uint8Array | undefined {
  return list && list.length > 0 ? concat(...list.map(mccMncToOctets)) : undefined
}

const NO_PLMN = hex('FFFFFF')
const NO_PLMN_WITH_ACCESS = hex('FFFFFF0000')

/** EF.FPLMN and EF.OPLMNwAcT have room for so many entries at least (3GPP TS 31.102 §4.2.16, §4.2.53). */
function atLeast(
  entries: number,
  list: { readonly octets: Uint8Array | undefined; readonly unused: Uint8Array },
): Uint8Array | undefined {
  const { octets, unused } = list
  if (!octets) return undefined
  const missing = Math.max(0, entries - octets.length / unused.length)
  return concat(octets, ...Array.from({ length: missing }, () => unused))
}

/** EF.SPDI (3GPP TS 31.102 §4.2.66). */
function display(list: readonly Plmn[] | undefined): Uint8Array | undefined {
  const octets = plmns(list)
  return octets && element(0xa3, element(0x80, octets))
}

/** One record of EF.PNN: full name, then short name (3GPP TS 31.102 §4.2.58). */
function networkNames({ networkName: name }: OperatorProfile): Uint8Array | undefined {
  if (!name) return undefined
  const full = element(0x43, networkName(name.full))
  return name.short === undefined ? full : concat(full, element(0x45, networkName(name.short)))
}

/** EF.ECC (3GPP TS 31.102 §4.2.21): the number, no name, any service. */
function emergency(number: string): Uint8Array {
  return concat(digitsToBcd(number, 3), hex('00'))
}

const INTERNATIONAL_E164 = 0x91
const ALPHA_OCTETS = 10
const ADDRESS_OCTETS = 12

/** One record of EF.SMSP: only the service centre, protocol, coding and validity are given (3GPP TS 31.102 §4.2.27). */
function smsParameters({ smsc }: OperatorProfile): Uint8Array | undefined {
  if (smsc === undefined) return undefined
  const centre = Buffer.alloc(ADDRESS_OCTETS, 0xff)
  centre[0] = 1 + Math.ceil(smsc.length / 2)
  centre[1] = INTERNATIONAL_E164
  centre.set(digitsToBcd(smsc), 2)
  const none = Buffer.alloc(ADDRESS_OCTETS, 0xff)
  return concat(Buffer.alloc(ALPHA_OCTETS, 0xff), hex('E1'), none, centre, hex('0000A7'))
}

/** EF.Routing_Indicator (3GPP TS 31.102 §4.4.11.11): up to four digits, then two octets for future use. */
function routingIndicator(suci: SuciSettings | undefined): Uint8Array {
  return concat(digitsToBcd(suci?.routingIndicator ?? '0', 2), hex('FFFF'))
}

const SCHEME_IDS = { profileA: 1, profileB: 2 } as const

/** EF.SUCI_Calc_Info (3GPP TS 31.102 §4.4.11.8): schemes in order of preference, then the keys that they index from 1 on. */
function calculation({ keys }: SuciSettings): Uint8Array {
  const schemes = keys.map(({ scheme }, at) => Uint8Array.of(SCHEME_IDS[scheme], at + 1))
  const publicKeys = keys.map(({ keyId, publicKey }) =>
    concat(element(0x80, Uint8Array.of(keyId)), element(0x81, publicKey)),
  )
  return concat(element(0xa0, concat(...schemes)), element(0xa1, concat(...publicKeys)))
}

/** The domain of the operator's IMS (3GPP TS 23.003 §13.2). */
export function homeNetworkDomain({ mcc, mnc }: Plmn): string {
  return `ims.mnc${mnc.padStart(3, '0')}.mcc${mcc}.3gppnetwork.org`
}
