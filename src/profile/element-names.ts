/** The names of a profile package's elements, as the module PEDefinitions writes them, for people. */

import { formatTag } from '../asn1/der.ts'

// prettier-ignore
const NAMES = [
  'header', 'genericFileManagement', 'pinCodes', 'pukCodes', 'akaParameter', 'cdmaParameter', 'securityDomain', 'rfm',
  'application', 'nonStandard', 'end', 'rfu1', 'rfu2', 'rfu3', 'rfu4', 'rfu5',
  'mf', 'cd', 'telecom', 'usim', 'opt-usim', 'isim', 'opt-isim', 'phonebook',
  'gsm-access', 'csim', 'opt-csim', 'eap', 'df-5gs', 'df-saip', 'df-snpn', 'df-5gprose',
  'iot', 'opt-iot',
] as const

/** The element's name, or its tag where the module has no such element. */
export function elementName(tag: number): string {
  return NAMES[elementNumber(tag) ?? NAMES.length] ?? formatTag(tag)
}

/** The element's place among the alternatives of ProfileElement; undefined for a tag that none can have. */
export function elementNumber(tag: number): number | undefined {
  if (tag >= 0xa0 && tag <= 0xbe) return tag & 0x1f
  return tag >> 8 === 0xbf && (tag & 0x80) === 0 ? tag & 0x7f : undefined
}
