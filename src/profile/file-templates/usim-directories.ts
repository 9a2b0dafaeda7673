/** Templates of the directories in a USIM, and of IoT Minimal Profiles (annex A: 9.5.4 to 9.5.14, 9.10; 3GPP TS 31.102 §4.4). */

import { fileTable } from './table.ts'

/** Template 7: DF.GSM-ACCESS. */
export const GSM_ACCESS_FILES = fileTable(`
  dfGsmAccess!    5F3B  DF  14
    efKc          4F20  TR   5   01  9     FF..07  high
    efKcgprs      4F52  TR   5   02  9     FF..07  high
    efCpbcch      4F63  TR   5   -   10    FF..    high
    efInvscan     4F64  TR   2   -   1     00
`)

const LOCATION_5G = 'FF..00000001'

/** Security contexts became 62 octets, with a second one for service 136; the last octets of the routing indicator were fixed. */
function fiveG(version: {
  readonly contexts: string
  readonly routing: string
  readonly supi: string
}): string {
  const { contexts, routing, supi } = version
  return `
    ef5gs3gpploci       4F01  TR   5   01  20    ${LOCATION_5G}  high
    ef5gsn3gpploci      4F02  TR   5   02  20    ${LOCATION_5G}  high
    ef5gs3gppnsc        4F03  LF   5   03  ${contexts}  FF..          high
    ef5gsn3gppnsc       4F04  LF   5   04  ${contexts}  FF..          high
    ef5gauthkeys        4F05  TR   5   05  110   =             high
    efUacAic            4F06  TR   2   06  4     =
    efSuciCalcInfo      4F07  TR   2   07  n     FF..
    efOpl5g             4F08  LF  10   08  nx10  FF..
    ${supi}             4F09  TR   2   09  n     =
    efRoutingIndicator  4F0A  TR   2   0A  4     ${routing}
`
}

const DF_5GS = `
  dfDf5gs!              5FC0  DF  14
`

const POLICIES = `
    efUrsp              4F0B  BT   2   -   n     .
    efTn3gppsnn         4F0C  TR   2   0C  1     00
`

const FIRST = { contexts: '1x57', routing: 'F0FFFFFF', supi: 'efSupinai' }
const TWO_CONTEXTS = { ...FIRST, contexts: '2x62' }
const ROUTING_FIXED = { ...TWO_CONTEXTS, routing: 'F0FF0000' }

/** Template 13: DF.5GS. */
export const DF_5GS_FILES = fileTable(DF_5GS + fiveG(FIRST))
/** Template 13.2: with URSP and trusted non-3GPP networks. */
export const DF_5GS_FILES_V2 = fileTable(DF_5GS + fiveG(FIRST) + POLICIES)
/** Template 13.3: with two security contexts for each access. */
export const DF_5GS_FILES_V3 = fileTable(DF_5GS + fiveG(TWO_CONTEXTS) + POLICIES)
/** Template 13.4. */
export const DF_5GS_FILES_V4 = fileTable(`${DF_5GS}${fiveG(ROUTING_FIXED)}${POLICIES}
    efCag               4F0D  TR   2   0D  2     =
    efSorCmci           4F0E  TR   2   0E  n     =
    efDri               4F0F  TR   2   0F  7     =
    ef5gsedrx           4F10  TR   2   10  2     =
    ef5gnswoConf        4F11  TR   2   11  1     =
    efMchpplmn          4F15  TR   2   15  1     =
    efKausfDerivation   4F16  TR   2   16  1     =
`)

const DF_SAIP = `
  dfDfSaip!             5FD0  DF  14
    efSuciCalcInfoUsim  4F01  TR   3   -   n     FF..
`

/** Template 14: what the USIM itself calculates the SUCI with. */
export const DF_SAIP_FILES = fileTable(DF_SAIP)

/** Template 15: stand-alone non-public networks. */
export const DF_SNPN_FILES = fileTable(`
  dfDfSnpn!       5FE0  DF  14
    efPwsSnpn     4F01  TR  10   -   1     =
`)

/** Template 16: proximity services. */
export const DF_5GPROSE_FILES = fileTable(`
  dfDf5gProse!      5FF0  DF  14
    ef5gProseSt     4F01  TR   2   01  1     =
    ef5gProseDd     4F02  TR   2   02  26    =
    ef5gProseDc     4F03  TR   2   03  12    =
    ef5gProseU2nru  4F04  TR   2   04  32    =
    ef5gProseRu     4F05  TR   2   05  29    =
    ef5gProseUir    4F06  TR   2   06  32    =
`)

/**
 * Template 17: master file and USIM of an IoT Minimal Profile. What it leaves out follows from the profile header: the
 * ICCID there, the PIX of its IotOptions in EF.DIR and in the name of the ADF.
 */
export const IOT_FILES = fileTable(`
  mf              3F00  MF  14
    efPl          2F05  TR   1   05  2       FF..
    efIccid       2FE2  TR  11   -   10      =
    efDir         2F00  LF  10   1E  nxn     =
    efArr         2F06  LF  10   -   nxn     =
    efUmpc        2F08  TR  10   08  5       .
    adfUsim       -     ADF 14
      efImsi!     6F07  TR   2   07  9       =
      efArrUsim   6F06  LF  10   17  nxn     =
      efKeys      6F08  TR   5   08  33      07FF..        high
      efKeysPS    6F09  TR   5   09  33      07FF..        high
      efHpplmn    6F31  TR   2   12  1       0A
      efUst       6F38  TR   2   04  17      =
      efStartHfn  6F5B  TR   5   0F  6       F00000F00000  high
      efThreshold 6F5C  TR   2   10  3       FFFFFF
      efPsloci    6F73  TR   5   0C  14      FF..0000FF01  high
      efAcc!      6F78  TR   2   06  2       =
      efFplmn     6F7B  TR   5   0D  12      FF..
      efLoci      6F7E  TR   5   0B  11      FF..0000FF01  high
      efAd        6FAD  TR  10   03  4       00000002
      efEcc       6FB7  LF  10   01  1x4     =
      efNetpar    6FC4  TR   5   -   128     FF..          high
`)

/** Template 18: files an IoT Minimal Profile may have. */
export const OPT_IOT_FILES = fileTable(`
  efFdn         6F3B  LF   8   -   20x26   FF..
  efSms         6F3C  LF   5   -   10x176  00FF..
  efSmsp        6F42  LF   5   -   1x38    FF..
  efSmss        6F43  TR   5   -   2       FFFF
  efSpn         6F46  TR  10   -   17      =
  efEst         6F56  TR   8   05  1       =
  efOplmnwact   6F61  TR   2   11  40      FFFFFF0000*
  efHplmnwact   6F62  TR   2   13  5       FFFFFF0000*
  efEhplmn      6FD9  TR   2   1D  15      FF..
  efEpsloci     6FE3  TR   5   1E  18      FF..000001    high
  efEpsnsc      6FE4  LF   5   18  1x80    FF..          high
${DF_5GS.replace('!', ' ')}${fiveG({ ...ROUTING_FIXED, supi: 'efSupiNai' })}${POLICIES}
${DF_SAIP.replace('!', ' ')}`)
