/** Everything the command says: answers on stdout, progress and errors on stderr. Nothing else writes to either. */

import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { ERRORS, LabError, messageOf, type ErrorCode } from '../base/errors.ts'
import { RspError } from '../rsp/status-codes.ts'

/** What verbs speak through; `--json` decides who listens. */
export interface Output {
  /** Whether programs listen: one JSON object per line on stdout, and no progress. */
  readonly json: boolean
  /** Whether there is somebody to ask. */
  readonly interactive: boolean
  /** An answer: its text for people, its value for programs. */
  result(value: object, text: string): void
  /** A part of an answer that only people need. */
  text(text: string): void
  /** Help and the like, which is text whoever asked for it. */
  help(text: string): void
  /** Progress, for people. */
  note(text: string): void
  /** Something that went wrong without ending the work. */
  warn(text: string): void
}

/** The output of this process. */
export function createOutput(options: { readonly json: boolean }): Output {
  const { json } = options
  endQuietlyWithoutReader()
  return {
    json,
    interactive: !json && process.stdin.isTTY === true && process.stderr.isTTY === true,
    result: (value, text) => toStdout(json ? JSON.stringify(value) : printable(text)),
    text: (text) => void (json || toStdout(printable(text))),
    help: toStdout,
    note: (text) => void (json || toStderr(printable(text))),
    warn: (text) =>
      toStderr(json ? JSON.stringify({ warning: { message: text } }) : printable(text)),
  }
}

/** This process's own streams, for a protocol that is spoken over them: nothing else may be said on stdout meanwhile. */
export function standardStreams(): { readonly input: Readable; readonly output: Writable } {
  return { input: process.stdin, output: process.stdout }
}

/** An error as programs read it. */
export interface ErrorReport {
  readonly code: ErrorCode
  readonly reason?: string
  readonly field?: string
  readonly message: string
}

/** What an error is to those who called the command; one that is not ours is a defect of ours. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof RspError) {
    return { code: 'refused', reason: error.code, message: error.message }
  }
  if (!(error instanceof LabError)) return { code: 'internal', message: messageOf(error) }
  const { code, reason, field, message } = error
  return {
    code,
    ...(reason === undefined ? {} : { reason }),
    ...(field === undefined ? {} : { field }),
    message,
  }
}

/** Says what ended the command. Returns its exit code. */
export function sayError(error: unknown, options: { readonly json: boolean }): number {
  const report = reportOf(error)
  toStderr(options.json ? JSON.stringify({ error: report }) : printable(errorText(error, report)))
  return ERRORS[report.code].exitCode
}

function errorText(error: unknown, report: ErrorReport): string {
  const isDefect = report.code === 'internal' && error instanceof Error
  const reason = report.reason === undefined ? '' : ` (${report.reason})`
  return isDefect
    ? `esim-lab has a defect. Please report it with these lines:\n${error.stack}`
    : `${ERRORS[report.code].title}${reason}:\n  ${report.message}`
}

/** With the place where it happened; an error of ours says all that there is to know. */
export function defectText(error: unknown): string {
  if (error instanceof LabError || !(error instanceof Error)) return messageOf(error)
  return error.stack ?? error.message
}

/** Asks on the terminal. Nothing is the answer of a user who ends the input or interrupts. */
export function ask(question: string): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    terminal.once('close', () => resolve(undefined))
    terminal.question(`${question} `, (answer) => {
      resolve(answer.trim() || undefined)
      terminal.close()
    })
  })
}

/** The first line that is piped in; nothing when there is none. */
export async function firstLineOfInput(): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) return line
  return undefined
}

/** A reader such as `head` may go before everything is said, which is no error. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
}

/** Without what a terminal would obey: many a name is from somebody else's certificate or profile. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '\ufffd')
}

function toStdout(line: string): void {
  process.stdout.write(`${line}\n`)
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** `1 profile`, `2 profiles`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
