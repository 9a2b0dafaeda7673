/** How deliveries are signed: Standard Webhooks 1.0.0, symmetric. Its public libraries verify them. */

import { createHmac } from 'node:crypto'

const SECRET_PREFIX = 'whsec_'

/** The headers of a delivery. The HMAC-SHA-256 covers the id, the instant and the body, joined by dots. */
export function signedHeaders(message: {
  readonly id: string
  readonly secret: string
  readonly body: string
  /** Of the wall: receivers compare it with their own clock. */
  readonly atSeconds: number
}): Readonly<Record<string, string>> {
  const { id, secret, body, atSeconds } = message
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${atSeconds}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(atSeconds),
    'webhook-signature': `v1,${signature}`,
  }
}
