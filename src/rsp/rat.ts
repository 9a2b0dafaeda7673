/** The Rules Authorisation Table: which Profile Policy Rules a profile owner may set (SGP.22 §2.9.2). */

import { equalOctets } from '../base/octets.ts'
import type { OperatorId, PprIds } from './common.ts'
import type { RulesAuthorisationTable } from './es10b.ts'

/** The rules that are known; pprUpdateControl is none (SGP.22 §2.9.1, §2.8.1.1). */
export const PPRS = ['ppr1', 'ppr2'] as const
export type Ppr = (typeof PPRS)[number]

/** What the table says of one rule of one profile owner (SGP.22 §2.9.2.4 figure 6, §2.9.3.1 figure 8). */
export type RuleVerdict = 'allowed' | 'allowedWithConsent' | 'notAllowed'

/**
 * Judges a rule: allowed when one authorisation rule names it and its owner; the first that does decides whether the End
 * User must consent (SGP.22 §2.9.2.1).
 */
export function judgeRule(
  rat: RulesAuthorisationTable,
  wanted: { readonly ppr: Ppr; readonly owner: OperatorId },
): RuleVerdict {
  const found = rat.find(
    ({ pprIds, allowedOperators }) =>
      pprIds.includes(wanted.ppr) &&
      allowedOperators.some((allowed) => matchesOperator(allowed, wanted.owner)),
  )
  if (!found) return 'notAllowed'
  return found.pprFlags.includes('consentRequired') ? 'allowedWithConsent' : 'allowed'
}

/**
 * Judges all rules of a profile: one that is not allowed decides; then one that needs consent. PPR1 is not allowed beside
 * an Operational Profile that is installed. A profile without rules is allowed; one with rules and without an owner is not.
 */
export function judgeRules(
  rat: RulesAuthorisationTable,
  profile: {
    readonly profileOwner?: OperatorId | undefined
    readonly profilePolicyRules?: PprIds | undefined
    readonly hasOperationalBeside: boolean
  },
): RuleVerdict {
  const rules = PPRS.filter((ppr) => profile.profilePolicyRules?.includes(ppr))
  const owner = profile.profileOwner
  if (rules.length === 0) return 'allowed'
  if (!owner || hasWildcard(owner)) return 'notAllowed'
  if (rules.includes('ppr1') && profile.hasOperationalBeside) return 'notAllowed'
  const verdicts = rules.map((ppr) => judgeRule(rat, { ppr, owner }))
  return BY_WEIGHT.find((verdict) => verdicts.includes(verdict)) ?? 'allowed'
}

const BY_WEIGHT: readonly RuleVerdict[] = ['notAllowed', 'allowedWithConsent']

/** The rules that no profile may set now: those without an authorisation rule, and PPR1 beside an Operational Profile (SGP.22 §5.7.8). */
export function forbiddenRules(
  rat: RulesAuthorisationTable,
  card: { readonly hasOperational: boolean },
): Ppr[] {
  return PPRS.filter(
    (ppr) =>
      (ppr === 'ppr1' && card.hasOperational) || !rat.some(({ pprIds }) => pprIds.includes(ppr)),
  )
}

/** Metadata name one owner: no digit of it is a wildcard (SGP.22 §5.5.3). */
function hasWildcard({ mccMnc }: OperatorId): boolean {
  return nibbles(mccMnc).includes(WILDCARD)
}

const WILDCARD = 0xe

function matchesOperator(allowed: OperatorId, owner: OperatorId): boolean {
  const digits = nibbles(owner.mccMnc)
  const isNetwork = nibbles(allowed.mccMnc).every(
    (digit, at) => digit === WILDCARD || digit === digits[at],
  )
  return (
    isNetwork && matchesGroup(allowed.gid1, owner.gid1) && matchesGroup(allowed.gid2, owner.gid2)
  )
}

/** Empty is any group or none; left out is none; else it is that one. */
function matchesGroup(allowed: Uint8Array | undefined, group: Uint8Array | undefined): boolean {
  if (!allowed) return !group
  if (allowed.length === 0) return true
  return group ? equalOctets(allowed, group) : false
}

function nibbles(octets: Uint8Array): number[] {
  return Array.from(octets).flatMap((octet) => [octet >> 4, octet & 0xf])
}
