import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/octets.ts'
import {
  loadPersonality,
  parsePersonality,
  personalityNames,
} from '../../src/euicc/personality-file.ts'
import { DEFAULT_PERSONALITY, type FailurePoint } from '../../src/euicc/personality.ts'
import { BPP_ERRORS } from '../../src/rsp/common.ts'
import { es10Client } from '../../src/rsp/es10.ts'
import { bench, reasonOf, REPLACE_SESSION_KEYS } from '../helpers/bind.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { orderOf, orderState, testLab } from '../helpers/lab.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'

const FILE = { name: 'mine', description: 'a card of mine', source: 'this test' }

function refusal(t: ExecutionContext, file: object): LabError | undefined {
  return t.throws(() => parsePersonality({ ...FILE, ...file }), { instanceOf: LabError })
}

test('every personality that comes with esim-lab can be loaded and is named like its file', (t) => {
  t.true(personalityNames().length >= 12)
  for (const name of personalityNames()) t.is(loadPersonality(name).name, name)
})

test('the personality "default" is the card that one gets without asking', (t) => {
  const { description: _, ...loaded } = loadPersonality('default')
  const { description: __, ...built } = DEFAULT_PERSONALITY
  t.deepEqual(loaded, built)
})

test('an unknown name is refused with the names there are', (t) => {
  const error = t.throws(() => loadPersonality('nice'), { instanceOf: LabError })
  t.is(error?.code, 'notFound')
  t.regex(error?.message ?? '', /tiny-memory/)
})

test('a file that is no personality is refused with the field at fault', (t) => {
  const wrong: readonly (readonly [object, string])[] = [
    [{ memory: 5 }, 'memory'],
    [{ memoryOctets: '5' }, 'memoryOctets'],
    [{ curves: [] }, 'curves'],
    [{ curves: ['P-384'] }, 'curves[0]'],
    [{ svn: '2.5' }, 'svn'],
    [{ eid: '89' }, 'eid'],
    [{ blockOctetsMax: 256 }, 'blockOctetsMax'],
    [{ responseMode: '6Cxx' }, 'responseMode'],
    [{ trustedCis: ['mine'] }, 'trustedCis[0]'],
    [{ leRequired: 1 }, 'leRequired'],
    [{ isdrAids: [] }, 'isdrAids'],
    [{ isdrAids: ['A0000005'] }, 'isdrAids[0]'],
    [{ channelsMax: 20 }, 'channelsMax'],
    [{ rat: [{ pprIds: ['ppr3'], allowedOperators: [] }] }, 'rat[0].pprIds[0]'],
    [
      { rat: [{ pprIds: ['ppr1'], allowedOperators: [{ mccMnc: '001' }] }] },
      'rat[0].allowedOperators[0].mccMnc',
    ],
    [{ faults: { wrongSignature: 'all' } }, 'faults.wrongSignature'],
    [{ faults: { earlyResultAtSegment: 0 } }, 'faults.earlyResultAtSegment'],
    [
      { faults: { failAt: { bppCommandId: 'configureISDP', errorReason: 'pprNotAllowed' } } },
      'faults.failAt.errorReason',
    ],
  ]
  for (const [file, field] of wrong) t.is(refusal(t, file)?.field, field)
  t.is(refusal(t, { source: undefined })?.field, 'source')
})

test('a card of one curve names the keys of that curve alone', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone({ personality: loadPersonality('brainpool-only') })
  const info = await es10Client(phone.euicc).getEUICCInfo1({})
  const { subjectKeyId } = lab.pki.brainpoolP256r1.ci.certificate
  const named = [info.euiccCiPKIdListForSigning, info.euiccCiPKIdListForVerification]
  t.deepEqual(
    named.map((keyIds) => keyIds.map(toHex)),
    [[toHex(needed(subjectKeyId))], [toHex(needed(subjectKeyId))]],
  )
  const { matchingId } = await lab.order()
  t.truthy(await createDriver(lab, { phone, matchingId }).through('load'))
  t.is(phone.euicc.state.profiles.length, 1)
  t.is(phone.euicc.state.credentials.length, 2, 'what is not used is kept')
})

test('a card says what its personality says of it', async (t) => {
  const lab = await testLab(t)
  const infoOf = (name: string) =>
    es10Client(lab.createPhone({ personality: loadPersonality(name) }).euicc).getEUICCInfo2({})
  const old = await infoOf('old-2.2.2')
  t.deepEqual([...old.svn], [2, 2, 2])
  t.deepEqual(old.rspCapability, ['additionalProfile', 'deviceInfoExtensibilitySupport'])
  t.deepEqual((await infoOf('default')).forbiddenProfilePolicyRules, undefined)
  t.deepEqual((await infoOf('ppr1-forbidden')).forbiddenProfilePolicyRules, ['ppr1'])
  t.deepEqual((await infoOf('no-pprs')).forbiddenProfilePolicyRules, ['ppr1', 'ppr2'])
})

test('a card with little memory has no room for a profile', async (t) => {
  const lab = await testLab(t, { smdp: { memoryCheck: false } })
  const phone = lab.createPhone({ personality: loadPersonality('tiny-memory') })
  const order = await lab.order()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  await phone.sendNotifications()
  const reason = 'loadProfileElements: installFailedDueToInsufficientMemoryForProfile'
  t.is(orderOf(lab, order)?.errorDetail, reason)
})

test('a card with a wrong signature is found out', async (t) => {
  const lab = await testLab(t)
  const refusalBy = async (name: string) => {
    const phone = lab.createPhone({ personality: loadPersonality(name) })
    const { matchingId } = await lab.order()
    return t.throwsAsync(createDriver(lab, { phone, matchingId }).through('load'), {
      message: /signature/i,
    })
  }
  t.truthy(await refusalBy('liar-signature1'))
  t.truthy(await refusalBy('liar-signature2'))
})

test('a wrong signature of a result leaves the order where it was', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone({ personality: loadPersonality('liar-result') })
  const order = await lab.order()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  await phone.sendNotifications()
  t.is(orderState(lab, order), 'Downloaded')
})

test('a card may give its result before the package is there', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone({ personality: loadPersonality('early-result') })
  const on = await bench(lab, phone)
  const segments = [...segmentsOf(on.bind())]
  t.is(await on.driver.load(segments.slice(0, 2)), undefined)
  const result = needed(await on.driver.load(segments.slice(2)))
  const { finalResult } = result.profileInstallationResultData.value
  t.is(reasonOf(finalResult), 'storeMetadata installFailedDueToUnknownError')
  t.is(phone.euicc.state.profiles.length, 0)
})

const FAILURES = Object.entries(BPP_ERRORS).flatMap(([bppCommandId, errorReasons]) =>
  errorReasons.map((errorReason) => ({ bppCommandId, errorReason }) as FailurePoint),
)

for (const failAt of FAILURES) {
  const said = `${failAt.bppCommandId}: ${failAt.errorReason}`
  test(`a failure that was asked for ends the order in Error, ${said}`, async (t) => {
    const lab = await testLab(t)
    const personality = parsePersonality({ ...FILE, faults: { failAt } })
    const phone = lab.createPhone({ personality })
    const on = await bench(lab, phone)
    await on.driver.getBoundProfilePackage()
    const bpp = on.bind({ replaceSessionKeys: REPLACE_SESSION_KEYS })
    t.truthy(await on.driver.load(segmentsOf(bpp)))
    t.is(phone.euicc.state.profiles.length, 0)
    await phone.sendNotifications()
    t.is(orderState(lab, on.order), 'Error')
    t.is(orderOf(lab, on.order)?.errorDetail, said)
  })
}
