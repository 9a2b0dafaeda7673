/**
 * The sequences of SGP.23 v1.15 for SM-DP+ and SM-DS, by section and number: what `docs/coverage.md` counts against.
 *
 * Titles are ours. Where public texts give a section and no numbers, the numbers are left out, and the sequences are those
 * that the codes of SGP.22's tables and its procedures ask for.
 */

import { ES2PLUS_SECTIONS, ES8PLUS_SECTIONS, SMDS_SECTIONS } from './catalogue-titles.ts'

export interface Sequence {
  /** As SGP.23 counts; several under one where the text at hand does not tell them apart. */
  readonly number: string
  readonly title: string
  /** What the page calls it where it has no number; its title unless told. */
  readonly label?: string
  /** Why there is no test of it yet. */
  readonly missing?: string
}

export interface Section {
  readonly section: string
  readonly name: string
  readonly sequences: readonly Sequence[]
  /** Why none of them is tested. */
  readonly missing?: string
}

const INITIATE: readonly Sequence[] = [
  { number: '01', title: 'nominal' },
  { number: '02', title: 'TransactionID and challenge differ each time' },
  { number: '03', title: 'another address, 8.8.1/3.8' },
  { number: '04', title: 'no CI for signing that is supported, 8.8.2/3.1' },
  { number: '05', title: 'versions 1.0.0 and 3.0.0, 8.8.3/3.1' },
  { number: '06', title: 'no certificate under the CI for verification, 8.8.4/3.7' },
  { number: '07', title: 'nominal, eUICC of version 2.2.1' },
  { number: '08', title: 'nominal, eUICC of version 2.2.2' },
  { number: '09', title: 'nominal, eUICC of version 2.3.0' },
]

