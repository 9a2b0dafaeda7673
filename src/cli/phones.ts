/** The phones of the command: each an eUICC in a file of the data directory, and an LPA in this process. */

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemRandom, type Clock } from '../base/environment.ts'
import { assert, LabError } from '../base/errors.ts'
import { asBuffer } from '../base/octets.ts'
import { CURVES } from '../crypto/ec.ts'
import { createApduCard } from '../euicc/apdu/card.ts'
import { createEuicc, type Euicc } from '../euicc/euicc.ts'
import type { Personality } from '../euicc/personality.ts'
import { parseEuicc, serialiseEuicc, type EuiccState, type EuiccStorage } from '../euicc/state.ts'
import { es9PlusClients, type Binding } from '../http/rsp-client.ts'
import { es11Clients, type FoundAt, type LpaTrust } from '../http/smds-clients.ts'
import { SMDS_NAMES } from '../lab-smds.ts'
import { TEST_DEVICE } from '../lab.ts'
import { createLpa, type Lpa } from '../lpa/lpa.ts'
import { createModem, type Modem } from '../modem/modem.ts'
import { readCertificate, type Certificate } from '../pki/certificate.ts'
import type { LoadedPki } from '../pki/load.ts'
import { certificateFile } from '../pki/test-pki.ts'
import { es10Client } from '../rsp/es10.ts'
import { ES11 } from '../rsp/es11.ts'
import { ES9PLUS } from '../rsp/es9plus.ts'
import { observed, observedEs10, type Observer } from '../rsp/observe.ts'
import { lockDirectory, makeDirectory, readIfThere, replaceFile } from '../store/directory.ts'
import { checkCardIsOf, newBroughtCard } from './brought-card.ts'
import type { LabClient } from './lab-client.ts'
import { servingNetworkClient } from './network-client.ts'
import { fetchRevocations } from './revocation.ts'
import { commandLine } from './verb.ts'

export interface CliPhone extends Lpa, Pick<Modem, 'attach'> {
  readonly name: string
  readonly eid: string
  /** The data directory that it is kept in. */
  readonly directory: string
}

/** A phone by its name, beside the lab that it speaks to. */
export interface PhoneChoice {
  readonly lab: LabClient
  readonly name: string
  /** Told of the messages between the phone's LPA, its eUICC and the servers. */
  readonly observer?: Observer | undefined
  /** How the phone's LPA speaks to servers; JSON unless told. */
  readonly binding?: Binding | undefined
}

/**
 * Works with a phone that no other command may use meanwhile. Its eUICC is manufactured at first use.
 * @throws {LabError} badInput — the name is none; unavailable — another command uses the phone
 */
export async function withPhone<T>(
  choice: PhoneChoice,
  work: (phone: CliPhone) => Promise<T>,
): Promise<T> {
  const file = phoneFile(placeOf(choice))
  const lock = lockPhone(placeOf(choice))
  try {
    if (!existsSync(file)) replaceFile(file, await manufacture(choice))
    return await run({ choice, storage: storageIn(file) }, work)
  } finally {
    lock.release()
  }
}

/** Works with a phone that has been used before. @throws {LabError} notFound */
export async function withExistingPhone<T>(
  choice: PhoneChoice,
  work: (phone: CliPhone) => Promise<T>,
): Promise<T> {
  readState(choice)
  return withPhone(choice, work)
}

/** Looks at a phone without changing it, also while another command uses it. @throws {LabError} notFound */
export async function lookAtPhone<T>(
  choice: PhoneChoice,
  work: (phone: CliPhone) => Promise<T>,
): Promise<T> {
  const state = readState(choice)
  return run({ choice, storage: { load: () => state, save: () => {} } }, work)
}

