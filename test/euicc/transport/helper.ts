/** A card that notes what happens to it, and echoes what it cannot know. */

import { concat, fromHex, hex, toHex } from '../../../src/base/octets.ts'
import type { ApduCard } from '../../../src/euicc/apdu/types.ts'

export interface NotingCard extends ApduCard {
  readonly log: string[]
}

export const ATR = hex('3B9F96801FC78031A073BE21136743200718000001A5')

/** Gives out channel 1, selects what begins with A0, and answers everything else with itself and 9000. */
export function notingCard(
  options: { readonly answers?: Readonly<Record<string, string>> } = {},
): NotingCard {
  const log: string[] = []
  const answers: Readonly<Record<string, string>> = {
    '0070000001': '019000',
    '0070800100': '9000',
    ...options.answers,
  }
  return {
    log,
    atr: ATR,
    async transmit(command) {
      const text = toHex(command)
      log.push(text)
      const fixed = fromHex(answers[text] ?? '')
      if (text.startsWith('01A40400')) return hex(text.slice(10, 12) === 'A0' ? '9000' : '6A82')
      return fixed && fixed.length > 0 ? fixed : concat(command, hex('9000'))
    },
    powerOn() {
      log.push('power on')
      return ATR
    },
    reset() {
      log.push('reset')
      return ATR
    },
    powerOff: () => void log.push('power off'),
  }
}
