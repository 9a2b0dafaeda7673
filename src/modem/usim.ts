/** The USIM as a modem uses it: found, unlocked, read and asked (3GPP TS 31.102 §5, §7). */

import { imsiFromOctets } from '../base/bcd.ts'
import { LabError } from '../base/errors.ts'
import { concat, hex, toHex } from '../base/octets.ts'
import { routingIndicatorOf } from '../nas/suci-calculation.ts'
import { suciFromMobileIdentity, type Suci } from '../nas/suci.ts'
import { isServiceAvailable } from '../profile/usim-files.ts'
import { checkStatus, SW, type UiccAnswer, type UiccChannel } from './channel.ts'
import { dataObjects, valueAt } from '../nas/tlv.ts'

/** What of a USIM's files an attach needs. */
export interface Subscription {
  readonly imsi: string
  /** 2 or 3, of EF.AD. */
  readonly mncLength: number
  /** DF.5GS is there, or service 122: the USIM was made for 5GS. */
  readonly isFor5gs: boolean
  /** Service 124 without 125: the device conceals the SUPI; with it, the USIM does. */
  readonly concealedBy: 'device' | 'usim' | 'nobody'
  readonly routingIndicator: string
  /** EF.SUCI_Calc_Info, where the device may read it. */
  readonly suciCalculation: Uint8Array | undefined
}

/** What the USIM says to a challenge (TS 31.102 §7.1.2.1). */
export type UsimAuthentication =
  | {
      readonly result: 'success'
      readonly res: Uint8Array
      readonly ck: Uint8Array
      readonly ik: Uint8Array
    }
  | { readonly result: 'synchFailure'; readonly auts: Uint8Array }
  | { readonly result: 'macFailure' }

export interface Usim {
  readonly aid: Uint8Array
  /** @throws {LabError} refused — a file cannot be read, or is damaged */
  readSubscription(): Promise<Subscription>
  /** GET IDENTITY, for a USIM that conceals the SUPI itself. @throws {LabError} refused */
  getIdentity(): Promise<Suci>
  /** AUTHENTICATE in the 3G security context, as for 5GS and EPS. @throws {LabError} refused */
  authenticate(challenge: {
    readonly rand: Uint8Array
    readonly autn: Uint8Array
  }): Promise<UsimAuthentication>
}

/**
 * Selects the USIM that EF.DIR names first, or any where it names none, and shows the PIN if it is asked for.
 * @throws {LabError} notFound, reason `noUsim`; refused, reasons `pinRequired`, `pinWrong`, `pinBlocked`
 */
export async function openUsim(
  channel: UiccChannel,
  { pin }: { readonly pin?: string | undefined },
): Promise<Usim> {
  const aid = await aidInDirectory(channel)
  const fcp = await selectApplication(channel, aid ?? USIM_APPLICATION)
  await unlock(channel, { fcp, pin })
  return {
    aid: valueAt(fcp, FCP, DF_NAME) ?? aid ?? USIM_APPLICATION,
    readSubscription: () => readSubscription(channel),
    getIdentity: () => getIdentity(channel),
    authenticate: (challenge) => authenticate(channel, challenge),
  }
}

/** 3GPP's RID and the USIM's application code (ETSI TS 101 220 annex E). */
const USIM_APPLICATION = hex('A0000000871002')
const EF_DIR = hex('2F00')
const FCP = 0x62
const DF_NAME = 0x84
const APPLICATION_TEMPLATE = 0x61
const AID = 0x4f

async function aidInDirectory(channel: UiccChannel): Promise<Uint8Array | undefined> {
  const records = await channel.readRecords(EF_DIR)
  const aids = records.map((record) => valueAt(record, APPLICATION_TEMPLATE, AID))
  return aids.find((aid) => aid && toHex(aid).startsWith(toHex(USIM_APPLICATION)))
}

