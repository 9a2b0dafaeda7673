/** The software eUICC: the ISD-R's functions behind one door that takes a command's octets and gives an answer's. */

import { Asn1Error, readHeader } from '../asn1/der.ts'
import { decode, encode, type Asn1Type } from '../asn1/schema.ts'
import type { Random } from '../base/environment.ts'
import { hex } from '../base/octets.ts'
import {
  ES10,
  es10FunctionOfTag,
  STATUS_WORDS,
  type CardAnswer,
  type Es10FunctionName,
  type Es10Request,
  type Es10Response,
  type Es10Transport,
} from '../rsp/es10.ts'
import {
  authenticateServer,
  cancelSession,
  getEUICCChallenge,
  prepareDownload,
} from './authentication.ts'
import { update, type Card } from './card.ts'
import { enabledProfileOf, type EnabledProfile, type ImageBuilder } from './enabled-profile.ts'
import { euiccInfo1, euiccInfo2 } from './info.ts'
import { loadCRL } from './revocation.ts'
import { breakOffLoad, loadBoundProfilePackage } from './load-bpp.ts'
import {
  listNotification,
  removeNotificationFromList,
  retrieveNotificationsList,
} from './notifications.ts'
import { DEFAULT_PERSONALITY, type Personality } from './personality.ts'
import {
  abandonRefresh,
  asksForState,
  completeRefresh,
  completeReset,
  deleteProfile,
  disableProfile,
  enableProfile,
  eUICCMemoryReset,
  getProfilesInfo,
  setNickname,
} from './profiles.ts'
import type { EuiccState, EuiccStorage } from './state.ts'
import { updateMetadata } from './update-metadata.ts'

export interface Euicc extends Es10Transport {
  readonly eid: string
  /** The stored state as it is now, to look at. */
  readonly state: EuiccState
  readonly personality: Personality
  /**
   * Whether the device was or is to be told to refresh, and has not yet done it. A profile that is enabled or disabled
   * with refreshFlag changes its state only then (SGP.22 §5.7.16, §5.7.17).
   */
  readonly pendingRefresh: boolean
  /**
   * The files, codes and applications of the profile that is enabled now: the same object for as long as it is.
   * Absent without an enabled profile, or when its elements cannot be executed.
   */
  readonly enabledProfile: EnabledProfile | undefined
  /** The device can be told to refresh: it has sent TERMINAL PROFILE. Until then refreshFlag makes no difference. */
  startCatSession(): void
  /** TERMINAL RESPONSE "command performed successfully": what waited is carried out. */
  completeRefresh(): void
  /** TERMINAL RESPONSE "temporary" or "permanent problem with executing command": what waited is forgotten. */
  abandonRefresh(): void
  /**
   * ES6.UpdateMetadata for the enabled profile, as its operator sends it: the data of the command, tag BF2A. Answers with
   * the status word (SGP.22 §5.4.1).
   */
  updateMetadata(request: Uint8Array): number
  /** Says whether a proactive session goes on, in which no profile is switched: catBusy. */
  setCatBusy(isBusy: boolean): void
  /** A reset of the card: its RSP session and its proactive session end, and what waited is carried out. */
  reset(): void
  /** As `reset`: what a card forgets without power, and does at the next power-on, are the same. */
  powerOff(): void
}

/**
 * A card over its storage. `random` is the card's own stream. What a loss of power interrupted is carried out at once:
 * a memory reset, or a change of profiles that waited for a REFRESH.
 */
export function createEuicc(options: {
  readonly storage: EuiccStorage
  readonly random: Random
  readonly personality?: Personality
  /** How a profile's elements become files; by executing them unless told. */
  readonly buildImage?: ImageBuilder
}): Euicc {
  const { personality = DEFAULT_PERSONALITY } = options
  const card: Card = {
    random: options.random,
    storage: options.storage,
    personality,
    state: options.storage.load(),
    session: undefined,
    cat: catAtPowerOn(personality),
  }
  powerOn(card)
  const enabledProfile = enabledProfileOf(card, options.buildImage)
  return {
    eid: card.state.eid,
    personality,
    get state() {
      return card.state
    },
    get enabledProfile() {
      return enabledProfile()
    },
    get pendingRefresh() {
      return card.cat.awaitsRefresh
    },
    startCatSession: () => void (card.cat.canRefresh = true),
    completeRefresh: () => completeRefresh(card),
    abandonRefresh: () => abandonRefresh(card),
    updateMetadata: (request) => updateMetadata(card, request),
    setCatBusy: (isBusy) => void (card.cat.isBusy = isBusy),
    reset: () => powerOn(card),
    powerOff: () => powerOn(card),
    transmit: async (command) => dispatch(card, command),
  }
}

