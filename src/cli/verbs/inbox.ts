/** `esim-lab inbox`: what a phone has sent and got. */

import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { zonedText } from '../balance.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { measuresOf, msisdnOf } from '../subscriber.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface InboxOptions extends CommonOptions, PhoneOption {
  readonly watch?: true
}

const LOOK_EVERY_MS = 500

export function inboxVerb(output: Output): Command {
  return phoneVerb({
    name: 'inbox',
    summary: 'show the messages of a phone or a number, the oldest first',
    examples: ['inbox', 'inbox --phone p2 --watch', 'inbox 999010000001 --json'],
  })
    .argument('[msisdn]', 'a number, in place of a phone')
    .option('--watch', 'wait for more, until interrupted')
    .action((msisdn: string | undefined, options: InboxOptions) =>
      inbox({ msisdn, options }, output),
    )
}

interface MessageAnswer {
  readonly id: number
  readonly direction: 'in' | 'out'
  readonly channel: string
  readonly peer: string
  readonly text: string
  readonly at: string
}

async function inbox(
  asked: { readonly msisdn: string | undefined; readonly options: InboxOptions },
  output: Output,
): Promise<void> {
  const { options } = asked
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, asked.msisdn ?? options.phone)
  const { timeZone } = await measuresOf(lab, msisdn)
  const of = { lab, msisdn, timeZone }
  let last = await showAfter({ ...of, after: 0 }, output)
  if (last === 0 && !options.watch) output.note(`${msisdn} has no messages.`)
  while (options.watch) {
    await wait(LOOK_EVERY_MS)
    last = await showAfter({ ...of, after: last }, output)
  }
}

/** Shows what is new, and returns the last message's id. */
async function showAfter(
  of: {
    readonly lab: LabClient
    readonly msisdn: string
    readonly timeZone: string
    readonly after: number
  },
  output: Output,
): Promise<number> {
  let last = of.after
  for (;;) {
    const path = `/api/subscribers/${of.msisdn}/inbox?after=${last}`
    const { messages, next } = await of.lab.get<{
      readonly messages: readonly MessageAnswer[]
      readonly next?: string
    }>(path)
    for (const message of messages) output.result(message, messageText(message, of.timeZone))
    last = messages.at(-1)?.id ?? last
    if (next === undefined) return last
  }
}

function messageText(message: MessageAnswer, timeZone: string): string {
  const { direction, channel, peer, text, at } = message
  const way = direction === 'in' ? `to ${peer}` : `from ${peer}`
  const indented = text.replaceAll('\n', '\n  ')
  return `${zonedText(at, timeZone)}  ${channel.toUpperCase()} ${way}\n  ${indented}`
}
