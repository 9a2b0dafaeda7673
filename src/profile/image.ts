/**
 * A profile as a card has it once its elements are executed: files, codes, keys and applications.
 *
 * It is plain data that a card reads and changes in place. `buildProfile` makes it from a package; what a subscriber or
 * a network changes later is kept beside the package as `ProfileChanges` and put on again when the card starts.
 */

import type { AkaAlgorithm } from '../crypto/aka.ts'

export type { AkaAlgorithm }

/** One EF.ARR record that says who may do what: ETSI TS 102 221 §9.2.7. */
export interface AccessRuleReference {
  /** `2F06` for the MF, ADFs and files directly under the MF, else `6F06`, unless the package names another. */
  readonly arrFileId: number
  readonly record: number
}

interface FileBase {
  /** Two octets; of an ADF the temporary one that the package gave it. */
  readonly fileId: number
  /** Life cycle status (ETSI TS 102 221 §11.1.1.4.9): 5 activated, 4 deactivated, 3 initialisation, 1 creation, 12 terminated. */
  lifeCycle: number
  /** Absent: nobody is kept away, and nobody but the card's maker may write. */
  readonly accessRule: AccessRuleReference | undefined
}

/** MF, DF or ADF. */
export interface Directory extends FileBase {
  readonly kind: 'mf' | 'df' | 'adf'
  /** The AID of an ADF. */
  readonly aid?: Uint8Array
  /** PIN status template DO (tag C6), the value as the package has it: usage qualifiers and key references (ETSI TS 102 221 §11.1.1.4.10). */
  readonly pinStatus: Uint8Array
  readonly parent: Directory | undefined
  /** In the order of creation; EFs, DFs, and, in the MF, the ADFs too. */
  readonly files: ProfileFile[]
  /** The codes that were defined in this directory; a directory without its own uses its parent's. */
  codes: SecretCode[]
  /** PUKs, of the MF or of an ADF, by key reference. */
  unblockCodes: SecretCode[]
}

export interface ElementaryFile extends FileBase {
  readonly kind: 'transparent' | 'linearFixed' | 'cyclic' | 'berTlv'
  /** 1 to 30. */
  readonly shortFileId?: number
  /** Of linear fixed and cyclic files. */
  readonly recordOctets?: number
  /** The file descriptor's octets as FCP shows them (tag 82). */
  readonly descriptor: Uint8Array
  /** Shared by the files that are linked with each other; its length never changes, but for BER-TLV files. */
  readonly body: { octets: Uint8Array }
  /** Special file information (tag C0 within A5): `40` high update activity, `80` readable and updatable when deactivated. */
  readonly specialInformation: number
  readonly parent: Directory
}

export type ProfileFile = Directory | ElementaryFile

/** A PIN, an administrative code or a PUK (TCA PINConfiguration, PUKConfiguration). */
export interface SecretCode {
  /** `01`–`08` application PINs, `81`–`88` second PINs, `0A`–`0E` and `8A`–`8E` administrative. */
  readonly keyReference: number
  /** Eight octets, filled with `FF`. */
  value: Uint8Array
  readonly triesMax: number
  triesLeft: number
  isEnabled: boolean
  /** `pinAttributes` as the package has it: 1 enabled, 2 may be changed, 4 may be disabled. */
  readonly attributes: number
  /** The PUK's key reference; absent: it cannot be unblocked. */
  readonly unblockedBy?: number
}

/** PE-AKAParameter, executed: how the USIM or ISIM made last authenticates. */
export interface AuthenticationParameters {
  readonly algorithm: AkaAlgorithm
  /** As the package has it: which of the two limits hold. */
  readonly sqnOptions: number
  /** Largest step ahead that is accepted, in SEQ (3GPP TS 33.102 C.2.1, Δ). */
  readonly sqnDelta: bigint
  /** Largest age that is accepted, in SEQ (3GPP TS 33.102 C.2.2, L). */
  readonly sqnAgeLimit: bigint
  /** The highest SEQ accepted, by IND: 32 entries of 43 bits. Applications that share it have the same array. */
  readonly sqn: bigint[]
}

/** A network access application: an ADF and how it authenticates. */
export interface NetworkAccessApplication {
  readonly kind: 'usim' | 'isim' | 'other'
  readonly adf: Directory
  authentication: AuthenticationParameters | undefined
}

/** A key of a security domain (GlobalPlatform). */
export interface SecurityDomainKey {
  readonly versionNumber: number
  readonly identifier: number
  /** `88` AES, `80` DES, and so on, with the component's octets. */
  readonly components: readonly { readonly type: number; readonly octets: Uint8Array }[]
}

export interface SecurityDomain {
  /** The AID of the instance. */
  readonly aid: Uint8Array
  readonly keys: readonly SecurityDomainKey[]
}

/** What else can be selected or addressed over the air: applets and remote file management. */
export interface CardApplication {
  readonly kind: 'rfm' | 'application'
  readonly aid: Uint8Array
  /** Toolkit application references of three octets. */
  readonly tars: readonly Uint8Array[]
}

export interface ProfileImage {
  readonly mf: Directory
  readonly naas: readonly NetworkAccessApplication[]
  readonly securityDomains: readonly SecurityDomain[]
  readonly applications: readonly CardApplication[]
}
