/** Templates of a USIM's files (annex A: 9.5.1, 9.5.2; identifiers, sizes and SFIs as in 3GPP TS 31.102 §4.2, annex H). */

import { fileTable } from './table.ts'

/** The fields of EF.UST grew from 14 to 17 octets between the versions of the template. */
function usim(ustOctets: number): string {
  return `
  adfUsim!        -     ADF 14
    efImsi!       6F07  TR   2   07  9       =
    efArr!        6F06  LF  10   17  nxn     =
    efKeys        6F08  TR   5   08  33      07FF..          high
    efKeysPS      6F09  TR   5   09  33      07FF..          high
    efHpplmn      6F31  TR   2   12  1       0A
    efUst!        6F38  TR   2   04  ${ustOctets}      =
    efFdn         6F3B  LF   8   -   20x26   FF..
    efSms         6F3C  LF   5   -   10x176  00FF..
    efSmsp        6F42  LF   5   -   1x38    FF..
    efSmss        6F43  TR   5   -   2       FFFF
    efSpn!        6F46  TR  10   -   17      =
    efEst!        6F56  TR   8   05  1       =
    efStartHfn    6F5B  TR   5   0F  6       F00000F00000    high
    efThreshold   6F5C  TR   2   10  3       FFFFFF
    efPsloci      6F73  TR   5   0C  14      FF..0000FF01    high
    efAcc!        6F78  TR   2   06  2       =
    efFplmn       6F7B  TR   5   0D  12      FF..
    efLoci        6F7E  TR   5   0B  11      FF..0000FF01    high
    efAd          6FAD  TR  10   03  4       00000002
    efEcc!        6FB7  LF  10   01  1x4     =
    efNetpar      6FC4  TR   5   -   128     FF..            high
    efEpsloci     6FE3  TR   5   1E  18      FF..000001      high
    efEpsnsc      6FE4  LF   5   18  1x80    FF..            high
`
}

/** Template 4. */
export const USIM_FILES = fileTable(usim(14))
/** Template 4.2. */
export const USIM_FILES_V2 = fileTable(usim(17))

