/** Playing a story through: on a lab of its own, whose clock moves only when the story says so. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LabError } from './base/errors.ts'
import type { SuspicionEvidence } from './operator/gifts/gifts.ts'
import type { OrderedProfile } from './operator/ordering.ts'
import { OPERATORS_DIRECTORY } from './operator/operators.ts'
import { formatAmount } from './operator/amount.ts'
import type { GiftRefusal } from './operator/rules/refusals.ts'
import { parseActivationCode } from './rsp/activation-code.ts'
import { createLab, type Lab, type Phone } from './lab.ts'
import type {
  ChangedRule,
  Story,
  StoryAction,
  StoryChecks,
  StoryExpectation,
  StoryStep,
} from './lab-story-file.ts'

/** What a step came to. */
export interface StoryOutcome {
  /** Codes of what refused it. */
  readonly refused: readonly string[]
  readonly alternatives: readonly string[]
  /** What was answered, and what is to be told. */
  readonly says: readonly string[]
}

/** A story that is being played. */
export interface StoryStage {
  readonly lab: Lab
  /** Plays one step. @throws {LabError} conflict (`notAsExpected`) — it came to something else; all that its verbs throw */
  play(step: StoryStep): Promise<StoryOutcome>
  close(): Promise<void>
}

/** Sets the stage: a lab with every operator. */
export async function openStage(story: Story): Promise<StoryStage> {
  const directory = mkdtempSync(join(tmpdir(), 'esim-lab-story-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    cpSync(fileURLToPath(OPERATORS_DIRECTORY), directory, { recursive: true })
    const lab = await createLab({
      seed: `story ${story.name}`,
      startAt: story.startAt,
      stock: STOCK,
      operatorFile: join(directory, 'lab.json'),
      operatorsDirectory: directory,
    })
    const stage: Stage = { lab, directory, actors: new Map(), steps: 0 }
    return {
      lab,
      play: (step) => play(stage, step),
      close: () => lab.close().finally(remove),
    }
  } catch (error) {
    remove()
    throw error
  }
}

const STOCK = 1

interface Actor {
  readonly phone: Phone
  order: OrderedProfile
}

interface Stage {
  readonly lab: Lab
  readonly directory: string
  readonly actors: Map<string, Actor>
  steps: number
}

async function play(stage: Stage, step: StoryStep): Promise<StoryOutcome> {
  stage.steps += 1
  const outcome = await act(stage, step.action).catch((error: unknown) => {
    if (error instanceof LabError && (error.code === 'refused' || error.code === 'notFound')) {
      return { refused: [error.reason ?? error.code], alternatives: [], says: [error.message] }
    }
    throw error
  })
  compare(step.expect, outcome)
  return outcome
}

const DONE: StoryOutcome = { refused: [], alternatives: [], says: [] }

async function act(stage: Stage, action: StoryAction): Promise<StoryOutcome> {
  const { lab } = stage
  switch (action.kind) {
    case 'subscribe':
    case 'order':
      return order(stage, action)
    case 'download':
    case 'enable':
    case 'attach':
      return prepare(stage, action)
    case 'travel':
      await lab.operator.charging.movePhone({
        eid: actorOf(stage, action.phone).phone.eid,
        country: action.country,
      })
      return DONE
    case 'wifi':
      await lab.operator.charging.setWifi({
        eid: actorOf(stage, action.phone).phone.eid,
        wifi: action.on,
      })
      return DONE
    case 'use':
      return use(stage, action)
    case 'topUp': {
      const { msisdn } = actorOf(stage, action.phone).order
      const { amountMinor } = action
      await lab.operator.subscriptions.topUp({ msisdn, id: keyOf(stage), amountMinor })
      return DONE
    }
    case 'sms':
      return sms(stage, action)
    case 'ussd':
      return ussd(stage, action)
    case 'give':
      return give(stage, action)
    case 'allow': {
      const { msisdn } = actorOf(stage, action.phone).order
      await lab.operator.gifts.suspend({ msisdn, reason: undefined })
      return { ...DONE, says: [`${action.phone} may give again.`] }
    }
    case 'wait':
      lab.clock.advance(action.ms)
      await lab.operator.sweep()
      return { ...DONE, says: [`It is ${lab.clock.now().toISOString().slice(0, 16)}Z.`] }
    case 'rules':
      return changeRules(stage, action)
    case 'check':
      return check(stage, action.checks)
  }
}

type Of<Kind extends StoryAction['kind']> = Extract<StoryAction, { readonly kind: Kind }>

async function order(stage: Stage, action: Of<'subscribe' | 'order'>): Promise<StoryOutcome> {
  const { lab } = stage
  const { profileType } = lab.operator.operators.get(action.operator).profile
  const phone = stage.actors.get(action.phone)?.phone ?? lab.createPhone({ name: action.phone })
  const ordered = await lab.order({ profileType })
  stage.actors.set(action.phone, { phone, order: ordered })
  const { msisdn } = ordered
  const { language } = action
  if (language !== undefined) await lab.operator.subscriptions.setDetails({ msisdn, language })
  if (action.kind === 'subscribe') {
    for (const kind of ['download', 'enable', 'attach'] as const) {
      await prepare(stage, { kind, phone: action.phone })
    }
  }
  return { ...DONE, says: [`${action.phone} has the number ${msisdn}.`] }
}

async function prepare(
  stage: Stage,
  action: { readonly kind: 'download' | 'enable' | 'attach'; readonly phone: string },
): Promise<StoryOutcome> {
  const { phone, order: ordered } = actorOf(stage, action.phone)
  if (action.kind === 'attach') {
    await phone.attach()
    return DONE
  }
  if (action.kind === 'download') {
    await phone.download({ activationCode: parseActivationCode(ordered.activationCode) })
  } else {
    await phone.enable(ordered)
  }
  await phone.sendNotifications()
  return DONE
}

/** Data over Wi-Fi is counted beside what is charged. */
async function use(stage: Stage, action: Of<'use'>): Promise<StoryOutcome> {
  const { operator } = stage.lab
  const { msisdn } = actorOf(stage, action.phone).order
  const usage = { msisdn, amountBytes: action.amountBytes, idempotencyKey: keyOf(stage) }
  if (operator.subscriptions.whereabouts({ msisdn }).wifi) {
    await operator.charging.countOffload(usage)
    return { ...DONE, says: [`${amountIn(stage, msisdn, usage.amountBytes)} over Wi-Fi`] }
  }
  await operator.useData(usage)
  return { ...DONE, says: [`${amountIn(stage, msisdn, usage.amountBytes)} used`] }
}

async function sms(stage: Stage, action: Of<'sms'>): Promise<StoryOutcome> {
  const { lab } = stage
  const { messages } = await lab.operator.messages.sms({
    from: actorOf(stage, action.phone).order.msisdn,
    text: withNumbers(stage, action.text),
    messageId: keyOf(stage),
    sentAt: lab.clock.now(),
  })
  return { ...DONE, says: messages }
}

async function ussd(stage: Stage, action: Of<'ussd'>): Promise<StoryOutcome> {
  const { msisdn } = actorOf(stage, action.phone).order
  const says: string[] = []
  for (const [step, entry] of action.entries.entries()) {
    const answer = await stage.lab.operator.messages.ussd({
      msisdn,
      sessionId: keyOf(stage),
      text: withNumbers(stage, entry),
      step,
    })
    says.push(answer.text)
  }
  return { ...DONE, says }
}

async function give(stage: Stage, action: Of<'give'>): Promise<StoryOutcome> {
  const { lab } = stage
  const from = actorOf(stage, action.from).order.msisdn
  const to = actorOf(stage, action.to).order.msisdn
  const { amountBytes, channel } = action
  const { gift, refusal } = await lab.operator.gifts.give({
    caller: 'story',
    idempotencyKey: keyOf(stage),
    from,
    to,
    amountBytes,
    channel,
  })
  if (gift) return { ...DONE, says: [`${amountIn(stage, from, amountBytes)}: ${gift.state}`] }
  const { refusals, reason, text } = refusal
  return {
    refused: refusals.length > 0 ? refusals.map(({ code }) => code) : [reason],
    alternatives: [...new Set(refusals.flatMap(({ alternatives = [] }) => alternatives))],
    says: refusals.length > 0 ? refusals.map(refusalText) : [text],
  }
}

function refusalText({ text, untilMs }: GiftRefusal): string {
  if (untilMs === undefined) return text
  return `${text} It is over at ${new Date(untilMs).toISOString().slice(0, 16)}Z.`
}

/** Writes the operator's file anew, as its owner would, and has it read. */
async function changeRules(stage: Stage, action: Of<'rules'>): Promise<StoryOutcome> {
  const path = join(stage.directory, `${action.operator}.json`)
  const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>
  for (const group of ['gifting', 'regulation'] as const) {
    file[group] = { ...file[group], ...rulesOf(action[group]) }
  }
  writeFileSync(path, JSON.stringify(file))
  const [fault] = stage.lab.operator.operators.reload().faults
  if (fault) throw new LabError('badInput', fault.text, { field: 'rules' })
  await stage.lab.operator.sweep()
  return DONE
}

function rulesOf(changed: readonly ChangedRule[]): Readonly<Record<string, unknown>> {
  const source = { source: 'the story', trust: 'I' }
  return Object.fromEntries(changed.map(({ rule, value }) => [rule, { value, ...source }]))
}

function check(stage: Stage, checks: StoryChecks): StoryOutcome {
  const { operator } = stage.lab
  const says: string[] = []
  const msisdnOf = (name: string) => actorOf(stage, name).order.msisdn
  for (const { phone, amountBytes } of checks.balance) {
    const msisdn = msisdnOf(phone)
    const { totalBytes } = operator.balance({ msisdn })
    const told = (bytes: bigint) => `${phone} has ${amountIn(stage, msisdn, bytes)}`
    require(totalBytes === amountBytes, { expected: told(amountBytes), found: told(totalBytes) })
    says.push(told(totalBytes))
  }
  for (const { phone, amountBytes } of checks.maximum) {
    const msisdn = msisdnOf(phone)
    const { bytes, text } = operator.gifts.maximum({ from: msisdn })
    const told = (most: bigint) => `${phone} may give ${amountIn(stage, msisdn, most)}`
    require(bytes === amountBytes, { expected: told(amountBytes), found: told(bytes) })
    says.push(`${phone}: ${text}`)
  }
  for (const { phone, has } of checks.inbox) {
    const texts = operator.messages.inbox({ msisdn: msisdnOf(phone) }).map(({ text }) => text)
    const found = texts.find((text) => text.includes(has))
    require(found !== undefined, {
      expected: `a message to ${phone} with "${has}"`,
      found: texts.join(' | '),
    })
    says.push(`${phone}: ${found}`)
  }
  for (const { phone, reason } of checks.suspended) says.push(suspended(stage, { phone, reason }))
  for (const { phone, code } of checks.advice) {
    const { advice } = operator.advice({ msisdn: msisdnOf(phone) })
    const found = advice.find((one) => one.code === code)
    const codes = advice.map((one) => one.code).join(', ')
    require(found !== undefined, { expected: `the advice ${code}`, found: codes })
    says.push(`${phone}: ${found?.text}`)
  }
  return { ...DONE, says }
}

/** What the operator's console shows of somebody whose gifts are stopped. */
function suspended(stage: Stage, of: { readonly phone: string; readonly reason: string }): string {
  const { phone, reason } = of
  const { msisdn } = actorOf(stage, phone).order
  const all = stage.lab.operator.gifts.suspended()
  const found = all.find((one) => one.msisdn === msisdn)
  require(found?.reason.split(' ').includes(reason) === true, {
    expected: `the gifts of ${phone} stopped for ${reason}`,
    found: found?.reason ?? 'not stopped',
  })
  const evidence = (found?.evidence ?? []).map((one) => evidenceText(stage, { phone, one }))
  return [`the gifts of ${phone} are stopped for ${reason}`, ...evidence].join('; ')
}

/** What was counted, in the names of the story. */
function evidenceText(
  { actors }: Stage,
  of: { readonly phone: string; readonly one: SuspicionEvidence },
): string {
  const { code, count, limit, windowHours, gifts, refused } = of.one
  const nameOf = (number = '') =>
    [...actors].find(
      ([
        ,
        {
          order: { msisdn },
        },
      ]) => msisdn === number,
    )?.[0] ?? number
  const found: Readonly<Record<typeof code, string>> = {
    velocity: `${count} gifts within ${windowHours} h, at most ${limit} are allowed`,
    fanOut: `gifts to ${count} numbers within ${windowHours} h, at most ${limit} are allowed`,
    fanIn: `gifts of ${count} numbers to one within ${windowHours} h, at most ${limit} are allowed`,
    ring: `data back where it came from by ${count} hands within ${windowHours} h, rings of up to ${limit} are stopped`,
  }
  const way = gifts.map(({ from, to }) => `${nameOf(from)} to ${nameOf(to)}`)
  return `${found[code]}: ${[...way, `${of.phone} to ${nameOf(refused.to)} (refused)`].join(', ')}`
}

function compare(expect: StoryExpectation, outcome: StoryOutcome): void {
  require(codesText(expect.refused) === codesText(outcome.refused), {
    expected: codesText(expect.refused),
    found: `${codesText(outcome.refused)} (${outcome.says.join(' ')})`,
  })
  const missing = expect.alternatives.filter((one) => !outcome.alternatives.includes(one))
  require(missing.length === 0, {
    expected: `the alternatives ${expect.alternatives.join(', ')}`,
    found: outcome.alternatives.join(', ') || 'none',
  })
  const told = outcome.says.join('\n')
  const unsaid = expect.says.filter((text) => !told.includes(text))
  require(unsaid.length === 0, { expected: `"${unsaid.join('", "')}"`, found: `"${told}"` })
}

function codesText(codes: readonly string[]): string {
  return codes.toSorted().join(', ') || 'nothing refused'
}

function require(isSo: boolean, told: { readonly expected: string; readonly found: string }): void {
  if (isSo) return
  const detail = `expected ${told.expected}; found ${told.found}`
  throw new LabError('conflict', detail, { reason: 'notAsExpected' })
}

function actorOf({ actors }: Stage, name: string): Actor {
  const actor = actors.get(name)
  if (actor) return actor
  throw new LabError('badInput', `nobody is called ${name} yet: let them subscribe first`, {
    field: 'phone',
  })
}

/** Numbers of phones stand in texts as `{name}`. */
function withNumbers(stage: Stage, text: string): string {
  return text.replaceAll(
    /\{([a-z0-9-]+)\}/g,
    (_, name: string) => actorOf(stage, name).order.msisdn,
  )
}

function amountIn({ lab }: Stage, msisdn: string, bytes: bigint): string {
  return formatAmount(bytes, lab.operator.fileOf({ msisdn }).gigabyteBytes)
}

function keyOf({ steps }: Stage): string {
  return `step-${steps}`
}
