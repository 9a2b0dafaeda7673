/** Refusals by rules, as answers: they are kept with the idempotency key, so that a retry does not succeed by chance. */

/** A refusal by a rule: the reason for programs, the text for people. */
export interface Refused<Reason extends string = string> {
  readonly allowed: false
  readonly reason: Reason
  readonly text: string
}

/** A refusal as it is kept: JSON, whose amounts are strings of digits with an `n`. */
export function writeRefused(refused: Refused): string {
  return JSON.stringify(refused, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
}

/** Reads what {@link writeRefused} wrote. */
export function readRefused(json: string): Refused {
  return JSON.parse(json, (_, value: unknown) =>
    typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as Refused
}
