/** A card with its phone, and APDUs written as hexadecimal. */

import type { ExecutionContext } from 'ava'
import { hex, toHex } from '../../../src/base/octets.ts'
import { createApduCard } from '../../../src/euicc/apdu/card.ts'
import { es10OverApdu, type Es10OverApduOptions } from '../../../src/euicc/apdu/es10-over-apdu.ts'
import type { ApduCard, ApduSettings } from '../../../src/euicc/apdu/types.ts'
import type { Personality } from '../../../src/euicc/personality.ts'
import type { Lab, Phone } from '../../../src/lab.ts'
import type { Es10Transport } from '../../../src/rsp/es10.ts'
import { bench } from '../../helpers/bind.ts'
import { testLab } from '../../helpers/lab.ts'

export type { Personality }

export interface CardBench {
  readonly lab: Lab
  readonly phone: Phone
  readonly card: ApduCard
  /** Sends an APDU and gives the answer, both as hexadecimal. */
  send(apdu: string): Promise<string>
  /** Holds a script of APDUs and their answers; `…` at the end of an answer stands for more. */
  play(script: readonly (readonly [command: string, response: string])[]): Promise<void>
}

export const ISDR = 'A0000005591010FFFFFFFF8900000100'

/** Channel 1 with the ISD-R selected on it. */
export const OPEN_ISDR = [
  ['0070000001', '01 9000'],
  [`01A4040010${ISDR}`, '6121'],
] as const

export async function cardBench(
  t: ExecutionContext,
  settings: ApduSettings = {},
): Promise<CardBench> {
  const lab = await testLab(t)
  return benchOf(t, { lab, phone: lab.createPhone(), settings })
}

export function benchOf(
  t: ExecutionContext,
  parts: { readonly lab: Lab; readonly phone: Phone; readonly settings?: ApduSettings },
): CardBench {
  const { lab, phone, settings } = parts
  const card = cardOf(t, { phone, ...(settings && { settings }) })
  const send = async (apdu: string): Promise<string> =>
    toHex(await card.transmit(hex(apdu.replaceAll(' ', ''))))
  return {
    lab,
    phone,
    card,
    send,
    async play(script) {
      for (const [command, response] of script) {
        const given = await send(command)
        const expected = response.replaceAll(' ', '')
        if (expected.endsWith('…')) {
          t.true(given.startsWith(expected.slice(0, -1)), `${command} was answered ${given}`)
        } else t.is(given, expected, command)
      }
    },
  }
}

/** A card whose defects fail the test. */
export function cardOf(
  t: ExecutionContext,
  parts: { readonly phone: Phone; readonly settings?: ApduSettings },
): ApduCard {
  const onDefect = (error: unknown): void => t.fail(`defect: ${String(error)}`)
  return createApduCard({ euicc: parts.phone.euicc, settings: { ...parts.settings, onDefect } })
}

/** The phone with its eUICC behind APDUs. */
export function overApdu(
  phone: Phone,
  by: { readonly card: ApduCard; readonly options?: Es10OverApduOptions },
): Phone {
  return withTransport(phone, es10OverApdu(by.card, by.options))
}

function withTransport(phone: Phone, { transmit }: Es10Transport): Phone {
  const euicc = Object.create(phone.euicc, { transmit: { value: transmit } }) as Phone['euicc']
  return { ...phone, euicc }
}

/** A phone with so many profiles, all of them disabled. */
export async function withProfiles(lab: Lab, count: number): Promise<Phone> {
  const phone = lab.createPhone()
  for (let at = 0; at < count; at++) {
    const on = await bench(lab, phone)
    await on.driver.through('getBoundProfilePackage').then((driver) => driver.load())
  }
  return phone
}
