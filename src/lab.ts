/** The composition root: every role of the lab wired in one process. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { normaliseIccid } from './base/bcd.ts'
import {
  manualClock,
  seededRandom,
  systemClock,
  systemRandom,
  type Environment,
  type MovableClock,
} from './base/environment.ts'
import { LabError } from './base/errors.ts'
import { asBuffer, hex } from './base/octets.ts'
import type { Curve } from './crypto/ec.ts'
import { createApduCard } from './euicc/apdu/card.ts'
import { createEuicc, type Euicc } from './euicc/euicc.ts'
import type { Personality } from './euicc/personality.ts'
import { memoryStorage, type EuiccState, type EuiccStorage } from './euicc/state.ts'
import { createLpa, type Lpa } from './lpa/lpa.ts'
import { createModem, type Modem } from './modem/modem.ts'
import type { ServingNetwork } from './nas/registration.ts'
import { createOperator, type Operator } from './operator/operator.ts'
import { loadOperators } from './operator/operators.ts'
import { orderProfile, type OrderedProfile, type ProfileOrder } from './operator/ordering.ts'
import {
  makeSuciKeys,
  parseSuciKeys,
  serialiseSuciKeys,
  type SuciKey,
} from './operator/suci-keys.ts'
import type { Certificate } from './pki/certificate.ts'
import type { LoadedPki } from './pki/load.ts'
import type { IsRevoked } from './pki/revocation.ts'
import { createTestPki, loadPki, PKI_FILES, serialisePki, type TestPki } from './pki/test-pki.ts'
import { sameAddress } from './rsp/activation-code.ts'
import type { DeviceInfo } from './rsp/common.ts'
import { ES2PLUS, type Es2Plus } from './rsp/es2plus.ts'
import type { Es11 } from './rsp/es11.ts'
import type { Es12 } from './rsp/es12.ts'
import { ES9PLUS, type Es9Plus } from './rsp/es9plus.ts'
import { es10Client } from './rsp/es10.ts'
import { observed, observedEs10, type Observer } from './rsp/observe.ts'
import { RspError } from './rsp/status-codes.ts'
import {
  createSmdp,
  type Smdp,
  type SmdpFace,
  type SmdpSettings,
  type SmdpTolerated,
} from './smdp/smdp.ts'
import { lockDirectory, makeDirectory, readIfThere, replaceFile } from './store/directory.ts'
import { openStore, type Store } from './store/engine.ts'
import {
  findImportedProfile,
  listImportedProfiles,
  type ImportedProfile,
} from './store/imported-profiles.ts'
import { unlistedProfiles } from './store/inventory.ts'
import { createLabSmdss, smdsAddressOf, smdsAt, type LabSmdss } from './lab-smds.ts'
import {
  checkBrought,
  createIdentity,
  faceOf,
  type CardOrder,
  type FaceChoice,
  type LabIdentity,
} from './lab-identity.ts'
import { loadScenario, type LoadedScenario } from './lab-scenario.ts'
import { parseScenario, type ScenarioClient } from './lab-scenario-file.ts'
import {
  createRevocationAuthority,
  type PublishedList,
  type RevokedAnswer,
} from './lab-revocation.ts'
import {
  importProfile,
  labProfiles,
  withImportedProfiles,
  type ImportAnswer,
  type ProfileImport,
} from './lab-profiles.ts'

export interface LabOptions {
  /** What every random choice follows, but for TransactionIDs. Without one, a lab that keeps nothing has a fixed seed. */
  readonly seed?: string
  /** An instant at which the lab's clock stands still until it is moved; without it the clock runs with the wall's. */
  readonly startAt?: Date
  /** Where the lab is kept; without it nothing outlives `close`. */
  readonly dataDirectory?: string
  /** The operator's file; the neutral operator `lab` unless told. */
  readonly operatorFile?: string | URL
  /** Where the files of the other operators are; those that come with esim-lab unless told. */
  readonly operatorsDirectory?: string | URL
  /** Files of operators besides; each stands in the place of one that has something in common with it. */
  readonly ownOperatorsDirectory?: string
  readonly smdp?: Partial<SmdpSettings>
  /** Somebody's certificates and keys, of `loadPkiDirectory`: the SM-DP+ runs on them, and they are copied nowhere. */
  readonly broughtPki?: LoadedPki
  /** Whether the SM-DP+ serves the lab's own test CI as well, when a PKI was brought. */
  readonly withTestCi?: boolean
  /** Profiles put on stock when the lab is new and each time the stock is used up. */
  readonly stock?: number
  /** Lengthens each profile package by about so many octets. */
  readonly fillerOctets?: number
  /** Told of every message between the roles. */
  readonly observer?: Observer
}

