/** `esim-lab demo`: the whole story, told while it happens, in a lab of its own that is gone afterwards. */

import type { Command } from 'commander'
import { wallClock } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { serveLab, type ServedLab } from '../../http/serve.ts'
import { createLab, type Lab, type Phone } from '../../lab.ts'
import type { DownloadStep } from '../../lpa/download.ts'
import { amountToJson, type JsonAmount } from '../../operator/amount.ts'
import type { AttachStep } from '../../modem/modem.ts'
import { formatActivationCode, parseActivationCode } from '../../rsp/activation-code.ts'
import type { Es2Plus } from '../../rsp/es2plus.ts'
import { attachStepJson, attachStepText } from '../attach-steps.ts'
import { amountText, balanceText, instantText, type BalanceAnswer } from '../balance.ts'
import { es2PlusClient } from '../es2plus-client.ts'
import { apiOf, type Api } from '../lab-client.ts'
import { servingNetworkClient } from '../network-client.ts'
import type { Output } from '../output.ts'
import { tellStory, type Story, type Told } from '../story.ts'
import { temporaryDirectory } from '../temporary.ts'
import { verb } from '../verb.ts'

export function demoVerb(output: Output): Command {
  return verb({
    name: 'demo',
    summary: 'the whole story in one go: order, download, enable, attach, use data, give data',
    examples: ['demo', 'demo --json'],
  }).action(() => demo(output))
}

const SEED = 'demo'
const CONFIRMATION_CODE = '2468'
const GIGABYTE = 10n ** 9n
const USED = amountToJson(3n * GIGABYTE)
const GIVEN = amountToJson(5n * GIGABYTE)
const TOO_MUCH = amountToJson(20n * GIGABYTE)

/** The lab is closed and its files are removed also when a step has failed. */
async function demo(output: Output): Promise<void> {
  const startMs = wallClock.nowMs()
  const directory = temporaryDirectory()
  leaveOnSignals()
  const open: { lab?: Lab; served?: ServedLab } = {}
  try {
    const story = tellStory({ output, clock: wallClock })
    await story.step('The lab starts', async () => {
      open.lab = await createLab({ dataDirectory: directory.path, seed: SEED })
      open.served = await serveLab(open.lab)
      return { value: undefined, ...startTold(open.served, directory.path) }
    })
    const { lab, served } = open as Required<typeof open>
    await tell({ story, lab, served })
    const ms = wallClock.nowMs() - startMs
    output.result({ event: 'done', ok: true, ms }, `\nDone in ${(ms / 1000).toFixed(1)} s.`)
  } finally {
    await open.served?.close()
    await open.lab?.close()
    directory.remove()
  }
}

/** By `process.exit`, which removes what is temporary; the codes are those of shells. */
function leaveOnSignals(): void {
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}

function startTold({ rspUrl, operatorUrl }: ServedLab, directory: string) {
  return {
    lines: [
      'a test CI, and under it the certificates of an EUM and an SM-DP+',
      `SM-DP+ ${rspUrl}, operator ${operatorUrl}, SQLite in ${directory}`,
    ],
    fields: { rspUrl, operatorUrl, directory },
  }
}

async function tell(stage: {
  readonly story: Story
  readonly lab: Lab
  readonly served: ServedLab
}): Promise<void> {
  const { story, lab, served } = stage
  const api = apiOf(served)
  const [first, second] = await story.step('The operator orders two profiles (ES2+)', () =>
    orderTwo(api),
  )
  const reached = { es9Plus: served.es9Plus, network: servingNetworkClient(api) }
  const phones = ['p1', 'p2'].map((name) => lab.createPhone({ name, ...reached }))
  const [p1, p2] = phones as [Phone, Phone]
  const steps: [Phone, Ordered][] = [
    [p1, first],
    [p2, second],
  ]
  for (const [phone, ordered] of steps) {
    const how = ordered.confirmationCode ? ', with a confirmation code' : ''
    await story.step(`Phone ${phone.name} downloads its profile over HTTPS${how}`, () =>
      downloadTold(phone, ordered),
    )
  }
  await story.step('Both phones enable their profiles and report it', () => enableTold(steps))
  await story.step('Both phones attach to the network with their profiles', () =>
    attachTold(phones),
  )
  await story.step('Phone p1 uses data', () => useTold(api, first))
  const parties = { api, first, second }
  await story.step('Before the gift', () => balancesTold(parties))
  await story.step('p1 gives data to p2', () => giftTold(parties))
  await story.step('After the gift', () => balancesTold(parties))
  await story.step('A gift that is too large is refused', () => refusalTold(parties))
  await story.step('The books balance', () => auditTold(api))
}

