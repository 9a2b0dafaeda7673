/** TERMINAL CAPABILITY and what the card enables by it (ETSI TS 102 221 §11.1.19, SGP.22 §3.4.2). */

import { Asn1Error, children, readTlv } from '../../asn1/der.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { ApduCommand } from './command.ts'
import type { CardState } from './state.ts'
import { SW, word } from './status-words.ts'

const TEMPLATE_TAG = 0xa9
const EUICC_CAPABILITIES_TAG = 0x83

/** Notes which parts of an LPA the device has, until the next reset. */
export function terminalCapability(
  card: CardState,
  { command }: { readonly command: ApduCommand },
): CardAnswer {
  const { p1, p2, data } = command
  if (p1 !== 0 || p2 !== 0) return word(SW.incorrectP1P2)
  if (data.length === 0) return word(SW.wrongLength)
  const support = lpaSupportOf(data)
  if (support === undefined) return word(SW.incorrectData)
  card.lpaSupport = support
  return word(SW.ok)
}

/** The first octet of tag 83, 0 without one; `undefined` when the data is no template. */
function lpaSupportOf(data: Uint8Array): number | undefined {
  try {
    const template = readTlv(data, 0)
    if (template.tag !== TEMPLATE_TAG || template.end !== data.length) return undefined
    const items = [...children(data, template.valueStart, template.end)]
    const item = items.find(({ tag }) => tag === EUICC_CAPABILITIES_TAG)
    return item && item.end > item.valueStart ? (data[item.valueStart] as number) : 0
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

/** The bit of Table 7 that an interface needs: LDSd, LPDd, LUId. */
const BIT_OF_INTERFACE: Readonly<Record<string, number>> = { ES10a: 4, ES10b: 2, ES10c: 1 }

/** Whether the device has said that it has the LPA's part for an interface, or need not say so. */
export function isEnabled(card: CardState, interfaceName: string): boolean {
  if (!card.settings.terminalCapabilityRequired) return true
  return (card.lpaSupport & (BIT_OF_INTERFACE[interfaceName] ?? 0)) !== 0
}
