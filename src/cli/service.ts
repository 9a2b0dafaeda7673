/** The file by which verbs find the lab that is served from a data directory, and may speak to it. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { asBuffer } from '../base/octets.ts'
import { readIfThere, replaceFile } from '../store/directory.ts'

/** Who has it may do whatever the operator may, so its owner alone can read it. */
export interface Service {
  readonly operatorUrl: string
  readonly rspAddress: string
  readonly rspUrl: string
  readonly token: string
  /** Those of the SM-DSs, likewise; a lab of an older version has none. */
  readonly rootDsAddress?: string
  readonly alternativeDsAddress?: string
  readonly pid: number
  /** Ports of further listeners that have no TLS. */
  readonly plainPorts?: readonly number[]
  /** The directory of the PKI that the SM-DP+ runs on, when it was given one. */
  readonly pki?: string
}

export function serviceFile(directory: string): string {
  return join(directory, 'serve.json')
}

export function writeService(directory: string, service: Service): void {
  replaceFile(serviceFile(directory), `${JSON.stringify(service, null, 1)}\n`)
}

/** The lab that said it is served, whether or not it still is; nothing when none did, or in another form. */
export function readService(directory: string): Service | undefined {
  const octets = readIfThere(serviceFile(directory))
  if (!octets) return undefined
  try {
    const service = JSON.parse(asBuffer(octets).toString('utf8')) as Partial<Service>
    const { operatorUrl, token, rspUrl } = service
    return operatorUrl && token && rspUrl ? (service as Service) : undefined
  } catch {
    return undefined
  }
}

export function removeService(directory: string): void {
  rmSync(serviceFile(directory), { force: true })
}
