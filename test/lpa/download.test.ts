import test, { type ExecutionContext } from 'ava'
import { seal } from '../../src/asn1/schema.ts'
import { LabError } from '../../src/base/errors.ts'
import { concat, hex } from '../../src/base/octets.ts'
import { loadPersonality } from '../../src/euicc/personality-file.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import type { DownloadRequest, ProfilePreview } from '../../src/lpa/download.ts'
import type { OrderedProfile } from '../../src/operator/ordering.ts'
import { issueDpPb } from '../../src/pki/issue.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import type { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { ServerSigned1 } from '../../src/rsp/es10b.ts'
import type { Es9Plus, Es9PlusFunctionName, Es9PlusResponse } from '../../src/rsp/es9plus.ts'
import { damaged } from '../helpers/driver.ts'
import { foreignPackage } from '../helpers/packages.ts'
import { orderOf, testLab } from '../helpers/lab.ts'

type Changes = {
  readonly [N in Es9PlusFunctionName]?: (response: Es9PlusResponse<N>) => Es9PlusResponse<N>
}

interface Bench {
  readonly lab: Lab
  readonly phone: Phone
  readonly order: OrderedProfile
}

/** A phone whose server's answers are changed on their way. */
async function benchWith(t: ExecutionContext, changes: Changes = {}): Promise<Bench> {
  const lab = await testLab(t)
  const phone = lab.createPhone({ es9Plus: () => changed(lab.es9Plus, changes) })
  return { lab, phone, order: await lab.order() }
}

function changed(es9Plus: Es9Plus, changes: Changes): Es9Plus {
  const functions = Object.entries(es9Plus).map(([name, call]) => {
    const change = changes[name as Es9PlusFunctionName] as
      ((answer: unknown) => unknown) | undefined
    const changedCall = async (request: never) => {
      const answer = await (call as (request: never) => Promise<unknown>)(request)
      return change ? change(answer) : answer
    }
    return [name, changedCall]
  })
  return Object.fromEntries(functions) as Es9Plus
}

const download = ({ phone, order }: Bench, more: Partial<DownloadRequest> = {}) =>
  phone.download({ activationCode: parseActivationCode(order.activationCode), ...more })

async function refused(
  t: ExecutionContext,
  attempt: { readonly call: Promise<unknown>; readonly reason: string },
): Promise<void> {
  const error = await t.throwsAsync(attempt.call, { instanceOf: LabError })
  t.is(error?.code, 'refused', error?.message)
  t.is(error?.reason, attempt.reason, error?.message)
}

/** What a server may do wrong, what the LPA says, and what becomes of the order. */
interface Misdeed {
  readonly title: string
  readonly reason: string
  readonly changes: Changes
  readonly order: 'Released' | 'Downloaded' | 'Error'
}

const withMetadata = (change: Partial<StoreMetadataRequest>): Changes => ({
  authenticateClient: (response) => ({
    ...response,
    profileMetadata: { ...response.profileMetadata, ...change },
  }),
})

