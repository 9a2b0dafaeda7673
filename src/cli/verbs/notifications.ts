/** `esim-lab notifications`: what a phone's eUICC has not been able to tell its servers yet. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { openLab } from '../lab-client.ts'
import { notifyServers } from '../notify.ts'
import { counted, type Output } from '../output.ts'
import { lookAtPhone, withExistingPhone, type CliPhone } from '../phones.ts'
import { traced } from '../trace.ts'
import { bindingOption, lpaVerb, type BindingOption, type LpaOptions } from '../verb.ts'

interface NotificationsOptions extends LpaOptions, BindingOption {
  readonly send?: true
}

export function notificationsVerb(output: Output): Command {
  return lpaVerb({
    name: 'notifications',
    summary: 'list or send the notifications that wait in a phone',
    examples: ['notifications', 'notifications --send --phone p2'],
  })
    .option('--send', 'send them, and remove those that are acknowledged')
    .addOption(bindingOption())
    .action((options: NotificationsOptions) => notifications(options, output))
}

async function notifications(options: NotificationsOptions, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  await traced({ ...options, onFailure: output.warn }, async (observer) => {
    const choice = { lab, name: options.phone, observer, binding: options.binding }
    if (options.send) await withExistingPhone(choice, (phone) => send(phone, output))
    else await lookAtPhone(choice, (phone) => list(phone, output))
  })
}

async function list(phone: CliPhone, output: Output): Promise<void> {
  const waiting = await phone.notifications()
  output.text(`Waiting in the phone ${phone.name}: ${counted(waiting.length, 'notification')}.`)
  for (const notification of waiting) {
    const { seqNumber, operation, address, iccid } = notification
    const line = `  ${seqNumber}  ${operation} of ${iccid ?? 'no profile'}, for ${address}`
    output.result({ phone: phone.name, ...notification }, line)
  }
}

async function send(phone: CliPhone, output: Output): Promise<void> {
  const { sent, failed } = await notifyServers(phone, output)
  output.result({ phone: phone.name, sent, failed }, `Notifications sent: ${sent.length}.`)
  if (failed.length === 0) return
  throw new LabError('unavailable', `${counted(failed.length, 'notification')} could not be sent.`)
}
