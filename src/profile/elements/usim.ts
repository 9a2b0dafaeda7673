/**
 * Elements that make a USIM and the directories in it (TCA eUICC Profile Package, annex A; 3GPP TS 31.102).
 */

import { optional, type Infer } from '../../asn1/schema.ts'
import { automaticSequence } from '../automatic.ts'
import { File, optionalFiles, PEHeader, TemplateId } from '../file.ts'

/** PE-USIM: the USIM's directory and the files every USIM has. */
export const PeUsim = automaticSequence('PE-USIM', {
  usimHeader: PEHeader,
  templateID: TemplateId,
  adfUsim: File,
  efImsi: File,
  efArr: File,
  ...optionalFiles(['efKeys', 'efKeysPS', 'efHpplmn']),
  efUst: File,
  ...optionalFiles(['efFdn', 'efSms', 'efSmsp', 'efSmss']),
  efSpn: File,
  efEst: File,
  ...optionalFiles(['efStartHfn', 'efThreshold', 'efPsloci']),
  efAcc: File,
  ...optionalFiles(['efFplmn', 'efLoci', 'efAd']),
  efEcc: File,
  ...optionalFiles(['efNetpar', 'efEpsloci', 'efEpsnsc']),
})
export type PeUsim = Infer<typeof PeUsim>

/** PE-OPT-USIM: files a USIM may have. */
export const PeOptUsim = automaticSequence('PE-OPT-USIM', {
  optusimHeader: PEHeader,
  templateID: TemplateId,
  ...optionalFiles([
    'efLi',
    'efAcmax',
    'efAcm',
    'efGid1',
    'efGid2',
    'efMsisdn',
    'efPuct',
    'efCbmi',
    'efCbmid',
    'efSdn',
    'efExt2',
    'efExt3',
    'efCbmir',
    'efPlmnwact',
    'efOplmnwact',
    'efHplmnwact',
    'efDck',
    'efCnl',
    'efSmsr',
    'efBdn',
    'efExt5',
    'efCcp2',
    'efExt4',
    'efAcl',
    'efCmi',
    'efIci',
    'efOci',
    'efIct',
    'efOct',
    'efVgcs',
    'efVgcss',
    'efVbs',
    'efVbss',
    'efEmlpp',
    'efAaem',
    'efHiddenkey',
    'efPnn',
    'efOpl',
    'efMbdn',
    'efExt6',
    'efMbi',
    'efMwis',
    'efCfis',
    'efExt7',
    'efSpdi',
    'efMmsn',
    'efExt8',
    'efMmsicp',
    'efMmsup',
    'efMmsucp',
    'efNia',
    'efVgcsca',
    'efVbsca',
    'efGbabp',
    'efMsk',
    'efMuk',
    'efEhplmn',
    'efGbanl',
    'efEhplmnpi',
    'efLrplmnsi',
    'efNafkca',
    'efSpni',
    'efPnni',
    'efNcpIp',
    'efUfc',
    'efNasconfig',
    'efUicciari',
    'efPws',
    'efFdnuri',
    'efBdnuri',
    'efSdnuri',
    'efIal',
    'efIps',
    'efIpd',
    'efEpdgid',
    'efEpdgselection',
    'efEpdgidem',
    'efEpdgselectionem',
    'efFrompreferred',
    'efImsconfigdata',
    'ef3gpppsdataoff',
    'ef3gpppsdataoffservicelist',
    'efXcapconfigdata',
    'efEarfcnlist',
    'efMudmidconfigdata',
    'efEaka',
  ]),
})
export type PeOptUsim = Infer<typeof PeOptUsim>

/** PE-PHONEBOOK: a USIM's own phone book (3GPP TS 31.102 §4.4.2). */
export const PePhonebook = automaticSequence('PE-PHONEBOOK', {
  phonebookHeader: PEHeader,
  templateID: TemplateId,
  dfPhonebook: File,
  ...optionalFiles([
    'efPbr',
    'efExt1',
    'efAas',
    'efGas',
    'efPsc',
    'efCc',
    'efPuid',
    'efIap',
    'efAdn',
    'efPbc',
    'efAnr',
    'efPuri',
    'efEmail',
    'efSne',
    'efUid',
    'efGrp',
    'efCcp1',
  ]),
})
export type PePhonebook = Infer<typeof PePhonebook>

/** PE-GSM-ACCESS: what a USIM needs in GSM networks (3GPP TS 31.102 §4.4.3). */
export const PeGsmAccess = automaticSequence('PE-GSM-ACCESS', {
  gsmAccessHeader: PEHeader,
  templateID: TemplateId,
  dfGsmAccess: File,
  ...optionalFiles(['efKc', 'efKcgprs', 'efCpbcch', 'efInvscan']),
})
export type PeGsmAccess = Infer<typeof PeGsmAccess>

