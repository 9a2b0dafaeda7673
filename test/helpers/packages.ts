/** Packages as somebody else would bring them: ours with altered content. */

import { concat } from '../../src/base/octets.ts'
import {
  encodeElement,
  readProfileElements,
  type DeclaredKind,
  type ElementContent,
  type ElementValue,
} from '../../src/profile/elements.ts'
import type { OperatorProfile } from '../../src/profile/subscriber.ts'
import { createProfileTemplate, personalise } from '../../src/profile/template.ts'
import { OPERATOR, SUBSCRIBER } from '../profile/helper.ts'

/** A package of another operator than the lab's. */
export function foreignPackage(
  change: {
    readonly operator?: Partial<OperatorProfile>
    readonly subscriber?: Partial<typeof SUBSCRIBER>
  } = {},
): Uint8Array {
  const template = createProfileTemplate({ operator: { ...OPERATOR, ...change.operator } })
  return personalise(template, { ...SUBSCRIBER, ...change.subscriber })
}

/** The package with each element of a kind replaced by what `change` makes of it. */
export function withElement<K extends DeclaredKind>(
  octets: Uint8Array,
  altered: {
    readonly kind: K
    readonly change: (value: ElementContent<K>) => ElementContent<K>
  },
): Uint8Array {
  const { kind, change } = altered
  const elements = readProfileElements(octets).map((read) =>
    read.kind === kind
      ? encodeElement({ kind, value: change(read.value as ElementContent<K>) } as ElementValue)
      : read.raw,
  )
  return concat(...elements)
}

/** A package without a number in EF.MSISDN. */
export function withoutNumber(octets: Uint8Array): Uint8Array {
  return withElement(octets, {
    kind: 'optUsim',
    change: ({ efMsisdn: _efMsisdn, ...rest }) => rest,
  })
}
