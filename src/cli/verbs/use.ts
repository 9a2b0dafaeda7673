/** `esim-lab use`: a phone uses data in a charging session, as its network would report it. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { amountFromJson, amountToJson, formatAmount } from '../../operator/amount.ts'
import { amountOf } from '../amounts.ts'
import { amountText } from '../balance.ts'
import { useData, type DataUsed } from '../data-session.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { repeatably } from '../repeatable.ts'
import { gigabyteOf, msisdnOf, ratingGroupOf } from '../subscriber.ts'
import { commandLine, phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface UseOptions extends CommonOptions, PhoneOption {
  readonly key?: string
  readonly slice?: string
  readonly directed?: true
}

export function useVerb(output: Output): Command {
  return phoneVerb({
    name: 'use',
    summary: 'use data of a phone or a number',
    examples: [
      'use 300MB',
      'use 1.5GB --phone p2 --slice 50MB',
      'use 300MB 999010000001 --json',
      'use 10MB --directed',
    ],
  })
    .argument('<amount>', 'such as 300MB, 1.5GB, 1GiB, or bytes')
    .argument('[msisdn]', 'a number, in place of a phone')
    .option('--slice <amount>', 'the most that is asked for at once (default: 100MB, or a 200th)')
    .option('--directed', 'traffic of the services that directed packages are for')
    .option('--key <key>', 'idempotency key: the same one never uses twice')
    .action((amount: string, msisdn: string | undefined, options: UseOptions) =>
      use({ amount, msisdn, options }, output),
    )
}

async function use(
  asked: {
    readonly amount: string
    readonly msisdn: string | undefined
    readonly options: UseOptions
  },
  output: Output,
): Promise<void> {
  const { options } = asked
  // What cannot be read at all is refused before anybody is asked.
  sliceOf(options, requireSome(amountOf(asked.amount), 'amount'))
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, asked.msisdn ?? options.phone)
  const gigabyteBytes = await gigabyteOf(lab, msisdn)
  const amountBytes = requireSome(amountOf(asked.amount, { gigabyteBytes }), 'amount')
  const sliceBytes = sliceOf(options, amountBytes)
  const { wifi } = await lab.get<{ readonly wifi: boolean }>(`/api/accounts/${msisdn}/place`)
  if (wifi) {
    await useWifi(lab, { msisdn, amountBytes, key: options.key })
    const said = `${msisdn} has used ${formatAmount(amountBytes, gigabyteBytes)} over Wi-Fi, which is not charged.`
    output.result({ msisdn, amountBytes: amountToJson(amountBytes), wifi, usedBytes: 0 }, said)
    return
  }
  const traffic = options.directed ? 'directed' : 'general'
  const ratingGroup = await ratingGroupOf(lab, { msisdn, traffic })
  const used = await repeatably(options.key, (key) =>
    useData(lab, { msisdn, amountBytes, sliceBytes, ratingGroup, key }),
  ).catch((error: unknown) => {
    const ofPhone = asked.msisdn === undefined ? ` --phone ${options.phone}` : ''
    throw isNotAttached(error) ? withHint(error, { lab, verb: `attach${ofPhone}` }) : error
  })
  output.result(
    { msisdn, amountBytes: amountToJson(amountBytes), wifi, ...used },
    textOf({ msisdn, used, gigabyteBytes }),
  )
  if (used.stopped !== 'done') throw stoppedEarly(used, { amountBytes, gigabyteBytes })
}

async function useWifi(
  lab: LabClient,
  of: { readonly msisdn: string; readonly amountBytes: bigint; readonly key: string | undefined },
): Promise<void> {
  const body = { msisdn: of.msisdn, amountBytes: amountToJson(of.amountBytes) }
  await repeatably(of.key, (idempotencyKey) => lab.post('/api/offload', { body, idempotencyKey }))
}

const SLICE_BYTES = 10n ** 8n
/** So that a large amount is not asked for in thousands of steps. */
const SLICES = 200n

function sliceOf({ slice }: UseOptions, amountBytes: bigint): bigint {
  if (slice !== undefined) return requireSome(amountOf(slice, { field: 'slice' }), 'slice')
  const part = amountBytes / SLICES
  return part > SLICE_BYTES ? part : SLICE_BYTES
}

function requireSome(amountBytes: bigint, field: string): bigint {
  if (amountBytes > 0n) return amountBytes
  throw new LabError('badInput', `${field} must be at least 1 byte.`, { field })
}

/** `999… has used 300 MB: 200 MB (gift) + 100 MB (plan).` */
function textOf(of: {
  readonly msisdn: string
  readonly used: DataUsed
  readonly gigabyteBytes: number
}): string {
  const { msisdn, used, gigabyteBytes } = of
  const total = amountText(used.usedBytes, gigabyteBytes)
  const parts = used.lots.map(
    ({ amountBytes, origin }) => `${amountText(amountBytes, gigabyteBytes)} (${origin})`,
  )
  const overage = amountFromJson(used.overageBytes, 'overageBytes')
  if (overage > 0n) parts.push(`${formatAmount(overage, gigabyteBytes)} beyond all data`)
  if (parts.length === 0) return `${msisdn} has used nothing.`
  return `${msisdn} has used ${parts.length === 1 ? parts.join() : `${total}: ${parts.join(' + ')}`}.`
}

const STOPS: Readonly<Record<string, readonly [reason: string, text: string]>> = {
  QUOTA_LIMIT_REACHED: ['notEnoughData', 'nothing is left'],
  END_USER_SERVICE_DENIED: ['serviceDenied', 'the network lets the phone use no more data'],
}

function stoppedEarly(
  used: DataUsed,
  asked: { readonly amountBytes: bigint; readonly gigabyteBytes: number },
): LabError {
  const { amountBytes, gigabyteBytes } = asked
  const [reason, text] = STOPS[used.stopped] ?? ['notCharged', 'the operator does not charge it']
  const missing = amountBytes - amountFromJson(used.usedBytes, 'usedBytes')
  const detail = `${formatAmount(missing, gigabyteBytes)} of ${formatAmount(amountBytes, gigabyteBytes)} were not used: ${text}.`
  return new LabError('refused', detail, { reason })
}

function isNotAttached(error: unknown): error is LabError {
  return error instanceof LabError && error.reason === 'notAttached'
}

function withHint(
  error: LabError,
  at: { readonly lab: LabClient; readonly verb: string },
): LabError {
  const detail = `${error.message} Attach the phone first: ${commandLine(at.verb, at.lab)}`
  return new LabError(error.code, detail, { reason: 'notAttached', cause: error })
}
