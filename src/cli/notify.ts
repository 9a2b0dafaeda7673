/** What a phone does after each change: it tells the servers, and says what could not be told. */

import type { NotificationReport } from '../lpa/lpa.ts'
import type { Output } from './output.ts'
import type { CliPhone } from './phones.ts'
import { commandLine } from './verb.ts'

/** Sends what waits. A notification that stays is a warning, since the change itself has happened. */
export async function notifyServers(phone: CliPhone, output: Output): Promise<NotificationReport> {
  const report = await phone.sendNotifications()
  const command = commandLine(`notifications --send --phone ${phone.name}`, phone)
  for (const { seqNumber, reason } of report.failed) {
    output.warn(
      `The notification ${seqNumber} stays on the eUICC: ${reason} Send it later: ${command}`,
    )
  }
  return report
}
