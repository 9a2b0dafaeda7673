/** `esim-lab update-metadata` */

import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { Asn1Error } from '../../asn1/der.ts'
import { LabError } from '../../base/errors.ts'
import { UPDATE_METADATA_STATUS } from '../../euicc/update-metadata.ts'
import type { Euicc } from '../../euicc/euicc.ts'
import { encodeUpdateMetadata, type MetadataChange } from '../../rsp/es6.ts'
import type { Output } from '../output.ts'
import { withCard } from '../phones.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface UpdateOptions extends CommonOptions, PhoneOption {
  readonly serviceProviderName?: string
  readonly profileName?: string
  readonly icon?: string
  readonly policyRules?: 'none' | 'ppr1' | 'ppr2'
}

export function updateMetadataVerb(output: Output): Command {
  return phoneVerb({
    name: 'update-metadata',
    summary: 'as its operator over the air: change names, icon and rules of the enabled profile',
    examples: [
      "update-metadata --profile-name 'Lab 50 GB'",
      'update-metadata --policy-rules none --phone p2',
    ],
  })
    .option('--service-provider-name <text>', 'up to 32 octets; an empty one is kept as empty')
    .option('--profile-name <text>', 'up to 64 octets')
    .option('--icon <file>', 'PNG or JPEG of up to 1024 octets; an empty file removes the icon')
    .addOption(
      new Option('--policy-rules <rules>', 'what stays; rules can only be taken away').choices([
        'none',
        'ppr1',
        'ppr2',
      ]),
    )
    .action((options: UpdateOptions) =>
      withCard({ directory: options.data, name: options.phone, lab: undefined }, async (card) =>
        update({ euicc: card.euicc, options }, output),
      ),
    )
}

function update(
  of: { readonly euicc: Euicc; readonly options: UpdateOptions },
  output: Output,
): void {
  const { euicc, options } = of
  const statusWord = euicc.updateMetadata(commandOf(options))
  if (statusWord !== UPDATE_METADATA_STATUS.ok) throw refusalOf(statusWord)
  const changed = euicc.state.profiles.find(({ state }) => state === 'enabled')?.metadata
  const { profileName = '', serviceProviderName = '', profilePolicyRules = [] } = changed ?? {}
  const rules = profilePolicyRules.length === 0 ? 'no rules' : profilePolicyRules.join(' and ')
  output.result(
    { phone: options.phone, profileName, serviceProviderName, profilePolicyRules },
    `The enabled profile of the phone ${options.phone} is "${profileName}" of ${serviceProviderName}, with ${rules}.`,
  )
}

function commandOf(options: UpdateOptions): Uint8Array {
  const { serviceProviderName, profileName, icon, policyRules } = options
  const rules = policyRules === 'none' ? [] : policyRules && [policyRules]
  const change: MetadataChange = {
    ...(serviceProviderName !== undefined && { serviceProviderName }),
    ...(profileName !== undefined && { profileName }),
    ...(icon !== undefined && { icon: iconOf(icon) }),
    ...(rules && { profilePolicyRules: rules }),
  }
  if (Object.keys(change).length === 0) {
    throw new LabError('usage', 'say what to change: a name, the icon, or the rules.')
  }
  try {
    return encodeUpdateMetadata(change)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    throw new LabError('badInput', `${error.message}.`)
  }
}

function iconOf(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch {
    throw new LabError('badInput', `${path} cannot be read.`, { field: 'icon' })
  }
}

function refusalOf(statusWord: number): LabError {
  if (statusWord === UPDATE_METADATA_STATUS.conditionsOfUseNotSatisfied) {
    const reason = 'conditionsOfUseNotSatisfied'
    return new LabError('refused', 'no profile of the phone is enabled (6985).', { reason })
  }
  const hexadecimal = statusWord.toString(16).toUpperCase()
  return new LabError('refused', `the eUICC refused the command (${hexadecimal}).`)
}
