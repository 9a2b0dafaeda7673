/** `esim-lab profiles`: what is installed in a phone. */

import type { Command } from 'commander'
import { openLab } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { lookAtPhone } from '../phones.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

export function profilesVerb(output: Output): Command {
  return phoneVerb({
    name: 'profiles',
    summary: 'list the profiles of a phone',
    examples: ['profiles', 'profiles --phone p2 --json'],
  }).action((options: CommonOptions & PhoneOption) => profiles(options, output))
}

async function profiles(options: CommonOptions & PhoneOption, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  await lookAtPhone({ lab, name: options.phone }, async (phone) => {
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
  })
}
