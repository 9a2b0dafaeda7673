/**
 * AUTOMATIC TAGS (ITU-T X.680 §25.3, §29.2): components are tagged `[0]`, `[1]`, … in the order of the module.
 *
 * The profile package's module is written with them, so its types are declared here in the module's order and
 * without a tag that could be mistyped.
 */

import {
  choice,
  explicit,
  implicit,
  sequence,
  type Asn1Type,
  type ChoiceValue,
  type DefaultedComponent,
  type OptionalComponent,
  type SequenceValue,
} from '../asn1/schema.ts'
import { isConstructed } from '../asn1/der.ts'

type Component = Asn1Type<unknown> | OptionalComponent<unknown> | DefaultedComponent<unknown>
type Components = Readonly<Record<string, Component>>
type Alternatives = Readonly<Record<string, Asn1Type<unknown>>>

/** SEQUENCE whose components carry no tag of their own in the module. */
export function automaticSequence<const C extends Components>(
  name: string,
  components: C,
): Asn1Type<SequenceValue<C>> {
  const tagged = Object.entries(components).map(([key, component], number) => [
    key,
    taggedComponent(number, component),
  ])
  return sequence(name, Object.fromEntries(tagged) as C)
}

/** CHOICE whose alternatives carry no tag of their own in the module. */
export function automaticChoice<const A extends Alternatives>(
  name: string,
  alternatives: A,
): Asn1Type<ChoiceValue<A>> {
  const tagged = Object.entries(alternatives).map(([key, type], number) => [
    key,
    contextTagged(number, type),
  ])
  return choice(name, Object.fromEntries(tagged) as A)
}

/** The type under `[number]`: IMPLICIT, or EXPLICIT for a CHOICE, which has no tag to replace. */
export function contextTagged<T>(number: number, type: Asn1Type<T>): Asn1Type<T> {
  const [tag = 0, ...more] = type.tags
  if (more.length > 0) return explicit(contextTag(0xa0, number), type)
  return implicit(contextTag(isConstructed(tag) ? 0xa0 : 0x80, number), type)
}

function taggedComponent(number: number, component: Component): Component {
  if ('optional' in component) return { optional: contextTagged(number, component.optional) }
  if ('defaulted' in component) {
    return { ...component, defaulted: contextTagged(number, component.defaulted) }
  }
  return contextTagged(number, component)
}

const LOW_TAG_MAX = 30

/** A number above 30 goes into octets of its own, seven bits each (ITU-T X.690 §8.1.2.4). */
function contextTag(leading: number, number: number): number {
  if (number <= LOW_TAG_MAX) return leading | number
  const first = (leading | 0x1f) * 256
  return number < 0x80 ? first + number : (first + (0x80 | (number >> 7))) * 256 + (number & 0x7f)
}
