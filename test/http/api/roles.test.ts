import test from 'ava'
import { createLab } from '../../../src/index.ts'

/** What each role may call; everything else is for the operator alone. Taken by hand, so that a new route is thought about. */
const BOTH = `listAccounts getAccount readNumber getBalance listGifts getGift getGiftable listAsks getGiftSettings signOut listBucket
  retrieveBucket listAccumulatedBalance retrieveAccumulatedBalance listTransferBalance retrieveTransferBalance
  listTopupBalance retrieveTopupBalance listAdjustBalance retrieveAdjustBalance listReserveBalance retrieveReserveBalance
  listBalanceActionHistory retrieveBalanceActionHistory createQueryUsageConsumption listQueryUsageConsumption
  retrieveQueryUsageConsumption deleteQueryUsageConsumption getPlace listChargingSessions getChargingSession getAdvice
  listOperators getOperator getSubscription getHistory`
const SUBSCRIBER = `listMessages readInbox sendSms sendUssd giveData confirmGift cancelGift acceptGift declineGift
  makeGiftCode claimGiftCode askForData answerAsk putGiftSettings changeGiftPin createTransferBalance patchTransferBalance
  deleteTransferBalance retrieveSimSwapDate checkSimSwap buyPackage extendLot sendMoney`
const AUDITOR = 'auditLedger listSuspensions listListeners listDeliveries'
const PUBLIC = 'getHealth requestSignInCode confirmSignInCode'

const words = (...texts: string[]) => new Set(texts.flatMap((text) => text.split(/\s+/)))

interface Operation {
  readonly operationId: string
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

test('every route of a lab is described, and reached by the roles that may, and by nobody else', async (t) => {
  const lab = await createLab({ startAt: new Date('2026-03-01T00:00:00Z') })
  t.teardown(() => lab.close())
  const many = 100_000
  const rateLimits = { anonymous: many, wrongToken: many, subscriber: many, auditor: many }
  const { operatorUrl, token } = await lab.listen({ rateLimits })
  const { msisdn } = await lab.order()
  const auditor = await lab.operator.access.issueAuditorToken({ label: 'audit', lifeMs: 3_600_000 })
  const { paths } = (await (await fetch(`${operatorUrl}/openapi.json`)).json()) as Document
  for (const path of [
    '/api/lab',
    '/api/clock',
    '/api/orders',
    '/api/orders/{iccid}/reset',
    '/api/scenarios',
    '/api/euiccs',
    '/api/profiles',
    '/api/profiles/{iccid}',
    '/api/registrations',
    '/api/registrations/{id}',
    '/api/registrations/{id}/answers',
    '/api/suci-keys',
    '/api/revocations',
    '/nchf-convergedcharging/v3/chargingdata',
    '/nchf-convergedcharging/v3/chargingdata/{ref}/update',
    '/nchf-convergedcharging/v3/chargingdata/{ref}/release',
    '/nudm-ueau/v1/{supiOrSuci}/security-information/generate-auth-data',
    '/nudm-ueau/v1/{supi}/hss-security-information/eps-aka/generate-av',
    '/nausf-auth/v1/ue-authentications',
    '/nausf-auth/v1/ue-authentications/{authCtxId}/5g-aka-confirmation',
  ]) {
    t.true(Object.hasOwn(paths, path), path)
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({ path, method, operationId })),
  )
  t.true(operations.length > 100)
  const of = {
    subscriber: words(BOTH, SUBSCRIBER, PUBLIC),
    auditor: words(BOTH, AUDITOR, PUBLIC),
    stranger: words(PUBLIC),
    operator: new Set(operations.map(({ operationId }) => operationId)),
  }
  for (const [role, known] of Object.entries(of)) {
    for (const name of known) t.true(of.operator.has(name), `${role}: ${name}`)
  }
  // The answer to a body that is none tells whether the token was good for the route, and nothing is done.
  const status = async (operation: (typeof operations)[number], by: string | undefined) => {
    const path = operation.path.replaceAll('{msisdn}', msisdn).replaceAll(/\{\w+\}/g, '0')
    const response = await fetch(operatorUrl + path, {
      method: operation.method.toUpperCase(),
      headers: {
        ...(by !== undefined && { authorization: `Bearer ${by}` }),
        'content-type': 'application/json',
      },
      ...(operation.method !== 'get' && { body: '{"surprise": 1}' }),
    })
    return response.status
  }
  const tokens = { operator: token, auditor: auditor.token, stranger: undefined }
  for (const [role, by] of Object.entries(tokens)) {
    for (const operation of operations) {
      const { operationId } = operation
      // A token that has ended would tell of nothing after it.
      if (operationId === 'signOut' && by !== undefined) continue
      const found = await status(operation, by)
      const refusal = role === 'stranger' ? 401 : 403
      const isKnown = of[role as keyof typeof of].has(operationId)
      const isPublic = of.stranger.has(operationId)
      if (isKnown && !isPublic) t.not(found, refusal, `${role} ${operationId}: ${found}`)
      if (!isKnown) t.is(found, refusal, `${role} ${operationId}`)
      t.true(found < 500, `${role} ${operationId}: ${found}`)
    }
  }
  await lab.operator.access.requestCode({ msisdn })
  const [message] = lab.operator.inbox({ msisdn, limit: 1 })
  const code = /\b[0-9]{6}\b/.exec(message?.text ?? '')?.[0] ?? ''
  const own = await lab.operator.access.confirmCode({ msisdn, code })
  for (const operation of operations) {
    const { operationId } = operation
    if (operationId === 'signOut' || of.stranger.has(operationId)) continue
    const found = await status(operation, own.token)
    const isKnown = of.subscriber.has(operationId)
    if (isKnown) t.not(found, 403, `subscriber ${operationId}`)
    else t.is(found, 403, `subscriber ${operationId}`)
  }
})