const MISDEEDS: readonly Misdeed[] = [
  {
    title: 'calls itself by another address',
    reason: 'serverAddressMismatch',
    order: 'Released',
    changes: {
      initiateAuthentication: (response) => ({
        ...response,
        serverSigned1: seal(ServerSigned1, {
          ...response.serverSigned1.value,
          serverAddress: 'else.example.com',
        }),
      }),
    },
  },
  {
    title: 'signs another TransactionID than it sends',
    reason: 'transactionIdMismatch',
    order: 'Released',
    changes: {
      initiateAuthentication: (response) => ({ ...response, transactionId: hex('0A0B') }),
    },
  },
  {
    title: 'shows a certificate that is none',
    reason: 'serverCertificateInvalid',
    order: 'Released',
    changes: {
      initiateAuthentication: (response) => ({ ...response, serverCertificate: hex('3000') }),
    },
  },
  {
    title: 'signs wrongly',
    reason: 'invalidSignature',
    order: 'Released',
    changes: {
      initiateAuthentication: (response) => ({
        ...response,
        serverSignature1: damaged(response.serverSignature1),
      }),
    },
  },
  {
    title: 'signs its offer wrongly',
    reason: 'invalidSignature',
    order: 'Released',
    changes: {
      authenticateClient: (response) => ({
        ...response,
        smdpSignature2: damaged(response.smdpSignature2),
      }),
    },
  },
  {
    title: 'delivers another profile than it offered',
    reason: 'metadataMismatch',
    order: 'Error',
    changes: withMetadata({ profileName: 'something cheaper' }),
  },
  {
    title: 'delivers a profile without the rules it offered',
    reason: 'pprNotAllowed',
    order: 'Error',
    changes: withMetadata({ profilePolicyRules: ['ppr1'] }),
  },
  {
    title: 'delivers something else than a package',
    reason: 'boundProfilePackageMalformed',
    order: 'Error',
    changes: {
      getBoundProfilePackage: (response) => ({ ...response, boundProfilePackage: hex('3000') }),
    },
  },
  {
    title: 'delivers a package with octets behind it',
    reason: 'boundProfilePackageMalformed',
    order: 'Error',
    changes: {
      getBoundProfilePackage: (response) => ({
        ...response,
        boundProfilePackage: concat(response.boundProfilePackage, hex('00')),
      }),
    },
  },
]

for (const { title, reason, changes, order: state } of MISDEEDS) {
  test(`a server that ${title} is refused with ${reason}`, async (t) => {
    const bench = await benchWith(t, changes)
    const { lab, phone, order } = bench
    await refused(t, { call: download(bench), reason })
    t.is(orderOf(lab, order)?.state, state)
    if (state === 'Error') t.regex(orderOf(lab, order)?.errorDetail ?? '', /^cancelled: /)
    t.deepEqual(await phone.profiles(), [])
    const honest = lab.createPhone({ name: phone.name, storage: () => storageOf(phone) })
    const next = await lab.order()
    await t.notThrowsAsync(download({ lab, phone: honest, order: next }))
  })
}

const storageOf = ({ euicc }: Phone) => ({ load: () => euicc.state, save: () => undefined })

test('a damaged package ends with the card’s own result, which waits to be told', async (t) => {
  const bench = await benchWith(t, {
    getBoundProfilePackage: (response) => ({
      ...response,
      boundProfilePackage: damaged(response.boundProfilePackage),
    }),
  })
  await refused(t, { call: download(bench), reason: 'scp03tSecurityError' })
  t.is((await bench.phone.notifications()).length, 1)
  await bench.phone.sendNotifications()
  t.is(orderOf(bench.lab, bench.order)?.state, 'Error')
})

test('the OID of the activation code is held against the server’s', async (t) => {
  const bench = await benchWith(t)
  const activationCode = parseActivationCode(bench.order.activationCode)
  const wrong = { activationCode: { ...activationCode, smdpOid: '2.999.11' } }
  await refused(t, { call: download(bench, wrong), reason: 'smdpOidMismatch' })
  t.is(orderOf(bench.lab, bench.order)?.state, 'Released')
  const right = { activationCode: { ...activationCode, smdpOid: '2.999.10' } }
  await t.notThrowsAsync(download(bench, right))
})

test('an expired server is noticed by the LPA, for the card has no clock', async (t) => {
  const bench = await benchWith(t)
  bench.lab.clock.set(new Date('2056-01-01T00:00:00Z'))
  await refused(t, { call: download(bench), reason: 'serverCertificateExpired' })
})

