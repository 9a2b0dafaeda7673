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
import { euiccInfo1, euiccInfo2 } from './info.ts'
import { loadBoundProfilePackage } from './load-bpp.ts'
import {
  listNotification,
  removeNotificationFromList,
  retrieveNotificationsList,
} from './notifications.ts'
import {
  deleteProfile,
  disableProfile,
  enableProfile,
  eUICCMemoryReset,
  getProfilesInfo,
  setNickname,
} from './profiles.ts'
import type { EuiccState, EuiccStorage } from './state.ts'

export interface Euicc extends Es10Transport {
  readonly eid: string
  /** The stored state as it is now, to look at. */
  readonly state: EuiccState
  /** Forgets what a card forgets without power: its RSP session. */
  powerOff(): void
}

/** A card over its storage. `random` is the card's own stream. */
export function createEuicc(options: {
  readonly storage: EuiccStorage
  readonly random: Random
}): Euicc {
  const card: Card = {
    random: options.random,
    storage: options.storage,
    state: options.storage.load(),
    session: undefined,
  }
  return {
    eid: card.state.eid,
    get state() {
      return card.state
    },
    powerOff: () => void (card.session = undefined),
    transmit: async (command) => dispatch(card, command),
  }
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
  getEUICCInfo1: ({ state }) => euiccInfo1(state),
  getEUICCInfo2: ({ state }) => euiccInfo2(state),
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
  if (!name) return loadBoundProfilePackage(card, octets)
  try {
    const request = decode(ES10[name].request as Asn1Type<unknown>, octets)
    const handler = HANDLERS[name] as (card: Card, request: unknown) => unknown
    const response = handler(card, request)
    const data = encode(ES10[name].response as Asn1Type<unknown>, response)
    return { statusWord: STATUS_WORDS.ok, data }
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    return { statusWord: STATUS_WORDS.incorrectData, data: hex('') }
  }
}

function functionOf(command: Uint8Array): Es10FunctionName | undefined {
  try {
    return es10FunctionOfTag(readHeader(command, 0).tag)
  } catch {
    return undefined
  }
}
