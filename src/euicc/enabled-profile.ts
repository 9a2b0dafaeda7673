/** The enabled profile as the card's files: built when it is first needed, and kept while it is enabled. */

import type { Random } from '../base/environment.ts'
import { Asn1Error } from '../asn1/der.ts'
import { buildProfile } from '../profile/build.ts'
import { readProfileElements } from '../profile/elements.ts'
import type { ProfileImage } from '../profile/image.ts'
import { update, type Card } from './card.ts'
import { freeMemoryOctets } from './info.ts'
import type { InstalledProfile } from './state.ts'
import { mergeChanges, placesOf, type ProfileChanges, type ProfilePlaces } from './uicc/changes.ts'

/** One object for as long as the same profile is enabled. */
export interface EnabledProfile {
  readonly image: ProfileImage
  readonly places: ProfilePlaces
  /** What the card has left for profiles. */
  readonly freeOctets: number
  /** The card's own stream. */
  readonly random: Random
  /** Stores changes and puts them on the image; when storing throws, neither has happened. */
  keep(changes: ProfileChanges): void
}

/** Executes installed elements; `undefined` for those that cannot be executed. */
export type ImageBuilder = (elements: Uint8Array) => ProfileImage | undefined

interface Cached {
  readonly elements: Uint8Array
  readonly isdpAid: Uint8Array
  readonly enabled: EnabledProfile | undefined
}

/** A look at the card that gives its enabled profile, or `undefined` without one that has files. */
export function enabledProfileOf(
  card: Card,
  build: ImageBuilder = (elements) => executed(card, elements),
): () => EnabledProfile | undefined {
  let cached: Cached | undefined
  return () => {
    const profile = card.state.profiles.find(({ state }) => state === 'enabled')
    if (!profile) return (cached = undefined)
    const { elements, isdpAid } = profile
    if (cached?.elements !== elements || cached.isdpAid !== isdpAid) {
      cached = { elements, isdpAid, enabled: openProfile(card, { profile, build }) }
    }
    return cached.enabled
  }
}

function executed({ personality }: Card, elements: Uint8Array): ProfileImage | undefined {
  try {
    const { services } = personality
    // It had room when it was installed, whatever memory the personality has that is in the slot now.
    return buildProfile(readProfileElements(elements), {
      services,
      freeOctets: Number.MAX_SAFE_INTEGER,
    }).image
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

function openProfile(
  card: Card,
  { profile, build }: { readonly profile: InstalledProfile; readonly build: ImageBuilder },
): EnabledProfile | undefined {
  const image = build(profile.elements)
  if (!image) return undefined
  const places = placesOf(image)
  if (profile.changes) places.apply(profile.changes)
  return {
    image,
    places,
    random: card.random,
    get freeOctets() {
      return freeMemoryOctets(card)
    },
    keep(changes) {
      update(card, {
        profiles: card.state.profiles.map((other) =>
          other.isdpAid === profile.isdpAid
            ? { ...other, changes: mergeChanges(other.changes, changes) }
            : other,
        ),
      })
      places.apply(changes)
    },
  }
}
