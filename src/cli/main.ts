/** The command `esim-lab`: reads the arguments, runs a verb, answers with an exit code. */

import { Command, CommanderError } from 'commander'
import { labVersion } from '../base/runtime.ts'
import { createOutput, sayError, type Output } from './output.ts'
import { ExitCode, usageError } from './verb.ts'
import { adviceVerb } from './verbs/advice.ts'
import { attachVerb } from './verbs/attach.ts'
import { auditVerb } from './verbs/audit.ts'
import { balanceVerb } from './verbs/balance.ts'
import { benchVerb } from './verbs/bench.ts'
import { cardVerb } from './verbs/card.ts'
import { clockVerb } from './verbs/clock.ts'
import { deleteVerb } from './verbs/delete.ts'
import { demoVerb } from './verbs/demo.ts'
import { detachVerb } from './verbs/detach.ts'
import { disableVerb } from './verbs/disable.ts'
import { updateMetadataVerb } from './verbs/update-metadata.ts'
import { discoverVerb } from './verbs/discover.ts'
import { downloadVerb } from './verbs/download.ts'
import { enableVerb } from './verbs/enable.ts'
import { eventsVerb } from './verbs/events.ts'
import { giftVerb } from './verbs/gift.ts'
import { giftsVerb } from './verbs/gifts.ts'
import { historyVerb } from './verbs/history.ts'
import { inboxVerb } from './verbs/inbox.ts'
import { lpacVerb } from './verbs/lpac.ts'
import { notificationsVerb } from './verbs/notifications.ts'
import { operatorsVerb } from './verbs/operators.ts'
import { orderVerb } from './verbs/order.ts'
import { pkiVerb } from './verbs/pki.ts'
import { profileVerb } from './verbs/profile.ts'
import { profilesVerb } from './verbs/profiles.ts'
import { scenarioVerb } from './verbs/scenario.ts'
import { serveVerb } from './verbs/serve.ts'
import { smsVerb } from './verbs/sms.ts'
import { subscriptionVerb } from './verbs/subscription.ts'
import { tokensVerb } from './verbs/tokens.ts'
import { travelVerb } from './verbs/travel.ts'
import { useVerb } from './verbs/use.ts'
import { ussdVerb } from './verbs/ussd.ts'
import { wifiVerb } from './verbs/wifi.ts'

/** Runs the command. Whatever happens is said on stdout or stderr; the exit code is that of the table of errors. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json')
  const output = createOutput({ json })
  const whole = program(output)
  try {
    await whole.parseAsync(argv.length > 0 ? argv : ['--help'], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof ExitCode) return error.exitCode
    if (!(error instanceof CommanderError)) return sayError(error, { json })
    // Help and version are answers, and commander has given them.
    return error.exitCode === 0 ? 0 : sayError(usageError(error, named(whole, argv)), { json })
  }
}

/** The command that the words name, as far as they name one. */
function named(command: Command, words: readonly string[]): Command {
  const [word, ...rest] = words
  const part = command.commands.find((one) => one.name() === word)
  return part ? named(part, rest) : command
}

/** In the order in which a newcomer needs them. */
const VERBS = [
  demoVerb,
  serveVerb,
  operatorsVerb,
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
  historyVerb,
  subscriptionVerb,
  useVerb,
  travelVerb,
  wifiVerb,
  giftVerb,
  giftsVerb,
  smsVerb,
  ussdVerb,
  inboxVerb,
  adviceVerb,
  auditVerb,
  tokensVerb,
  eventsVerb,
  clockVerb,
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
    .version(labVersion(), '-V, --version', 'show the version')
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

function withParts(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withParts)]
}
