/** Lines that a subscriber can copy. */

import type { TextChannel } from '../messages/fitting.ts'
import { writeMessage } from '../messages/writing.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Channel } from '../rules/types.ts'
import { languageFor, type Reader } from './said.ts'

const LANGUAGES_OF_GENERIC = ['generic-en', 'generic-ru', 'generic-zh'] as const

/** How to give data on this channel, in the reader's language where the operator understands several. */
export function exampleOf(reader: Reader, kind: TextChannel): string {
  const { file } = reader
  const { sms, ussd } = channelsOf(file)
  const own = kind === 'sms' ? sms : ussd
  return write(reader, own) ?? write(reader, sms) ?? own?.shortCode ?? ''
}

/** An operator's channels for short texts, where it has them. */
export function channelsOf(file: OperatorFile): Readonly<Record<TextChannel, Channel | undefined>> {
  const channel = (kind: TextChannel) => file.channels.find((one) => one.kind === kind)
  return { sms: channel('sms'), ussd: channel('ussd') }
}

function write(reader: Reader, channel: Channel | undefined): string | undefined {
  if (!channel) return undefined
  const { file } = reader
  const { gifting, gigabyteBytes, ranges } = file
  const amountBytes = gifting.sizesBytes?.[0] ?? gifting.stepBytes ?? BigInt(gigabyteBytes)
  const to = ranges.msisdn.prefix.padEnd(ranges.msisdn.digits, '123456789')
  const grammars = inLanguageOf(reader, channel.grammars)
  const kind = channel.kind === 'ussd' ? 'ussd' : 'sms'
  const context = { channel: kind, grammars, gigabyteBytes } as const
  return writeMessage({ kind: 'give', to, amountBytes }, context)?.text
}

function inLanguageOf(reader: Reader, grammars: readonly string[]): readonly string[] {
  const own = `generic-${languageFor(reader)}`
  return grammars.map((id) => {
    const isGeneric = id === 'generic' || LANGUAGES_OF_GENERIC.some((known) => known === id)
    return isGeneric ? own : id
  })
}
