/** Templates of the files that lie in the MF and in the directories all applications share (annex A: 9.2 to 9.4). */

import { fileTable } from './table.ts'

/** Template 1: the master file. */
export const MF_FILES = fileTable(`
  mf!             3F00  MF  14
    efPl          2F05  TR   1   05  2     FF..
    efIccid!      2FE2  TR  11   -   10    =
    efDir!        2F00  LF  10   1E  nxn   =
    efArr!        2F06  LF  10   -   nxn   =
    efUmpc        2F08  TR  10   08  5     .
`)

/** Template 2: what a phone shows of the card (ETSI TS 102 221 §13.7). */
export const CD_FILES = fileTable(`
  dfCd!           7F11       DF  14
    efLaunchpad   6F01       TR   2  -   n     =
    efIcon        6F40-6F7F  TR   2  -   n     =
`)

const PHONEBOOK = `
    efPbr         4F30       LF   2  -   nxn   =
    efExt1        4F38-4F3F  LF   5  n   nx13  00FF..
    efAas         4F40-4F47  LF   5  -   nxn   FF..
    efGas         4F48-4F4F  LF   5  -   nxn   FF..
    efPsc         4F22       TR   5  n   4     00000000
    efCc          4F23       TR   5  n   2     0000    high
    efPuid        4F24       TR   5  n   2     0000    high
    efIap         4F50-4F57  LF   5  n   nxn   FF..
    efAdn         4F58-4F5F  LF   5  n   nxn   FF..
    efPbc         4F60-4F67  LF   5  n   nx2   0000
    efAnr         4F68-4F6F  LF   5  n   nxn   FF..
    efPuri        4F70-4F77  LF   5  n   nxn   =
    efEmail       4F78-4F7F  LF   5  n   nxn   FF..
    efSne         4F80-4F87  LF   5  n   nxn   FF..
    efUid         4F88-4F8F  LF   5  n   nx2   0000
    efGrp         4F90-4F97  LF   5  n   nxn   00..
    efCcp1        4F98-4F9F  LF   5  n   nxn   FF..
`

/** Template 6: a USIM's own phone book (3GPP TS 31.102 §4.4.2). */
export const PHONEBOOK_FILES = fileTable(`
  dfPhonebook!    5F3A       DF  14
${PHONEBOOK}`)

const TELECOM = `
  dfTelecom!        7F10       DF  14
    efArr           6F06       LF  10  -   nxn    =
    efRma           6F53       LF   3  -   nxn    =
    efSume          6F54       TR   3  -   22     =
    efIceDn         6FE0       LF   9  -   50x24  FF..
    efIceFf         6FE1       LF   9  -   nxn    FF..
    efPsismsc       6FE5       LF   5  -   nxn    =
    dfGraphics      5F50       DF  14
      efImg         4F20       LF   2  -   nxn    00FF..
      efIidf        4F40-4F7F  TR   2  -   n      FF..
      efIceGraphics 4F21       BT   9  -   n      .
      efLaunchScws  4F01       TR  10  -   n      =
      efIcon        4F80-4FBF  TR  10  -   n      =
    dfPhonebook     5F3A       DF  14
${PHONEBOOK.replaceAll('    ef', '      ef')}
    dfMultimedia    5F3B       DF  14
      efMml         4F47       BT   5  -   n      .
      efMmdf        4F48       BT   5  -   n      .
    dfMmss          5F3C       DF  14
      efMlpl        4F20       TR   2  01  n      =
      efMspl        4F21       TR   2  02  n      =
      efMmssmode    4F22       TR   2  03  1      =
`

/** Template 3: DF.TELECOM (3GPP TS 31.102 §4.6). */
export const TELECOM_FILES = fileTable(TELECOM)

/** Template 3.2: with mission critical services and V2X. */
export const TELECOM_FILES_V2 = fileTable(`${TELECOM}
    dfMcs           5F3D       DF  14
      efMst         4F01       TR   2  01  n      =
      efMcsConfig   4F02       BT   2  02  n      =
    dfV2x           5F3E       DF  14
      efVst         4F01       TR   2  01  n      =
      efV2xConfig   4F02       BT   2  02  n      =
      efV2xpPc5     4F03       TR   2  -   n      =
      efV2xpUu      4F04       TR   2  -   n      =
`)

/** Template 12: a directory for EAP (ETSI TS 102 310). */
export const EAP_FILES = fileTable(`
  dfEap!          -     DF  14
    efEapkeys     4F01  TR   2   -   n     =     high
    efEapstatus!  4F02  TR   2   -   1     00    high
    efPuid        4F03  TR   2   -   n     =
    efPs          4F04  TR   5   -   n     FF..  high
    efCurid       4F20  TR   5   -   n     FF..  high
    efReid        4F21  TR   5   -   n     =
    efRealm       4F22  TR   5   -   n     =
`)
