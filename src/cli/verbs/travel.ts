/** `esim-lab travel`: a phone goes to a country, or home again. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { instantText } from '../balance.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { lookAtPhone } from '../phones.ts'
import { msisdnOf } from '../subscriber.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

/** A phone as `PATCH /api/phones/{eid}` answers. */
interface Place {
  readonly country: string
  readonly isRoaming: boolean
  readonly wifi: boolean
  readonly coolingUntil: string | null
}

export function travelVerb(output: Output): Command {
  return phoneVerb({
    name: 'travel',
    summary: 'let a phone go to a country, or home again; without one, show where it is',
    examples: ['travel CN', 'travel home --phone p2', 'travel', 'travel --lift'],
  })
    .argument('[country]', 'two letters of ISO 3166-1 such as CN, or home')
    .option('--lift', 'end the rest of mobile data that the law has after a return')
    .action((country: string | undefined, options: TravelOptions) =>
      travel({ country, options }, output),
    )
}

interface TravelOptions extends CommonOptions, PhoneOption {
  readonly lift?: true
}

async function travel(
  asked: { readonly country: string | undefined; readonly options: TravelOptions },
  output: Output,
): Promise<void> {
  const { phone: name, data, lift } = asked.options
  if (lift && asked.country !== undefined)
    throw new LabError('usage', 'a country, or --lift: one thing at a time.', { field: 'lift' })
  const country = asked.country === undefined ? undefined : countryOf(asked.country)
  const lab = await openLab(data)
  const eid = await lookAtPhone({ lab, name }, async (phone) => phone.eid)
  if (lift) {
    const msisdn = await msisdnOf(lab, name)
    await lab.post(`/api/accounts/${msisdn}/cooling/lift`, { body: {} })
  }
  const path = `/api/phones/${eid}`
  const place = await (country === undefined
    ? lab.get<Place>(path)
    : lab.patch<Place>(path, { country }))
  output.result({ phone: name, eid, ...place }, placeText(name, place))
}

function placeText(name: string, place: Place): string {
  const where = place.isRoaming ? `in ${place.country}, abroad` : `at home (${place.country})`
  const wifi = place.wifi ? ', on Wi-Fi' : ''
  const rest = place.coolingUntil
    ? ` By law its mobile data rests until ${instantText(place.coolingUntil)}.`
    : ''
  return `The phone ${name} is ${where}${wifi}.${rest}`
}

function countryOf(text: string): string {
  if (text.toLowerCase() === 'home') return 'home'
  if (/^[a-z]{2}$/i.test(text)) return text.toUpperCase()
  throw new LabError('usage', `a country is two letters such as CN, or home, not "${text}".`, {
    field: 'country',
  })
}
