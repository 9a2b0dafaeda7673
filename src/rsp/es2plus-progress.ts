/** ES2+.HandleDownloadProgressInfo: the one function of ES2+ that the SM-DP+ calls (SGP.22 §5.3.5, §6.5.2.5). */

/** The points of Table 32a by what they are; from 100 on they are ours. */
export const PROGRESS_POINTS = {
  eligibility: 1,
  confirmation: 2,
  bppDownload: 3,
  bppInstallation: 4,
  /** An order that was not downloaded in time. */
  expiry: 100,
} as const
export type ProgressPoint = keyof typeof PROGRESS_POINTS

/** ExecutionStatus (SGP.22 §5.2.2.2). */
export interface ProgressStatus {
  readonly status: 'Executed-Success' | 'Failed' | 'Expired'
  readonly statusCodeData?: {
    readonly subjectCode: string
    readonly reasonCode: string
    readonly message: string
  }
}

/** The body of the call without its header. */
export interface DownloadProgressInfo {
  readonly eid?: string
  readonly iccid: string
  readonly profileType: string
  /** `YYYY-MM-DDThh:mm:ssZ`. */
  readonly timestamp: string
  readonly notificationPointId: number
  readonly notificationPointStatus: ProgressStatus
  /** finalResult of the ProfileInstallationResult, DER in Base64. */
  readonly resultData?: string
}

/** The call as it goes to the operator; the same call again has the same functionCallIdentifier. */
export interface DownloadProgressCall extends DownloadProgressInfo {
  readonly header: {
    readonly functionRequesterIdentifier: string
    readonly functionCallIdentifier: string
  }
}

export const PROGRESS_PATH = '/gsma/rsp2/es2plus/handleDownloadProgressInfo'
