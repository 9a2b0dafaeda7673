/** The home network's keys for concealed identities, and the SIDF that reveals them (3GPP TS 33.501 §6.12.5, annex C). */

import { bcdToDigits } from '../base/bcd.ts'
import type { Random } from '../base/environment.ts'
import { LabError, messageOf } from '../base/errors.ts'
import { jsonFields } from '../base/json-fields.ts'
import { asBuffer, fromHex, toHex, utf8 } from '../base/octets.ts'
import {
  generateSuciKeyPair,
  revealSupi,
  SUCI_SCHEMES,
  suciKeyPair,
  type SuciProfile,
} from '../crypto/suci.ts'
import { imsiOfSupi, parseSuci, type Suci } from '../nas/suci.ts'

/** A public key as EF.SUCI_Calc_Info has it (TS 31.102 §4.4.11.8). */
export interface SuciPublicKey {
  /** Home network public key identifier, 1 to 255. */
  readonly id: number
  readonly profile: SuciProfile
  /** 32 octets with profile A; 33, a compressed point, with profile B. */
  readonly publicKey: Uint8Array
}

export interface SuciKey extends SuciPublicKey {
  /** 32 octets. */
  readonly privateKey: Uint8Array
}

/** Why an identity is not revealed: `reason` of the `LabError`. */
export const SIDF_REFUSALS = {
  notAnIdentity: 'The identity is neither imsi-<digits> nor suci-0-….',
  unsupportedProtectionScheme: 'There is no such protection scheme here: 0, 1 and 2 are.',
  invalidHnPublicKeyIdentifier: 'The home network has no key with this identifier and scheme.',
  invalidSchemeOutput: 'The scheme output was not made for the key that it names.',
} as const

type SidfRefusal = keyof typeof SIDF_REFUSALS

export interface Sidf {
  readonly publicKeys: readonly SuciPublicKey[]
  /**
   * The SUPI, `imsi-<digits>`, of a SUCI; a SUPI is its own.
   * @throws {LabError} badInput, reason `notAnIdentity`; refused, another reason of `SIDF_REFUSALS`
   */
  supiOf(supiOrSuci: string): string
}

const PROFILES: readonly SuciProfile[] = ['profileA', 'profileB']

/** A key of each profile, A with the identifier 1 and B with 2. */
export function makeSuciKeys(random: Random): readonly SuciKey[] {
  return PROFILES.map((profile, at) => ({
    id: at + 1,
    profile,
    ...generateSuciKeyPair({ profile, random }),
  }))
}

/** The keys as a file keeps them. */
export function serialiseSuciKeys(keys: readonly SuciKey[]): string {
  const inFile = keys.map(({ id, profile, privateKey }) => ({
    id,
    profile,
    privateKey: toHex(privateKey),
  }))
  return `${JSON.stringify({ keys: inFile }, null, 1)}\n`
}

/** @throws {LabError} damaged — not what `serialiseSuciKeys` has written */
export function parseSuciKeys(content: Uint8Array): readonly SuciKey[] {
  try {
    const json: unknown = JSON.parse(asBuffer(content).toString('utf8'))
    return jsonFields(json, { path: 'SUCI keys', isWhole: true }).list('keys', readKey)
  } catch (error) {
    throw new LabError(
      'damaged',
      `the file of the SUCI keys cannot be read: ${messageOf(error)}. Without it, profiles that know its public keys cannot register.`,
      { cause: error },
    )
  }
}

function readKey(value: unknown, path: string): SuciKey {
  const fields = jsonFields(value, { path })
  const profile = fields.oneOf('profile', PROFILES)
  const id = fields.integer('id', { min: 1, max: 255 })
  const digits = fields.text('privateKey', { pattern: /^[0-9A-Fa-f]{64}$/, expected: '32 octets' })
  return { id, profile, ...suciKeyPair({ profile, privateKey: fromHex(digits) ?? utf8('') }) }
}

export function createSidf(keys: readonly SuciKey[]): Sidf {
  return {
    publicKeys: keys.map(({ id, profile, publicKey }) => ({ id, profile, publicKey })),
    supiOf(supiOrSuci) {
      if (imsiOfSupi(supiOrSuci) !== undefined) return supiOrSuci
      const suci = parseSuci(supiOrSuci)
      if (!suci) throw refusal('notAnIdentity')
      return `imsi-${suci.mcc}${suci.mnc}${msinOf(keys, suci)}`
    },
  }
}

/** The checks in their order: scheme, key, output, and that digits come out. */
function msinOf(keys: readonly SuciKey[], suci: Suci): string {
  const scheme = SUCI_SCHEMES[suci.scheme]
  if (scheme === undefined) throw refusal('unsupportedProtectionScheme')
  const plain = scheme === 'null' ? suci.output : revealed(keys, { scheme, suci })
  const msin = bcdToDigits(plain)
  if (msin === undefined || !/^[0-9]{1,10}$/.test(msin)) throw refusal('invalidSchemeOutput')
  return msin
}

function revealed(
  keys: readonly SuciKey[],
  { scheme, suci }: { readonly scheme: SuciProfile; readonly suci: Suci },
): Uint8Array {
  const key = keys.find(
    ({ id, profile }) => id === suci.homeNetworkPublicKeyId && profile === scheme,
  )
  if (!key) throw refusal('invalidHnPublicKeyIdentifier')
  const { output } = suci
  const opened = revealSupi({ scheme, output, homeNetworkPrivateKey: key.privateKey })
  if (!opened.ok) throw refusal('invalidSchemeOutput')
  return opened.plain
}

function refusal(reason: SidfRefusal): LabError {
  const code = reason === 'notAnIdentity' ? 'badInput' : 'refused'
  return new LabError(code, SIDF_REFUSALS[reason], { field: 'supiOrSuci', reason })
}
