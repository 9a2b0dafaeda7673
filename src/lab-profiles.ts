/** Joins the operator's inventory, the profile template and ES8+'s metadata: what the SM-DP+ binds. */

import { LabError } from './base/errors.ts'
import { profileMetadata } from './profile/metadata.ts'
import { createProfileTemplate, personalise } from './profile/template.ts'
import type { InventoryItem } from './store/inventory.ts'
import type { Operator } from './operator/operator.ts'
import type { ProfileSource } from './smdp/smdp.ts'

/** The profiles of an operator; the template is made once. */
export function labProfiles(parts: {
  readonly operator: Operator
  readonly fillerOctets: number
}): ProfileSource {
  const { operator } = parts
  const { serviceProviderName, profileName } = operator.file.profile
  const template = createProfileTemplate({
    operator: { serviceProviderName, profileName, ...operator.file.plmn },
    fillerOctets: parts.fillerOctets,
  })
  return {
    metadata(iccid, notificationAddress) {
      const metadata = profileMetadata(template, { iccid, notificationAddress })
      const { notificationAddress: address, ...request } = metadata
      return {
        ...request,
        notificationConfigurationInfo: [
          { profileManagementOperation: ALL_EVENTS, notificationAddress: address },
        ],
      }
    },
    profilePackage: (iccid) => personalise(template, subscriberOf(itemOf(operator, iccid))),
  }
}

const ALL_EVENTS = [
  'notificationInstall',
  'notificationEnable',
  'notificationDisable',
  'notificationDelete',
] as const

function itemOf(operator: Operator, iccid: string): InventoryItem {
  const item = operator.inventoryItem({ iccid })
  if (item) return item
  throw new LabError('notFound', `the operator has no subscriber for the ICCID ${iccid}`)
}

function subscriberOf(item: InventoryItem) {
  const { iccid, imsi, msisdn, ki, opc } = item
  return { iccid, imsi, msisdn, ki, opc, pin1: item.pin, puk1: item.puk, adm1: item.adm }
}
