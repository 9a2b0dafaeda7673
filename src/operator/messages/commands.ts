/** What a subscriber's message asks for, whatever its channel, language and operator. */

import type { AmountRefusal } from './amounts.ts'
import type { NumberRefusal } from './numbering.ts'

/**
 * A command as it was read. Amounts are bytes, numbers are E.164 digits, codes are upper case without dashes.
 * A PIN is as it was written: it belongs into no log.
 */
export type Command =
  | {
      readonly kind: 'give'
      readonly to: string
      readonly amountBytes: bigint
      readonly pin?: string
    }
  | { readonly kind: 'ask'; readonly from: string; readonly amountBytes: bigint }
  | { readonly kind: 'makeCode'; readonly amountBytes: bigint; readonly pin?: string }
  | { readonly kind: 'claim'; readonly code: string }
  | { readonly kind: 'confirm'; readonly pin?: string }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'accept'; readonly reference?: string }
  | { readonly kind: 'decline'; readonly reference?: string }
  | { readonly kind: 'changePin'; readonly oldPin: string; readonly newPin: string }
  /** In whole units of the operator's currency. */
  | { readonly kind: 'sendMoney'; readonly to: string; readonly units: bigint }
  | { readonly kind: 'confirmMoney'; readonly code: string }
  | { readonly kind: 'choose'; readonly option: number }
  | { readonly kind: PlainKind }

/** Commands that say all with their name. */
export type PlainKind =
  'balance' | 'limit' | 'menu' | 'extend' | 'lock' | 'unlock' | 'stop' | 'start' | 'help'

export type CommandKind = Command['kind']

/** Why a message is not a command. The texts to answer with stand in the catalogue under the same names. */
export type ParseRefusal =
  | AmountRefusal
  | NumberRefusal
  | 'empty'
  | 'tooLong'
  | 'unknownCommand'
  | 'badFormat'
  | 'ambiguous'
  | 'badPin'
  | 'pinsDiffer'
  | 'badCode'

export type ParsedMessage =
  | { readonly understood: true; readonly command: Command; readonly grammar: string }
  | { readonly understood: false; readonly reason: ParseRefusal }
