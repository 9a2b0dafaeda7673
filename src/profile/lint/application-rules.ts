/** Rules of security domains, remote management and applets (TCA eUICC Profile Package §8.6 to §8.8, GlobalPlatform Card Specification §11). */

import { toHex } from '../../base/octets.ts'
import type { Survey } from '../survey.ts'
import { elementsOf, type Rule } from './rule.ts'

export const APPLICATION_RULES: readonly Rule[] = [
  {
    id: 'operator-domain-keys',
    severity: 'warning',
    *check(survey) {
      const [first] = elementsOf(survey, 'securityDomain')
      if (!first || first.element.value.keyList) return
      yield {
        at: first.number,
        text: 'is the first security domain, so the operator’s own, and has no keys: nobody can reach it over the air.',
      }
    },
  },
  {
    id: 'domain-keys',
    severity: 'error',
    *check(survey) {
      for (const { element, number } of elementsOf(survey, 'securityDomain')) {
        for (const key of element.value.keyList ?? []) {
          for (const { keyType, keyData } of key.keyComponents) {
            const lengths = KEY_OCTETS[keyType[0] ?? 0]
            if (!lengths || lengths.includes(keyData.length)) continue
            const name = `${toHex(key.keyVersionNumber)}/${toHex(key.keyIdentifier)}`
            yield {
              at: number,
              text: `has the key ${name} of ${keyData.length} octets; its type ${toHex(keyType)} has ${lengths.join(' or ')}.`,
            }
          }
        }
      }
    },
  },
  {
    id: 'domain-key-twice',
    severity: 'warning',
    *check(survey) {
      for (const { element, number } of elementsOf(survey, 'securityDomain')) {
        const names = (element.value.keyList ?? []).map(
          ({ keyVersionNumber, keyIdentifier }) =>
            `${toHex(keyVersionNumber)}/${toHex(keyIdentifier)}`,
        )
        const twice = names.find((name, at) => names.indexOf(name) < at)
        if (twice !== undefined)
          yield {
            at: number,
            text: `has two keys with version and identifier ${twice}. Remove one.`,
          }
      }
    },
  },
  {
    id: 'aid-taken',
    severity: 'error',
    *check(survey) {
      const first = new Map<string, number>()
      for (const { aid, number } of instances(survey)) {
        const before = first.get(aid)
        if (before === undefined) first.set(aid, number)
        else
          yield {
            at: number,
            text: `has the AID ${aid} of element ${before}. Give it one of its own.`,
          }
      }
    },
  },
  {
    id: 'target-taken',
    severity: 'warning',
    *check(survey) {
      const first = new Map<string, number>()
      for (const { element, number } of elementsOf(survey, 'rfm')) {
        for (const tar of (element.value.tarList ?? []).map(toHex)) {
          const before = first.get(tar)
          if (before === undefined) first.set(tar, number)
          else
            yield {
              at: number,
              text: `has the TAR ${tar} of element ${before}: messages could mean either.`,
            }
        }
      }
    },
  },
  {
    id: 'load-file-missing',
    severity: 'note',
    *check(survey) {
      const loaded = new Set<string>()
      for (const { element, number } of elementsOf(survey, 'application')) {
        const { loadBlock, instanceList = [] } = element.value
        if (loadBlock) loaded.add(toHex(loadBlock.loadPackageAID))
        for (const { applicationLoadPackageAID } of instanceList) {
          const aid = toHex(applicationLoadPackageAID)
          if (loaded.has(aid)) continue
          yield {
            at: number,
            text: `makes an instance of the load file ${aid}, which the package does not bring: only cards that have it can install this.`,
          }
        }
      }
    },
  },
]

/** Types of GlobalPlatform Card Specification §11.1.8 whose keys have one length: DES and AES. */
const KEY_OCTETS: Readonly<Record<number, readonly number[]>> = {
  0x80: [8, 16, 24],
  0x82: [8, 16, 24],
  0x88: [16, 24, 32],
}

function* instances(survey: Survey): Generator<{ readonly aid: string; readonly number: number }> {
  for (const { element, number } of survey.elements) {
    for (const { adf } of survey.adfs.filter((one) => one.element === number)) {
      if (adf.aid) yield { aid: toHex(adf.aid), number }
    }
    if (element.kind === 'securityDomain') {
      yield { aid: toHex(element.value.instance.instanceAID), number }
    }
    if (element.kind === 'rfm') yield { aid: toHex(element.value.instanceAID), number }
    if (element.kind !== 'application') continue
    for (const { instanceAID } of element.value.instanceList ?? []) {
      yield { aid: toHex(instanceAID), number }
    }
  }
}
