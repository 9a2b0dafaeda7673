/** `esim-lab delete` */

import type { Command } from 'commander'
import type { Output } from '../output.ts'
import { profileChangeVerb } from '../profile-change.ts'

export function deleteVerb(output: Output): Command {
  const change = {
    name: 'delete',
    summary: 'delete a profile from a phone',
    done: 'deleted',
    of: 'disabled',
  } as const
  return profileChangeVerb({ ...change, change: (phone, profile) => phone.delete(profile) }, output)
}
