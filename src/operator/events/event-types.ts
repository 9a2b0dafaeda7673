/** What listeners can be told of. */

/** Types of TMF654 v4 keep its names; those of ours follow their form. */
export const EVENT_TYPES = {
  TransferBalanceCreateEvent: 'data was given, or is asked to be',
  TransferBalanceStateChangeEvent: 'a gift went on: held, completed, or taken back',
  TransferBalanceCancelEvent: 'a gift was cancelled, declined, or ran out of time',
  TransferBalanceFailureEvent: 'a gift failed',
  TopupBalanceCreateEvent: 'money or data was topped up',
  TopupBalanceCancelEvent: 'a top-up was undone',
  TopupBalanceFailureEvent: 'a top-up was refused',
  AdjustBalanceCreateEvent: 'a balance was corrected',
  AdjustBalanceCancelEvent: 'a correction was undone',
  AdjustBalanceFailureEvent: 'a correction was refused',
  ReserveBalanceCreateEvent: 'data was set aside',
  ReserveBalanceCancelEvent: 'data that was set aside is free again',
  ReserveBalanceFailureEvent: 'setting data aside was refused',
  ProfileStateChangeEvent:
    'the profile of a subscription was installed, enabled, disabled or deleted',
  SubscriptionStateChangeEvent: 'a subscription was suspended, blocked, made active or closed',
} as const

export type EventType = keyof typeof EVENT_TYPES

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(EVENT_TYPES, text)
}