interface Ordered {
  readonly iccid: string
  readonly msisdn: string
  readonly activationCode: string
  readonly confirmationCode: string | undefined
}

async function orderTwo(api: Api): Promise<Told<readonly [Ordered, Ordered]>> {
  const es2Plus = es2PlusClient(api)
  const first = await order({ api, es2Plus })
  const second = await order({ api, es2Plus, confirmationCode: CONFIRMATION_CODE })
  const lines = [first, second].flatMap(({ iccid, msisdn, activationCode, confirmationCode }) => [
    `ICCID ${iccid}, number ${msisdn}`,
    `${activationCode}${confirmationCode ? `   confirmation code ${confirmationCode}` : ''}`,
  ])
  return { value: [first, second], lines, fields: { orders: [first, second] } }
}

/** DownloadOrder reserves a profile, ConfirmOrder releases it (SGP.22 §3.1.1); the number is the operator's to know. */
async function order(request: {
  readonly api: Api
  readonly es2Plus: Es2Plus
  readonly confirmationCode?: string
}): Promise<Ordered> {
  const { api, es2Plus, confirmationCode } = request
  const { iccid } = await es2Plus.downloadOrder({ profileType: 'lab' })
  const confirmed = await es2Plus.confirmOrder({
    iccid,
    releaseFlag: true,
    ...(confirmationCode === undefined ? {} : { confirmationCode }),
  })
  const { msisdn } = await api.get<{ readonly msisdn: string }>(`/api/inventory/${iccid}`)
  const activationCode = formatActivationCode({
    smdpAddress: confirmed.smdpAddress ?? '',
    matchingId: confirmed.matchingId,
    confirmationCodeRequired: confirmationCode !== undefined,
  })
  return { iccid, msisdn, activationCode, confirmationCode }
}

async function downloadTold(phone: Phone, ordered: Ordered): Promise<Told<void>> {
  const { activationCode, confirmationCode } = ordered
  const steps: DownloadStep[] = []
  const download = await phone.download({
    activationCode: parseActivationCode(activationCode),
    ...(confirmationCode === undefined ? {} : { confirmationCode }),
    onStep: (step) => void steps.push(step),
  })
  const { iccid, profileName, serviceProviderName } = download
  return {
    value: undefined,
    lines: [
      steps.slice(0, 4).join(' → ') + ' →',
      steps.slice(4).join(' → '),
      `installed "${profileName}" of ${serviceProviderName} on the eUICC ${phone.eid}`,
    ],
    fields: { phone: phone.name, eid: phone.eid, iccid, steps },
  }
}

async function enableTold(phones: readonly [Phone, Ordered][]): Promise<Told<void>> {
  const reports = []
  for (const [phone, { iccid }] of phones) {
    await phone.enable({ iccid })
    const { sent, failed } = await phone.sendNotifications()
    const [failure] = failed
    if (failure) {
      throw new LabError('unavailable', `a notification of ${phone.name}: ${failure.reason}`)
    }
    reports.push({ phone: phone.name, iccid, notifications: sent.length })
  }
  return {
    value: undefined,
    lines: reports.map(
      ({ phone, notifications }) =>
        `${phone}: enabled; the SM-DP+ acknowledged ${notifications} signed notifications`,
    ),
    fields: { enabled: reports },
  }
}

