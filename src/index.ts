/**
 * esim-lab as a library: the whole lab in a test's own process.
 *
 * ```ts
 * const lab = await createLab({ startAt: new Date('2026-01-01T00:00:00Z') })
 * ```
 */

import { createLab as assembleLab, type Lab, type LabOptions } from './lab.ts'
import { serveLab, type ServedLab, type ServeOptions } from './http/serve.ts'
import { requireNode } from './base/runtime.ts'

requireNode()

/** A lab that can also be put on the network. */
export interface ListeningLab extends Lab {
  /** Starts the RSP and the operator's listener, on free ports of this machine unless told. `close` ends them too. */
  listen(options?: ServeOptions): Promise<ServedLab>
}

/**
 * Starts a lab in this process: test CI, SM-DP+, operator, database.
 * @throws {LabError} dataDirectoryLocked, damaged, badInput
 */
export async function createLab(options: LabOptions = {}): Promise<ListeningLab> {
  const lab = await assembleLab(options)
  const served: ServedLab[] = []
  return {
    ...lab,
    async listen(choices) {
      const started = await serveLab(lab, choices)
      served.push(started)
      return started
    },
    async close() {
      await Promise.all(served.map((one) => one.close()))
      await lab.close()
    },
  }
}

export { LabError, type ErrorCode } from './base/errors.ts'
export type { Lab, LabOptions, Phone, PhoneOptions } from './lab.ts'
export type { ServedLab, ServeOptions } from './http/serve.ts'
export type {
  Es2PlusListenerOptions,
  RspListenerOptions,
  ServedListener,
} from './http/rsp-listeners.ts'
export type { Es2PlusAccess, Es2PlusClient } from './http/es2plus-access.ts'
export { es9PlusClient, type Binding } from './http/rsp-client.ts'
export type { Balance, Operator } from './operator/operator.ts'
export type { OperatorNetwork } from './operator/network.ts'
export { createModem, type Attachment, type AttachStep, type Modem } from './modem/modem.ts'
export type { NetworkAnswer, ServingNetwork } from './nas/registration.ts'
export { iccidToOctets } from './base/bcd.ts'
export { packageOctets, readPackage, type PackageFacts } from './profile/import.ts'
export {
  installProfileElements,
  type ExpectedProfile,
  type InstalledContent,
  type InstallResult,
} from './profile/install.ts'
export type { Directory, ElementaryFile, ProfileImage } from './profile/image.ts'
export { lintPackage, type Finding } from './profile/lint/index.ts'
export { createProfileTemplate, personalise, type ProfileTemplate } from './profile/template.ts'
export type { OperatorProfile, ProfileSubscriber } from './profile/subscriber.ts'
export type { OrderedProfile, ProfileOrder } from './operator/ordering.ts'
export type { Gift } from './operator/gifts/view.ts'
export { amountFromText, formatAmount } from './operator/amount.ts'
export {
  formatActivationCode,
  parseActivationCode,
  type ActivationCode,
} from './rsp/activation-code.ts'
export { RspError, STATUS_CODES } from './rsp/status-codes.ts'
export type { ProtocolMessage, Observer } from './rsp/observe.ts'
export type { Es2Plus } from './rsp/es2plus.ts'
export type { DownloadProgressCall } from './rsp/es2plus-progress.ts'
export type { Es9Plus } from './rsp/es9plus.ts'
export type { Es10 } from './rsp/es10.ts'
export { encodeUpdateMetadata, type MetadataChange } from './rsp/es6.ts'
export { createEuicc, type Euicc } from './euicc/euicc.ts'
export { loadPersonality, parsePersonality, personalityNames } from './euicc/personality-file.ts'
export type { Personality } from './euicc/personality.ts'
export { createApduCard } from './euicc/apdu/card.ts'
export { es10OverApdu, type Es10OverApdu } from './euicc/apdu/es10-over-apdu.ts'
export type { ApduCard, ApduSettings } from './euicc/apdu/types.ts'
export { es10Client } from './rsp/es10.ts'
export { createLpa, type Lpa } from './lpa/lpa.ts'
export { loadPkiDirectory, type LoadedPki } from './pki/load.ts'
