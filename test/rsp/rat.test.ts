import test from 'ava'
import { hex } from '../../src/base/octets.ts'
import { loadPersonality } from '../../src/euicc/personality-file.ts'
import type { OperatorId } from '../../src/rsp/common.ts'
import type { RulesAuthorisationTable } from '../../src/rsp/es10b.ts'
import { forbiddenRules, judgeRule, judgeRules } from '../../src/rsp/rat.ts'

const OP_A: OperatorId = { mccMnc: hex('00F110') }
const OP_B: OperatorId = { mccMnc: hex('00F120') }
const OTHER: OperatorId = { mccMnc: hex('62F220') }
const EXAMPLE = loadPersonality('rat-example').rat

function ratFor(...allowedOperators: readonly OperatorId[]): RulesAuthorisationTable {
  return [{ pprIds: ['ppr1'], allowedOperators, pprFlags: [] }]
}

function ofNetwork(allowed: string, owner: string): string {
  return judgeRule(ratFor({ mccMnc: hex(allowed) }), {
    ppr: 'ppr1',
    owner: { mccMnc: hex(owner) },
  })
}

function ofGroup(allowed: Partial<OperatorId>, owner: Partial<OperatorId>): string {
  const rat = ratFor({ ...OP_A, ...allowed })
  return judgeRule(rat, { ppr: 'ppr1', owner: { ...OP_A, ...owner } })
}

function verdictsOf(owner: OperatorId): string[] {
  return (['ppr1', 'ppr2'] as const).map((ppr) => judgeRule(EXAMPLE, { ppr, owner }))
}

test('the example of SGP.22 §2.9.2.1 says what the text says of it', (t) => {
  t.deepEqual(verdictsOf(OP_A), ['allowed', 'allowedWithConsent'])
  t.deepEqual(verdictsOf(OP_B), ['allowedWithConsent', 'allowed'])
  t.deepEqual(verdictsOf(OTHER), ['allowedWithConsent', 'allowedWithConsent'])
})

test('the first authorisation rule that matches decides on consent', (t) => {
  const reversed = EXAMPLE.toReversed()
  t.is(judgeRule(reversed, { ppr: 'ppr1', owner: OP_A }), 'allowedWithConsent')
})

test('a nibble E stands for any digit, in its place alone', (t) => {
  t.is(ofNetwork('00F1E0', '00F110'), 'allowed')
  t.is(ofNetwork('00F1E0', '00F111'), 'notAllowed')
  t.is(ofNetwork('EEEEEE', '62F220'), 'allowed')
  t.is(ofNetwork('00F110', '00F110'), 'allowed')
})

test('a group identifier that is empty matches all, one left out matches none, another itself', (t) => {
  t.is(ofGroup({ gid1: hex('') }, {}), 'allowed')
  t.is(ofGroup({ gid1: hex('') }, { gid1: hex('AB') }), 'allowed')
  t.is(ofGroup({}, { gid1: hex('AB') }), 'notAllowed')
  t.is(ofGroup({ gid1: hex('AB') }, { gid1: hex('AB') }), 'allowed')
  t.is(ofGroup({ gid1: hex('AB') }, { gid1: hex('ABCD') }), 'notAllowed')
  t.is(ofGroup({ gid1: hex('AB') }, {}), 'notAllowed')
  t.is(ofGroup({ gid2: hex('AB') }, { gid2: hex('AC') }), 'notAllowed')
})

test('one rule that is not allowed decides over all, then one that needs consent', (t) => {
  const profile = { profileOwner: OP_A, hasOperationalBeside: false }
  const both = ['ppr1', 'ppr2'] as const
  t.is(judgeRules(EXAMPLE, { ...profile, profilePolicyRules: ['ppr1'] }), 'allowed')
  t.is(judgeRules(EXAMPLE, { ...profile, profilePolicyRules: both }), 'allowedWithConsent')
  t.is(judgeRules(ratFor(OP_A), { ...profile, profilePolicyRules: both }), 'notAllowed')
  t.is(judgeRules([], { ...profile, profilePolicyRules: [] }), 'allowed')
  t.is(judgeRules([], profile), 'allowed')
})

test('PPR1 is not allowed beside an operational profile, PPR2 is', (t) => {
  const profile = { profileOwner: OP_A, hasOperationalBeside: true }
  t.is(judgeRules(EXAMPLE, { ...profile, profilePolicyRules: ['ppr1'] }), 'notAllowed')
  t.is(judgeRules(EXAMPLE, { ...profile, profilePolicyRules: ['ppr2'] }), 'allowedWithConsent')
})

test('rules without an owner, or of an owner with a wildcard, are not allowed', (t) => {
  const rules = { profilePolicyRules: ['ppr2'] as const, hasOperationalBeside: false }
  t.is(judgeRules(EXAMPLE, rules), 'notAllowed')
  t.is(judgeRules(EXAMPLE, { ...rules, profileOwner: { mccMnc: hex('00F1E0') } }), 'notAllowed')
})

test('forbidden are the rules that nobody may set, and PPR1 beside an operational profile', (t) => {
  t.deepEqual(forbiddenRules(EXAMPLE, { hasOperational: false }), [])
  t.deepEqual(forbiddenRules(EXAMPLE, { hasOperational: true }), ['ppr1'])
  t.deepEqual(forbiddenRules(ratFor(OP_A), { hasOperational: false }), ['ppr2'])
  t.deepEqual(forbiddenRules([], { hasOperational: false }), ['ppr1', 'ppr2'])
})
