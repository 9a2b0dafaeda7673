/**
 * Elements that make the directories of the whole card (TCA eUICC Profile Package §8.3 and annex A).
 */

import { optional, type Infer } from '../../asn1/schema.ts'
import { automaticSequence } from '../automatic.ts'
import { File, optionalFiles, PEHeader, TemplateId } from '../file.ts'

/** PE-MF: the master file and what lies directly in it. */
export const PeMf = automaticSequence('PE-MF', {
  mfHeader: PEHeader,
  templateID: TemplateId,
  mf: File,
  efPl: optional(File),
  efIccid: File,
  efDir: File,
  efArr: File,
  efUmpc: optional(File),
})
export type PeMf = Infer<typeof PeMf>

/** PE-CD: what a phone shows of the card (ETSI TS 102 221 §13.7, DF.CD). */
export const PeCd = automaticSequence('PE-CD', {
  cdHeader: PEHeader,
  templateID: TemplateId,
  dfCd: File,
  ...optionalFiles(['efLaunchpad', 'efIcon']),
})
export type PeCd = Infer<typeof PeCd>

/** PE-TELECOM: what the applications of a card share, with the directories in it (3GPP TS 31.102 §4.6). */
export const PeTelecom = automaticSequence('PE-TELECOM', {
  telecomHeader: PEHeader,
  templateID: TemplateId,
  dfTelecom: File,
  ...optionalFiles([
    'efArr',
    'efRma',
    'efSume',
    'efIceDn',
    'efIceFf',
    'efPsismsc',
    'dfGraphics',
    'efImg',
    'efIidf',
    'efIceGraphics',
    'efLaunchScws',
    'efIcon',
    'dfPhonebook',
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
    'dfMultimedia',
    'efMml',
    'efMmdf',
    'dfMmss',
    'efMlpl',
    'efMspl',
    'efMmssmode',
    'dfMcs',
    'efMst',
    'efMcsConfig',
    'dfV2x',
    'efVst',
    'efV2xConfig',
    'efV2xpPc5',
    'efV2xpUu',
  ]),
})
export type PeTelecom = Infer<typeof PeTelecom>