function powerOn(card: Card): void {
  breakOffLoad(card)
  card.session = undefined
  card.cat = catAtPowerOn(card.personality)
  completeRefresh(card)
  completeReset(card)
}

function catAtPowerOn({ catBusy }: Personality): Card['cat'] {
  return { canRefresh: false, isBusy: catBusy, awaitsRefresh: false }
}

type Handlers = {
  readonly [N in Es10FunctionName]: (card: Card, request: Es10Request<N>) => Es10Response<N>
}

const HANDLERS: Handlers = {
  getEuiccConfiguredAddresses: ({ state }) => ({
    defaultDpAddress: state.defaultDpAddress,
    rootDsAddress: state.rootDsAddress,
  }),
  setDefaultDpAddress(card, { defaultDpAddress }) {
    update(card, { defaultDpAddress: defaultDpAddress === '' ? undefined : defaultDpAddress })
    return { setDefaultDpAddressResult: 'ok' }
  },
  getEUICCChallenge,
  getEUICCInfo1: (card) => euiccInfo1(card),
  getEUICCInfo2: (card) => euiccInfo2(card),
  authenticateServer,
  prepareDownload,
  cancelSession,
  listNotification,
  retrieveNotificationsList,
  removeNotificationFromList,
  getProfilesInfo,
  enableProfile,
  disableProfile,
  deleteProfile,
  eUICCMemoryReset,
  getEID: ({ state }) => ({ eidValue: hex(state.eid) }),
  setNickname,
  getRAT: ({ personality }) => ({ rat: personality.rat }),
  loadCRL,
  lpaeActivation: () => ({ lpaeActivationResult: 'notSupported' }),
}

const COMMAND_OCTETS_MAX = 65_535

/**
 * Executes one command of the ISD-R. Whatever the octets are, the answer is a status word, never an exception:
 * 6A88 for a command that is not known or not expected, 6A80 for one that cannot be decoded.
 */
function dispatch(card: Card, command: Uint8Array): CardAnswer {
  if (command.length > COMMAND_OCTETS_MAX)
    return { statusWord: STATUS_WORDS.wrongLength, data: hex('') }
  // The transport may use its buffer again.
  const octets = Uint8Array.from(command)
  const name = functionOf(octets)
  if (!name || !isSupported(card, name)) return loadBoundProfilePackage(card, octets)
  try {
    const request = decode(ES10[name].request as Asn1Type<unknown>, octets)
    if (mustWait(card, { name, request })) {
      return { statusWord: STATUS_WORDS.conditionsOfUseNotSatisfied, data: hex('') }
    }
    const handler = HANDLERS[name] as (card: Card, request: unknown) => unknown
    const response = handler(card, request)
    const data = encode(ES10[name].response as Asn1Type<unknown>, response)
    return { statusWord: STATUS_WORDS.ok, data }
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    return { statusWord: STATUS_WORDS.incorrectData, data: hex('') }
  }
}

function isSupported({ personality }: Card, name: Es10FunctionName): boolean {
  return name !== 'loadCRL' || personality.crlSupport
}

/** While a REFRESH is awaited, nothing that shows or changes the profiles' states goes on (SGP.22 §5.7.2, §5.7.15). */
function mustWait(
  { cat }: Card,
  command: { readonly name: Es10FunctionName; readonly request: unknown },
): boolean {
  if (!cat.awaitsRefresh) return false
  if (command.name !== 'getProfilesInfo') return CHANGING.includes(command.name)
  return asksForState(command.request as Es10Request<'getProfilesInfo'>)
}

const CHANGING: readonly Es10FunctionName[] = [
  'enableProfile',
  'disableProfile',
  'deleteProfile',
  'eUICCMemoryReset',
]

function functionOf(command: Uint8Array): Es10FunctionName | undefined {
  try {
    return es10FunctionOfTag(readHeader(command, 0).tag)
  } catch {
    return undefined
  }
}