/** PE-DF-5GS: what a USIM keeps for 5G (3GPP TS 31.102 §4.4.11). Before version 3.1, `efSupinai` was EF.NSI. */
export const PeDf5gs = automaticSequence('PE-DF-5GS', {
  df5gsHeader: PEHeader,
  templateID: TemplateId,
  dfDf5gs: File,
  ...optionalFiles([
    'ef5gs3gpploci',
    'ef5gsn3gpploci',
    'ef5gs3gppnsc',
    'ef5gsn3gppnsc',
    'ef5gauthkeys',
    'efUacAic',
    'efSuciCalcInfo',
    'efOpl5g',
    'efSupinai',
    'efRoutingIndicator',
    'efUrsp',
    'efTn3gppsnn',
    'efCag',
    'efSorCmci',
    'efDri',
    'ef5gsedrx',
    'ef5gnswoConf',
    'efMchpplmn',
    'efKausfDerivation',
  ]),
})
export type PeDf5gs = Infer<typeof PeDf5gs>

/** PE-DF-SAIP: keys with which the USIM itself calculates the SUCI, out of the reach of the phone. */
export const PeDfSaip = automaticSequence('PE-DF-SAIP', {
  dfSaipHeader: PEHeader,
  templateID: TemplateId,
  dfDfSaip: File,
  efSuciCalcInfoUsim: optional(File),
})
export type PeDfSaip = Infer<typeof PeDfSaip>

/** PE-DF-SNPN: stand-alone non-public networks (3GPP TS 31.102 §4.4.12). */
export const PeDfSnpn = automaticSequence('PE-DF-SNPN', {
  dfSnpnHeader: PEHeader,
  templateID: TemplateId,
  dfDfSnpn: File,
  efPwsSnpn: optional(File),
})
export type PeDfSnpn = Infer<typeof PeDfSnpn>

/** PE-DF-5GPROSE: proximity services (3GPP TS 31.102 §4.4.13). */
export const PeDf5gprose = automaticSequence('PE-DF-5GPROSE', {
  df5gProseHeader: PEHeader,
  templateID: TemplateId,
  dfDf5gProse: File,
  ...optionalFiles([
    'ef5gProseSt',
    'ef5gProseDd',
    'ef5gProseDc',
    'ef5gProseU2nru',
    'ef5gProseRu',
    'ef5gProseUir',
  ]),
})
export type PeDf5gprose = Infer<typeof PeDf5gprose>

/** PE-EAP: a directory for an authentication of EAP (ETSI TS 102 310). */
export const PeEap = automaticSequence('PE-EAP', {
  eapHeader: PEHeader,
  templateID: TemplateId,
  dfEap: File,
  efEapkeys: optional(File),
  efEapstatus: File,
  ...optionalFiles(['efPuid', 'efPs', 'efCurid', 'efReid', 'efRealm']),
})
export type PeEap = Infer<typeof PeEap>

/** PE-IoT: master file and USIM of an IoT Minimal Profile in one element. */
export const PeIot = automaticSequence('PE-IoT', {
  iotHeader: PEHeader,
  templateID: TemplateId,
  ...optionalFiles(['mf', 'efPl', 'efIccid', 'efDir', 'efArr', 'efUmpc', 'adfUsim']),
  efImsi: File,
  ...optionalFiles([
    'efArrUsim',
    'efKeys',
    'efKeysPS',
    'efHpplmn',
    'efUst',
    'efStartHfn',
    'efThreshold',
    'efPsloci',
  ]),
  efAcc: File,
  ...optionalFiles(['efFplmn', 'efLoci', 'efAd', 'efEcc', 'efNetpar']),
})
export type PeIot = Infer<typeof PeIot>

/** PE-OPT-IoT: files an IoT Minimal Profile may have, those for 5G included. */
export const PeOptIot = automaticSequence('PE-OPT-IoT', {
  optiotHeader: PEHeader,
  templateID: TemplateId,
  ...optionalFiles([
    'efFdn',
    'efSms',
    'efSmsp',
    'efSmss',
    'efSpn',
    'efEst',
    'efOplmnwact',
    'efHplmnwact',
    'efEhplmn',
    'efEpsloci',
    'efEpsnsc',
    'dfDf5gs',
    'ef5gs3gpploci',
    'ef5gsn3gpploci',
    'ef5gs3gppnsc',
    'ef5gsn3gppnsc',
    'ef5gauthkeys',
    'efUacAic',
    'efSuciCalcInfo',
    'efOpl5g',
    'efSupiNai',
    'efRoutingIndicator',
    'efUrsp',
    'efTn3gppsnn',
    'dfDfSaip',
    'efSuciCalcInfoUsim',
  ]),
})
export type PeOptIot = Infer<typeof PeOptIot>
