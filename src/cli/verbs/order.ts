/** `esim-lab order`: a profile is ordered at the SM-DP+, and an account opened for it. */

import { Option, type Command } from 'commander'
import type { OrderedProfile } from '../../operator/ordering.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { withPhone } from '../phones.ts'
import { qrCode } from '../qr-code.ts'
import { commandLine, labVerb, type CommonOptions } from '../verb.ts'

interface OrderOptions extends CommonOptions {
  readonly iccid?: string
  readonly profileType?: string
  readonly operator?: string
  readonly eid?: string
  readonly phone?: string
  readonly confirmationCode?: string
  readonly matchingId?: string
  readonly release: boolean
  readonly repeatable?: true
  readonly smDs?: string
}

export function orderVerb(output: Output): Command {
  const command = labVerb({
    name: 'order',
    summary: 'order a profile; the answer is an activation code',
    examples: [
      'order',
      'order --operator t2',
      'order --confirmation-code 2468',
      'order --phone p1 --json',
      'order --repeatable',
      'order --phone p1 --sm-ds root',
      'order reset 8900101000000000019',
    ],
  })
    .option('--iccid <digits>', 'this profile of the stock')
    .option('--profile-type <type>', "a profile of this type (default: the operator's own)")
    .addOption(
      new Option(
        '--operator <id>',
        'a profile of this operator, as "operators" lists it',
      ).conflicts(['profileType', 'iccid']),
    )
    .option('--eid <digits>', 'for the eUICC with this EID alone')
    .option('--phone <name>', "for this phone's eUICC alone")
    .option('--confirmation-code <code>', 'to be typed at the download')
    .option('--matching-id <id>', 'the MatchingID (default: chosen by the SM-DP+)')
    .option('--no-release', 'may not be downloaded before it is released')
    .option('--repeatable', 'may be downloaded again and again')
    .option(
      '--sm-ds <which>',
      'announce it to the eUICC at an SM-DS: root, alternative, or an address; needs --eid or --phone',
    )
    .action((options: OrderOptions) => order(options, output))
  const resetCommand = labVerb({
    name: 'reset',
    summary: 'let an order be downloaded once more, whatever became of it, with the same code',
    examples: ['order reset 8900101000000000019'],
  })
    .argument('<iccid>', 'the profile that is ordered')
    // The options that both commands have are taken by `order`, wherever they stand.
    .action((iccid: string) => reset({ iccid, data: command.opts<CommonOptions>().data }, output))
  return command.addCommand(resetCommand)
}

async function order(options: OrderOptions, output: Output): Promise<void> {
  const lab = await openLab(options.data)
  const { data: _, json: __, phone, operator, ...asked } = options
  const eid =
    phone === undefined
      ? options.eid
      : await withPhone({ lab, name: phone }, async (card) => card.eid)
  const ofOperator =
    operator === undefined ? {} : { profileType: await profileTypeOf(lab, operator) }
  const ordered = await lab.post<OrderedProfile>('/api/orders', {
    body: { ...asked, ...ofOperator, eid },
  })
  const { iccid, msisdn, activationCode } = ordered
  const download = phone === undefined ? 'download' : `download --phone ${phone}`
  const lines = [
    `ICCID             ${iccid}`,
    `Number            ${msisdn || 'none: the profile was imported without one'}`,
    `Activation code   ${activationCode}`,
    '',
    qrCode(activationCode),
    '',
    commandLine(`${download} '${activationCode}'`, lab),
    ...(options.smDs === undefined ? [] : [commandLine(discoverLine(phone), lab)]),
  ]
  output.result(ordered, lines.join('\n'))
}

async function profileTypeOf(lab: LabClient, operator: string): Promise<string> {
  const path = `/api/operators/${encodeURIComponent(operator)}`
  return (await lab.get<{ readonly profileType: string }>(path)).profileType
}

/** What the eUICC's owner can do in place of typing the code. */
function discoverLine(phone: string | undefined): string {
  return `discover${phone === undefined ? '' : ` --phone ${phone}`} --download`
}

interface Reset {
  readonly iccid: string
  readonly state: string
  readonly activationCode: string
}

async function reset(
  asked: { readonly iccid: string; readonly data: string },
  output: Output,
): Promise<void> {
  const lab = await openLab(asked.data)
  const path = `/api/orders/${encodeURIComponent(asked.iccid)}/reset`
  const done = await lab.post<Reset>(path, { body: {} })
  const { iccid, state, activationCode } = done
  output.result(done, `The order of ${iccid} is ${state} again: ${activationCode}`)
}