const OPT_USIM = `
  efLi         6F05  TR   1  02  6      FF..
  efAcmax      6F37  TR   5  -   3      000000
  efAcm        6F39  CY   7  -   1x3    000000              high
  efGid1       6F3E  TR   2  -   8      =
  efGid2       6F3F  TR   2  -   8      =
  efMsisdn     6F40  LF   2  -   1x24   FF..
  efPuct       6F41  TR   5  -   5      FFFFFF0000
  efCbmi       6F45  TR   5  -   10     FF..
  efCbmid      6F48  TR   2  0E  10     FF..
  efSdn        6F49  LF   2  -   10x24  FF..
  efExt2       6F4B  LF   8  -   10x13  00FF..
  efExt3       6F4C  LF   2  -   10x13  00FF..
  efCbmir      6F50  TR   5  -   20     FF..
  efPlmnwact   6F60  TR   5  0A  40     FFFFFF0000*
  efOplmnwact  6F61  TR   2  11  40     FFFFFF0000*
  efHplmnwact  6F62  TR   2  13  5      FFFFFF0000*
  efDck        6F2C  TR   5  -   16     FF..
  efCnl        6F32  TR   2  -   30     FF..
  efSmsr       6F47  LF   5  -   10x30  00FF..
  efBdn        6F4D  LF   8  -   10x25  FF..
  efExt5       6F4E  LF   5  -   10x13  00FF..
  efCcp2       6F4F  LF   5  16  5x15   FF..
  efExt4       6F55  LF   8  -   10x13  00FF..
  efAcl        6F57  TR   8  -   101    00FF..
  efCmi        6F58  LF   2  -   10x11  FF..
  efIci        6F80  CY   5  14  20x38  FF..0000000001FFFF  high
  efOci        6F81  CY   5  15  20x37  FF..00000001FFFF    high
  efIct        6F82  CY   7  -   1x3    000000              high
  efOct        6F83  CY   7  -   1x3    000000              high
  efVgcs       6FB1  TR   2  -   20     =
  efVgcss      6FB2  TR   5  -   7      =
  efVbs        6FB3  TR   2  -   20     =
  efVbss       6FB4  TR   5  -   7      =
  efEmlpp      6FB5  TR   2  -   2      =
  efAaem       6FB6  TR   5  -   1      00
  efHiddenkey  6FC3  TR   5  -   4      FF..
  efPnn        6FC5  LF  10  19  10x16  =
  efOpl        6FC6  LF  10  1A  5x8    =
  efMbdn       6FC7  LF   5  -   3x24   =
  efExt6       6FC8  LF   5  -   10x13  00FF..
  efMbi        6FC9  LF   5  -   10x5   =
  efMwis       6FCA  LF   5  -   10x6   00..                high
  efCfis       6FCB  LF   5  -   10x16  0100FF..
  efExt7       6FCC  LF   5  -   10x13  00FF..
  efSpdi       6FCD  TR   2  1B  17     =
  efMmsn       6FCE  LF   5  -   10x6   000000FF..
  efExt8       6FCF  LF   5  -   10x13  00FF..
  efMmsicp     6FD0  TR   2  -   100    FF..
  efMmsup      6FD1  LF   5  -   nxn    FF..
  efMmsucp     6FD2  TR   5  -   100    FF..
  efNia        6FD3  LF   2  -   5x11   FF..
  efVgcsca     6FD4  TR   2  -   n      00..
  efVbsca      6FD5  TR   2  -   n      00..
  efGbabp      6FD6  TR   5  -   n      FF..
  efMsk        6FD7  LF   2  -   nxn    FF..                high
  efMuk        6FD8  LF   2  -   nxn    FF..
  efEhplmn     6FD9  TR   2  1D  15     FF..
  efGbanl      6FDA  LF   2  -   nxn    FF..
  efEhplmnpi   6FDB  TR   2  -   1      00
  efLrplmnsi   6FDC  TR   2  -   1      00
  efNafkca     6FDD  LF   2  -   nxn    FF..
  efSpni       6FDE  TR  10  -   n      00FF..
  efPnni       6FDF  LF  10  -   nxn    00FF..
  efNcpIp      6FE2  LF   2  -   nxn    =
  efUfc        6FE6  TR  10  -   30     801E60C01E900080040000000000000000F0000000004000000000000080
  efNasconfig  6FE8  TR   2  -   18     =
  efUicciari   6FE7  LF   2  -   nxn    =
  efPws        6FEC  TR  10  -   n      =
  efFdnuri     6FED  LF   8  -   nxn    FF..
  efBdnuri     6FEE  LF   8  -   nxn    FF..
  efSdnuri     6FEF  LF   2  -   nxn    FF..
  efIal        6FF0  LF   3  -   nxn    FF..
  efIps        6FF1  CY  10  -   nx4    FF..                high
  efIpd        6FF2  LF   3  -   nxn    FF..                high
`

const OPT_USIM_V2 = `${OPT_USIM}
  efEpdgid                    6FF3  TR   2  -  n    =
  efEpdgselection             6FF4  TR   2  -  n    =
  efEpdgidem                  6FF5  TR   2  -  n    =
  efEpdgselectionem           6FF6  TR   2  -  n    =
  efFrompreferred             6FF7  TR   2  -  1    00
  efImsconfigdata             6FF8  BT   2  -  n    =
  ef3gpppsdataoff             6FF9  TR   2  -  4    =
  ef3gpppsdataoffservicelist  6FFA  LF   2  -  nxn  =
  efXcapconfigdata            6FFC  BT   2  -  n    =
  efEarfcnlist                6FFD  TR  10  -  n    =
  efMudmidconfigdata          6FFE  BT   2  -  n    =
`

/** Template 5. */
export const OPT_USIM_FILES = fileTable(OPT_USIM)
/** Template 5.2. */
export const OPT_USIM_FILES_V2 = fileTable(OPT_USIM_V2)
/** Template 5.3. */
export const OPT_USIM_FILES_V3 = fileTable(`${OPT_USIM_V2}
  efEaka                      6F01  TR   3  -  1    =
`)
