/** `esim-lab wifi`: a phone uses Wi-Fi in place of mobile data, or no longer. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { openLab } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { lookAtPhone } from '../phones.ts'
import { phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

export function wifiVerb(output: Output): Command {
  return phoneVerb({
    name: 'wifi',
    summary: 'switch the Wi-Fi of a phone on or off: data over it does not count',
    examples: ['wifi on', 'wifi off --phone p2'],
  })
    .argument('<state>', 'on or off')
    .action((state: string, options: CommonOptions & PhoneOption) =>
      switchWifi({ state, options }, output),
    )
}

async function switchWifi(
  asked: { readonly state: string; readonly options: CommonOptions & PhoneOption },
  output: Output,
): Promise<void> {
  const { phone: name, data } = asked.options
  const wifi = isOn(asked.state)
  const lab = await openLab(data)
  const eid = await lookAtPhone({ lab, name }, async (phone) => phone.eid)
  const place = await lab.patch<object>(`/api/phones/${eid}`, { wifi })
  const what = wifi ? 'uses Wi-Fi: its data does not count' : 'uses mobile data'
  output.result({ phone: name, eid, ...place }, `The phone ${name} ${what}.`)
}

function isOn(state: string): boolean {
  const known = ['on', 'off']
  const found = known.find((word) => word === state.toLowerCase())
  if (found) return found === 'on'
  throw new LabError('usage', `Wi-Fi is on or off, not "${state}".`, { field: 'state' })
}
