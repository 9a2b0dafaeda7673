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
  return `${command()} ${line}${data}`
}

/** How the user can call the command from the directory that they are in. */
function command(): string {
  const isCheckout = import.meta.url.endsWith('.ts')
  if (!isCheckout) return process.env.npm_command === 'exec' ? 'npx esim-lab' : 'esim-lab'
  const launcher = fileURLToPath(new URL('../../bin/esim-lab.js', import.meta.url))
  const path = relative(process.cwd(), launcher)
  return path === join('bin', 'esim-lab.js') ? 'npx esim-lab' : `node ${shellWord(path)}`
}

function shellWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** A mistake in the arguments, in our terms. */
export function usageError(error: CommanderError): LabError {
  const detail = error.message.replace(/^error: /, '')
  return new LabError('usage', `${detail}. "esim-lab --help" lists what there is.`, {
    reason: error.code.replace(/^commander\./, ''),
    cause: error,
  })
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