/** A phone: an eUICC, an LPA and a modem. */
export interface Phone extends Lpa, Modem {
  readonly name: string
  readonly eid: string
  readonly euicc: Euicc
}

export interface PhoneOptions {
  /** The eUICC's EID follows the name. */
  readonly name?: string
  /** The curves of the eUICC's credentials, in its order of preference; both unless told. */
  readonly curves?: readonly Curve[]
  /** What kind of card it is; one that does everything right unless told. */
  readonly personality?: Personality
  /** Where the eUICC keeps its state; in memory unless told. A state that is there wins over a new card. */
  readonly storage?: (initial: EuiccState) => EuiccStorage
  /** How the LPA reaches servers; in process unless told. */
  readonly es9Plus?: (address: string) => Es9Plus
  /** How the LPA reaches SM-DSs, and servers that may be one; in process unless told. */
  readonly es11?: (address: string) => Es11
  /** The network that its modem finds; the lab's, in process, unless told. */
  readonly network?: ServingNetwork
}

export interface Lab {
  readonly clock: MovableClock
  readonly environment: Environment
  /** The lab's own test CI, and what is under it. */
  readonly pki: TestPki
  /** The PKI that the SM-DP+ runs on, if it is not the lab's own. */
  readonly broughtPki: LoadedPki | undefined
  /** The CIs under which the lab's servers may stand. */
  readonly anchors: readonly Certificate[]
  readonly operator: Operator
  readonly smdp: Smdp
  /** ES9+ of the SM-DP+, as HTTP listeners and LPAs in process use it. */
  readonly es9Plus: Es9Plus
  readonly es2Plus: Es2Plus
  /** A root SM-DS and an alternative one, which tells the root one of its events. */
  readonly smds: LabSmdss
  /** ES12 of the lab's SM-DSs, called by its SM-DP+ within the process. */
  readonly es12: (address: string) => Es12
  /**
   * ES9+ under some of the SM-DP+'s certificates, or under those of another PKI, for a listener of its own.
   * @throws {LabError} badInput — there are none
   */
  openFace(choice?: FaceChoice): SmdpFace
  /** The observer that the lab was given. */
  readonly observer: Observer | undefined
  /** Orders a profile with ES2+ and opens its account; adds stock when none is left. */
  order(order?: ProfileOrder): Promise<OrderedProfile>
  /**
   * Puts somebody else's profile package on stock.
   * @throws {LabError} badInput — it is none, or the metadata are wrong; tooLarge; conflict — its ICCID is known
   */
  importProfile(given: ProfileImport): Promise<ImportAnswer>
  /** Imported profiles by ICCID. */
  importedProfiles(page: {
    readonly after?: string
    readonly limit: number
  }): readonly ImportedProfile[]
  importedProfile(of: { readonly iccid: string }): ImportedProfile | undefined
  /**
   * Makes the profiles of a scenario and puts its orders in place; `scenario` is what its JSON file holds.
   * @throws {LabError} badInput — naming the field; conflict, notFound — naming the order or profile
   */
  loadScenario(scenario: unknown): Promise<LoadedScenario>
  /** Operators' software that scenarios have brought, until the lab ends. */
  es2PlusClients(): readonly ScenarioClient[]
  /**
   * Has the lab's test CI revoke a certificate of an EUM or a server, for good.
   * @throws {LabError} badInput — it is none of the CI's; conflict — the list is full
   */
  revoke(of: { readonly certificate: Uint8Array }): Promise<RevokedAnswer>
  /** The revocation list of each of the lab's test CIs, as of now. */
  revocationLists(): readonly PublishedList[]
  readonly isRevoked: IsRevoked
  /** Adds numbers to the operator's inventory and their profiles to the SM-DP+'s stock. */
  addStock(count: number): Promise<void>
  /**
   * A new eUICC's state, with its keys and certificates.
   * @throws {LabError} conflict — a PKI was brought that has no EUM's key; badInput — the EID is of no EUM that is here
   */
  manufacture(card: CardOrder): EuiccState
  createPhone(options?: PhoneOptions): Phone
  close(): Promise<void>
}

