/** The numbers and keys an operator has in stock: one row for each profile it can sell. */

import { luhnDigit } from '../base/bcd.ts'
import type { Random } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import type { Connection, Store } from './engine.ts'

/** Where an operator's numbers come from: a prefix, filled up with a serial number to a total number of digits. */
export interface NumberRange {
  readonly prefix: string
  /** All digits, the prefix and (for ICCIDs) the check digit included. */
  readonly digits: number
}

export interface NumberRanges {
  readonly iccid: NumberRange
  readonly imsi: NumberRange
  readonly msisdn: NumberRange
}

/** What a profile is personalised with. Ki, OPc and the keys over the air are secrets: no answer to a client carries them. */
export interface InventoryItem {
  readonly iccid: string
  readonly imsi: string
  readonly msisdn: string
  readonly ki: Uint8Array
  readonly opc: Uint8Array
  readonly pin: string
  readonly pin2: string
  readonly puk: string
  readonly puk2: string
  readonly adm: string
  /** Six keys of 16 octets, one behind the other. */
  readonly otaKeys: Uint8Array
  readonly profileType: string
  /** Whether a subscription has been opened on it. */
  readonly taken: boolean
}

/** How many profiles are in stock, and how many of them are sold. */
export interface StockLevel {
  readonly total: number
  readonly taken: number
}

/** How long the secrets of the operator's algorithm are: Milenage's unless told. */
export interface KeyLengths {
  readonly kiOctets: 16 | 32
  readonly opcOctets: 16 | 32
}

const MILENAGE_LENGTHS: KeyLengths = { kiOctets: 16, opcOctets: 16 }

const CHUNK_ROWS = 2000

/**
 * Makes a run of new numbers and keys and settles when all are on disk. Returns the first and the last ICCID made.
 *
 * Goes in chunks, each a command of its own, so that others are served in between and nothing piles up in memory.
 * @throws {LabError} badInput — the count is not a whole number from 1 on; conflict — the ranges have fewer numbers left
 */
export async function stockNumbers(
  store: Store,
  run: {
    readonly count: number
    readonly profileType: string
    /** Whose numbers they are; `lab` unless told. */
    readonly operator?: string
    readonly ranges: NumberRanges
    readonly random: Random
    readonly keyLengths?: KeyLengths
  },
): Promise<{ readonly count: number; readonly firstIccid: string; readonly lastIccid: string }> {
  if (!Number.isSafeInteger(run.count) || run.count < 1) {
    throw new LabError('badInput', `count must be a whole number from 1 on, got ${run.count}`, {
      field: 'count',
    })
  }
  let firstIccid = ''
  let lastIccid = ''
  for (let left = run.count; left > 0; left -= CHUNK_ROWS) {
    const rows = Math.min(left, CHUNK_ROWS)
    const chunk = await store.write((db) => insertChunk(db, { ...run, rows, left }))
    firstIccid ||= chunk.firstIccid
    lastIccid = chunk.lastIccid
  }
  return { count: run.count, firstIccid, lastIccid }
}

/** The number in stock with this ICCID, without filler. */
export function findByIccid(db: Connection, iccid: string): InventoryItem | undefined {
  return itemFromRow(db.sql<Row>(`SELECT * FROM inventory WHERE iccid = ?`).get(iccid))
}

/** The number in stock with this MSISDN. */
export function findByMsisdn(db: Connection, msisdn: string): InventoryItem | undefined {
  return itemFromRow(
    db.sql<Row>(`SELECT * FROM inventory WHERE msisdn = ? AND retired = 0`).get(msisdn),
  )
}

/** Whose a profile in stock or an imported one is: the id of its operator; none where nobody was named. */
export function operatorOf(db: Connection, iccid: string): string | undefined {
  return db
    .sql<{ operator: string }>(
      `SELECT operator FROM inventory WHERE iccid = ?
       UNION ALL SELECT operator FROM imported_profiles WHERE iccid = ? AND operator IS NOT NULL`,
    )
    .get(iccid, iccid)?.operator
}

/** The next number in stock on which no subscription has been opened, in the order in which they were made. */
export function nextFree(db: Connection, profileType: string): InventoryItem | undefined {
  return itemFromRow(
    db
      .sql<Row>(
        `SELECT * FROM inventory WHERE profile_type = ? AND taken = 0 ORDER BY serial LIMIT 1`,
      )
      .get(profileType),
  )
}

/** Marks a number as sold. Part of the command that opens the subscription. */
export function take(db: Connection, iccid: string): void {
  db.sql(`UPDATE inventory SET taken = 1 WHERE iccid = ?`).run(iccid)
}

/** Counts the stock, of one operator or of all. */
export function stockLevel(db: Connection, operator?: string): StockLevel {
  return db
    .sql<StockLevel>(
      `SELECT count(*) AS total, coalesce(sum(taken), 0) AS taken FROM inventory
       WHERE ? IS NULL OR operator = ?`,
    )
    .get(operator ?? null, operator ?? null) as StockLevel
}

/**
 * Makes a new profile for a number whose last profile is retired, and returns its ICCID: new ICCID, IMSI and keys, and
 * nothing of the old ones. Part of the command that recycles the number.
 */
