/** The card's pending notifications (SGP.22 §5.7.9 to §5.7.11). */

import { decode } from '../asn1/schema.ts'
import { PendingNotification } from '../rsp/es10b.ts'
import type { NotificationEvent } from '../rsp/common.ts'
import type { Es10Request, Es10Response } from '../rsp/es10.ts'
import { update, type Card } from './card.ts'
import type { StoredNotification } from './state.ts'

export function listNotification(
  card: Card,
  request: Es10Request<'listNotification'>,
): Es10Response<'listNotification'> {
  const wanted = request.profileManagementOperation
  return {
    notificationMetadataList: card.state.notifications
      .filter((stored) => !wanted || isOfKind(stored, wanted))
      .map(({ metadata }) => metadata),
  }
}

export function retrieveNotificationsList(
  card: Card,
  request: Es10Request<'retrieveNotificationsList'>,
): Es10Response<'retrieveNotificationsList'> {
  const criteria = request.searchCriteria
  const found = card.state.notifications.filter((stored) => {
    if (!criteria) return true
    if (criteria.seqNumber !== undefined) return stored.metadata.seqNumber === criteria.seqNumber
    return isOfKind(stored, criteria.profileManagementOperation)
  })
  return { notificationList: found.map(({ octets }) => decode(PendingNotification, octets)) }
}

export function removeNotificationFromList(
  card: Card,
  request: Es10Request<'removeNotificationFromList'>,
): Es10Response<'removeNotificationFromList'> {
  const rest = card.state.notifications.filter(
    (stored) => stored.metadata.seqNumber !== request.seqNumber,
  )
  if (rest.length === card.state.notifications.length) {
    return { deleteNotificationStatus: 'nothingToDelete' }
  }
  update(card, { notifications: rest })
  return { deleteNotificationStatus: 'ok' }
}

function isOfKind(stored: StoredNotification, events: readonly NotificationEvent[]): boolean {
  return events.some((event) => stored.metadata.profileManagementOperation.includes(event))
}