/** A phone's card, without the phone. */
export interface CardChoice {
  readonly directory: string
  readonly name: string
  /** Manufactures the card; without it, the card must be there already. */
  readonly lab: LabClient | undefined
  /** What the card is made of in place of the lab's certificates. */
  readonly pki?: LoadedPki | undefined
  /** What kind of card it is meanwhile; one that does everything right unless told. */
  readonly personality?: Personality | undefined
}

export interface CliCard {
  readonly euicc: Euicc
  /** Whom an LPA that uses the card should believe. */
  readonly trust: LpaTrust
}

/**
 * Lends a phone's card to another LPA. No other command may use the phone meanwhile.
 * @throws {LabError} badInput — the name is none; notFound — there is neither card nor lab; unavailable — another command uses the phone;
 *   conflict — the card is of another PKI
 */
export async function withCard<T>(
  choice: CardChoice,
  work: (card: CliCard) => Promise<T>,
): Promise<T> {
  const file = phoneFile(choice)
  const { pki, name } = choice
  if (!choice.lab && !pki && !existsSync(file)) throw noCard(choice)
  const lock = lockPhone(choice)
  try {
    if (!existsSync(file)) {
      replaceFile(file, pki ? broughtCard(pki, choice) : await manufacture(choice))
    } else if (pki) {
      checkCardIsOf(pki, { name, state: storageIn(file).load() })
    }
    const { personality } = choice
    const euicc = createEuicc({
      storage: storageIn(file),
      random: systemRandom(),
      ...(personality && { personality }),
    })
    return await work({ euicc, trust: trustOf(choice, euicc) })
  } finally {
    lock.release()
  }
}

/** The eUICCs of all phones of a data directory, by the phones' names. */
export function phonesOf(directory: string): (readonly [name: string, state: EuiccState])[] {
  const folder = join(directory, FOLDER)
  const files = existsSync(folder) ? readdirSync(folder) : []
  return files
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => [file.slice(0, -EXTENSION.length), storageIn(join(folder, file)).load()])
}

const FOLDER = 'phones'
const EXTENSION = '.json'
const NAME = /^[a-z0-9-]{1,32}$/

interface PhonePlace {
  readonly directory: string
  readonly name: string
}

function placeOf({ lab, name }: PhoneChoice): PhonePlace {
  return { directory: lab.directory, name }
}

function phoneFile({ directory, name }: PhonePlace): string {
  if (NAME.test(name)) return join(directory, FOLDER, `${name}${EXTENSION}`)
  const detail = `a phone's name has 1 to 32 small letters, digits or -, not "${name}".`
  throw new LabError('badInput', detail, { field: 'phone' })
}

function readState(choice: PhoneChoice): EuiccState {
  const file = phoneFile(placeOf(choice))
  if (existsSync(file)) return storageIn(file).load()
  const { lab, name } = choice
  const make = commandLine(`download LPA:1$… --phone ${name}`, lab)
  throw new LabError('notFound', `there is no phone "${name}". A download makes it: ${make}`, {
    field: 'phone',
    reason: 'noSuchPhone',
  })
}

function noCard({ directory, name }: PhonePlace): LabError {
  const start = commandLine('serve', { directory })
  const detail = `there is no phone "${name}", and no lab that could make one is served from ${directory}. Start one: ${start}`
  return new LabError('notFound', detail, { field: 'phone' })
}

function lockPhone({ directory, name }: PhonePlace): { release(): void } {
  const lock = join(directory, FOLDER, `${name}.lock`)
  makeDirectory(lock)
  try {
    return lockDirectory(lock)
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'dataDirectoryLocked') throw error
    const detail = `another command uses the phone "${name}". Try again when it is done.`
    throw new LabError('unavailable', detail, { reason: 'phoneInUse', cause: error })
  }
}

function broughtCard(pki: LoadedPki, { directory, name, personality }: CardChoice): string {
  const takenEids = phonesOf(directory).map(([, { eid }]) => eid)
  return newBroughtCard(pki, { name, eid: personality?.eid, takenEids })
}

