/**
 * Templates of a CSIM's files (annex A: 9.7). No card here authenticates with a CSIM, but packages for devices of every
 * network have one and want its files made. Identifiers and sizes are those of 3GPP2 C.S0065 §5.2, as the packages of
 * GSMA TS.48 use them; access rules are the ones that grant what C.S0065 asks for.
 */

import { fileTable } from './table.ts'

/** Templates 10 and 10.2. */
export const CSIM_FILES = fileTable(`
  adfCsim!          -     ADF 14
    efArr!          6F06  LF  10   17  nxn   =
    efCallCount!    6F21  CY   5   -   1x2   0000  high
    efImsiM!        6F22  TR   2   -   10    =
    efImsiT!        6F23  TR   2   -   10    =
    efTmsi!         6F24  TR   5   -   16    000000000000000000FFFFFFFF000000  high
    efAh!           6F25  TR   2   -   2     0000
    efAop!          6F26  TR   2   -   1     00
    efAloc!         6F27  TR   5   -   7     00..  high
    efCdmahome!     6F28  LF   2   -   nx5   =
    efZnregi!       6F29  LF   5   -   nx8   00..  high
    efSnregi!       6F2A  TR   5   -   7     00..  high
    efDistregi!     6F2B  TR   5   -   8     00..  high
    efAccolc!       6F2C  TR   2   -   1     =
    efTerm!         6F2D  TR   5   -   1     =
    efAcp!          6F2F  TR   5   -   7     =
    efPrl!          6F30  TR   2   -   n     =
    efRuimid!       6F31  TR   4   -   8     =
    efCsimSt!       6F32  TR   2   -   n     =
    efSpc!          6F33  TR   3   -   3     000000
    efOtapaspc!     6F34  TR   5   -   1     =
    efNamlock!      6F35  TR   5   -   1     =
    efOta!          6F36  TR   2   -   17    =
    efSp!           6F37  TR   5   -   1     =
    efEsnMeidMe!    6F38  TR  10   -   8     00..
    efLi!           6F3A  TR   1   -   n     FF..
    efUsgind!       6F42  TR   2   -   1     =
    efAd!           6F43  TR  10   -   3     000000
    efMaxPrl!       6F45  TR   2   -   4     =
    efSpcs!         6F46  TR   2   -   1     =
    efMecrp!        6F55  TR   5   -   3     000000
    efHomeTag!      6F70  TR   2   -   n     =
    efGroupTag!     6F71  TR   2   -   n     =
    efSpecificTag!  6F72  TR   2   -   n     =
    efCallPrompt!   6F73  TR   2   -   n     =
`)

/** Templates 11 and 11.2. */
export const OPT_CSIM_FILES = fileTable(`
  efSsci            6F2E  TR   5   -   1     =
  efFdn             6F3B  LF   8   -   nxn   FF..
  efSms             6F3C  LF   5   -   nxn   00FF..
  efSmsp            6F3D  LF   5   -   nxn   FF..
  efSmss            6F3E  TR   5   -   5     FF..
  efSsfc            6F3F  TR   5   -   n     =
  efSpn             6F41  TR  10   -   35    =
  efMdn             6F44  LF   5   -   nx11  FF..
  efEcc             6F47  TR  10   -   n     =
  efMe3gpdopc       6F48  TR   5   -   1     =
  ef3gpdopm         6F49  TR   5   -   1     =
  efSipcap          6F4A  TR   2   -   4     =
  efMipcap          6F4B  TR   2   -   5     =
  efSipupp          6F4C  TR   2   -   n     =
  efMipupp          6F4D  TR   2   -   n     =
  efSipsp           6F4E  TR   5   -   1     =
  efMipsp           6F4F  TR   5   -   n     =
  efSippapss        6F50  TR   5   -   n     =
  efPuzl            6F53  TR   2   -   n     =
  efMaxpuzl         6F54  TR   2   -   5     =
  efHrpdcap         6F56  TR   2   -   3     =
  efHrpdupp         6F57  TR   2   -   n     =
  efCsspr           6F58  TR   2   -   1     FF
  efAtc             6F59  TR   2   -   1     =
  efEprl            6F5A  TR   2   -   n     =
  efBcsmscfg        6F5B  TR   2   -   1     =
  efBcsmspref       6F5C  TR   5   -   1     =
  efBcsmstable      6F5D  LF   2   -   nxn   FF..
  efBcsmsp          6F5E  LF   5   -   nx2   FF..  high
  efBakpara         6F63  LF   2   -   nxn   =
  efUpbakpara       6F64  LF   2   -   nxn   =
  efMmsn            6F65  LF   5   -   nxn   000000FF..
  efExt8            6F66  LF   5   -   nx13  00FF..
  efMmsicp          6F67  TR   2   -   n     FF..
  efMmsup           6F68  LF   5   -   nxn   FF..
  efMmsucp          6F69  TR   5   -   n     FF..
  efAuthCapability  6F6A  LF   2   -   nx5   =
  ef3gcik           6F6B  TR   2   -   1     =
  efDck             6F6C  TR   5   -   20    FF..
  efGid1            6F6D  TR   2   -   n     =
  efGid2            6F6E  TR   2   -   n     =
  efCdmacnl         6F6F  TR   2   -   n     FF..
  efSfEuimid        6F74  TR   4   -   7     =
  efEst             6F75  TR   8   -   1     =
  efHiddenKey       6F76  TR   5   -   4     FF..
  efLcsver          6F77  TR   2   -   n     =
  efLcscp           6F78  TR   2   -   n     =
  efSdn             6F79  LF   2   -   nxn   FF..
  efExt2            6F7A  LF   8   -   nx13  00FF..
  efExt3            6F7B  LF   2   -   nx13  00FF..
  efIci             6F7C  CY   5   10  nxn   FF..  high
  efOci             6F7D  CY   5   11  nxn   FF..  high
  efExt5            6F7E  LF   5   -   nx13  00FF..
  efCcp2            6F7F  LF   5   12  nx15  FF..
  efApplabels       6F80  TR   2   -   n     =
  efModel           6F81  TR   5   -   126   FF..
  efRc              6F82  TR   2   -   n     =
  efSmscap          6F83  TR   2   -   n     =
  efMipflags        6F84  TR   2   -   n     =
  ef3gpduppext      6F85  TR   2   -   n     =
  efIpv6cap         6F87  TR   2   -   n     =
  efTcpconfig       6F88  TR   2   -   n     =
  efDgc             6F89  TR   2   -   n     =
  efWapbrowsercp    6F8A  TR   2   -   n     =
  efWapbrowserbm    6F8B  TR   2   -   n     =
  efMmsconfig       6F8C  TR   2   -   n     =
  efJdl             6F8D  TR   2   -   n     =
`)