test('so is a certificate for binding that has expired alone', async (t) => {
  const lab = await testLab(t)
  const { ci, dpPb } = lab.pki['P-256']
  const expired = issueDpPb({
    issuer: ci,
    keyPair: dpPb.keyPair,
    change: (recipe) => ({ ...recipe, notAfterMs: Date.parse('2021-01-01T00:00:00Z') }),
  })
  const changes: Changes = {
    authenticateClient: (response) => ({ ...response, smdpCertificate: expired.certificate.der }),
  }
  const phone = lab.createPhone({ es9Plus: () => changed(lab.es9Plus, changes) })
  const bench = { lab, phone, order: await lab.order() }
  await refused(t, { call: download(bench), reason: 'serverCertificateExpired' })
  t.is(orderOf(lab, bench.order)?.state, 'Released')
})

test('takes an activation code as text, and refuses one that is none', async (t) => {
  const bench = await benchWith(t)
  const { activationCode } = bench.order
  const error = await t.throwsAsync(download(bench, { activationCode: 'LPA:2$x$y' }), {
    instanceOf: LabError,
  })
  t.is(error?.code, 'badInput')
  await t.notThrowsAsync(download(bench, { activationCode }))
})

for (const [decision, reason, state] of [
  ['reject', 'endUserRejection', 'Error'],
  ['postpone', 'postponed', 'Released'],
  ['timeout', 'timeout', 'Released'],
] as const) {
  test(`a user who would ${decision} leaves the order ${state}`, async (t) => {
    const bench = await benchWith(t)
    let seen: ProfilePreview | undefined
    const confirm = async (preview: ProfilePreview) => {
      seen = preview
      return decision
    }
    await refused(t, { call: download(bench, { confirm }), reason })
    t.is(orderOf(bench.lab, bench.order)?.state, state)
    t.like(seen, {
      iccid: bench.order.iccid,
      profileClass: 'operational',
      policyRules: [],
      confirmationCodeRequired: false,
    })
    t.is(bench.lab.smdp.sessionCount, 0)
  })
}

for (const [name, isTold] of [
  ['default', true],
  ['no-pprs', false],
] as const) {
  test(`policy rules are held against the table of a card "${name}" before the user is asked`, async (t) => {
    const { lab, order } = await benchWith(t)
    const es9Plus = () => changed(lab.es9Plus, withMetadata({ profilePolicyRules: ['ppr2'] }))
    const phone = lab.createPhone({ es9Plus, personality: loadPersonality(name) })
    const previews: ProfilePreview[] = []
    const confirm = async (preview: ProfilePreview) => {
      previews.push(preview)
      return 'reject' as const
    }
    const reason = isTold ? 'endUserRejection' : 'pprNotAllowed'
    await refused(t, { call: download({ lab, phone, order }, { confirm }), reason })
    t.is(orderOf(lab, order)?.state, 'Error')
    const told = previews.map(({ policyRules, policyRulesConsentRequired }) => {
      return [...policyRules, policyRulesConsentRequired]
    })
    t.deepEqual(told, isTold ? [['ppr2', true]] : [])
  })
}

test('steps are told in their order', async (t) => {
  const steps: string[] = []
  await download(await benchWith(t), { onStep: (step) => steps.push(step) })
  t.deepEqual(steps, [
    'getEUICCChallenge',
    'initiateAuthentication',
    'authenticateServer',
    'authenticateClient',
    'prepareDownload',
    'getBoundProfilePackage',
    'loadBoundProfilePackage',
  ])
})

test('a refusal of the server has its code as reason', async (t) => {
  const bench = await benchWith(t)
  const activationCode = {
    ...parseActivationCode(bench.order.activationCode),
    matchingId: 'NO-SUCH',
  }
  await refused(t, { call: download(bench, { activationCode }), reason: '8.2.6/3.8' })
  await t.notThrowsAsync(download(bench), 'the card is free again')
})

test('a server that cannot be reached is unavailable', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const activationCode = parseActivationCode('1$nowhere.example.com$X')
  const error = await t.throwsAsync(phone.download({ activationCode }), { instanceOf: LabError })
  t.is(error?.code, 'unavailable')
})

