/** What a profile costs: making one subscriber's package, and executing it as a card does. */

import { iccidToOctets, luhnDigit, mccMncToOctets } from '../../base/bcd.ts'
import { assert } from '../../base/errors.ts'
import { systemRandom } from '../../base/environment.ts'
import { installProfileElements } from '../../profile/install.ts'
import {
  OTA_KEY_NAMES,
  type OtaKeys,
  type OperatorProfile,
  type ProfileSubscriber,
} from '../../profile/subscriber.ts'
import { createProfileTemplate, personalise } from '../../profile/template.ts'

export interface ProfileFigures {
  readonly profilePackageOctets: number
  /** Milliseconds for one subscriber's package, warm; the median. */
  readonly personaliseMs: number
  /** Milliseconds to decode and execute it, warm; the median. */
  readonly installMs: number
}

const OPERATOR: OperatorProfile = {
  serviceProviderName: 'Bench',
  profileName: 'Bench',
  mcc: '001',
  mnc: '01',
  smsc: '999010000000',
  networkName: { full: 'Bench' },
}
const WARM_UP = 300
const ROUNDS = 500

/** Packages of the length that the sessions have, each for another subscriber. */
export function profileFigures(options: { readonly fillerOctets: number }): ProfileFigures {
  const template = createProfileTemplate({ operator: OPERATOR, ...options })
  const subscribers = Array.from({ length: WARM_UP + ROUNDS }, (_, at) => subscriber(at))
  const packages: Uint8Array[] = []
  const personaliseMs = median(
    subscribers.map((one) => timed(() => void packages.push(personalise(template, one)))),
  )
  const installMs = median(
    packages.map((upp, at) =>
      timed(() => {
        const { iccid } = subscribers[at] as ProfileSubscriber
        const expected = { iccid: iccidToOctets(iccid), mccMnc: mccMncToOctets(OPERATOR) }
        assert(installProfileElements(upp, expected).ok, 'a package of ours is executed')
      }),
    ),
  )
  return { profilePackageOctets: template.octets.length, personaliseMs, installMs }
}

function timed(work: () => void): number {
  const startMs = performance.now()
  work()
  return performance.now() - startMs
}

function median(times: readonly number[]): number {
  const sorted = times.slice(WARM_UP).toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] as number
}

function subscriber(serial: number): ProfileSubscriber {
  const random = systemRandom()
  const body = `8900101${String(serial).padStart(11, '0')}`
  const keys = OTA_KEY_NAMES.map((name) => [name, random.bytes(16)])
  return {
    iccid: `${body}${luhnDigit(body)}`,
    imsi: `00101${String(serial).padStart(10, '0')}`,
    msisdn: `99901${String(serial).padStart(7, '0')}`,
    ki: random.bytes(16),
    opc: random.bytes(16),
    pin1: '1234',
    pin2: '5678',
    puk1: '12345678',
    puk2: '87654321',
    adm1: '11111111',
    otaKeys: Object.fromEntries(keys) as OtaKeys,
  }
}
