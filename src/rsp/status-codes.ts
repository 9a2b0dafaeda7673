/**
 * The refusals of the RSP servers: subject and reason codes of SGP.22 §5.2.6 with a sentence that says what to do.
 *
 * Codes are strings: `3.1` and `3.10` are different reasons. `docs/status-codes.md` is held against this table by a test.
 */
export const STATUS_CODES = {
  requesterNotAllowed: {
    subject: '1.1',
    reason: '1.2',
    message: 'The caller may not call this function.',
  },
  formatInvalid: {
    subject: '1.3.1',
    reason: '2.1',
    message: 'The message is malformed.',
  },
  fieldMissing: {
    subject: '1.3.1',
    reason: '2.2',
    message: 'A mandatory field of the message is missing.',
  },
  protocolVersionUnsupported: {
    subject: '1.3.2',
    reason: '3.1',
    message: 'The version in X-Admin-Protocol is not one that this server accepts.',
  },
  eidMandatory: {
    subject: '8.1.1',
    reason: '2.2',
    message: 'An order with an empty MatchingID or an SM-DS address needs an EID.',
  },
  eidRefused: {
    subject: '8.1.1',
    reason: '3.8',
    message:
      'The order is for another eUICC, or there is none for this EID. Check the EID of the order.',
  },
  eidConflict: {
    subject: '8.1.1',
    reason: '3.10',
    message: 'Another EID is already associated with this ICCID.',
  },
  eumCertificateInvalid: {
    subject: '8.1.2',
    reason: '6.1',
    message: 'The EUM certificate is invalid.',
  },
  eumCertificateExpired: {
    subject: '8.1.2',
    reason: '6.3',
    message: 'The EUM certificate has expired.',
  },
  euiccCertificateInvalid: {
    subject: '8.1.3',
    reason: '6.1',
    message: 'The eUICC certificate is invalid.',
  },
  euiccCertificateExpired: {
    subject: '8.1.3',
    reason: '6.3',
    message: 'The eUICC certificate has expired.',
  },
  euiccReportedError: {
    subject: '8.1',
    reason: '4.2',
    message:
      'The eUICC refused and said why. Look at its side: its certificates, its CI keys, its session.',
  },
  memoryInsufficient: {
    subject: '8.1',
    reason: '4.8',
    message: 'The eUICC has not enough free memory for the profile.',
  },
  euiccSignatureInvalid: {
    subject: '8.1',
    reason: '6.1',
    message: 'The signature of the eUICC or the challenge in it is wrong.',
  },
  iccidNotAllowed: {
    subject: '8.2.1',
    reason: '1.2',
    message:
      'The profile with this ICCID is not for this caller: another one has ordered it, or its type is for others.',
  },
  iccidInUse: {
    subject: '8.2.1',
    reason: '3.3',
    message: 'The profile with this ICCID is not available for this call any more.',
  },
  iccidTransitionInvalid: {
    subject: '8.2.1',
    reason: '3.5',
    message:
      'The order is not in a state that allows this: DownloadOrder, then ConfirmOrder, then ReleaseProfile.',
  },
  iccidUnknown: {
    subject: '8.2.1',
    reason: '3.9',
    message: 'No profile has this ICCID.',
  },
  iccidEidMismatch: {
    subject: '8.2.1',
    reason: '3.10',
    message: 'Another EID is associated with this ICCID.',
  },
  profileTypeNotAllowed: {
    subject: '8.2.5',
    reason: '1.2',
    message: 'Profiles of this type are for other callers.',
  },
  profileTypeUnavailable: {
    subject: '8.2.5',
    reason: '3.7',
    message: 'No profile of this type is left. Add stock or order another type.',
  },
  profileTypeRefused: {
    subject: '8.2.5',
    reason: '3.8',
    message: 'The profile with this ICCID is of another type.',
  },
  profileTypeUnknown: {
    subject: '8.2.5',
    reason: '3.9',
    message: 'There is no such profile type.',
  },
  profileNotEligible: {
    subject: '8.2.5',
    reason: '4.3',
    message: 'No profile of this order suits this eUICC or device.',
  },
  matchingIdInvalid: {
    subject: '8.2.6',
    reason: '2.1',
    message: 'An order with an SM-DS address cannot have an empty MatchingID.',
  },
  matchingIdInUse: {
    subject: '8.2.6',
    reason: '3.3',
    message: 'The MatchingID belongs to another order.',
  },
  matchingIdRefused: {
    subject: '8.2.6',
    reason: '3.8',
    message:
      'The MatchingID is not that of a pending order. Check the activation code, or order a new one.',
  },
  matchingIdMismatch: {
    subject: '8.2.6',
    reason: '3.10',
    message: 'Another MatchingID is associated with this ICCID.',
  },
  confirmationCodeMissing: {
    subject: '8.2.7',
    reason: '2.2',
    message: 'The order needs a Confirmation Code. Ask the operator for it.',
  },
  confirmationCodeRefused: {
    subject: '8.2.7',
    reason: '3.8',
    message: 'The Confirmation Code is wrong. Start the download again with the right one.',
  },
  confirmationCodeRetriesExceeded: {
    subject: '8.2.7',
    reason: '6.4',
    message: 'The Confirmation Code was wrong too often. The order has ended; ask for a new one.',
  },
  profileNotReleased: {
    subject: '8.2',
    reason: '1.2',
    message: 'The profile has not been released yet. The operator must call ReleaseProfile.',
  },
  profileNotBindable: {
    subject: '8.2',
    reason: '3.7',
    message:
      'The profile cannot be bound for this session: its order has ended, or went to another eUICC.',
  },
  invalidAddress: {
    subject: '8.8.1',
    reason: '3.8',
    message: 'This SM-DP+ does not serve that address. Check the address in the activation code.',
  },
  ciKeyUnsupported: {
    subject: '8.8.2',
    reason: '3.1',
    message: 'The SM-DP+ trusts none of the CI keys with which the eUICC can sign.',
  },
  svnUnsupported: {
    subject: '8.8.3',
    reason: '3.1',
    message: 'The SM-DP+ does not support the SGP.22 version of the eUICC.',
  },
  certificateUnavailable: {
    subject: '8.8.4',
    reason: '3.7',
    message: 'The SM-DP+ has no certificate under a CI key that the eUICC can verify.',
  },
  orderExpired: {
    subject: '8.8.5',
    reason: '4.10',
    message: 'The order has expired. Ask for a new one.',
  },
  downloadRetriesExceeded: {
    subject: '8.8.5',
    reason: '6.4',
    message: 'The order was tried too often and has ended. Ask for a new one.',
  },
  smdpOidInvalid: {
    subject: '8.8',
    reason: '3.10',
    message: 'The SM-DP+ OID is not that of this SM-DP+.',
  },
  smdsFailed: {
    subject: '8.9',
    reason: '4.2',
    message: 'The SM-DS raised an error.',
  },
  smdsInaccessible: {
    subject: '8.9',
    reason: '5.1',
    message: 'The SM-DS cannot be reached. Check its address.',
  },
  smdsInvalidAddress: {
    subject: '8.9.1',
    reason: '3.8',
    message: 'This SM-DS does not serve that address.',
  },
  smdsCiKeyUnsupported: {
    subject: '8.9.2',
    reason: '3.1',
    message: 'The SM-DS trusts none of the CI keys with which the eUICC can sign.',
  },
  smdsSvnUnsupported: {
    subject: '8.9.3',
    reason: '3.1',
    message: 'The SM-DS does not support the SGP.22 version of the eUICC.',
  },
  smdsCertificateUnavailable: {
    subject: '8.9.4',
    reason: '3.7',
    message: 'The SM-DS has no certificate under a CI key that the eUICC can verify.',
  },
  eventDuplicated: {
    subject: '8.9.5',
    reason: '3.3',
    message: 'The caller has registered an event with this EventID already. EventIDs never repeat.',
  },
  eventUnknown: {
    subject: '8.9.5',
    reason: '3.9',
    message: 'The SM-DS has no event with this EventID for the eUICC.',
  },
  transactionIdUnknown: {
    subject: '8.10.1',
    reason: '3.9',
    message: 'No RSP session has this TransactionID. It ended or never was; start again.',
  },
  ciUnknown: {
    subject: '8.11.1',
    reason: '3.9',
    message: 'The CI of the EUM certificate is not trusted by this server.',
  },
  defect: {
    subject: '1.2',
    reason: '4.2',
    message: 'The server failed; the fault is not in the request.',
  },
} as const

