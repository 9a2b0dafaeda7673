/** `esim-lab profiles`: what is installed in a phone. */

import type { Command } from 'commander'
import { openLab } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { lookAtPhone, type CliPhone } from '../phones.ts'
import { traced } from '../trace.ts'
import { lpaVerb, type LpaOptions } from '../verb.ts'

export function profilesVerb(output: Output): Command {
  return lpaVerb({
    name: 'profiles',
    summary: 'list the profiles of a phone',
    examples: ['profiles', 'profiles --phone p2 --json'],
  }).action((options: LpaOptions) => profiles(options, output))
}

async function profiles(options: LpaOptions, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  const wanted = { ...options, onFailure: output.warn }
  await traced(wanted, (observer) =>
    lookAtPhone({ lab, name: options.phone, observer }, (phone) => list(phone, output)),
  )
}

async function list(phone: CliPhone, output: Output): Promise<void> {
  const found = await phone.profiles()
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
