/** Lines that a subscriber can copy. */

import type { Command, CommandKind } from '../messages/commands.ts'
import type { TextChannel } from '../messages/fitting.ts'
import { writeMessage } from '../messages/writing.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Channel } from '../rules/types.ts'
import { languageFor, type Reader } from './said.ts'

type CommandOf<Kind extends CommandKind> = Extract<Command, { readonly kind: Kind }>

const LANGUAGES_OF_GENERIC = ['generic-en', 'generic-ru', 'generic-zh'] as const

/** How to give data on this channel, in the reader's language where the operator understands several; else the menu or the balance. */
export function exampleOf(reader: Reader, kind: TextChannel): string {
  const { sms, ussd } = channelsOf(reader.file)
  const own = kind === 'sms' ? sms : ussd
  return (
    write(reader, { channel: own }) ??
    write(reader, { channel: own, command: giftWithPin(reader.file) }) ??
    write(reader, { channel: own, command: someMoney(reader.file) }) ??
    write(reader, { channel: own, command: { kind: 'menu' } }) ??
    write(reader, { channel: own, command: { kind: 'balance' } }) ??
    write(reader, { channel: sms }) ??
    own?.shortCode ??
    ''
  )
}

/** What somebody sends who knows nothing yet: for help where there is some. */
export function firstStep(reader: Reader, kind: TextChannel): string {
  const channel = channelsOf(reader.file)[kind]
  return write(reader, { channel, command: { kind: 'help' } }) ?? exampleOf(reader, kind)
}

/** An operator's channels for short texts, where it has them. */
export function channelsOf(file: OperatorFile): Readonly<Record<TextChannel, Channel | undefined>> {
  const channel = (kind: TextChannel) => file.channels.find((one) => one.kind === kind)
  return { sms: channel('sms'), ussd: channel('ussd') }
}

function write(
  reader: Reader,
  of: { readonly channel: Channel | undefined; readonly command?: Command },
): string | undefined {
  const { channel } = of
  if (!channel) return undefined
  const { gigabyteBytes } = reader.file
  const grammars = inLanguageOf(reader, channel.grammars)
  const kind = channel.kind === 'ussd' ? 'ussd' : 'sms'
  const { shortCode } = channel
  const context = {
    channel: kind,
    grammars,
    gigabyteBytes,
    ...(shortCode && { shortCode }),
  } as const
  return writeMessage(of.command ?? gift(reader.file), context)?.text
}

function gift({ gifting, gigabyteBytes, ranges }: OperatorFile): CommandOf<'give'> {
  const { sizesBytes, stepBytes = 1n, maxBytes = BigInt(gigabyteBytes) } = gifting
  const most = maxBytes < gigabyteBytes ? maxBytes : BigInt(gigabyteBytes)
  const amountBytes = sizesBytes?.[0] ?? most - (most % stepBytes)
  return { kind: 'give', to: someNumber(ranges), amountBytes }
}

/** Where the PIN goes with the command: a word stands for it, since it is the reader's own. */
function giftWithPin(file: OperatorFile): Command {
  return { ...gift(file), pin: 'PIN' }
}

/** As much as the rules let be sent at all. */
function someMoney({ moneyTransfer, ranges, currency }: OperatorFile): Command {
  const most = moneyTransfer?.rules.maxMinor ?? moneyTransfer?.rules.senderDayMinor
  const units = most === undefined ? 100n : most / 10n ** BigInt(currency.minorDigits)
  return { kind: 'sendMoney', to: someNumber(ranges), units }
}

function someNumber({ msisdn }: OperatorFile['ranges']): string {
  return msisdn.prefix.padEnd(msisdn.digits, '123456789')
}

function inLanguageOf(reader: Reader, grammars: readonly string[]): readonly string[] {
  const own = `generic-${languageFor(reader)}`
  return grammars.map((id) => {
    const isGeneric = id === 'generic' || LANGUAGES_OF_GENERIC.some((known) => known === id)
    return isGeneric ? own : id
  })
}