async function manufacture(
  choice: Pick<CardChoice, 'lab' | 'name' | 'personality'>,
): Promise<string> {
  const { lab, name } = choice
  assert(lab, 'a card is made by a lab')
  const eid = choice.personality?.eid
  const body = { name, ...(eid !== undefined && { eid }) }
  const { state } = await lab.post<{ readonly state: string }>('/api/euiccs', { body })
  return state
}

function storageIn(file: string): EuiccStorage {
  return {
    load: () => parseEuicc(asBuffer(readIfThere(file) ?? new Uint8Array()).toString('utf8')),
    save: (state) => replaceFile(file, serialiseEuicc(state)),
  }
}

async function run<T>(
  opened: { readonly choice: PhoneChoice; readonly storage: EuiccStorage },
  work: (phone: CliPhone) => Promise<T>,
): Promise<T> {
  const { lab, name, observer, binding } = opened.choice
  const euicc = createEuicc({ storage: opened.storage, random: systemRandom() })
  const trustedCis = cisOf(lab.directory, euicc)
  const isRevoked = 'get' in lab ? await fetchRevocations(lab, trustedCis) : undefined
  const believed = trustOf({ directory: lab.directory, lab }, euicc)
  const trust = {
    ...(believed.tls ? { ...believed, tls: { ...believed.tls, isRevoked } } : believed),
    binding,
    plainPorts: lab.service.plainPorts,
  }
  const servers = es9PlusClients(trust)
  const smdss = es11Clients(trust)
  const es10 = es10Client(euicc)
  const lpa = createLpa({
    es10: observer ? observedEs10(observer, es10) : es10,
    es9Plus: observer
      ? (address) => observed({ table: ES9PLUS, observer }, servers.at(address))
      : servers.at,
    es11: observer ? (address) => observed({ table: ES11, observer }, smdss.at(address)) : smdss.at,
    clock: clockOf(lab),
    device: TEST_DEVICE,
    trustedCis,
    isRevoked,
  })
  const { attach } = createModem({
    card: createApduCard({ euicc }),
    network: servingNetworkClient(lab),
    random: systemRandom(),
  })
  try {
    return await work({ ...lpa, attach, name, eid: euicc.eid, directory: lab.directory })
  } finally {
    servers.close()
    smdss.close()
  }
}

/** A phone has its time from the network, and so the lab's. */
function clockOf(lab: LabClient): Clock {
  const clock = systemClock()
  clock.set(lab.now)
  return clock
}

function trustOf(
  { directory, lab }: Pick<CardChoice, 'directory' | 'lab'>,
  euicc: Pick<Euicc, 'state'>,
): LpaTrust {
  const isPlain = lab?.service.rspUrl.startsWith('http:') ?? false
  const foundAt = lab && namesIn(lab)
  return isPlain ? { plain: true, foundAt } : { tls: { anchors: cisOf(directory, euicc) }, foundAt }
}

/** Cards name the root SM-DS by a name that no network knows; the lab that is served has it wherever it listens. */
function namesIn({ service }: LabClient): FoundAt {
  const { rootDsAddress, alternativeDsAddress } = service
  return {
    ...(rootDsAddress !== undefined && { [SMDS_NAMES.root]: rootDsAddress }),
    ...(alternativeDsAddress !== undefined && { [SMDS_NAMES.alternative]: alternativeDsAddress }),
  }
}

/** The CIs that the card knows, and the lab's own: one that runs on a PKI of others may still have TLS of its own. */
function cisOf(directory: string, euicc: Pick<Euicc, 'state'>): Certificate[] {
  const own = CURVES.flatMap((curve) => ciOf(directory, certificateFile(curve, 'ci')))
  return [...own, ...euicc.state.trustedCis]
}

function ciOf(directory: string, fileName: string): Certificate[] {
  const octets = readIfThere(join(directory, 'pki', fileName))
  return octets ? [readCertificate(octets)] : []
}
