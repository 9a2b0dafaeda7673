/** Activation codes: `LPA:1$address$matching-id$oid$flag` (SGP.22 §4.1). */

import { LabError } from '../base/errors.ts'

export interface ActivationCode {
  readonly smdpAddress: string
  /** The AC_Token; empty for the default SM-DP+ use case. */
  readonly matchingId: string
  /** The OID that the SM-DP+'s certificate must carry, where the code has it. */
  readonly smdpOid?: string
  readonly confirmationCodeRequired: boolean
}

/** A host name or an IP address, with a port where it is not 443: more than the FQDN of §4.1, for labs need it. */
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?$/
const MATCHING_ID = /^[0-9A-Za-z_-]*$/
const OID = /^[0-2](\.(0|[1-9][0-9]*))+$/

/**
 * Reads an activation code, with or without the `LPA:` of a QR code. Fields behind the fifth are ignored (§4.1).
 * @throws {LabError} badInput, naming the part
 */
export function parseActivationCode(text: string): ActivationCode {
  const parts = text.trim().replace(/^LPA:/i, '').split('$')
  const [format, address = '', matchingId = '', oid = '', flag = ''] = parts
  if (format !== '1' || parts.length < 3) {
    throw bad('format', `an activation code reads LPA:1$address$matching-id, found ${quoted(text)}`)
  }
  if (!ADDRESS.test(address) || address.length > 255) {
    throw bad('smdpAddress', `the SM-DP+ address ${quoted(address)} is not a host name`)
  }
  if (!MATCHING_ID.test(matchingId)) {
    throw bad(
      'matchingId',
      `the MatchingID ${quoted(matchingId)} has other characters than 0-9 A-Z - _`,
    )
  }
  if (oid !== '' && !OID.test(oid)) {
    throw bad('smdpOid', `the SM-DP+ OID ${quoted(oid)} is not an object identifier`)
  }
  if (flag !== '' && flag !== '1') {
    throw bad(
      'confirmationCodeRequired',
      `the confirmation code flag is 1 or absent, found ${quoted(flag)}`,
    )
  }
  return {
    smdpAddress: address,
    matchingId,
    ...(oid === '' ? {} : { smdpOid: oid }),
    confirmationCodeRequired: flag === '1',
  }
}

/** The text of an activation code with the `LPA:` that a QR code carries. */
export function formatActivationCode(code: ActivationCode): string {
  const fields = ['1', code.smdpAddress, code.matchingId, code.smdpOid ?? '']
  if (code.confirmationCodeRequired) fields.push('1')
  else if (!code.smdpOid) fields.pop()
  return `LPA:${fields.join('$')}`
}

function bad(field: string, detail: string): LabError {
  return new LabError('badInput', `${detail}.`, { field: `activationCode.${field}` })
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

/** Whether two addresses name one server: host names are compared without case, 443 is the port that is left out. */
export function sameAddress(a: string, b: string): boolean {
  return normaliseAddress(a) === normaliseAddress(b)
}

function normaliseAddress(address: string): string {
  return address.toLowerCase().replace(/:443$/, '').replace(/\.$/, '')
}