const EPHEMERAL_SEED = 'public-test-ci'
const STOCK = 100
/** The SM-DP+'s address while no listener has given it another. */
const IN_PROCESS_ADDRESS = 'testsmdpplus1.example.com'

/** Starts a lab in this process. @throws {LabError} dataDirectoryLocked, damaged, badInput */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  if (options.broughtPki) checkBrought(options.broughtPki)
  const home = options.dataDirectory === undefined ? undefined : openHome(options.dataDirectory)
  try {
    return await assemble(options, home)
  } catch (error) {
    home?.release()
    throw error
  }
}

interface Home {
  readonly path: string
  release(): void
}

function openHome(path: string): Home {
  makeDirectory(path)
  const lock = lockDirectory(path)
  return { path, release: () => lock.release() }
}

async function assemble(options: LabOptions, home: Home | undefined): Promise<Lab> {
  // First of all: a file that is wrong leaves nothing behind.
  const operators = loadOperators({
    defaultFile: options.operatorFile,
    directory: options.operatorsDirectory,
    ownDirectory: options.ownOperatorsDirectory,
  })
  const environment = createEnvironment(options, home)
  const pki = home ? keptPki(home, environment) : createTestPki({ random: environment.random })
  const brought = options.broughtPki
  const withTestCi = options.withTestCi ?? false
  const identity = createIdentity({ own: pki, brought, withTestCi, random: environment.random })
  const store = openStore({ path: home ? databasePath(home) : ':memory:' })
  const operator = createOperator({
    store,
    environment: { ...environment, random: environment.random.stream('operator') },
    file: operators.default,
    operators,
    ...(home && { suciKeys: keptSuciKeys(home, environment) }),
  })
  const authority = createRevocationAuthority({ store, pki, clock: environment.clock })
  const { isRevoked } = authority
  const smdp = createSmdp({
    environment: { ...environment, random: environment.random.stream('smdp') },
    store,
    credentials: identity.credentials,
    trustedCis: identity.trustedCis,
    isRevoked,
    profiles: withImportedProfiles(
      store,
      labProfiles({ operator, fillerOctets: options.fillerOctets ?? 0 }),
    ),
    addresses: [IN_PROCESS_ADDRESS],
    onProfileEvent: operator.noteProfileEvent,
    onTolerated: toleratedTo(options.observer),
    ...(options.smdp && { settings: options.smdp }),
  })
  const { observer } = options
  const smds = await createLabSmdss({
    store,
    environment,
    identity,
    own: pki,
    brought,
    withTestCi,
    isRevoked,
    observer,
  })
  const es12 = (address: string): Es12 => smdsAt(smds, address).es12({ oid: smdp.oid })
  smdp.setSmds(es12)
  const es9Plus = observer ? observed({ table: ES9PLUS, observer }, smdp.es9Plus) : smdp.es9Plus
  const es2Plus = observer ? observed({ table: ES2PLUS, observer }, smdp.es2Plus) : smdp.es2Plus
  const stocking = createStocking({ store, operator, smdp, batch: options.stock ?? STOCK })
  await stocking.begin().catch(async (error: unknown) => {
    await store.close()
    throw error
  })

  /** By scenario: one that is loaded again replaces its own. */
  const es2PlusClients = new Map<string, readonly ScenarioClient[]>()
  let phones = 0
  return {
    clock: environment.clock,
    environment,
    pki,
    broughtPki: brought,
    anchors: identity.anchors,
    operator,
    smdp,
    es9Plus,
    es2Plus,
    smds,
    es12,
    openFace(choice = {}) {
      const face = smdp.openFace({ ...faceOf(identity, choice), addresses: [smdp.address] })
      if (!observer) return face
      const { es9Plus: plain } = face
      return Object.assign(face, { es9Plus: observed({ table: ES9PLUS, observer }, plain) })
    },
    observer,
    order(order = {}) {
      const { makeRepeatable } = smdp
      const parts = { operator, es2Plus, makeRepeatable }
      const named = order.smDs
      const addressed = named === undefined ? {} : { smDs: smdsAddressOf(smds, named) }
      const place = (): Promise<OrderedProfile> => orderProfile(parts, { ...order, ...addressed })
      const profileType = order.profileType ?? operator.file.profile.profileType
      // Only what an operator of the lab sells can be made anew; another type that has run out stays so.
      const { profile } = operator.operators.ofProfileType(profileType)
      return profile.profileType === profileType ? stocking.retry(place, profileType) : place()
    },
    importProfile: (given) => importProfile({ store, operator }, given),
    importedProfiles: (page) => store.read((db) => listImportedProfiles(db, page)),
    importedProfile: ({ iccid }) =>
      store.read((db) => findImportedProfile(db, normaliseIccid(iccid))),
    async loadScenario(json) {
      const scenario = parseScenario(json, { nowMs: environment.clock.nowMs() })
      const ownIccids = operator.file.ranges.iccid
      const random = environment.random.stream('scenario')
      const parts = { store, smdp, random, ownIccids }
      const loaded = await loadScenario(
        { ...parts, smdsAddress: (named) => smdsAddressOf(smds, named) },
        scenario,
      )
      es2PlusClients.set(scenario.name, scenario.clients)
      return loaded
    },
    es2PlusClients: () => [...es2PlusClients.values()].flat(),
    revoke: authority.revoke,
    revocationLists: authority.lists,
    isRevoked,
    addStock: stocking.add,
    manufacture: identity.manufacture,
    createPhone(phone = {}) {
      const name = phone.name ?? `phone-${++phones}`
      const { servingNetwork } = operator.network
      return assemblePhone({
        name,
        phone,
        identity,
        environment,
        observer,
        es9Plus,
        smdp,
        smds,
        servingNetwork,
        isRevoked,
      })
    },
    async close() {
      await store.close().finally(() => home?.release())
    },
  }
}