async function attachTold(phones: readonly Phone[]): Promise<Told<void>> {
  const attached = []
  for (const phone of phones) {
    const steps: AttachStep[] = []
    const attachment = await phone.attach({ onStep: (step) => void steps.push(step) })
    attached.push({ phone: phone.name, ...attachment, steps })
  }
  return {
    value: undefined,
    lines: attached.flatMap(({ phone, steps }) =>
      steps
        .filter(({ step }) => TOLD_STEPS.includes(step))
        .map((step) => `${phone}: ${attachStepText(step)}`),
    ),
    fields: {
      attached: attached.map((each) => ({ ...each, steps: each.steps.map(attachStepJson) })),
    },
  }
}

const TOLD_STEPS: readonly AttachStep['step'][] = ['authenticationResponse', 'registrationAccept']

async function useTold(api: Api, { msisdn }: Ordered): Promise<Told<void>> {
  const body = { msisdn, amountBytes: USED }
  await api.post('/api/usage', { body, idempotencyKey: 'demo-usage-1' })
  return {
    value: undefined,
    lines: [`${amountText(USED)} of the number ${msisdn}`],
    fields: body,
  }
}

interface Parties {
  readonly api: Api
  readonly first: Ordered
  readonly second: Ordered
}

async function balancesTold({ api, first, second }: Parties): Promise<Told<void>> {
  const balances = []
  for (const [phone, { msisdn }] of Object.entries({ p1: first, p2: second })) {
    const balance = await api.get<BalanceAnswer>(`/api/accounts/${msisdn}/balance`)
    balances.push({ phone, balance })
  }
  return {
    value: undefined,
    lines: balances.map(({ phone, balance }) => `${phone}  ${balanceText(balance)}`),
    fields: { balances },
  }
}

interface GiftAnswer {
  readonly id: string
  readonly amountBytes: JsonAmount
  readonly validUntil: string
}

async function giftTold(parties: Parties): Promise<Told<void>> {
  const gift = await give(parties, { amountBytes: GIVEN, key: 'demo-gift-1' })
  return {
    value: undefined,
    lines: [`${amountText(gift.amountBytes)}, to be used until ${instantText(gift.validUntil)}`],
    fields: { gift },
  }
}

async function refusalTold(parties: Parties): Promise<Told<void>> {
  const refusal = await give(parties, { amountBytes: TOO_MUCH, key: 'demo-gift-2' }).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (refusal === undefined) {
    throw new LabError('internal', 'the operator allowed a gift of more than there is')
  }
  if (!(refusal instanceof LabError) || refusal.code !== 'refused') throw refusal
  const { reason = '', message } = refusal
  return {
    value: undefined,
    lines: [`${amountText(TOO_MUCH)}: ${reason}. ${message}`],
    fields: { amountBytes: TOO_MUCH, reason, message },
  }
}

function give(
  { api, first, second }: Parties,
  gift: { readonly amountBytes: JsonAmount; readonly key: string },
): Promise<GiftAnswer> {
  const { amountBytes, key } = gift
  const body = { from: first.msisdn, to: second.msisdn, amountBytes }
  return api.post<GiftAnswer>('/api/gifts', { body, idempotencyKey: key })
}

interface AuditAnswer {
  readonly balanced: boolean
  readonly issuedBytes: JsonAmount
  readonly availableBytes: JsonAmount
  readonly heldBytes: JsonAmount
  readonly consumedBytes: JsonAmount
  readonly expiredBytes: JsonAmount
  readonly faults: readonly string[]
}

async function auditTold(api: Api): Promise<Told<void>> {
  const audit = await api.get<AuditAnswer>('/api/ledger/audit')
  if (!audit.balanced) throw new LabError('damaged', `the books: ${audit.faults.join('; ')}`)
  const { issuedBytes, availableBytes, heldBytes, consumedBytes, expiredBytes } = audit
  const parts = [
    `${amountText(availableBytes)} available`,
    `${amountText(heldBytes)} held`,
    `${amountText(consumedBytes)} consumed`,
    `${amountText(expiredBytes)} expired`,
  ]
  return {
    value: undefined,
    lines: [`${amountText(issuedBytes)} issued = ${parts.join(' + ')}`],
    fields: { audit },
  }
}
