/** The file system templates of the TCA eUICC Profile Package: Interoperable Format 2.1 to 3.3.1, annexes A and B. */

import type { DeclaredKind } from '../elements.ts'
import {
  CD_FILES,
  EAP_FILES,
  MF_FILES,
  PHONEBOOK_FILES,
  TELECOM_FILES,
  TELECOM_FILES_V2,
} from './common.ts'
import { CSIM_FILES, OPT_CSIM_FILES } from './csim.ts'
import { ISIM_FILES, OPT_ISIM_FILES, OPT_ISIM_FILES_V2 } from './isim.ts'
import type { FileSystemTemplate, FileTemplate } from './types.ts'
import {
  DF_5GPROSE_FILES,
  DF_5GS_FILES,
  DF_5GS_FILES_V2,
  DF_5GS_FILES_V3,
  DF_5GS_FILES_V4,
  DF_SAIP_FILES,
  DF_SNPN_FILES,
  GSM_ACCESS_FILES,
  IOT_FILES,
  OPT_IOT_FILES,
} from './usim-directories.ts'
import {
  OPT_USIM_FILES,
  OPT_USIM_FILES_V2,
  OPT_USIM_FILES_V3,
  USIM_FILES,
  USIM_FILES_V2,
} from './usim.ts'

export type {
  DefaultContent,
  FileNeed,
  FileSystemTemplate,
  FileTemplate,
  TemplateFileKind,
} from './types.ts'

/** The template of an OBJECT IDENTIFIER in dotted form; undefined for one that is not known here. */
export function fileSystemTemplate(oid: string): FileSystemTemplate | undefined {
  return TEMPLATE_BY_OID.get(oid)
}

/** The OBJECT IDENTIFIERs of all templates, in the order of annex B. */
export function templateOids(): readonly string[] {
  return [...TEMPLATE_BY_OID.keys()]
}

/** euicc-profile(1) templates(2) below TCA's arc. */
const TEMPLATE_ARC = '2.23.143.1.2'

/** Elements whose files are made although the package does not describe them. */
const CREATED_BY_DEFAULT: readonly DeclaredKind[] = ['mf', 'usim', 'isim', 'csim', 'iot']

const ROWS: readonly (readonly [string, DeclaredKind, readonly FileTemplate[]])[] = [
  ['1', 'mf', MF_FILES],
  ['2', 'cd', CD_FILES],
  ['3', 'telecom', TELECOM_FILES],
  ['3.2', 'telecom', TELECOM_FILES_V2],
  ['4', 'usim', USIM_FILES],
  ['4.2', 'usim', USIM_FILES_V2],
  ['5', 'optUsim', OPT_USIM_FILES],
  ['5.2', 'optUsim', OPT_USIM_FILES_V2],
  ['5.3', 'optUsim', OPT_USIM_FILES_V3],
  ['6', 'phonebook', PHONEBOOK_FILES],
  ['7', 'gsmAccess', GSM_ACCESS_FILES],
  ['8', 'isim', ISIM_FILES],
  ['9', 'optIsim', OPT_ISIM_FILES],
  ['9.2', 'optIsim', OPT_ISIM_FILES_V2],
  ['10', 'csim', CSIM_FILES],
  ['10.2', 'csim', CSIM_FILES],
  ['11', 'optCsim', OPT_CSIM_FILES],
  ['11.2', 'optCsim', OPT_CSIM_FILES],
  ['12', 'eap', EAP_FILES],
  ['13', 'df5gs', DF_5GS_FILES],
  ['13.2', 'df5gs', DF_5GS_FILES_V2],
  ['13.3', 'df5gs', DF_5GS_FILES_V3],
  ['13.4', 'df5gs', DF_5GS_FILES_V4],
  ['14', 'dfSaip', DF_SAIP_FILES],
  ['15', 'dfSnpn', DF_SNPN_FILES],
  ['16', 'df5gprose', DF_5GPROSE_FILES],
  ['17', 'iot', IOT_FILES],
  ['18', 'optIot', OPT_IOT_FILES],
]

const TEMPLATE_BY_OID: ReadonlyMap<string, FileSystemTemplate> = new Map(
  ROWS.map(([version, element, files]) => {
    const oid = `${TEMPLATE_ARC}.${version}`
    return [
      oid,
      { oid, element, createdByDefault: CREATED_BY_DEFAULT.includes(element), files },
    ] as const
  }),
)
