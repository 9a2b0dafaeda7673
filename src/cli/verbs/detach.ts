/** `esim-lab detach`: a phone tells the network that it leaves. */

import type { Command } from 'commander'
import { openLab, type LabClient } from '../lab-client.ts'
import { servingNetworkClient } from '../network-client.ts'
import type { Output } from '../output.ts'
import { lookAtPhone } from '../phones.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

export function detachVerb(output: Output): Command {
  return phoneVerb({
    name: 'detach',
    summary: 'let a phone leave the network',
    examples: ['detach', 'detach --phone p2 --json'],
  }).action((options: CommonOptions & PhoneOption) => detach(options, output))
}

interface Registrations {
  readonly registrations: readonly { readonly registrationId: string; readonly supi: string }[]
}

async function detach(options: CommonOptions & PhoneOption, output: Output): Promise<void> {
  const { phone: name } = options
  const lab = await openLab(options.data)
  const attached = await registrationOf(lab, name)
  if (!attached) {
    output.result({ phone: name, detached: false }, `The phone ${name} is not attached.`)
    return
  }
  const { registrationId, supi } = attached
  await servingNetworkClient(lab).deregister({ registrationId })
  output.result(
    { phone: name, detached: true, registrationId, supi },
    `The phone ${name} is not attached any more.`,
  )
}

/** A phone that was switched off has forgotten its registration, which the network knows by the profile. */
async function registrationOf(
  lab: LabClient,
  name: string,
): Promise<Registrations['registrations'][number] | undefined> {
  const profiles = await lookAtPhone({ lab, name }, (phone) => phone.profiles())
  const enabled = profiles.find(({ state }) => state === 'enabled')
  if (!enabled) return undefined
  const path = `/api/registrations?iccid=${enabled.iccid}`
  const { registrations } = await lab.get<Registrations>(path)
  return registrations[0]
}
