/** Who calls, and what a token of theirs is good for. */

import { LabError } from '../../base/errors.ts'

/** What tokens are for, and what each scope opens. */
export const SCOPES = {
  'operators:read': 'see the operators, what they sell and their rules',
  'operators:write': "read the operators' files again",
  'accounts:write': 'change status, plan and details of subscriptions',
  'purchases:write': 'buy packages and longer lives of lots',
  'money:write': 'send money to other subscribers',
  'accounts:read': 'see accounts and the cards that they were on',
  'balances:read': 'see balances, lots and what may be given',
  'gifts:read': 'see gifts',
  'gifts:write':
    'give data, take the steps of gifts, settle PIN, lock, block list and automatic gift',
  'gifts:manage': 'take gifts back, stop gifts of a number and allow them again, reset PINs',
  'suspensions:read': 'see whose gifts are stopped, and why',
  'usage:write': 'report usage',
  'stock:read': 'see numbers in stock, with PIN and PUK',
  'ledger:read': 'see the books',
  'tokens:own': 'end the token that is used',
  'tokens:write': 'make, see and end tokens of others',
  'messages:read': 'read the messages that a phone got',
  'messages:write': 'send SMS and dial codes for a phone',
  'balances:write': 'top up, adjust and reserve balances',
  'lab:manage':
    'order and import profiles, make eUICCs, load scenarios, revoke certificates, see the lab, move its clock',
  'network:serve': 'speak for networks: registrations, authentication, charging',
  'sim-swap:check': 'ask whether a subscription has changed its card',
  'hub:read': 'see who is told of events, and what could not be delivered',
  'hub:write': 'register for events and end registrations',
} as const

export type Scope = keyof typeof SCOPES

export type Role = 'operator' | 'subscriber' | 'auditor'

/** Who calls. A subscriber is bound to one subscription. */
export type Principal =
  | { readonly role: 'anonymous' }
  | { readonly role: 'operator' }
  | { readonly role: 'auditor'; readonly tokenId: string }
  | {
      readonly role: 'subscriber'
      readonly tokenId: string
      readonly accountId: number
      readonly msisdn: string
    }

/** The scopes of each role. PIN and PUK of the stock are the operator's alone. */
export const SCOPES_OF: Readonly<Record<Role, readonly Scope[]>> = {
  operator: Object.keys(SCOPES) as Scope[],
  auditor: [
    'operators:read',
    'accounts:read',
    'balances:read',
    'gifts:read',
    'suspensions:read',
    'ledger:read',
    'hub:read',
    'tokens:own',
  ],
  subscriber: [
    'operators:read',
    'purchases:write',
    'money:write',
    'accounts:read',
    'balances:read',
    'gifts:read',
    'gifts:write',
    'messages:read',
    'messages:write',
    'sim-swap:check',
    'tokens:own',
  ],
}

/** @throws {LabError} unauthorised — no token came; forbidden — the token is not good for this */
export function requireScope(principal: Principal, scope: Scope | 'public'): void {
  if (scope === 'public') return
  if (principal.role === 'anonymous') throw tokenWanted()
  if (SCOPES_OF[principal.role].includes(scope)) return
  throw new LabError('forbidden', `a token of the role ${principal.role} has no scope ${scope}`, {
    reason: 'scope',
  })
}

/** @throws {LabError} forbidden — a subscriber's token, and a number that is not its own */
export function requireOwn(principal: Principal, msisdns: readonly string[]): void {
  if (principal.role !== 'subscriber') return
  if (msisdns.every((msisdn) => msisdn === principal.msisdn)) return
  throw new LabError('forbidden', 'a subscriber reaches the own account only', {
    reason: 'otherAccount',
  })
}

/** Whether a caller may see what these numbers are the parties of. */
export function maySee(principal: Principal, msisdns: readonly string[]): boolean {
  return principal.role !== 'subscriber' || msisdns.includes(principal.msisdn)
}

/** Whose idempotency keys a caller's are. */
export function callerOf(principal: Principal): string {
  if (principal.role === 'subscriber') return `subscriber:${principal.accountId}`
  return principal.role === 'auditor' ? `auditor:${principal.tokenId}` : 'api'
}

export function tokenWanted(): LabError {
  return new LabError('unauthorised', 'send the token as "Authorization: Bearer <token>"')
}
