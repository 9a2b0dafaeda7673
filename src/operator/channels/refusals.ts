/** What is said where something is refused: every rule at once, and what may be done instead. */

import type { Connection } from '../../store/engine.ts'
import { giftSettingsOf } from '../../store/gift-settings.ts'
import type { GiftRefusedAnswer } from '../gifts/giving.ts'
import { PIN_REFUSALS, type PinRefusal } from '../gifts/pins.ts'
import type { ParseRefusal } from '../messages/commands.ts'
import type { TextChannel } from '../messages/fitting.ts'
import type { MessageId } from '../messages/texts/catalogue.ts'
import { messageOfRefusal } from '../messages/texts/refusals.ts'
import type { GiftRefusal } from '../rules/refusals.ts'
import { exampleOf, firstStep } from './examples.ts'
import { say, type Reader, type Said } from './said.ts'

const PIN_TRIES = 3

/** The texts for a refused gift, each once, in the order of the rules. */
export function saidOfRefusal(
  db: Connection,
  of: Reader & { readonly refusal: GiftRefusedAnswer; readonly to: string },
): readonly [Said, ...Said[]] {
  const { refusal, to, file } = of
  if (isPinRefusal(refusal.reason)) return [saidOfPin(db, { ...of, reason: refusal.reason })]
  if (refusal.reason === 'claimCodesNotOffered') return [say('notOffered', {})]
  const told = new Map<MessageId, Said>()
  for (const one of refusal.refusals.filter(isWorthSaying)) {
    const said = messageOfRefusal(one, { to, currency: file.currency })
    if (!told.has(said.id)) told.set(said.id, said)
  }
  if (refusal.refusals.some(isOutside)) {
    told.set('alternatives', say('alternatives', {}))
    if (file.regulation.handoverBan) told.set('simHandover', say('simHandover', {}))
  }
  const [first = say('refused', {}), ...others] = told.values()
  return [first, ...others]
}

/** The text for a PIN that does not do, with how many tries there were. */
export function saidOfPin(db: Connection, of: Reader & { readonly reason: PinRefusal }): Said {
  switch (of.reason) {
    case 'pinMissing':
      return say('pinNeeded', {})
    case 'pinNotSet':
      return say('pinDefault', {})
    case 'pinLocked':
      return say('pinBlocked', {})
    case 'wrongPin': {
      const { pinTries } = giftSettingsOf(db, of.account.id)
      const attempts = of.file.gifting.pin?.tries ?? PIN_TRIES
      return say('pinWrong', { attempt: pinTries, attempts })
    }
  }
}

export function isPinRefusal(reason: string | undefined): reason is PinRefusal {
  return reason !== undefined && Object.hasOwn(PIN_REFUSALS, reason)
}

/** That nothing may be given is no news where another rule says why. */
function isWorthSaying(
  { code, params }: GiftRefusal,
  _at: number,
  all: readonly GiftRefusal[],
): boolean {
  return code !== 'moreThanMayBeGiven' || params.mostBytes !== 0n || all.length === 1
}

/** Nothing within the network helps somebody who is outside of it. */
function isOutside({ code }: GiftRefusal): boolean {
  return code === 'otherOperator' || code === 'unknownReceiver'
}

/** The text for what was not understood, with an example where one helps. */
export function saidOfReason(
  reader: Reader & { readonly channel?: TextChannel },
  reason: ParseRefusal,
): Said {
  const channel = reader.channel ?? 'ussd'
  switch (reason) {
    case 'badFormat':
    case 'ambiguous':
      return say(reason, { example: exampleOf(reader, channel) })
    case 'unknownCommand':
    case 'empty':
    case 'tooLong':
      return say(reason, { example: firstStep(reader, channel) })
    default:
      return say(reason, {})
  }
}
