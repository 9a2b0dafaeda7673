/** `esim-lab tokens`: tokens for others than the operator. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { instantText } from '../balance.ts'
import { openLab, type LabClient } from '../lab-client.ts'
import { counted, type Output } from '../output.ts'
import { msisdnOf } from '../subscriber.ts'
import { commandLine, phoneVerb, type CommonOptions, type PhoneOption } from '../verb.ts'

export function tokensVerb(output: Output): Command {
  const command = phoneVerb({
    name: 'tokens',
    summary: 'list the tokens of subscribers and auditors, make and end them',
    examples: [
      'tokens',
      'tokens sign-in --phone p1',
      'tokens sign-in --phone p1 --code 123456',
      'tokens auditor "yearly audit" --hours 48',
      'tokens revoke 3F52…',
    ],
  }).action(() => run(list))
  type Options = CommonOptions & PhoneOption
  // The options that both commands have are taken by `tokens`, wherever they stand.
  async function run(work: (at: At) => Promise<void>): Promise<void> {
    const options = command.opts<Options>()
    await work({ lab: await openLab(options.data), options, output })
  }
  return command
    .addCommand(
      phoneVerb({
        name: 'sign-in',
        summary: "send a code to a subscriber's phone, or turn it into a token with --code",
        examples: ['tokens sign-in --phone p1', 'tokens sign-in --phone p1 --code 123456'],
      })
        .argument('[msisdn]', 'a number, in place of a phone')
        .option('--code <digits>', 'the code that arrived in the inbox')
        .action((msisdn: string | undefined, { code }: { readonly code?: string }) =>
          run((at) => signIn(at, { msisdn, code })),
        ),
    )
    .addCommand(
      phoneVerb({
        name: 'auditor',
        summary: 'make a token that may read',
        examples: ['tokens auditor "yearly audit" --hours 48'],
      })
        .argument('<label>', 'what it is for')
        .option('--hours <hours>', 'how long it lives, at most 720', '24')
        .action((label: string, { hours }: { readonly hours: string }) => {
          if (!/^[1-9][0-9]{0,2}$/.test(hours))
            throw new LabError('usage', `hours are a whole number to 720, not "${hours}".`, {
              field: 'hours',
            })
          return run((at) => makeAuditor(at, { label, lifeHours: Number(hours) }))
        }),
    )
    .addCommand(
      phoneVerb({ name: 'revoke', summary: 'end a token', examples: ['tokens revoke 3F52…'] })
        .argument('<id>', 'as "tokens" lists it, which is not the token')
        .action((id: string) =>
          run(async ({ lab }) => {
            await lab.delete(`/api/tokens/${encodeURIComponent(id)}`)
            output.result({ id }, `The token ${id} has ended.`)
          }),
        ),
    )
}

interface At {
  readonly lab: LabClient
  readonly options: CommonOptions & PhoneOption
  readonly output: Output
}

interface TokenAnswer {
  readonly id: string
  readonly role: string
  readonly msisdn: string | null
  readonly label: string | null
  readonly validUntil: string
}

async function list({ lab, output }: At): Promise<void> {
  const tokens: TokenAnswer[] = []
  let path = '/api/tokens?limit=500'
  for (;;) {
    const page = await lab.get<{ readonly tokens: readonly TokenAnswer[]; readonly next?: string }>(
      path,
    )
    tokens.push(...page.tokens)
    if (page.next === undefined) break
    path = `/api/tokens?limit=500&after=${encodeURIComponent(page.next)}`
  }
  output.text(`Tokens that live: ${counted(tokens.length, 'token')}.`)
  for (const token of tokens) {
    const { id, role, msisdn, label, validUntil } = token
    const whose = msisdn ?? label ?? ''
    output.result(token, `  ${id}  ${role.padEnd(10)}  until ${instantText(validUntil)}  ${whose}`)
  }
}

interface IssuedAnswer {
  readonly token: string
  readonly role: string
  readonly validUntil: string
}

async function signIn(
  { lab, options, output }: At,
  asked: { readonly msisdn: string | undefined; readonly code: string | undefined },
): Promise<void> {
  const msisdn = await msisdnOf(lab, asked.msisdn ?? options.phone)
  if (asked.code === undefined) {
    const sent = await lab.post<{ readonly validUntil: string }>('/api/sign-in', {
      body: { msisdn },
    })
    const ofWhom = asked.msisdn ?? `--phone ${options.phone}`
    const lines = [
      `A code is on its way to ${msisdn}, good until ${instantText(sent.validUntil)}. Read it, and come back with it:`,
      `  ${commandLine(`inbox ${ofWhom}`, lab)}`,
      `  ${commandLine(`tokens sign-in ${ofWhom} --code CODE`, lab)}`,
    ]
    output.result({ msisdn, ...sent }, lines.join('\n'))
    return
  }
  const body = { msisdn, code: asked.code }
  sayIssued(await lab.post<IssuedAnswer>('/api/sign-in/confirm', { body }), output)
}

async function makeAuditor(
  { lab, output }: At,
  order: { readonly label: string; readonly lifeHours: number },
): Promise<void> {
  const body = { role: 'auditor', ...order }
  sayIssued(await lab.post<IssuedAnswer>('/api/tokens', { body }), output)
}

function sayIssued(issued: IssuedAnswer, output: Output): void {
  const { token, role, validUntil } = issued
  const until = instantText(validUntil)
  output.result(issued, `A token of the role ${role}, shown this once, until ${until}:\n${token}`)
}
