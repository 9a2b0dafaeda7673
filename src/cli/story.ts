/** A story told step by step: each has a number, an outcome and a time; the first that fails ends it. */

import type { Clock } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { reportOf, type Output } from './output.ts'

/** What a step has to tell: lines for people, fields for programs. */
export interface Told<T> {
  readonly lines?: readonly string[]
  readonly fields?: object
  /** What later steps need. */
  readonly value: T
}

export interface Story {
  /** @throws {LabError} as `work` does, with the step's number and title */
  step<T>(title: string, work: () => Promise<Told<T>>): Promise<T>
}

export function tellStory(listener: { readonly output: Output; readonly clock: Clock }): Story {
  const { output, clock } = listener
  let number = 0
  return {
    async step(title, work) {
      number += 1
      const startMs = clock.nowMs()
      const head = (mark: string) =>
        `${mark} ${String(number).padStart(2)}  ${title}  (${clock.nowMs() - startMs} ms)`
      const event = (ok: boolean) => ({
        event: 'step',
        number,
        title,
        ok,
        ms: clock.nowMs() - startMs,
      })
      try {
        const { lines = [], fields = {}, value } = await work()
        const text = [head('✓'), ...lines.map((line) => `      ${line}`)].join('\n')
        output.result({ ...event(true), ...fields }, text)
        return value
      } catch (error) {
        output.result({ ...event(false), error: reportOf(error) }, head('✗'))
        throw failedStep(error, `step ${number}, "${title}", failed`)
      }
    },
  }
}

function failedStep(error: unknown, step: string): LabError {
  const { code, message, ...more } = reportOf(error)
  return new LabError(code, `${step}: ${message}`, { ...more, cause: error })
}