function toleratedTo(observer: Observer | undefined) {
  if (!observer) return undefined
  return ({ what, ...side }: SmdpTolerated): void =>
    observer({ ...side, direction: 'tolerated', message: what })
}

/** A kept lab that is opened again must not draw the numbers of its last run, so each opening has a stream of its own. */
function createEnvironment(options: LabOptions, home: Home | undefined): Environment {
  const clock = options.startAt ? manualClock(options.startAt) : systemClock()
  if (!home) return { clock, random: seededRandom(options.seed ?? EPHEMERAL_SEED) }
  if (options.seed === undefined) return { clock, random: systemRandom() }
  return { clock, random: seededRandom(options.seed).stream(`opening/${nextOpening(home)}`) }
}

function nextOpening(home: Home): number {
  const path = join(home.path, 'openings')
  const openings = Number(asBuffer(readIfThere(path) ?? hex('30')).toString('utf8')) + 1
  if (!Number.isSafeInteger(openings)) {
    throw new LabError(
      'damaged',
      `${path} should hold a number. Write one larger than ever before into it.`,
    )
  }
  replaceFile(path, String(openings))
  return openings
}

function databasePath(home: Home): string {
  const path = join(home.path, 'lab.sqlite')
  // SQLite gives its companion files the mode of the database; they hold Ki.
  if (!existsSync(path)) replaceFile(path, '')
  return path
}

/** The PKI of the directory, made when it has none. */
function keptPki(home: Home, environment: Environment): TestPki {
  const directory = join(home.path, 'pki')
  makeDirectory(directory)
  const files = Object.fromEntries(
    PKI_FILES.map((name) => [name, readIfThere(join(directory, name))] as const),
  )
  if (Object.values(files).some((octets) => octets !== undefined)) return loadPki(files)
  const pki = createTestPki({ random: environment.random })
  for (const [name, octets] of Object.entries(serialisePki(pki))) {
    replaceFile(join(directory, name), octets)
  }
  return pki
}

/** Profiles carry the public keys, so the private ones last as long as the lab. */
function keptSuciKeys(home: Home, { random }: Environment): readonly SuciKey[] {
  const path = join(home.path, 'suci-keys.json')
  const content = readIfThere(path)
  if (content) return parseSuciKeys(content)
  const keys = makeSuciKeys(random.stream('suci'))
  replaceFile(path, serialiseSuciKeys(keys))
  return keys
}

const STOCK_CHUNK = 2000
/** A type of which there has never been a profile is unknown to the SM-DP+. */
const OUT_OF_STOCK: readonly string[] = ['profileTypeUnavailable', 'profileTypeUnknown']

