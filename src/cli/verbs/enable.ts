/** `esim-lab enable` */

import type { Command } from 'commander'
import type { Output } from '../output.ts'
import { profileChangeVerb } from '../profile-change.ts'

export function enableVerb(output: Output): Command {
  const change = {
    name: 'enable',
    summary: 'enable a profile of a phone',
    done: 'enabled',
    of: 'disabled',
  } as const
  return profileChangeVerb({ ...change, change: (phone, profile) => phone.enable(profile) }, output)
}
