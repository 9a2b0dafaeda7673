/** From a command to the message that says it: for help texts, menus and who plays a phone. */

import { bytesOfUnit, writeAmount } from './amounts.ts'
import type { Command } from './commands.ts'
import { formsOf, type CompiledForm, type MessageContext } from './parser.ts'
import { fill, slotsOf, type Slot, type Template } from './templates.ts'
import type { Language } from './texts/languages.ts'

/** The text to send, and the number to which an SMS goes where the operator has one. */
export interface WrittenMessage {
  readonly text: string
  readonly shortCode: string | undefined
}

/**
 * The message that a subscriber of these grammars sends for a command: the first form that can say all of it.
 * Nothing when none can: a command in megabytes where only gigabytes are taken, a PIN where none is.
 */
export function writeMessage(
  command: Command,
  context: Omit<MessageContext, 'numbering'>,
): WrittenMessage | undefined {
  for (const form of formsOf(context)) {
    if (form.kind !== command.kind) continue
    for (const way of form.ways) {
      const text = written(command, { form, way, gigabyteBytes: context.gigabyteBytes })
      if (text !== undefined) return { text, shortCode: form.shortCode }
    }
  }
  return undefined
}

function written(
  command: Command,
  {
    form,
    way,
    gigabyteBytes,
  }: {
    readonly form: CompiledForm
    readonly way: Template
    readonly gigabyteBytes: number
  },
): string | undefined {
  const texts = textsOf(command, { gigabyteBytes, language: languageOf(form) })
  const slots = slotsOf(way)
  const isWhole = groupsOf(texts).every((group) => group.some((slot) => slots.includes(slot)))
  return isWhole ? fill(way, texts) : undefined
}

/** The slots of which one each must be written, or a part of the command is lost. */
function groupsOf(texts: ReadonlyMap<Slot, string>): readonly (readonly Slot[])[] {
  const amounts: readonly Slot[] = ['amount', 'mb', 'gb']
  const others = [...texts.keys()].filter((slot) => !amounts.includes(slot))
  const groups = others.map((slot) => [slot])
  return texts.has('amount') ? [...groups, amounts] : groups
}

function languageOf({ grammar }: CompiledForm): Language {
  if (grammar === 'generic-ru') return 'ru'
  return grammar === 'generic-zh' ? 'zh' : 'en'
}

function textsOf(
  command: Command,
  format: { readonly gigabyteBytes: number; readonly language: Language },
): ReadonlyMap<Slot, string> {
  const texts = new Map<Slot, string>()
  if ('amountBytes' in command) {
    texts.set('amount', writeAmount(command.amountBytes, format))
    for (const [slot, unit] of [
      ['mb', 'MB'],
      ['gb', 'GB'],
    ] as const) {
      const bytes = bytesOfUnit(unit, format.gigabyteBytes)
      if (command.amountBytes % bytes === 0n) texts.set(slot, String(command.amountBytes / bytes))
    }
  }
  if ('to' in command) texts.set('to', command.to)
  if ('from' in command) texts.set('from', command.from)
  if ('pin' in command && command.pin !== undefined) texts.set('pin', command.pin)
  if ('code' in command) {
    texts.set(command.kind === 'confirmMoney' ? 'moneyCode' : 'code', command.code)
  }
  if ('units' in command) texts.set('money', String(command.units))
  if ('reference' in command && command.reference !== undefined) {
    texts.set('reference', command.reference)
  }
  if ('option' in command) texts.set('option', String(command.option))
  if (command.kind === 'changePin') {
    texts.set('oldPin', command.oldPin)
    texts.set('newPin', command.newPin)
    texts.set('newPinAgain', command.newPin)
  }
  return texts
}
