/** What all verbs of the command share: how they are declared, their common options, how they name themselves. */

import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, Option, type CommanderError } from 'commander'
import { LabError } from '../base/errors.ts'

export const DEFAULT_DIRECTORY = '.esim-lab'
export const DEFAULT_PHONE = 'p1'

/** Options of every verb that works with a lab. */
export interface CommonOptions {
  /** The data directory. */
  readonly data: string
  readonly json?: true
}

export interface PhoneOption {
  /** A phone of the data directory by its name. */
  readonly phone: string
}

/** A verb with its help: what it does, and lines to copy. */
export function verb(declared: {
  readonly name: string
  readonly summary: string
  readonly examples: readonly string[]
}): Command {
  const examples = declared.examples.map((line) => `  $ esim-lab ${line}`)
  return new Command(declared.name)
    .description(declared.summary)
    .option('--json', 'answer with one JSON object per line')
    .addHelpText('after', ['', 'Examples:', ...examples].join('\n'))
}

/** A verb that works with a lab of its user. */
export function labVerb(declared: Parameters<typeof verb>[0]): Command {
  return verb(declared).option('--data <directory>', 'where the lab is kept', DEFAULT_DIRECTORY)
}

/** A verb that works with one phone. */
export function phoneVerb(declared: Parameters<typeof verb>[0]): Command {
  return labVerb(declared).option('--phone <name>', 'the phone', DEFAULT_PHONE)
}

export interface LpaOptions extends CommonOptions, PhoneOption {
  /** A file for the messages of the phone's LPA. */
  readonly trace?: string
}

/** A verb in which the phone's LPA speaks to its eUICC, and may be listened to. */
export function lpaVerb(declared: Parameters<typeof verb>[0]): Command {
  return phoneVerb(declared).option(
    '--trace <file>',
    'append what LPA, eUICC and server say to a file, as JSON lines',
  )
}

export interface BindingOption {
  readonly binding?: 'json' | 'asn1'
}

/** How the phone's LPA speaks to servers (SGP.22 §6.5, §6.6). */
export function bindingOption(): Option {
  return new Option('--binding <binding>', 'how the LPA speaks to servers (default: json)').choices(
    ['json', 'asn1'],
  )
}

/** A command line to copy, naming the data directory where it is not the default. */
export function commandLine(line: string, options: { readonly directory: string }): string {
  const { directory } = options
  const data = directory === DEFAULT_DIRECTORY ? '' : ` --data ${shellWord(directory)}`
  return `${invocation()} ${line}${data}`
}

/** How the user can call the command from the directory that they are in. */
function invocation(): string {
  const isCheckout = import.meta.url.endsWith('.ts')
  if (!isCheckout) return process.env.npm_command === 'exec' ? 'npx esim-lab' : 'esim-lab'
  const launcher = fileURLToPath(new URL('../../bin/esim-lab.js', import.meta.url))
  const path = relative(process.cwd(), launcher)
  return path === join('bin', 'esim-lab.js') ? 'npx esim-lab' : `node ${shellWord(path)}`
}

function shellWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** A mistake in the arguments, in our terms; `command` is the one whose help shows how it is done. */
export function usageError(error: CommanderError, command: Command): LabError {
  const path = pathOf(command)
  const parts = partsText(command)
  const isPartUnknown = error.code === 'commander.excessArguments' && command.commands.length > 0
  const detail =
    error.code === 'commander.help' || isPartUnknown
      ? `say what to do${isPartUnknown ? ', and spell it right' : ''}: ${parts}`
      : error.message.replace(/^error: /, '').replace(/\n\((Did you mean .*\?)\)$/, '. $1')
  const does = command.parent === null ? 'lists what there is' : 'shows how'
  const stop = /[.?]$/.test(detail) ? '' : '.'
  return new LabError('usage', `${detail}${stop} "${path} --help" ${does}.`, {
    reason: error.code.replace(/^commander\./, ''),
    cause: error,
  })
}

function partsText(command: Command): string {
  return command.commands.map((part) => part.name()).join(', ')
}

/**
 * What a verb with parts says to a word that is none of them and no phone either.
 * @throws {LabError} as `work`
 */
export async function withParts(command: Command, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof LabError) || error.reason !== 'noSuchPhone') throw error
    const { code, message, field = 'phone', reason } = error
    const detail = `${message} Or was it one of these? ${pathOf(command)} ${partsText(command)}`
    throw new LabError(code, detail, { field, reason, cause: error })
  })
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

/** A verb that did its work by another program, whose exit code is its own. */
export class ExitCode extends Error {
  override readonly name = 'ExitCode'
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

/** A port as typed. @throws {LabError} usage */
export function portOf(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port
  throw new LabError('usage', `a port is a number from 0 to 65535, not "${text}".`, {
    field: 'port',
  })
}

/** An instant as typed, in the form of the API: a date is its midnight in UTC. @throws {LabError} usage */
export function dateOf(text: string, field: string): string {
  const isDate = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)
  const ms = isDate ? Date.parse(text) : NaN
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new LabError(
    'usage',
    `a date is one such as 2026-01-31 or 2026-01-31T15:00Z, not "${text}".`,
    { field },
  )
}
