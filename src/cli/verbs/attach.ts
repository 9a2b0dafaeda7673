/** `esim-lab attach`: a phone proves to the network that its profile has the operator's key. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import type { AttachStep } from '../../modem/modem.ts'
import type { MobileSystem } from '../../nas/registration.ts'
import { attachStepJson, attachStepText } from '../attach-steps.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { withExistingPhone } from '../phones.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface AttachVerbOptions extends CommonOptions, PhoneOption {
  readonly system?: MobileSystem
  readonly pin?: string
}

export function attachVerb(output: Output): Command {
  return phoneVerb({
    name: 'attach',
    summary: 'attach a phone to the network with its enabled profile (5G-AKA, EPS AKA)',
    examples: ['attach', 'attach --phone p2 --system EPS', 'attach --pin 1234 --json'],
  })
    .option('--system <system>', '5GS or EPS (default: 5GS, if the profile is for it)', systemOf)
    .option('--pin <digits>', 'the PIN, if the USIM asks for it')
    .action((options: AttachVerbOptions) => attach(options, output))
}

const SYSTEMS: readonly MobileSystem[] = ['5GS', 'EPS']

function systemOf(text: string): MobileSystem {
  const system = SYSTEMS.find((known) => known === text.toUpperCase())
  if (system) return system
  throw new LabError('usage', `a system is 5GS or EPS, not "${text}".`, { field: 'system' })
}

async function attach(options: AttachVerbOptions, output: Output): Promise<void> {
  const { phone: name, system, pin } = options
  const lab = await openLab(options.data)
  const steps: AttachStep[] = []
  const onStep = (step: AttachStep): void => {
    steps.push(step)
    output.note(`  ${attachStepText(step)}`)
  }
  const attachment = await withExistingPhone({ lab, name }, (phone) =>
    phone.attach({ onStep, ...(system && { system }), ...(pin !== undefined && { pin }) }),
  )
  const { supi, resynchronised } = attachment
  const news = resynchronised ? ' The network had lost step, and was brought forward.' : ''
  output.result(
    { phone: name, ...attachment, steps: steps.map(attachStepJson) },
    `The phone ${name} is attached in ${attachment.system} as ${supi}.${news}`,
  )
}
