/** `esim-lab discover`: a phone asks its root SM-DS who has a profile for it (SGP.22 §3.6.2). */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import type { DiscoveredEvent, Discovery } from '../../lpa/discovery.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { withPhone, type CliPhone } from '../phones.ts'
import { traced } from '../trace.ts'
import {
  bindingOption,
  commandLine,
  lpaVerb,
  type BindingOption,
  type LpaOptions,
} from '../verb.ts'
import { downloadInto } from './download.ts'

interface DiscoverOptions extends LpaOptions, BindingOption {
  readonly download?: true
  readonly acceptRules?: true
  readonly confirmationCode?: string
  readonly enable?: true
}

export function discoverVerb(output: Output): Command {
  return lpaVerb({
    name: 'discover',
    summary: "ask the SM-DS of a phone's eUICC for profiles that wait",
    examples: ['discover', 'discover --phone p1 --download', 'discover --json'],
  })
    .option('--download', 'download what was found, one after the other')
    .option('--confirmation-code <code>', 'with --download: where an order has one')
    .option('--accept-rules', "with --download: agree to the profiles' policy rules")
    .option('--enable', 'with --download: enable each profile at once')
    .addOption(bindingOption())
    .action((options: DiscoverOptions) => discover(options, output))
}

async function discover(options: DiscoverOptions, output: Output): Promise<void> {
  const { phone: name, binding } = options
  const lab = await openLab(options.data)
  await traced({ ...options, onFailure: output.warn }, (observer) =>
    withPhone({ lab, name, observer, binding }, async (phone) => {
      const found = await phone.discover()
      for (const { eventId, rspServerAddress, reason } of found.failed) {
        output.warn(`The event ${eventId} leads to ${rspServerAddress}, and not on: ${reason}`)
      }
      output.result({ phone: name, eid: phone.eid, ...found }, textOf(found, { phone, options }))
      if (options.download) await downloadAll(phone, { events: found.events, options, output })
    }),
  )
}

function textOf(
  { events, rootDsAddress }: Discovery,
  asked: { readonly phone: CliPhone; readonly options: DiscoverOptions },
): string {
  const { phone, options } = asked
  if (events.length === 0) return `No profile waits for this eUICC at ${rootDsAddress}.`
  const lines = events.map(
    ({ smdpAddress, eventId, smdsAddress }) => `  ${eventId}   ${smdpAddress}   by ${smdsAddress}`,
  )
  const download = commandLine(`discover --phone ${phone.name} --download`, phone)
  return [
    events.length === 1
      ? 'A profile waits for this eUICC:'
      : `${events.length} profiles wait for this eUICC:`,
    ...lines,
    ...(options.download ? [] : ['', download]),
  ].join('\n')
}

/** One that cannot be had does not keep the phone from the others. */
async function downloadAll(
  phone: CliPhone,
  asked: {
    readonly events: readonly DiscoveredEvent[]
    readonly options: DiscoverOptions
    readonly output: Output
  },
): Promise<void> {
  const { events, options, output } = asked
  const failures: LabError[] = []
  for (const { smdpAddress, eventId } of events) {
    const activationCode = { smdpAddress, matchingId: eventId, confirmationCodeRequired: false }
    try {
      await downloadInto(phone, { activationCode, options, output })
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      output.warn(`The event ${eventId} was not downloaded: ${error.message}`)
      failures.push(error)
    }
  }
  const [first] = failures
  if (!first) return
  const detail = `${failures.length} of ${events.length} events were not downloaded. ${first.message}`
  const { code, reason } = first
  throw new LabError(code, detail, { ...(reason !== undefined && { reason }), cause: first })
}