async function selectApplication(channel: UiccChannel, aid: Uint8Array): Promise<Uint8Array> {
  const answer = await channel.transmit({
    ins: 0xa4,
    p1: 0x04,
    p2: 0x04,
    data: aid,
    expectsData: true,
  })
  if (answer.statusWord === SW.fileNotFound) throw noUsim()
  checkStatus(answer, 'SELECT of the USIM')
  return answer.data
}

function noUsim(): LabError {
  return new LabError(
    'notFound',
    'the card has no USIM: none of its profiles is enabled, or the enabled one has none.',
    { reason: 'noUsim' },
  )
}

const PIN_STATUS_TEMPLATE = 0xc6
const PIN_STATUS = 0x90
const KEY_REFERENCE = 0x83
const PIN1 = 0x01
const PIN_OCTETS = 8
const TRIES_LEFT = 0x63c0

/**
 * PIN status template (ETSI TS 102 221 §9.5.2): a bit for each key reference that follows says whether it is enabled.
 * Administrative codes, 0A and above, are no subscriber's.
 */
function enabledPin(fcp: Uint8Array): number | undefined {
  const objects = dataObjects(valueAt(fcp, FCP, PIN_STATUS_TEMPLATE) ?? hex(''))
  const bits = objects.find(({ tag }) => tag === PIN_STATUS)?.value[0] ?? 0
  const references = objects.filter(({ tag }) => tag === KEY_REFERENCE).map(({ value }) => value[0])
  return references.find((reference, at) => reference === PIN1 && (bits & (0x80 >> at)) !== 0)
}

async function unlock(
  channel: UiccChannel,
  { fcp, pin }: { readonly fcp: Uint8Array; readonly pin: string | undefined },
): Promise<void> {
  const reference = enabledPin(fcp)
  if (reference === undefined) return
  const verify = { ins: 0x20, p1: 0x00, p2: reference }
  const before = await channel.transmit(verify)
  if (before.statusWord === SW.ok) return
  if (isBlocked(before)) throw pinBlocked()
  if (pin === undefined) throw pinRequired(before)
  const shown = await channel.transmit({ ...verify, data: pinOctets(pin) })
  if (isBlocked(shown)) throw pinBlocked()
  if ((shown.statusWord & 0xfff0) === TRIES_LEFT) throw pinWrong(shown)
  checkStatus(shown, 'VERIFY PIN')
}

function pinOctets(pin: string): Uint8Array {
  if (!/^[0-9]{4,8}$/.test(pin)) {
    throw new LabError('badInput', 'a PIN has 4 to 8 digits.', { field: 'pin' })
  }
  const octets = Buffer.alloc(PIN_OCTETS, 0xff)
  octets.write(pin, 'latin1')
  return octets
}

function isBlocked({ statusWord }: UiccAnswer): boolean {
  return statusWord === SW.authenticationMethodBlocked || statusWord === TRIES_LEFT
}

function triesLeft({ statusWord }: UiccAnswer): string {
  return (statusWord & 0xfff0) === TRIES_LEFT ? ` Tries left: ${statusWord & 0x0f}.` : ''
}

function pinRequired(answer: UiccAnswer): LabError {
  return new LabError('refused', `the USIM asks for its PIN.${triesLeft(answer)}`, {
    field: 'pin',
    reason: 'pinRequired',
  })
}

function pinWrong(answer: UiccAnswer): LabError {
  return new LabError('refused', `the PIN is wrong.${triesLeft(answer)}`, {
    field: 'pin',
    reason: 'pinWrong',
  })
}

function pinBlocked(): LabError {
  return new LabError('refused', 'the PIN is blocked. Its PUK sets a new one.', {
    field: 'pin',
    reason: 'pinBlocked',
  })
}

const EF_IMSI = hex('7FFF6F07')
const EF_AD = hex('7FFF6FAD')
const EF_UST = hex('7FFF6F38')
const DF_5GS = hex('7FFF5FC0')
const EF_ROUTING_INDICATOR = hex('7FFF5FC04F0A')
const EF_SUCI_CALC_INFO = hex('7FFF5FC04F07')

