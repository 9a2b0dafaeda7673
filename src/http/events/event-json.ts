/** Events as listeners get them: the envelope of TMF630 and TMF654 v4, and what it happened to. */

import type { Operator } from '../../operator/operator.ts'
import type { BalanceActionKind } from '../../store/balance-actions.ts'
import type { StoredEvent } from '../../store/outbox.ts'
import { actionJson, transferJson } from '../tmf/resources.ts'

/** One event. Its id is the same in each delivery; what it happened to is as it is by then. */
export function eventJson(operator: Operator, event: StoredEvent): object {
  return {
    eventId: event.id,
    eventTime: new Date(event.atMs),
    eventType: event.type,
    event: subjectOf(operator, event),
  }
}

function subjectOf(operator: Operator, { type, subject, detail }: StoredEvent): object {
  if (type.startsWith('TransferBalance')) {
    const gift = operator.gift({ id: subject })
    return gift ? { transferBalance: transferJson(operator, gift) } : { id: subject }
  }
  const [, word = ''] = /^(Topup|Adjust|Reserve)Balance/.exec(type) ?? []
  if (!word) return { id: subject, ...(detail && (JSON.parse(detail) as object)) }
  const kind = word.toLowerCase() as BalanceActionKind
  const action = operator.balanceActions.find({ kind, id: subject })
  return { [`${kind}Balance`]: action ? actionJson(action) : { id: subject } }
}
