/** STORE DATA: the one command that carries ES10 (SGP.22 §5.7.2, GlobalPlatform Card Specification §11.11). */

import { Asn1Error, children, readHeader, readTlv } from '../../asn1/der.ts'
import { concat } from '../../base/octets.ts'
import { ES10, es10FunctionOfTag, type CardAnswer, type Es10FunctionName } from '../../rsp/es10.ts'
import type { ApduCommand } from './command.ts'
import type { CardState, Chain, Channel } from './state.ts'
import { SW, word } from './status-words.ts'
import { isEnabled } from './terminal-capability.ts'

interface Target {
  readonly command: ApduCommand
  readonly channel: Channel
}

const LAST_BLOCK = 0x80
const CASE_4 = 0x11
const CASE_3 = 0x10
const COMMAND_OCTETS_MAX = 65_535

/** Takes a block; the last one has the whole command executed. A block that does not fit drops the chain. */
export async function storeData(card: CardState, target: Target): Promise<CardAnswer> {
  const { command, channel } = target
  if (!channel.isdrAid) return word(SW.applicationNotSelected)
  const refusal = addBlock(card, target)
  if (refusal !== undefined) {
    channel.chain = undefined
    return word(refusal)
  }
  const { chain } = channel
  if (!chain || (command.p1 & LAST_BLOCK) === 0) return word(SW.ok)
  channel.chain = undefined
  return executeCommand(card, { octets: concat(...chain.blocks), isCase3: chain.p1Kind === CASE_3 })
}

/** Adds a block to the channel's chain, or gives the status word that refuses it. */
function addBlock(card: CardState, { command, channel }: Target): number | undefined {
  const { p1, p2, data } = command
  const { leRequired, blockOctetsMax } = card.settings
  const p1Kind = p1 & ~LAST_BLOCK
  if (p1Kind !== CASE_3 && p1Kind !== CASE_4) return SW.incorrectP1P2
  const chain = chainFor(channel, { p1Kind, block: p2 })
  if (!chain) return SW.incorrectP1P2
  if (data.length === 0 || data.length > blockOctetsMax) return SW.wrongLength
  if (leRequired && p1 === (CASE_4 | LAST_BLOCK) && command.le === undefined) return SW.wrongLength
  if (chain.octets + data.length > COMMAND_OCTETS_MAX) return SW.notEnoughMemory
  chain.blocks.push(data)
  chain.octets += data.length
  chain.nextBlock = (chain.nextBlock + 1) & 0xff
  return undefined
}

/** The chain that a block goes on with. Block 0 begins a new one, unless 256 blocks have made the number wrap. */
function chainFor(
  channel: Channel,
  next: { readonly p1Kind: number; readonly block: number },
): Chain | undefined {
  const { chain } = channel
  if (chain && chain.p1Kind === next.p1Kind && chain.nextBlock === next.block) return chain
  if (next.block !== 0) return undefined
  channel.chain = { p1Kind: next.p1Kind, blocks: [], octets: 0, nextBlock: 0 }
  return channel.chain
}

/** The functions that are there as Case 3 commands too (SGP.22 §5.7.16 to §5.7.18). */
const CASE_3_FUNCTIONS: readonly (Es10FunctionName | undefined)[] = [
  'enableProfile',
  'disableProfile',
  'deleteProfile',
]

async function executeCommand(
  card: CardState,
  whole: { readonly octets: Uint8Array; readonly isCase3: boolean },
): Promise<CardAnswer> {
  const { octets, isCase3 } = whole
  const name = functionOf(octets)
  if (isCase3 && !CASE_3_FUNCTIONS.includes(name)) return word(SW.incorrectP1P2)
  // What is no function of the table is a segment of a Bound Profile Package, or unknown.
  if (!isEnabled(card, name ? ES10[name].interface : 'ES10b')) return word(SW.referenceNotFound)
  const given = await card.euicc.transmit(octets)
  if (given.statusWord !== SW.ok) return word(given.statusWord)
  const changesProfile = name === 'enableProfile' || name === 'disableProfile'
  if (changesProfile && resultOf(given.data) === 0) selectMfOnBasicChannel(card)
  return isCase3 ? word(case3Word(resultOf(given.data))) : given
}

function functionOf(octets: Uint8Array): Es10FunctionName | undefined {
  try {
    return es10FunctionOfTag(readHeader(octets, 0).tag)
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

/** SGP.22 §5.7.16: another profile's file system is there now, unless REFRESH has to bring it. */
function selectMfOnBasicChannel(card: CardState): void {
  if (card.euicc.pendingRefresh) return
  const basic = card.channels.get(0)
  if (basic) Object.assign(basic, { isdrAid: undefined, chain: undefined })
}

/** The number in a response like EnableProfileResponse, tag 80 of its only sequence. */
function resultOf(data: Uint8Array): number | undefined {
  const outer = readTlv(data, 0)
  const [result] = [...children(data, outer.valueStart, outer.end)]
  return result?.tag === 0x80 ? data[result.valueStart] : undefined
}

/** ok, not found, wrong state, policy, wrong profile to enable again, CAT busy. */
const CASE_3_WORDS: readonly number[] = [
  SW.ok,
  SW.notFound,
  SW.conditionsNotSatisfied,
  SW.conditionsNotSatisfied,
  SW.conditionsNotSatisfied,
  SW.catBusy,
]

function case3Word(result: number | undefined): number {
  return CASE_3_WORDS[result ?? -1] ?? SW.noDiagnosis
}
