/** Revocation lists on the card (SGP.22 §5.7.12, §4.6). */

import type { Es10Request, Es10Response } from '../rsp/es10.ts'
import type { Card } from './card.ts'

export function loadCRL(_card: Card, _request: Es10Request<'loadCRL'>): Es10Response<'loadCRL'> {
  return { loadCRLResponseError: 'undefinedError' }
}
