/**
 * Gifts that are bought: the giver pays for a new package, which is the receiver's from the start. Nothing leaves the
 * giver's lots, so that the rules about amounts say nothing about it; all others are judged as for any gift.
 */

import type { Connection } from '../../store/engine.ts'
import {
  findGiftRequest,
  putGiftRequest,
  type GiftRequestRecord,
} from '../../store/gift-requests.ts'
import type { Account } from '../accounts.ts'
import { noteGift } from '../channels/notices.ts'
import type { OperatorFile } from '../operator-file.ts'
import { brokenGates } from '../rules/judge.ts'
import { GiftRefusedError } from '../rules/refusals.ts'
import type { GiftingRules, TariffPackage } from '../rules/types.ts'
import { gatherFacts } from './gather.ts'
import { giftOf } from './view.ts'

/** Who buys what for whom. */
export interface BoughtGift {
  readonly id: string
  readonly giver: Account
  readonly receiver: Account
  readonly file: OperatorFile
  readonly offer: TariffPackage
  readonly atMs: number
}

/** @throws {GiftRefusedError} with every rule that the gift breaks */
export function requireBoughtGiftAllowed(db: Connection, gift: BoughtGift): void {
  const { giver, receiver, file, offer, atMs } = gift
  const rules = rulesOfBought(file.gifting)
  const facts = gatherFacts(db, {
    file: { ...file, gifting: rules },
    fileOf: () => file,
    from: giver.msisdn,
    to: receiver.msisdn,
    giver,
    receiver,
    amountBytes: offer.amountBytes,
    atMs,
    channel: 'api',
  })
  const [first, ...others] = brokenGates({ facts, rules })
  if (first) throw new GiftRefusedError([first, ...others])
}

/** Puts a gift that has been paid and issued by a transfer into the book of gifts, and tells both sides. */
export function noteBoughtGift(
  db: Connection,
  gift: BoughtGift & { readonly transferId: string },
): void {
  const { id, giver, receiver, file, offer, transferId, atMs } = gift
  putGiftRequest(db, {
    id,
    operator: file.id,
    channel: 'api',
    giverAccountId: giver.id,
    receiverAccountId: receiver.id,
    receiverNumber: receiver.msisdn,
    amountBytes: offer.amountBytes,
    feeMinor: offer.priceMinor,
    state: 'completed',
    transferId,
    packageId: offer.id,
    atMs,
  })
  const request = findGiftRequest(db, id) as GiftRequestRecord
  const told = { request, gift: giftOf(db, { request, atMs }), file, atMs }
  noteGift(db, { ...told, what: 'sent', to: giver })
  noteGift(db, { ...told, what: 'received', to: receiver })
}

/** What an operator says of gifts, for one that is bought: that nothing else is given is no reason against it. */
function rulesOfBought({ service, ...rules }: GiftingRules): GiftingRules {
  return service === undefined || service === 'bought' ? rules : { ...rules, service }
}
