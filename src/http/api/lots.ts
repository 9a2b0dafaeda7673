/** Lots as every answer has them. */

import { z } from 'zod'
import { amountToJson } from '../../operator/amount.ts'
import type { Lot } from '../../store/ledger.ts'
import { amountJson, instant } from './schemas.ts'

export const lotSchema = z
  .object({
    id: z.int(),
    origin: z.string(),
    trafficClass: z.string(),
    giftable: z.boolean(),
    grantedBytes: amountJson,
    availableBytes: amountJson,
    heldBytes: amountJson,
    validFrom: instant,
    validUntil: instant,
    parentLotId: z.int().nullable(),
    label: z.string().nullable().meta({ description: 'Of which plan or package it is.' }),
    scope: z.enum(['home', 'roaming', 'any']),
    from: z.string().nullable().meta({ description: 'Who gave it, masked.' }),
  })
  .meta({ id: 'Lot' })

/** A lot; `givers` has by its id who gave it, masked, where it was given. */
export function lotJson(lot: Lot, givers: ReadonlyMap<number, string>): object {
  return {
    id: lot.id,
    origin: lot.origin,
    trafficClass: lot.trafficClass,
    giftable: lot.giftable,
    grantedBytes: amountToJson(lot.grantedBytes),
    availableBytes: amountToJson(lot.availableBytes),
    heldBytes: amountToJson(lot.heldBytes),
    validFrom: new Date(lot.validFromMs),
    validUntil: new Date(lot.validUntilMs),
    parentLotId: lot.parentLotId ?? null,
    label: lot.label ?? null,
    scope: lot.scope,
    from: givers.get(lot.id) ?? null,
  }
}
