/** Rules of what must have come before what (TCA eUICC Profile Package §8.1.2, §8.4 to §8.8). */

import { equalOctets, toHex } from '../../base/octets.ts'
import type { Directory } from '../image.ts'
import { applicationName } from '../known-files.ts'
import type { Survey } from '../survey.ts'
import { elementsOf, type Rule } from './rule.ts'

export const ORDER_RULES: readonly Rule[] = [
  {
    id: 'codes-before-directory',
    severity: 'error',
    *check({ elements }) {
      for (const { element, number, directory } of elements) {
        if (element.kind !== 'pinCodes' && element.kind !== 'pukCodes') continue
        if (directory) continue
        yield {
          at: number,
          text: 'has no directory yet that its codes could be of. Move it behind the mf element.',
        }
      }
    },
  },
  {
    id: 'base-before-option',
    severity: 'error',
    *check({ elements }) {
      const places = new Map(
        Object.values(BASES).map((base) => [
          base,
          elements.findIndex(({ element }) => base.kinds.includes(element.kind)),
        ]),
      )
      for (const { element, number } of elements) {
        const base = BASES[element.kind]
        if (!base) continue
        const place = places.get(base) ?? -1
        if (place >= 0 && place < number) continue
        const todo = place < 0 ? `Put a ${base.name} before it` : `Move it behind element ${place}`
        yield { at: number, text: `adds to a ${base.name}, and none came before. ${todo}.` }
      }
    },
  },
  {
    id: 'parameters-before-application',
    severity: 'error',
    *check({ elements }) {
      for (const { element, number, adf } of elements) {
        if (element.kind !== 'akaParameter' && element.kind !== 'cdmaParameter') continue
        if (adf) continue
        yield {
          at: number,
          text: 'has no application yet that could use it. Move it behind a USIM or ISIM.',
        }
      }
    },
  },
  {
    id: 'mapping-source',
    severity: 'error',
    *check(survey) {
      const done: Directory[] = []
      for (const { element, number, adf } of elementsOf(survey, 'akaParameter')) {
        const source = element.value.algoConfiguration.mappingParameter?.mappingSource
        if (source && !done.some(({ aid }) => aid && equalOctets(aid, source))) {
          const text = `takes its parameters from ${toHex(source)}, which has none so far. Give that application its own first.`
          yield { at: number, text }
        }
        if (adf) done.push(adf)
      }
    },
  },
  {
    id: 'domain-before-user',
    severity: 'error',
    *check(survey) {
      const domains = elementsOf(survey, 'securityDomain').map(({ element, number }) => ({
        aid: element.value.instance.instanceAID,
        number,
      }))
      for (const { number, aid } of domainUsers(survey)) {
        const domain = domains.find((one) => equalOctets(one.aid, aid))
        if (domain && domain.number < number) continue
        const todo = domain ? `Move it behind element ${domain.number}` : 'Add the domain before it'
        yield { at: number, text: `needs the security domain ${toHex(aid)} before it. ${todo}.` }
      }
    },
  },
  {
    id: 'rfm-target',
    severity: 'error',
    *check(survey) {
      for (const { element, number } of elementsOf(survey, 'rfm')) {
        const target = element.value.adfRFMAccess?.adfAID
        if (!target) continue
        const found = survey.adfs.some(
          ({ adf, element: at }) => at < number && adf.aid && equalOctets(adf.aid, target),
        )
        if (found) continue
        yield {
          at: number,
          text: `manages the files of ${toHex(target)}, and no such ADF came before. Correct the AID, or the order.`,
        }
      }
    },
  },
  {
    id: 'needs-application',
    severity: 'warning',
    *check({ adfs, broken, mf }) {
      if (adfs.length > 0 || broken || !mf) return
      yield { text: 'the package makes no USIM, ISIM or CSIM: no network will know the profile.' }
    },
  },
  {
    id: 'parameters-missing',
    severity: 'error',
    *check(survey) {
      for (const { adf, element } of survey.adfs) {
        const name = applicationName(adf)
        const kind = name === 'CSIM' ? 'cdmaParameter' : 'akaParameter'
        if (!['USIM', 'ISIM', 'CSIM'].includes(name)) continue
        if (survey.elements.some((one) => one.adf === adf && isParameter(one.element.kind)))
          continue
        yield {
          at: element,
          text: `makes an ${name} that cannot authenticate. Put a ${kind} element behind it.`,
        }
      }
    },
  },
]

interface Base {
  readonly kinds: readonly string[]
  readonly name: string
}

/** A USIM may be made file by file, so any element that does so counts. */
const USIM: Base = { kinds: ['usim', 'genericFileManagement', 'iot'], name: 'USIM' }
const BASES: Readonly<Record<string, Base>> = {
  optUsim: USIM,
  gsmAccess: USIM,
  df5gs: USIM,
  dfSaip: USIM,
  dfSnpn: USIM,
  df5gprose: USIM,
  phonebook: USIM,
  optIsim: { kinds: ['isim', 'genericFileManagement'], name: 'ISIM' },
  optCsim: { kinds: ['csim', 'genericFileManagement'], name: 'CSIM' },
  optIot: { kinds: ['iot'], name: 'IoT profile' },
}

function isParameter(kind: string): boolean {
  return kind === 'akaParameter' || kind === 'cdmaParameter'
}

function* domainUsers(
  survey: Survey,
): Generator<{ readonly number: number; readonly aid: Uint8Array }> {
  for (const { element, number } of survey.elements) {
    if (element.kind === 'rfm' && element.value.securityDomainAID) {
      yield { number, aid: element.value.securityDomainAID }
    }
    if (element.kind !== 'application') continue
    const { loadBlock, instanceList = [] } = element.value
    if (loadBlock?.securityDomainAID) yield { number, aid: loadBlock.securityDomainAID }
    for (const { extraditeSecurityDomainAID } of instanceList) {
      if (extraditeSecurityDomainAID) yield { number, aid: extraditeSecurityDomainAID }
    }
  }
}
