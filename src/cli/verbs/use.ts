/** `esim-lab use`: a phone uses data, as its network would report it. */

import type { Command } from 'commander'
import { amountFromText, amountToJson, type JsonAmount } from '../../operator/amount.ts'
import { amountText } from '../balance.ts'
import { LabError } from '../../base/errors.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import type { Output } from '../output.ts'
import { postOnce } from '../repeatable.ts'
import { msisdnOf } from '../subscriber.ts'
import { commandLine, phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

interface UseOptions extends CommonOptions, PhoneOption {
  readonly key?: string
}

export function useVerb(output: Output): Command {
  return phoneVerb({
    name: 'use',
    summary: 'use data of a phone or a number',
    examples: ['use 300MB', 'use 1.5GB --phone p2', 'use 300MB 999010000001 --json'],
  })
    .argument('<amount>', 'such as 300MB, 1.5GB, 1GiB, or bytes')
    .argument('[msisdn]', 'a number, in place of a phone')
    .option('--key <key>', 'idempotency key: the same one never uses twice')
    .action((amount: string, msisdn: string | undefined, options: UseOptions) =>
      use({ amount, msisdn, options }, output),
    )
}

interface UsageAnswer {
  readonly msisdn: string
  readonly amountBytes: JsonAmount
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
  const amountBytes = amountToJson(amountFromText(asked.amount))
  const lab = await openLab(options.data)
  const msisdn = await msisdnOf(lab, asked.msisdn ?? options.phone)
  const usage = await postOnce<UsageAnswer>(lab, {
    path: '/api/usage',
    body: { msisdn, amountBytes },
    key: options.key,
  }).catch((error: unknown) => {
    const ofPhone = asked.msisdn === undefined ? ` --phone ${options.phone}` : ''
    throw isNotAttached(error) ? withHint(error, { lab, verb: `attach${ofPhone}` }) : error
  })
  output.result(usage, `${usage.msisdn} has used ${amountText(usage.amountBytes)}.`)
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
