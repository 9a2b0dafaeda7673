/** Templates of an ISIM's files (annex A: 9.6; identifiers, sizes and SFIs as in 3GPP TS 31.103 §4.2). */

import { fileTable } from './table.ts'

/** Template 8. */
export const ISIM_FILES = fileTable(`
  adfIsim!        -     ADF 14
    efImpi!       6F02  TR   2   02  n     =
    efImpu!       6F04  LF   2   04  1xn   =
    efDomain!     6F03  TR   2   05  n     =
    efIst!        6F07  TR   2   07  14    =
    efAd          6FAD  TR  10   03  3     000000
    efArr!        6F06  LF  10   06  nxn   =
`)

const OPT_ISIM = `
  efPcscf             6F09  LF   2   -   1xn     =
  efSms               6F3C  LF   5   -   10x176  00FF..
  efSmsp              6F42  LF   5   -   1x38    FF..
  efSmss              6F43  TR   5   -   2       FFFF
  efSmsr              6F47  LF   5   -   10x30   00FF..
  efGbabp             6FD5  TR   5   -   n       FF..
  efGbanl             6FD7  LF   2   -   nxn     FF..
  efNafkca            6FDD  LF   2   -   nxn     FF..
  efUicciari          6FE7  LF   2   -   nxn     =
`

/** Template 9. */
export const OPT_ISIM_FILES = fileTable(OPT_ISIM)
/** Template 9.2. */
export const OPT_ISIM_FILES_V2 = fileTable(`${OPT_ISIM}
  efFrompreferred     6FF7  TR   2   -   1       00
  efImsconfigdata     6FF8  BT   2   -   n       =
  efXcapconfigdata    6FFC  BT   2   -   n       =
  efWebrtcuri         6FFA  LF   2   -   nxn     =
  efMudmidconfigdata  6FFE  BT   2   -   n       =
`)
