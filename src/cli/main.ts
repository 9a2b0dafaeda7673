/** The command `esim-lab`: reads the arguments, runs a verb, answers with an exit code. */

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { createOutput, sayError, type Output } from './output.ts'
import { ExitCode, usageError } from './verb.ts'
import { attachVerb } from './verbs/attach.ts'
import { balanceVerb } from './verbs/balance.ts'
import { benchVerb } from './verbs/bench.ts'
import { cardVerb } from './verbs/card.ts'
import { deleteVerb } from './verbs/delete.ts'
import { demoVerb } from './verbs/demo.ts'
import { detachVerb } from './verbs/detach.ts'
import { disableVerb } from './verbs/disable.ts'
import { updateMetadataVerb } from './verbs/update-metadata.ts'
import { discoverVerb } from './verbs/discover.ts'
import { downloadVerb } from './verbs/download.ts'
import { enableVerb } from './verbs/enable.ts'
import { giftVerb } from './verbs/gift.ts'
import { lpacVerb } from './verbs/lpac.ts'
import { notificationsVerb } from './verbs/notifications.ts'
import { orderVerb } from './verbs/order.ts'
import { pkiVerb } from './verbs/pki.ts'
import { profileVerb } from './verbs/profile.ts'
import { profilesVerb } from './verbs/profiles.ts'
import { scenarioVerb } from './verbs/scenario.ts'
import { serveVerb } from './verbs/serve.ts'
import { useVerb } from './verbs/use.ts'

/** Runs the command. Whatever happens is said on stdout or stderr; the exit code is that of the table of errors. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json')
  const output = createOutput({ json })
  try {
    await program(output).parseAsync(argv.length > 0 ? argv : ['--help'], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof ExitCode) return error.exitCode
    if (!(error instanceof CommanderError)) return sayError(error, { json })
    // Help and version are answers, and commander has given them.
    return error.exitCode === 0 ? 0 : sayError(usageError(error), { json })
  }
}

/** In the order in which a newcomer needs them. */
const VERBS = [
  demoVerb,
  serveVerb,
  orderVerb,
  downloadVerb,
  discoverVerb,
  profilesVerb,
  enableVerb,
  disableVerb,
  deleteVerb,
  updateMetadataVerb,
  notificationsVerb,
  attachVerb,
  detachVerb,
  balanceVerb,
  useVerb,
  giftVerb,
  cardVerb,
  lpacVerb,
  profileVerb,
  scenarioVerb,
  pkiVerb,
  benchVerb,
]

function program(output: Output): Command {
  const command = new Command('esim-lab')
    .description('A whole eSIM operator on one laptop. A test system: its keys are public.')
    .version(version(), '-V, --version', 'show the version')
    .addHelpText(
      'after',
      '\n"esim-lab <verb> --help" shows options and examples. Start with: esim-lab demo',
    )
  for (const declare of VERBS) command.addCommand(declare(output))
  for (const part of withParts(command)) {
    part.exitOverride().configureOutput({
      writeOut: (text) => output.help(text.trimEnd()),
      writeErr: () => {},
    })
  }
  return command
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}

function withParts(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withParts)]
}