test('a card that answers with a status word is a refusal', async (t) => {
  const bench = await benchWith(t)
  const { lab } = bench
  let isBroken = true
  const phone = lab.createPhone()
  const { transmit } = phone.euicc
  Object.assign(phone.euicc, {
    transmit: async (command: Uint8Array) =>
      isBroken && command[1] === 0x38 ? { statusWord: 0x6a80, data: hex('') } : transmit(command),
  })
  await refused(t, { call: download({ ...bench, phone }), reason: '6A80' })
  isBroken = false
  await t.notThrowsAsync(download({ ...bench, phone }))
})

test('local management says what the card said', async (t) => {
  const bench = await benchWith(t)
  const { phone, order } = bench
  const { iccid } = order
  await refused(t, { call: phone.enable(order), reason: 'iccidOrAidNotFound' })
  await refused(t, { call: phone.setNickname({ iccid, nickname: 'x' }), reason: 'iccidNotFound' })
  await refused(t, { call: phone.memoryReset(), reason: 'nothingToDelete' })
  await download(bench)
  await refused(t, { call: phone.disable(order), reason: 'profileNotInEnabledState' })
  await phone.enable(order)
  await refused(t, { call: phone.enable(order), reason: 'profileNotInDisabledState' })
  await refused(t, { call: phone.delete(order), reason: 'profileNotInDisabledState' })
})

test('a user interface that fails leaves no session behind', async (t) => {
  const bench = await benchWith(t)
  await t.throwsAsync(download(bench, { confirm: brokenScreen }), { instanceOf: RangeError })
  t.is(bench.lab.smdp.sessionCount, 0)
  t.is(orderOf(bench.lab, bench.order)?.state, 'Released')
})

function brokenScreen(): Promise<never> {
  return Promise.reject(new RangeError('the screen broke'))
}

test('Provisioning Profiles are listed for who asks for them', async (t) => {
  const lab = await testLab(t)
  const { iccid } = await lab.importProfile({
    package: foreignPackage(),
    profileClass: 'provisioning',
  })
  const personality = { ...loadPersonality('default'), profileClasses: ['provisioning'] as const }
  const phone = lab.createPhone({ personality })
  await phone.download({ activationCode: (await lab.order({ iccid })).activationCode })
  t.deepEqual(await phone.profiles(), [])
  t.like(await phone.profiles({ includeProvisioning: true }), [
    { iccid, profileClass: 'provisioning' },
  ])
})

const confirm = () => new Promise<never>(() => {})

test('a user who does not answer in time is not waited for, and may try again', async (t) => {
  const bench = await benchWith(t)
  await refused(t, { call: download(bench, { confirm, confirmTimeoutMs: 1 }), reason: 'timeout' })
  t.is(orderOf(bench.lab, bench.order)?.state, 'Released')
  t.is(bench.lab.smdp.sessionCount, 0)
  await t.notThrowsAsync(
    download(bench, { confirm: async () => 'accept', confirmTimeoutMs: 60_000 }),
  )
})

for (const name of ['initiateAuthentication', 'getBoundProfilePackage'] as const) {
  test(`an answer to ${name} that is lost once is asked for again`, async (t) => {
    let lost = 0
    const bench = await benchWith(t, {
      [name]: (answer: never) => {
        if (lost++ === 0) throw new LabError('unavailable', 'the answer was lost.')
        return answer
      },
    })
    await t.notThrowsAsync(download(bench))
    t.is(lost, 2)
  })

  test(`a server that never answers ${name} is asked twice`, async (t) => {
    let lost = 0
    const bench = await benchWith(t, {
      [name]: () => {
        lost++
        throw new LabError('unavailable', 'the answer was lost.')
      },
    })
    const error = await t.throwsAsync(download(bench), { instanceOf: LabError })
    t.is(error?.code, 'unavailable')
    t.is(lost, 2)
    t.true(['Released', 'Downloaded'].includes(String(orderOf(bench.lab, bench.order)?.state)))
  })
}