/** Services of EF.UST (3GPP TS 31.102 §4.2.8). */
const SERVICE_5GS_MOBILITY = 122
const SERVICE_SUPI_PRIVACY = 124
const SERVICE_SUCI_BY_USIM = 125

const MNC_LENGTH_AT = 3

async function readSubscription(channel: UiccChannel): Promise<Subscription> {
  const imsi = imsiFromOctets((await channel.readTransparent(EF_IMSI)) ?? hex(''))
  if (imsi === undefined) {
    throw new LabError('refused', 'EF.IMSI of the USIM holds no IMSI.', { reason: 'noImsi' })
  }
  const ad = await channel.readTransparent(EF_AD)
  const ust = await channel.readTransparent(EF_UST)
  const isAvailable = (service: number): boolean => isServiceAvailable(ust, service)
  const has5gs = (await channel.selectPath(DF_5GS)) !== undefined
  const concealedBy = !isAvailable(SERVICE_SUPI_PRIVACY)
    ? 'nobody'
    : isAvailable(SERVICE_SUCI_BY_USIM)
      ? 'usim'
      : 'device'
  return {
    imsi,
    mncLength: ((ad?.[MNC_LENGTH_AT] ?? 2) & 0x0f) === 3 ? 3 : 2,
    isFor5gs: has5gs || isAvailable(SERVICE_5GS_MOBILITY),
    concealedBy,
    routingIndicator: routingIndicatorOf(
      has5gs ? await channel.readTransparent(EF_ROUTING_INDICATOR) : undefined,
    ),
    suciCalculation:
      has5gs && concealedBy === 'device'
        ? await channel.readTransparent(EF_SUCI_CALC_INFO)
        : undefined,
  }
}

const SUCI = 0xa1

async function getIdentity(channel: UiccChannel): Promise<Suci> {
  const answer = await channel.transmit({
    cla: 0x80,
    ins: 0x78,
    p1: 0x00,
    p2: 0x01,
    expectsData: true,
  })
  checkStatus(answer, 'GET IDENTITY')
  const suci = suciFromMobileIdentity(valueAt(answer.data, SUCI) ?? hex(''))
  if (suci) return suci
  throw new LabError('refused', `GET IDENTITY answered ${toHex(answer.data)}, which is no SUCI.`, {
    reason: 'noSuci',
  })
}

const SUCCESS = 0xdb
const SYNCHRONISATION_FAILURE = 0xdc

async function authenticate(
  channel: UiccChannel,
  { rand, autn }: { readonly rand: Uint8Array; readonly autn: Uint8Array },
): Promise<UsimAuthentication> {
  const data = concat(lengthAndValue(rand), lengthAndValue(autn))
  const answer = await channel.transmit({ ins: 0x88, p1: 0x00, p2: 0x81, data, expectsData: true })
  if (answer.statusWord === SW.incorrectMac) return { result: 'macFailure' }
  checkStatus(answer, 'AUTHENTICATE')
  const [tag] = answer.data
  const [first, ck, ik] = lengthsAndValues(answer.data.subarray(1))
  if (tag === SYNCHRONISATION_FAILURE && first) return { result: 'synchFailure', auts: first }
  if (tag === SUCCESS && first && ck && ik) return { result: 'success', res: first, ck, ik }
  throw new LabError('refused', 'the card answered AUTHENTICATE with something else.', {
    reason: 'noAnswer',
  })
}

function lengthAndValue(value: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(value.length), value)
}

function lengthsAndValues(octets: Uint8Array): readonly Uint8Array[] {
  const values: Uint8Array[] = []
  for (let at = 0; at < octets.length;) {
    const end = at + 1 + (octets[at] as number)
    if (end > octets.length) break
    values.push(octets.subarray(at + 1, end))
    at = end
  }
  return values
}
