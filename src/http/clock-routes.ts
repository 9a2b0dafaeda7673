/** The lab's time over HTTP, and moving it on where whoever serves the lab allows it. */

import { Router } from 'express'
import { LabError } from '../base/errors.ts'
import { jsonFields } from '../base/json-fields.ts'
import type { Lab } from '../lab.ts'
import { methodNotAllowed } from './problem.ts'

/** What is to be done once the clock was moved, before the answer. */
export type AfterMove = (now: Date) => void | Promise<void>

const ADVANCE_MAX_MS = 10 * 366 * 86_400_000
const LATEST_MS = Date.UTC(9000, 0)

/** The routes, to be mounted like those of the lab. Without `afterMove` nobody moves the clock. */
export function clockRoutes(lab: Pick<Lab, 'clock'>, afterMove?: AfterMove): Router {
  const router = Router()
  const answer = () => ({ now: lab.clock.now(), manual: afterMove !== undefined })
  router
    .route('/api/clock')
    .get((_request, response) => {
      response.json(answer())
    })
    .post(async (request, response) => {
      const body = jsonFields(request.body, { path: 'body', isWhole: true })
      body.onlyFields(['advanceMs'])
      const advanceMs = body.integer('advanceMs', { min: 1, max: ADVANCE_MAX_MS })
      if (!afterMove) {
        const detail = 'the clock of this lab goes by itself; serve it with --clock manual'
        throw new LabError('refused', detail, { reason: 'clockNotManual' })
      }
      if (lab.clock.nowMs() + advanceMs > LATEST_MS) {
        body.refuse('advanceMs', 'less: the year 9000 is the last')
      }
      lab.clock.advance(advanceMs)
      await afterMove(lab.clock.now())
      response.json(answer())
    })
    .all(methodNotAllowed(['GET', 'HEAD', 'POST']))
  return router
}
