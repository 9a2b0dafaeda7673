/** What `card` and `lpac` share: a phone's card, out of the phone, for an LPA that is not ours. */

import type { Command } from 'commander'
import { LabError } from '../base/errors.ts'
import { createApduCard, type ApduCard } from '../euicc/apdu/card.ts'
import type { Euicc } from '../euicc/euicc.ts'
import { loadPersonality } from '../euicc/personality-file.ts'
import { serveStdio } from '../euicc/transport/stdio.ts'
import { createRelay } from '../http/relay.ts'
import { loadPkiDirectory } from '../pki/load.ts'
import { openLab, type LabClient } from './lab-client.ts'
import { defectText, type Output } from './output.ts'
import { withCard, type CliCard } from './phones.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from './verb.ts'

export interface SlotOptions extends CommonOptions, PhoneOption {
  /** The name or the file of one. */
  readonly personality?: string
  /** The directory of certificates and keys that a new card is made of. */
  readonly pki?: string
}

/** A verb that takes the card out of a phone. */
export function slotVerb(declared: Parameters<typeof phoneVerb>[0]): Command {
  return phoneVerb(declared).option(
    '--personality <name>',
    'what kind of card it is: a name of fixtures/personalities, or a file',
  )
}

export interface Slot extends CliCard {
  readonly card: ApduCard
  readonly eid: string
}

/** Works with a card in a slot. The lab makes the card at first use; a card that is there works without a lab, too. */
export async function withSlot<T>(
  asked: { readonly options: SlotOptions; readonly output: Output },
  work: (slot: Slot) => Promise<T>,
): Promise<T> {
  const { data: directory, phone: name } = asked.options
  const chosen = asked.options.personality
  const personality = chosen === undefined ? undefined : loadPersonality(chosen)
  const pki = asked.options.pki === undefined ? undefined : loadPkiDirectory(asked.options.pki)
  const lab = await openLabIfServed(directory)
  return withCard({ directory, name, lab, personality, pki }, ({ euicc, trust }) =>
    work({ euicc, trust, eid: euicc.eid, card: cardOver(euicc, asked.output) }),
  )
}

function cardOver(euicc: Euicc, output: Output): ApduCard {
  const { blockOctetsMax, leRequired, responseMode } = euicc.personality
  return createApduCard({
    euicc,
    settings: {
      blockOctetsMax,
      leRequired,
      responseMode,
      onDefect(error) {
        const isOurs = !(error instanceof LabError)
        output.warn(isOurs ? `a defect of esim-lab: ${defectText(error)}` : error.message)
      },
    },
  })
}

async function openLabIfServed(directory: string): Promise<LabClient | undefined> {
  try {
    return await openLab(directory)
  } catch (error) {
    if (error instanceof LabError && error.reason === 'notServed') return undefined
    throw error
  }
}

type StdioPart = Pick<Parameters<typeof serveStdio>[0], 'input' | 'output' | 'onOther' | 'report'>

/** Lets an LPA use the card, and its HTTP, over streams. */
export async function serveLpa(slot: Slot, part: StdioPart): Promise<void> {
  const relay = createRelay(slot.trust)
  try {
    await serveStdio({ ...part, card: slot.card, http: relay.post })
  } finally {
    relay.close()
  }
}

/**
 * Whether lpac, having written this line of JSON, waits for one character without the end of a line: `profile download -p`
 * shows the profile and asks. Other lines may hold the word as well, as a profile's name.
 */
export function asksForDecision(line: string): boolean {
  const { type, payload } = JSON.parse(line) as Progress
  return type === 'progress' && payload?.message === 'preview'
}

interface Progress {
  readonly type?: unknown
  readonly payload?: { readonly message?: unknown } | null
}
