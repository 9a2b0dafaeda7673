/** What `enable`, `disable` and `delete` have in common: one profile of one phone changes, and the servers are told. */

import type { Command } from 'commander'
import { normaliseIccid } from '../base/bcd.ts'
import { LabError } from '../base/errors.ts'
import type { ProfileSummary } from '../lpa/lpa.ts'
import { openLab } from './lab-client.ts'
import { notifyServers } from './notify.ts'
import type { Output } from './output.ts'
import { withExistingPhone, type CliPhone } from './phones.ts'
import { traced } from './trace.ts'
import { lpaVerb, type LpaOptions } from './verb.ts'

export interface ProfileChange {
  readonly name: 'enable' | 'disable' | 'delete'
  readonly summary: string
  /** What has happened, after "The profile … is". */
  readonly done: string
  /** The state of profiles that it makes sense for. */
  readonly of: ProfileSummary['state']
  change(phone: CliPhone, profile: { readonly iccid: string }): Promise<void>
}

/** Declares the verb of a change. */
export function profileChangeVerb(change: ProfileChange, output: Output): Command {
  const { name, summary } = change
  return lpaVerb({ name, summary, examples: [name, `${name} 8900101000000000019 --phone p2`] })
    .argument('[iccid]', `the profile; may be left out when just one is ${change.of}`)
    .action(async (iccid: string | undefined, options: LpaOptions) => {
      const lab = await openLab(options.data)
      await traced({ ...options, onFailure: output.warn }, (observer) =>
        withExistingPhone({ lab, name: options.phone, observer }, (phone) =>
          changeProfile({ change, phone, iccid }, output),
        ),
      )
    })
}

async function changeProfile(
  asked: {
    readonly change: ProfileChange
    readonly phone: CliPhone
    readonly iccid: string | undefined
  },
  output: Output,
): Promise<void> {
  const { change, phone } = asked
  const iccid = asked.iccid === undefined ? await onlyFitting(asked) : normaliseIccid(asked.iccid)
  await change.change(phone, { iccid })
  const notifications = await notifyServers(phone, output)
  output.result(
    { phone: phone.name, iccid, done: change.name, notifications },
    `The profile ${iccid} of the phone ${phone.name} is ${change.done}. Notifications sent: ${notifications.sent.length}.`,
  )
}

async function onlyFitting(asked: {
  readonly change: ProfileChange
  readonly phone: CliPhone
}): Promise<string> {
  const { change, phone } = asked
  const fitting = (await phone.profiles()).filter(({ state }) => state === change.of)
  const [profile, ...others] = fitting
  if (profile && others.length === 0) return profile.iccid
  const found = profile
    ? `${fitting.length} profiles that are ${change.of}. Name one: ${fitting.map((each) => each.iccid).join(', ')}`
    : `no profile that is ${change.of}`
  throw new LabError(profile ? 'usage' : 'notFound', `the phone "${phone.name}" has ${found}.`, {
    field: 'iccid',
  })
}
