/** Protected packages that were handed out, for the retry of a download (SGP.22 §3.1.3.2 (9)). */

import { equalOctets } from '../base/octets.ts'
import type { Credential } from '../pki/issue.ts'
import type { ProtectedPackage } from './bind.ts'

interface KeptFor {
  readonly iccid: string
  readonly eid: string
  /** With whose key its signature is made: the keys are on its curve. */
  readonly dpPb: Credential
}

/** One package for each profile, bounded in octets: the oldest go first. What is forgotten is bound anew. */
export interface KeptPackages {
  find(wanted: KeptFor & { readonly euiccOtpk: Uint8Array }): ProtectedPackage | undefined
  keep(kept: KeptFor & { readonly package: ProtectedPackage }): void
}

export function createKeptPackages(options: { readonly octetsMax: number }): KeptPackages {
  const packages = new Map<string, KeptFor & { readonly package: ProtectedPackage }>()
  let octets = 0

  function forget(iccid: string): void {
    const kept = packages.get(iccid)
    if (!kept) return
    octets -= octetsOf(kept.package)
    packages.delete(iccid)
  }

  return {
    find({ iccid, eid, dpPb, euiccOtpk }) {
      const kept = packages.get(iccid)
      const isSame = kept?.eid === eid && kept.dpPb === dpPb
      return isSame && equalOctets(kept.package.euiccOtpk, euiccOtpk) ? kept.package : undefined
    },
    keep(kept) {
      forget(kept.iccid)
      packages.set(kept.iccid, kept)
      octets += octetsOf(kept.package)
      for (const iccid of packages.keys()) {
        if (octets <= options.octetsMax) return
        forget(iccid)
      }
    },
  }
}

function octetsOf({ parts }: ProtectedPackage): number {
  return parts.reduce((total, part) => total + part.length, 0)
}
