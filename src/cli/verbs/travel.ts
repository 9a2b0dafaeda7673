/** `esim-lab travel`: a phone goes to a country, or home again. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { instantText } from '../balance.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { lookAtPhone } from '../phones.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

/** A phone as `PATCH /api/phones/{eid}` answers. */
interface Place {
  readonly country: string
  readonly isRoaming: boolean
  readonly coolingUntil: string | null
}

export function travelVerb(output: Output): Command {
  return phoneVerb({
    name: 'travel',
    summary: 'let a phone go to a country, or home again',
    examples: ['travel CN', 'travel home --phone p2', 'travel RU --json'],
  })
    .argument('<country>', 'two letters of ISO 3166-1 such as CN, or home')
    .action((country: string, options: CommonOptions & PhoneOption) =>
      travel({ country, options }, output),
    )
}

async function travel(
  asked: { readonly country: string; readonly options: CommonOptions & PhoneOption },
  output: Output,
): Promise<void> {
  const { phone: name, data } = asked.options
  const country = countryOf(asked.country)
  const lab = await openLab(data)
  const eid = await lookAtPhone({ lab, name }, async (phone) => phone.eid)
  const place = await lab.patch<Place>(`/api/phones/${eid}`, { country })
  const where = place.isRoaming ? `in ${place.country}, abroad` : `at home (${place.country})`
  const rest = place.coolingUntil
    ? ` By law its mobile data rests until ${instantText(place.coolingUntil)}.`
    : ''
  output.result({ phone: name, eid, ...place }, `The phone ${name} is ${where}.${rest}`)
}

function countryOf(text: string): string {
  if (text.toLowerCase() === 'home') return 'home'
  if (/^[a-z]{2}$/i.test(text)) return text.toUpperCase()
  throw new LabError('usage', `a country is two letters such as CN, or home, not "${text}".`, {
    field: 'country',
  })
}
