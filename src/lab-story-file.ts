/** Stories: scenario files that play through what happens to subscribers, step by step, and say what they expect. */

import { jsonFields, type JsonFields } from './base/json-fields.ts'
import { LabError } from './base/errors.ts'
import { amountFromText } from './operator/amount.ts'
import type { ChannelKind } from './operator/rules/types.ts'

/** What one step does. Phones go by the names that the story gives them. */
export type StoryAction =
  | {
      readonly kind: 'subscribe' | 'order'
      readonly phone: string
      readonly operator: string
      readonly language: string | undefined
    }
  | { readonly kind: 'download' | 'enable' | 'attach'; readonly phone: string }
  | { readonly kind: 'travel'; readonly phone: string; readonly country: string }
  | { readonly kind: 'wifi'; readonly phone: string; readonly on: boolean }
  | { readonly kind: 'use'; readonly phone: string; readonly amountBytes: bigint }
  | { readonly kind: 'topUp'; readonly phone: string; readonly amountMinor: bigint }
  | { readonly kind: 'sms'; readonly phone: string; readonly text: string }
  | { readonly kind: 'ussd'; readonly phone: string; readonly entries: readonly string[] }
  | {
      readonly kind: 'give'
      readonly from: string
      readonly to: string
      readonly amountBytes: bigint
      readonly channel: ChannelKind
    }
  /** The operator allows the gifts of a phone again that it has stopped. */
  | { readonly kind: 'allow'; readonly phone: string }
  | { readonly kind: 'wait'; readonly ms: number }
  /** Changes an operator's file and has it read again. */
  | {
      readonly kind: 'rules'
      readonly operator: string
      readonly gifting: readonly ChangedRule[]
      readonly regulation: readonly ChangedRule[]
    }
  | { readonly kind: 'check'; readonly checks: StoryChecks }

/** A rule as an operator's file would have it, by its name there. */
export interface ChangedRule {
  readonly rule: string
  readonly value: unknown
}

/** What must be so now. */
export interface StoryChecks {
  readonly balance: readonly { readonly phone: string; readonly amountBytes: bigint }[]
  readonly maximum: readonly { readonly phone: string; readonly amountBytes: bigint }[]
  readonly inbox: readonly { readonly phone: string; readonly has: string }[]
  /** Whose gifts the operator has stopped, and for which rules. */
  readonly suspended: readonly { readonly phone: string; readonly reason: string }[]
  readonly advice: readonly { readonly phone: string; readonly code: string }[]
}

/** What must come of a step; without it, that it is not refused. */
export interface StoryExpectation {
  /** Codes of refusals, all of them; empty for none. */
  readonly refused: readonly string[]
  /** What else there must be said to be possible. */
  readonly alternatives: readonly string[]
  /** Texts that must be part of the answers. */
  readonly says: readonly string[]
}

export interface StoryStep {
  readonly title: string
  readonly action: StoryAction
  readonly expect: StoryExpectation
}

export interface Story {
  readonly name: string
  readonly description: string
  readonly startAt: Date
  readonly steps: readonly StoryStep[]
}

const STEPS_MAX = 1000
const NAME = {
  pattern: /^[a-z0-9][a-z0-9-]{0,31}$/,
  expected: 'a name of small letters, digits and -',
}

/** Whether what a file holds is a story, and not what a test suite expects to find. */
export function isStory(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'steps' in json
}

/** @throws {LabError} badInput — with the field at fault and what was expected there */
export function parseStory(json: unknown): Story {
  const file = jsonFields(json, { path: 'scenario', isWhole: true })
  file.onlyFields(['name', 'description', 'source', 'startAt', 'steps'])
  file.text('source', { pattern: /\S{3}/, expected: 'where it is from' })
  const steps = file.list('steps', (value, path) => parseStep(jsonFields(value, { path })))
  if (steps.length === 0 || steps.length > STEPS_MAX) {
    file.refuse('steps', `1 to ${STEPS_MAX} steps`)
  }
  return {
    name: file.text('name', { pattern: /^[a-z0-9][a-z0-9.-]{0,63}$/, expected: NAME.expected }),
    description: file.text('description', { maxOctets: 4000 }),
    startAt: instantOf(file, 'startAt'),
    steps,
  }
}

type ActionKind = StoryAction['kind']

function parseStep(step: JsonFields): StoryStep {
  step.onlyFields(['title', 'expect', ...ACTIONS])
  const named = step.names().filter((name): name is ActionKind => name in READERS)
  const [kind, ...others] = named
  if (kind === undefined || others.length > 0) {
    return step.refuse('title', `beside the title one of ${ACTIONS.join(', ')}`)
  }
  return {
    title: step.text('title', { maxOctets: 200 }),
    action: READERS[kind](step.child(kind)),
    expect: parseExpectation(step),
  }
}

function parseExpectation(step: JsonFields): StoryExpectation {
  const expect = step.maybe('expect', () => step.child('expect'))
  expect?.onlyFields(['refused', 'alternatives', 'says'])
  const texts = (name: string) =>
    expect?.maybe(name, () => expect.texts(name, { maxOctets: 1000 })) ?? []
  return { refused: texts('refused'), alternatives: texts('alternatives'), says: texts('says') }
}

const CHANNELS: readonly ChannelKind[] = ['sms', 'ussd', 'app', 'api', 'web']

