/** What listeners can be told of. */

/** Types of TMF654 v4 keep its names; those of ours follow their form. */
export const EVENT_TYPES = {
  TransferBalanceCreateEvent: 'data was given, or is about to be',
  ProfileStateChangeEvent:
    'the profile of a subscription was installed, enabled, disabled or deleted',
} as const

export type EventType = keyof typeof EVENT_TYPES

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(EVENT_TYPES, text)
}