export function restockNumber(
  db: Connection,
  of: {
    readonly msisdn: string
    readonly operator: string
    readonly profileType: string
    readonly ranges: NumberRanges
    readonly random: Random
    readonly keyLengths?: KeyLengths
  },
): string {
  db.sql(`UPDATE inventory SET retired = 1 WHERE msisdn = ?`).run(of.msisdn)
  return insertChunk(db, { ...of, rows: 1, left: 1 }).firstIccid
}

function insertChunk(
  db: Connection,
  chunk: {
    readonly rows: number
    readonly left: number
    readonly profileType: string
    readonly operator?: string
    /** The number of a single row, in place of the next one of the range. */
    readonly msisdn?: string
    readonly ranges: NumberRanges
    readonly random: Random
    readonly keyLengths?: KeyLengths
  },
): { readonly firstIccid: string; readonly lastIccid: string } {
  const operator = chunk.operator ?? DEFAULT_OPERATOR
  const first = nextInRange(db, operator)
  requireRoom(chunk.ranges, { first, left: chunk.left })
  // A stream for each chunk: a lab that is opened again with its old seed must not deal the same keys twice.
  const owner = operator === DEFAULT_OPERATOR ? '' : `${operator}/`
  const random = chunk.random.stream(`inventory/${owner}${first}`)
  const insert = db.sql(
    `INSERT INTO inventory
       (iccid, imsi, msisdn, ki, opc, pin, puk, adm, profile_type, pin2, puk2, ota_keys, operator, number_in_range)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const { kiOctets, opcOctets } = chunk.keyLengths ?? MILENAGE_LENGTHS
  const iccids = { firstIccid: '', lastIccid: '' }
  for (let number = first; number < first + chunk.rows; number++) {
    const iccid = iccidOf(chunk.ranges.iccid, number)
    insert.run(
      iccid,
      numberOf(chunk.ranges.imsi, number),
      chunk.msisdn ?? numberOf(chunk.ranges.msisdn, number),
      random.bytes(kiOctets),
      random.bytes(opcOctets),
      randomDigits(random, 4),
      randomDigits(random, 8),
      randomDigits(random, 8),
      chunk.profileType,
      randomDigits(random, 4),
      randomDigits(random, 8),
      random.bytes(OTA_KEYS_OCTETS),
      operator,
      number,
    )
    iccids.firstIccid ||= iccid
    iccids.lastIccid = iccid
  }
  return iccids
}

/** Whose numbers and profiles are that nobody was named for. */
export const DEFAULT_OPERATOR = 'lab'

const OTA_KEYS_OCTETS = 96

function nextInRange(db: Connection, operator: string): number {
  const row = db
    .sql<{ next: number }>(
      `SELECT coalesce(max(number_in_range), 0) + 1 AS next FROM inventory WHERE operator = ?`,
    )
    .get(operator)
  return row?.next ?? 1
}

function requireRoom(
  ranges: NumberRanges,
  need: { readonly first: number; readonly left: number },
): void {
  const last = need.first + need.left - 1
  const serialDigits = Math.min(
    ranges.iccid.digits - 1 - ranges.iccid.prefix.length,
    ranges.imsi.digits - ranges.imsi.prefix.length,
    ranges.msisdn.digits - ranges.msisdn.prefix.length,
  )
  if (last < 10 ** serialDigits) return
  const left = Math.max(0, 10 ** serialDigits - need.first)
  throw new LabError('conflict', `the operator's number ranges have ${left} numbers left`, {
    field: 'count',
  })
}

function iccidOf(range: NumberRange, serial: number): string {
  const body = numberOf({ prefix: range.prefix, digits: range.digits - 1 }, serial)
  return `${body}${luhnDigit(body)}`
}

function numberOf(range: NumberRange, serial: number): string {
  return range.prefix + String(serial).padStart(range.digits - range.prefix.length, '0')
}

function randomDigits(random: Random, length: number): string {
  return String(random.below(10 ** length)).padStart(length, '0')
}

interface Row {
  readonly iccid: string
  readonly imsi: string
  readonly msisdn: string
  readonly ki: Buffer
  readonly opc: Buffer
  readonly pin: string
  readonly puk: string
  readonly adm: string
  readonly pin2: string
  readonly puk2: string
  readonly ota_keys: Buffer
  readonly profile_type: string
  readonly taken: number
}

function itemFromRow(row: Row | undefined): InventoryItem | undefined {
  if (!row) return undefined
  const { iccid, imsi, msisdn, ki, opc, pin, pin2, puk, puk2, adm } = row
  return {
    iccid,
    imsi,
    msisdn,
    ki,
    opc,
    pin,
    pin2,
    puk,
    puk2,
    adm,
    otaKeys: row.ota_keys,
    profileType: row.profile_type,
    taken: row.taken === 1,
  }
}

/** ICCIDs of the stock that the SM-DP+ does not list yet, at most `limit`, by type. */
export function unlistedProfiles(
  db: Connection,
  limit: number,
): { readonly iccid: string; readonly profileType: string }[] {
  return db
    .sql<{ iccid: string; profileType: string }>(
      `SELECT iccid, profile_type AS profileType FROM inventory
       WHERE NOT EXISTS (SELECT 1 FROM profiles WHERE profiles.iccid = inventory.iccid)
       ORDER BY serial LIMIT ?`,
    )
    .all(limit)
}