export const CATALOGUE: readonly Section[] = [
  ...ES2PLUS_SECTIONS,
  ...ES8PLUS_SECTIONS,
  { section: '4.3.12.2.1', name: 'ES9+.InitiateAuthentication, NIST', sequences: INITIATE },
  {
    section: '4.3.12.2.2',
    name: 'ES9+.InitiateAuthentication, FRP256V1',
    sequences: INITIATE,
    missing: 'the curve is not in Node',
  },
  { section: '4.3.12.2.3', name: 'ES9+.InitiateAuthentication, Brainpool', sequences: INITIATE },
  {
    section: '4.3.13.2.1',
    name: 'ES9+.GetBoundProfilePackage',
    sequences: [
      { number: '01', title: 'session keys, no Confirmation Code' },
      { number: '02', title: 'session keys, Confirmation Code' },
      { number: '03', title: 'Profile Protection Keys, no Confirmation Code' },
      { number: '04', title: 'Profile Protection Keys, Confirmation Code' },
      { number: '05', title: 'session keys, metadata over two segments' },
      { number: '06', title: 'Profile Protection Keys, metadata over two segments' },
    ],
  },
  {
    section: '4.3.13.2.4',
    name: 'ES9+.GetBoundProfilePackage, retry',
    sequences: [
      { number: '01', title: 'same one-time key, session keys, no Confirmation Code' },
      { number: '02', title: 'same one-time key, session keys, Confirmation Code' },
      { number: '03', title: 'same one-time key, Profile Protection Keys' },
      { number: '04', title: 'same one-time key, Profile Protection Keys, Confirmation Code' },
      { number: '05', title: 'new one-time key, session keys, no Confirmation Code' },
      { number: '06', title: 'new one-time key, session keys, Confirmation Code' },
      { number: '07', title: 'new one-time key, Profile Protection Keys' },
      { number: '08', title: 'new one-time key, Profile Protection Keys, Confirmation Code' },
      { number: '09', title: 'another Confirmation Code after a wrong one' },
    ],
  },
  {
    section: '4.3.13.2.7',
    name: 'ES9+.GetBoundProfilePackage, another one-time key',
    sequences: [
      { number: '01', title: 'refused, session keys, no Confirmation Code, 8.2/3.7' },
      { number: '02', title: 'refused, session keys, Confirmation Code, 8.2/3.7' },
      { number: '03', title: 'refused, Profile Protection Keys, 8.2/3.7' },
      { number: '04', title: 'refused, Profile Protection Keys, Confirmation Code, 8.2/3.7' },
    ],
  },
  {
    section: '4.3.13.2.10',
    name: 'ES9+.GetBoundProfilePackage, errors',
    sequences: [
      { number: '01', title: 'wrong signature of the eUICC, 8.1/6.1' },
      { number: '02-03', title: 'unknown TransactionID, 8.10.1/3.9' },
      { number: '04', title: 'no Confirmation Code, 8.2.7/2.2' },
      { number: '05', title: 'wrong Confirmation Code, 8.2.7/3.8' },
    ],
  },
  {
    section: '4.3.14.2.1',
    name: 'ES9+.AuthenticateClient',
    sequences: [
      { number: '01', title: 'default SM-DP+' },
      { number: '02', title: 'default SM-DP+, Confirmation Code' },
      { number: '03', title: 'second attempt after a MatchingID that was refused' },
      { number: '05-06', title: 'SM-DS, without and with MatchingID' },
      { number: '08', title: 'activation code, order for the EID' },
      { number: '09', title: 'activation code, order for the EID, Confirmation Code' },
      { number: '11', title: 'activation code, order for any EID' },
      { number: '12', title: 'activation code, order for any EID, Confirmation Code' },
      { number: '14-18', title: 'MatchingID left out or empty' },
      { number: '19', title: 'capabilities that are not known' },
      { number: '20', title: 'DeviceInfo with elements that are not known' },
      { number: '21', title: 'EUICCInfo2 with elements that are not known' },
    ],
  },
  {
    section: '4.3.14.2.2',
    name: 'ES9+.AuthenticateClient, errors',
    sequences: [
      { number: '01', title: 'invalid EUM certificate, 8.1.2/6.1' },
      { number: '02', title: 'expired EUM certificate, 8.1.2/6.3' },
      { number: '03', title: 'invalid eUICC certificate, 8.1.3/6.1' },
      { number: '04', title: 'expired eUICC certificate, 8.1.3/6.3' },
      { number: '05', title: 'wrong signature of the eUICC, 8.1/6.1' },
      { number: '06', title: 'another serverChallenge, 8.1/6.1' },
      { number: '07', title: 'unknown CI, 8.11.1/3.9' },
      { number: '08', title: 'profile not released, 8.2/1.2' },
      { number: '09', title: 'unknown TransactionID, 8.10.1/3.9' },
      { number: '10', title: 'another TransactionID in what is signed, 8.10.1/3.9' },
      { number: '11-13', title: 'MatchingID of no pending order, 8.2.6/3.8' },
      { number: '14', title: 'default SM-DP+, no order for the EID, 8.1.1/3.8' },
      { number: '15', title: 'profile with PPR1 where it is forbidden, 8.2.5/4.3' },
      { number: '16', title: 'order expired, 8.8.5/4.10' },
      { number: '17', title: 'too many attempts, 8.8.5/6.4' },
      { number: '19', title: 'SM-DS, order for another EID, 8.1.1/3.8' },
      { number: '20', title: 'activation code, order for another EID, 8.1.1/3.8' },
      { number: '21', title: 'order that another eUICC has begun, 8.1.1/3.8' },
    ],
  },
  {
    section: '4.3.14.2.6',
    name: 'ES9+.AuthenticateClient, retry',
    sequences: [{ number: '01', title: 'the one-time key of the first attempt is offered again' }],
  },
  {
    section: '4.3.15.2.1',
    name: 'ES9+.HandleNotification',
    sequences: [
      { number: '01', title: 'installed, and every other notification' },
      { number: '02', title: 'another signed notification' },
      { number: '03', title: 'result with an unknown TransactionID' },
      { number: '04', title: 'result incorrectInputValues' },
      { number: '05', title: 'result invalidSignature' },
      { number: '06', title: 'result unsupportedCrtValues' },
      { number: '07', title: 'result unsupportedRemoteOperationType' },
      { number: '08', title: 'result unsupportedProfileClass' },
      { number: '09', title: 'result scp03tStructureError' },
      { number: '10', title: 'result scp03tSecurityError' },
      { number: '11', title: 'result installFailedDueToIccidAlreadyExistsOnEuicc' },
      { number: '12', title: 'result installFailedDueToInsufficientMemoryForProfile' },
      { number: '13', title: 'result installFailedDueToInterruption' },
      { number: '14', title: 'result installFailedDueToPEProcessingError' },
      { number: '15', title: 'result installFailedDueToDataMismatch' },
      { number: '16', title: 'result testProfileInstallFailedDueToInvalidNaaKey' },
      { number: '17', title: 'result pprNotAllowed' },
      { number: '18', title: 'result installFailedDueToUnknownError' },
    ],
  },
  {
    section: '4.3.16.2.1',
    name: 'ES9+.CancelSession after AuthenticateClient',
    sequences: [
      { number: '01', title: 'endUserRejection' },
      { number: '02', title: 'postponed' },
      { number: '03', title: 'timeout' },
      { number: '04', title: 'pprNotAllowed' },
      { number: '05', title: 'undefinedReason' },
      { number: '06', title: 'unknown TransactionID, 8.10.1/3.9' },
      { number: '07', title: 'another TransactionID in what is signed, 8.10.1/3.9' },
      { number: '08', title: 'wrong signature of the eUICC, 8.1/6.1' },
      { number: '09', title: 'OID of another SM-DP+, 8.8/3.10' },
    ],
  },
  {
    section: '4.3.16.2.2',
    name: 'ES9+.CancelSession after GetBoundProfilePackage',
    sequences: [
      { number: '', title: 'endUserRejection' },
      { number: '', title: 'postponed' },
      { number: '', title: 'timeout' },
      { number: '', title: 'pprNotAllowed' },
      { number: '', title: 'metadataMismatch' },
      { number: '', title: 'loadBppExecutionError' },
      { number: '', title: 'undefinedReason' },
    ],
  },
  {
    section: '4.3.17',
    name: 'TLS of ES9+, server authentication',
    sequences: [
      { number: '', title: 'NIST' },
      { number: '', title: 'Brainpool' },
    ],
  },
  ...SMDS_SECTIONS,
]

/** How a sequence is named in tests and on the page. */
export function nameOf(section: string, { number, title }: Sequence): string {
  return number === '' ? `${section} ${title}` : `${section} #${number} ${title}`
}