/** The operator's numbers and the SM-DP+'s profiles are one stock; what a crash left between them is made up for. */
function createStocking(parts: {
  readonly store: Store
  readonly operator: Operator
  readonly smdp: Smdp
  readonly batch: number
}) {
  const { store, operator, smdp, batch } = parts
  const adding = new Map<string, Promise<void>>()

  async function listAtSmdp(): Promise<void> {
    for (;;) {
      const unlisted = store.read((db) => unlistedProfiles(db, STOCK_CHUNK))
      const [first] = unlisted
      if (!first) return
      const { profileType } = first
      const iccids = unlisted.filter((p) => p.profileType === profileType).map((p) => p.iccid)
      await smdp.addProfiles({ iccids, profileType })
    }
  }

  async function add(count: number, profileType?: string): Promise<void> {
    await operator.stock({ count, ...(profileType !== undefined && { profileType }) })
    await listAtSmdp()
  }

  /** Once for all orders of a type that wait. */
  function addAnew(profileType: string): Promise<void> {
    const begun = adding.get(profileType)
    if (begun) return begun
    const work = add(Math.max(batch, 1), profileType).finally(() => adding.delete(profileType))
    adding.set(profileType, work)
    return work
  }

  return {
    add: (count: number) => add(count),
    async begin(): Promise<void> {
      if (operator.stockLevel().total === 0 && batch > 0) await add(batch)
      else await listAtSmdp()
    },
    /** Runs an order; while it fails for want of profiles, adds some: once for all orders that wait. */
    async retry<T>(work: () => Promise<T>, profileType: string): Promise<T> {
      for (;;) {
        try {
          return await work()
        } catch (error) {
          if (!(error instanceof RspError) || !OUT_OF_STOCK.includes(error.status ?? ''))
            throw error
          await addAnew(profileType)
        }
      }
    },
  }
}

/** A phone of a common kind: TAC of the test range (GSMA TS.06), LTE and 5G. */
export const TEST_DEVICE: DeviceInfo = {
  tac: hex('35290611'),
  deviceCapabilities: {
    gsmSupportedRelease: hex('050000'),
    utranSupportedRelease: hex('080000'),
    eutranEpcSupportedRelease: hex('0F0000'),
    nr5gcSupportedRelease: hex('0F0000'),
  },
}

function assemblePhone(parts: {
  readonly name: string
  readonly phone: PhoneOptions
  readonly identity: LabIdentity
  readonly environment: Environment
  readonly observer: Observer | undefined
  readonly es9Plus: Es9Plus
  readonly smdp: Smdp
  readonly smds: LabSmdss
  readonly servingNetwork: ServingNetwork
  readonly isRevoked: IsRevoked
}): Phone {
  const { name, phone, environment, observer } = parts
  const { curves, personality } = phone
  const eid = personality?.eid
  const card = { name, ...(curves && { curves }), ...(eid !== undefined && { eid }) }
  const storage = (phone.storage ?? memoryStorage)(parts.identity.manufacture(card))
  const random = environment.random.stream(`euicc/${name}`)
  const euicc = createEuicc({ storage, random, ...(personality && { personality }) })
  const client = es10Client(euicc)
  const lpa = createLpa({
    es10: observer ? observedEs10(observer, client) : client,
    es9Plus: phone.es9Plus ?? inProcess(parts),
    es11: phone.es11 ?? smdsInProcess(parts),
    clock: environment.clock,
    device: TEST_DEVICE,
    trustedCis: parts.identity.anchors,
    isRevoked: parts.isRevoked,
  })
  const modem = createModem({
    card: createApduCard({ euicc }),
    network: phone.network ?? parts.servingNetwork,
    random: environment.random.stream(`modem/${name}`),
  })
  return {
    ...lpa,
    name,
    eid: euicc.eid,
    euicc,
    get attachment() {
      return modem.attachment
    },
    attach: modem.attach,
    detach: modem.detach,
  }
}

/** The servers of this process by their addresses. */
function inProcess(parts: { readonly es9Plus: Es9Plus; readonly smdp: Smdp }) {
  return (address: string): Es9Plus => {
    if (sameAddress(address, parts.smdp.address)) return parts.es9Plus
    throw new LabError('unavailable', `no server of this lab has the address ${address}.`)
  }
}

/** An LPA learns from the certificate that a server shows whether it is an SM-DP+; the rest of ES11 is not for those. */
function smdsInProcess(parts: {
  readonly es9Plus: Es9Plus
  readonly smdp: Smdp
  readonly smds: LabSmdss
}) {
  return (address: string): Es11 => {
    if (!sameAddress(address, parts.smdp.address)) return smdsAt(parts.smds, address).es11
    return {
      initiateAuthentication: parts.es9Plus.initiateAuthentication,
      authenticateClient: () =>
        Promise.reject(new LabError('unavailable', `${address} is no SM-DS.`)),
    }
  }
}