export type StatusName = keyof typeof STATUS_CODES

/** A refusal of an RSP server, as `statusCodeData` carries it. */
export class RspError extends Error {
  override readonly name = 'RspError'
  /** The row of the table; `undefined` for a code that another server sent and the table does not have. */
  readonly status: StatusName | undefined
  readonly subjectCode: string
  readonly reasonCode: string
  readonly subjectIdentifier: string | undefined

  constructor(fields: {
    readonly status: StatusName | undefined
    readonly subjectCode: string
    readonly reasonCode: string
    readonly message: string
    readonly subjectIdentifier?: string | undefined
  }) {
    super(fields.message)
    this.status = fields.status
    this.subjectCode = fields.subjectCode
    this.reasonCode = fields.reasonCode
    this.subjectIdentifier = fields.subjectIdentifier
  }

  /** `8.2.6/3.8`, as people write it. */
  get code(): string {
    return `${this.subjectCode}/${this.reasonCode}`
  }
}

/** The refusal of a row; `detail` is added to the row's sentence. */
export function refuse(
  status: StatusName,
  more: { readonly detail?: string; readonly subjectIdentifier?: string } = {},
): RspError {
  const { subject, reason, message } = STATUS_CODES[status]
  return new RspError({
    status,
    subjectCode: subject,
    reasonCode: reason,
    message: more.detail === undefined ? message : `${message} ${more.detail}`,
    subjectIdentifier: more.subjectIdentifier,
  })
}

/** The refusal that a pair of codes from the wire stands for. */
export function refusalOf(codes: {
  readonly subjectCode: string
  readonly reasonCode: string
  readonly message?: string | undefined
  readonly subjectIdentifier?: string | undefined
}): RspError {
  const found = Object.entries(STATUS_CODES).find(
    ([, row]) => row.subject === codes.subjectCode && row.reason === codes.reasonCode,
  )
  return new RspError({
    ...codes,
    status: found?.[0] as StatusName | undefined,
    message: codes.message ?? found?.[1].message ?? 'The server refused and gave no message.',
  })
}
