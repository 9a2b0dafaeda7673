/** The lab's time over HTTP, and moving it on where whoever serves the lab allows it. */

import { z } from 'zod'
import { LabError } from '../base/errors.ts'
import type { Lab } from '../lab.ts'
import { ok, route, type Route } from './api/route.ts'

/** What is to be done once the clock was moved, before the answer. */
export type AfterMove = (now: Date) => void | Promise<void>

const ADVANCE_MAX_MS = 10 * 366 * 86_400_000
const LATEST_MS = Date.UTC(9000, 0)

const schema = z
  .object({
    now: z.iso.datetime(),
    manual: z.boolean().meta({ description: 'Whether it stands still until it is moved.' }),
  })
  .meta({ id: 'LabClock' })

/** The routes over a lab. Without `afterMove` nobody moves the clock. */
export function clockRoutes(lab: Pick<Lab, 'clock'>, afterMove?: AfterMove): readonly Route[] {
  const common = { tag: 'Lab', scope: 'lab:manage', path: '/api/clock' } as const
  const answer = () => ok({ now: lab.clock.now(), manual: afterMove !== undefined })
  return [
    route({
      ...common,
      method: 'GET',
      operationId: 'getClock',
      summary: 'The time of the lab',
      responses: { 200: { description: 'It.', schema } },
      handle: answer,
    }),
    route({
      ...common,
      method: 'POST',
      operationId: 'advanceClock',
      summary: 'Move the time of the lab on',
      description: 'What has come due meanwhile is done before the answer.',
      body: z.strictObject({ advanceMs: z.int().min(1).max(ADVANCE_MAX_MS) }),
      responses: { 200: { description: 'The time that it is now.', schema } },
      async handle({ body: { advanceMs } }) {
        if (!afterMove) {
          const detail = 'the clock of this lab goes by itself; serve it with --clock manual'
          throw new LabError('refused', detail, { reason: 'clockNotManual' })
        }
        if (lab.clock.nowMs() + advanceMs > LATEST_MS) {
          throw new LabError('badInput', 'advanceMs: expected less: the year 9000 is the last', {
            field: 'advanceMs',
          })
        }
        lab.clock.advance(advanceMs)
        await afterMove(lab.clock.now())
        return answer()
      },
    }),
  ]
}
