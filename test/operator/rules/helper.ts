import { loadOperators } from '../../../src/operator/operators.ts'
import type { OperatorFile } from '../../../src/operator/operator-file.ts'
import type {
  GiftFacts,
  LotFacts,
  PartyFacts,
  ReceiverFacts,
  SenderFacts,
} from '../../../src/operator/rules/facts.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** A Thursday noon in UTC, in the middle of a month. */
export const NOW_MS = Date.UTC(2026, 0, 15, 12)

export const OPERATORS = loadOperators()

const COUNTS = { dayGifts: 0, dayBytes: 0n, monthGifts: 0, monthBytes: 0n }

function partyOf(msisdn: string, operator: string): PartyFacts {
  return {
    msisdn,
    operator,
    status: 'active',
    profileState: 'enabled',
    kind: 'person',
    ageGroup: 'adult',
    payment: 'prepaid',
    region: 'moscow',
    identified: true,
    openedAtMs: NOW_MS - 400 * DAY_MS,
    provisionedAtMs: NOW_MS - 400 * DAY_MS,
    isRoaming: false,
    returnedAtMs: undefined,
    lastActiveAtMs: NOW_MS - HOUR_MS,
    receivedUntilMs: undefined,
    counts: COUNTS,
    moneyMinor: 1_000_000n,
  }
}

export function lotOf(lot: Partial<LotFacts> = {}): LotFacts {
  return {
    id: 1,
    origin: 'plan',
    trafficClass: 'general',
    scope: 'any',
    giftable: true,
    availableBytes: 20n * 2n ** 30n,
    validFromMs: NOW_MS - 27 * DAY_MS,
    validUntilMs: NOW_MS + 2 * DAY_MS,
    ...lot,
  }
}

export interface Change {
  readonly facts?: Partial<GiftFacts>
  readonly sender?: Partial<SenderFacts>
  readonly receiver?: Partial<ReceiverFacts>
}

/** A gift between two subscribers against whom nothing can be said, changed where a test wants it. */
export function factsOf(file: OperatorFile, change: Change = {}): GiftFacts {
  const [from, to] = ['10001', '10002']
  const { id, amountBytes } = file.plan
  return {
    from,
    to,
    amountBytes: file.gifting.sizesBytes?.[0] ?? file.gifting.minBytes ?? 1n,
    atMs: NOW_MS,
    timeZone: file.timeZone,
    gigabyteBytes: file.gigabyteBytes,
    channel: 'api',
    regulation: file.regulation,
    sender: {
      ...partyOf(from, file.id),
      plan: { id, amountBytes },
      feeCharged: true,
      periodBytes: 0n,
      periodUntilMs: NOW_MS + 2 * DAY_MS,
      lastGiftAtMs: undefined,
      monthReceivers: [],
      isLocked: false,
      isSuspended: false,
      allowedAtMs: undefined,
      usesWifi: false,
      lots: [lotOf({ availableBytes: amountBytes })],
      ...change.sender,
    },
    receiver: { ...partyOf(to, file.id), blocksSender: false, ...change.receiver },
    recent: [],
    ...change.facts,
  }
}
