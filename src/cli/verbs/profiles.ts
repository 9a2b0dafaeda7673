/** `esim-lab profiles`: what is installed in a phone. */

import type { Command } from 'commander'
import { openLab } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { lookAtPhone, type CliPhone } from '../phones.ts'
import { traced } from '../trace.ts'
import { lpaVerb, type LpaOptions } from '../verb.ts'

interface ProfilesOptions extends LpaOptions {
  readonly all?: true
}

export function profilesVerb(output: Output): Command {
  return lpaVerb({
    name: 'profiles',
    summary: 'list the profiles of a phone',
    examples: ['profiles', 'profiles --phone p2 --json', 'profiles --all'],
  })
    .option('--all', 'Provisioning Profiles too, which phones hide from their users')
    .action((options: ProfilesOptions) => profiles(options, output))
}

async function profiles(options: ProfilesOptions, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  const wanted = { ...options, onFailure: output.warn }
  const includeProvisioning = options.all ?? false
  await traced(wanted, (observer) =>
    lookAtPhone({ lab, name: options.phone, observer }, (phone) =>
      list({ phone, includeProvisioning }, output),
    ),
  )
}

async function list(
  { phone, ...wanted }: { readonly phone: CliPhone; readonly includeProvisioning: boolean },
  output: Output,
): Promise<void> {
  const found = await phone.profiles(wanted)
  const count = counted(found.length, 'profile')
  output.text(`The phone ${phone.name} with the EID ${phone.eid}: ${count}`)
  for (const { nickname, ...profile } of found) {
    const { iccid, state, name, serviceProviderName } = profile
    output.result(
      { phone: phone.name, ...profile, nickname: nickname ?? null },
      `  ${iccid}  ${state.padEnd(8)}  "${nickname ?? name}" of ${serviceProviderName}`,
    )
  }
}
