import { seal } from '../asn1/schema.ts'
import { sign } from '../crypto/ec.ts'
import { sameAddress } from '../rsp/activation-code.ts'
import { ServerSigned1 } from '../rsp/es10b.ts'
import type { Es11Request, Es11Response } from '../rsp/es11.ts'
import {
  CHALLENGE_OCTETS,
  chooseCredentials,
  chooseSigningCi,
  TRANSACTION_ID_OCTETS,
} from '../rsp/server-authentication.ts'
import { refuse } from '../rsp/status-codes.ts'
import type { SmdsContext } from './smds.ts'

const SUPPORTED_MAJOR_VERSION = 2

/**
 * Begins an RSP session: signs the eUICC's challenge and adds one of its own.
 *
 * SGP.22 §5.8.1, ES11.InitiateAuthentication: as ES9+, with the codes of an SM-DS and CERT.DSauth.
 * @throws {RspError} smdsSvnUnsupported, smdsInvalidAddress, smdsCiKeyUnsupported, smdsCertificateUnavailable
 */
export function initiateAuthentication(
  context: SmdsContext,
  request: Es11Request<'initiateAuthentication'>,
): Es11Response<'initiateAuthentication'> {
  const { euiccChallenge, smdpAddress: serverAddress, euiccInfo1 } = request
  checkVersion(euiccInfo1.svn)
  checkAddress(context, serverAddress)
  const { euiccCiPKIdListForSigning, euiccCiPKIdListForVerification } = euiccInfo1
  const euiccCiPKIdToBeUsed = chooseSigningCi(context.trustedCis, euiccCiPKIdListForSigning)
  if (!euiccCiPKIdToBeUsed) throw refuse('smdsCiKeyUnsupported')
  const credentials = chooseCredentials(context.credentials, euiccCiPKIdListForVerification)
  if (!credentials) throw refuse('smdsCertificateUnavailable')

  const { clock, random } = context.environment
  const { svn } = euiccInfo1
  const transactionId = random.unique(TRANSACTION_ID_OCTETS)
  const serverChallenge = random.bytes(CHALLENGE_OCTETS)
  const signed = { transactionId, euiccChallenge, serverAddress, serverChallenge }
  const serverSigned1 = seal(ServerSigned1, signed)
  const startedMs = clock.nowMs()
  context.sessions.save({ transactionId, serverAddress, serverChallenge, svn, startedMs })
  const { keyPair, certificate } = credentials.dsAuth
  return {
    transactionId,
    serverSigned1,
    serverSignature1: sign(keyPair.privateKey, serverSigned1.raw),
    euiccCiPKIdToBeUsed,
    serverCertificate: certificate.der,
  }
}

function checkVersion(svn: Uint8Array): void {
  if (svn[0] === SUPPORTED_MAJOR_VERSION) return
  const detail = `It offers ${svn.join('.')}; this server speaks 2.x.`
  throw refuse('smdsSvnUnsupported', { detail })
}

function checkAddress({ addresses }: SmdsContext, address: string): void {
  if (addresses.some((own) => sameAddress(own, address))) return
  throw refuse('smdsInvalidAddress', {
    detail: `It is reached as ${addresses.join(', ')}.`,
    subjectIdentifier: address,
  })
}
