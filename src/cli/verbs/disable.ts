/** `esim-lab disable` */

import type { Command } from 'commander'
import type { Output } from '../output.ts'
import { profileChangeVerb } from '../profile-change.ts'

export function disableVerb(output: Output): Command {
  const change = {
    name: 'disable',
    summary: 'disable a profile of a phone',
    done: 'disabled',
    of: 'enabled',
  } as const
  return profileChangeVerb(
    { ...change, change: (phone, profile) => phone.disable(profile) },
    output,
  )
}
