/** The sections of which the texts at hand have no numbers. The SM-DS's are all in 4.5. */

import type { Section } from './catalogue.ts'

export const ES2PLUS_SECTIONS: readonly Section[] = [
  section('4.3.1', 'ES2+.DownloadOrder', [
    'by ICCID, without and with EID',
    'by profile type',
    'unknown ICCID, 8.2.1/3.9',
    'profile of another caller, 8.2.1/1.2',
    'profile in use, 8.2.1/3.3',
    'unknown profile type, 8.2.5/3.9',
    'profile type for other callers, 8.2.5/1.2',
    'profile type used up, 8.2.5/3.7',
    'ICCID of another profile type, 8.2.5/3.8',
  ]),
  section('4.3.2', 'ES2+.ConfirmOrder', [
    'MatchingID made by the SM-DP+',
    'MatchingID given, with releaseFlag',
    'default SM-DP+, empty MatchingID',
    'with an SM-DS',
    'unknown ICCID, 8.2.1/3.9',
    'profile of another caller, 8.2.1/1.2',
    'MatchingID of another order, 8.2.6/3.3',
    'SM-DS that is not there, 8.9/5.1',
    'SM-DS that refuses, 8.9/4.2',
    'no EID for an empty MatchingID or an SM-DS, 8.1.1/2.2',
    'another EID than ordered, 8.1.1/3.10',
  ]),
  section('4.3.3', 'ES2+.CancelOrder', [
    'Available again',
    'Unavailable for good',
    'unknown ICCID, 8.2.1/3.9',
    'profile of another caller, 8.2.1/1.2',
    'profile that was downloaded, 8.2.1/3.3',
    'another EID, 8.2.1/3.10',
    'another MatchingID, 8.2.6/3.10',
  ]),
  section('4.3.4', 'ES2+.ReleaseProfile', [
    'nominal, and once more',
    'unknown ICCID, 8.2.1/3.9',
    'profile of another caller, 8.2.1/1.2',
    'order that was not confirmed, 8.2.1/3.5',
  ]),
  section('4.3.5', 'ES2+.HandleDownloadProgressInfo', [
    'a download that succeeds',
    'a user who rejects, 8.8.5/3.8',
    'a wrong Confirmation Code, 8.2.7/3.8',
  ]),
  section('4.3.6', 'TLS of ES2+, mutual authentication', ['NIST', 'no client certificate']),
]

export const ES8PLUS_SECTIONS: readonly Section[] = [
  section('4.3.7', 'ES8+.InitialiseSecureChannel', ['nominal']),
  section('4.3.8', 'ES8+.ConfigureISDP', ['nominal']),
  section('4.3.9', 'ES8+.StoreMetadata', ['nominal']),
  section('4.3.10', 'ES8+.ReplaceSessionKeys', ['session keys', 'Profile Protection Keys']),
  section('4.3.11', 'ES8+.LoadProfileElements', ['session keys', 'Profile Protection Keys']),
]

export const SMDS_SECTIONS: readonly Section[] = [
  section('4.5', 'ES11.InitiateAuthentication', [
    'nominal',
    'TransactionID and challenge differ',
    'another address, 8.9.1/3.8',
    'no CI for signing that is supported, 8.9.2/3.1',
    'version 1.0.0, 8.9.3/3.1',
    'version 3.0.0, 8.9.3/3.1',
    'no certificate under the CI for verification, 8.9.4/3.7',
  ]),
  section('4.5', 'ES11.AuthenticateClient', [
    'nominal, all events without a MatchingID',
    'nominal, all events with an empty MatchingID',
    'nominal, one event',
    'no such event, 8.9.5/3.9',
    'EUM certificate for another use, 8.1.2/6.1',
    'EUM certificate expired, 8.1.2/6.3',
    'eUICC certificate for another use, 8.1.3/6.1',
    'eUICC certificate expired, 8.1.3/6.3',
    'wrong signature, 8.1/6.1',
    'another server challenge, 8.1/6.1',
    'unknown TransactionID, 8.10.1/3.9',
    'EUM under an unknown CI, 8.11.1/3.9',
  ]),
  section('4.5', 'ES12.RegisterEvent', [
    'nominal, root SM-DS',
    'nominal, alternative SM-DS without cascade',
    'nominal, alternative SM-DS with cascade',
    'EventID twice, root SM-DS, 8.9.5/3.3',
    'EventID twice, alternative SM-DS, 8.9.5/3.3',
    'the root SM-DS is not there, 8.9/5.1',
    'the root SM-DS has an error, 8.9/4.2',
  ]),
  section('4.5', 'ES12.DeleteEvent', [
    'nominal, root SM-DS',
    'nominal, alternative SM-DS',
    'event of another SM-DP+, root SM-DS, 8.9.5/3.9',
    'event of another SM-DP+, alternative SM-DS, 8.9.5/3.9',
    'event that the root SM-DS does not know any more',
    'the root SM-DS is not there, 8.9/5.1',
    'the root SM-DS has an error, 8.9/4.2',
  ]),
  section('4.5', 'ES15.RegisterEvent and ES15.DeleteEvent', ['nominal, by an SM-DS']),
]

// oxlint-disable-next-line max-params -- a row of the table
function section(number: string, name: string, titles: readonly string[]): Section {
  const sequences = titles.map((title) => ({
    number: '',
    title: `${name}, ${title}`,
    label: title,
  }))
  return { section: number, name, sequences }
}