const READERS: { readonly [Kind in ActionKind]: (of: JsonFields) => StoryAction } = {
  subscribe: (of) => subscription(of, 'subscribe'),
  order: (of) => subscription(of, 'order'),
  download: (of) => ofPhone(of, 'download'),
  enable: (of) => ofPhone(of, 'enable'),
  attach: (of) => ofPhone(of, 'attach'),
  travel: (of) => {
    of.onlyFields(['phone', 'country'])
    const country = of.text('country', {
      pattern: /^[A-Z]{2}$/,
      expected: 'two letters such as CN',
    })
    return { kind: 'travel', phone: phoneOf(of), country }
  },
  wifi: (of) => {
    of.onlyFields(['phone', 'on'])
    return { kind: 'wifi', phone: phoneOf(of), on: of.oneOf('on', [true, false]) }
  },
  use: (of) => {
    of.onlyFields(['phone', 'amount'])
    return { kind: 'use', phone: phoneOf(of), amountBytes: amountOf(of, 'amount') }
  },
  topUp: (of) => {
    of.onlyFields(['phone', 'minor'])
    const minor = of.integer('minor', { min: 1, max: 1_000_000_000 })
    return { kind: 'topUp', phone: phoneOf(of), amountMinor: BigInt(minor) }
  },
  sms: (of) => {
    of.onlyFields(['phone', 'text'])
    return { kind: 'sms', phone: phoneOf(of), text: of.text('text', {}) }
  },
  ussd: (of) => {
    of.onlyFields(['phone', 'entries'])
    return { kind: 'ussd', phone: phoneOf(of), entries: of.texts('entries', {}) }
  },
  give: (of) => {
    of.onlyFields(['from', 'to', 'amount', 'channel'])
    return {
      kind: 'give',
      from: of.text('from', NAME),
      to: of.text('to', NAME),
      amountBytes: amountOf(of, 'amount'),
      channel: of.maybe('channel', () => of.oneOf('channel', CHANNELS)) ?? 'app',
    }
  },
  allow: (of) => {
    of.onlyFields(['phone'])
    return { kind: 'allow', phone: phoneOf(of) }
  },
  wait: (of) => {
    of.onlyFields(['hours', 'days'])
    const count = (name: string) =>
      of.maybe(name, () => of.integer(name, { min: 0, max: 100_000 })) ?? 0
    return { kind: 'wait', ms: (count('hours') + count('days') * 24) * 3_600_000 }
  },
  rules: (of) => {
    of.onlyFields(['operator', 'gifting', 'regulation'])
    const group = (name: 'gifting' | 'regulation') =>
      of.maybe(name, () => of.list(name, readChangedRule)) ?? []
    const operator = of.text('operator', NAME)
    return { kind: 'rules', operator, gifting: group('gifting'), regulation: group('regulation') }
  },
  check: (of) => {
    of.onlyFields(['balance', 'maximum', 'inbox', 'suspended', 'advice'])
    return { kind: 'check', checks: parseChecks(of) }
  },
}
const ACTIONS = Object.keys(READERS)

function readChangedRule(value: unknown, path: string): ChangedRule {
  const changed = jsonFields(value, { path })
  changed.onlyFields(['rule', 'value'])
  const rule = changed.text('rule', { pattern: /^[a-zA-Z]{1,64}$/, expected: 'the name of a rule' })
  // What the rule is, the reader of operators' files says.
  return { rule, value: (value as { readonly value?: unknown }).value }
}

function parseChecks(of: JsonFields): StoryChecks {
  const each = <T>(name: string, read: (one: JsonFields) => T): readonly T[] =>
    of.maybe(name, () => of.list(name, (value, path) => read(jsonFields(value, { path })))) ?? []
  return {
    balance: each('balance', phoneAmount),
    maximum: each('maximum', phoneAmount),
    inbox: each('inbox', phoneText('has')),
    suspended: each('suspended', phoneText('reason')),
    advice: each('advice', phoneText('code')),
  }
}

function phoneAmount(one: JsonFields) {
  one.onlyFields(['phone', 'amount'])
  return { phone: phoneOf(one), amountBytes: amountOf(one, 'amount') }
}

function phoneText<Name extends string>(name: Name) {
  return (one: JsonFields) => {
    one.onlyFields(['phone', name])
    const found = { phone: phoneOf(one), [name]: one.text(name, {}) }
    return found as { readonly phone: string } & Readonly<Record<Name, string>>
  }
}

function subscription(of: JsonFields, kind: 'subscribe' | 'order'): StoryAction {
  of.onlyFields(['phone', 'operator', 'language'])
  return {
    kind,
    phone: phoneOf(of),
    operator: of.maybe('operator', () => of.text('operator', NAME)) ?? 'lab',
    language: of.maybe('language', () =>
      of.text('language', { pattern: /^[a-z]{2,3}(-[A-Za-z0-9]+)*$/, expected: 'such as ru' }),
    ),
  }
}

function ofPhone(of: JsonFields, kind: 'download' | 'enable' | 'attach'): StoryAction {
  of.onlyFields(['phone'])
  return { kind, phone: phoneOf(of) }
}

function phoneOf(of: JsonFields): string {
  return of.text('phone', NAME)
}

function amountOf(of: JsonFields, name: string): bigint {
  const text = of.text(name, { maxOctets: 40 })
  try {
    return amountFromText(text)
  } catch (error) {
    if (error instanceof LabError) return of.refuse(name, 'an amount such as 5GB or 5GiB')
    throw error
  }
}

function instantOf(of: JsonFields, name: string): Date {
  const expected = 'an instant such as 2026-01-15T09:00:00Z'
  const atMs = Date.parse(of.text(name, { pattern: /^\d{4}-.*Z$/, expected }))
  return Number.isNaN(atMs) ? of.refuse(name, expected) : new Date(atMs)
}
