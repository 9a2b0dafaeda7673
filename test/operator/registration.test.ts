import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { generateSuciKeyPair, concealSupi } from '../../src/crypto/suci.ts'
import { digitsToBcd } from '../../src/base/bcd.ts'
import { seededRandom } from '../../src/base/environment.ts'
import type { AuthenticationRequest, MobileSystem } from '../../src/nas/registration.ts'
import { formatSuci } from '../../src/nas/suci.ts'
import {
  AUTHENTICATION_REJECTS,
  REGISTRATION_REFUSALS,
  type AuthenticationRejectReason,
  type RegistrationRefusalCause,
} from '../../src/operator/registration.ts'
import { keepSqn, lastSqn } from '../../src/store/authentication.ts'
import { identityOf, register, softUsim, usimOf, type SoftUsim } from '../helpers/usim.ts'
import { createBench, EID, GB, OTHER_EID, type Bench } from './helper.ts'

const SYSTEMS: readonly MobileSystem[] = ['5GS', 'EPS']
const ANSWER_WAIT_MS = 30_000

async function challenged(
  bench: Bench,
  phone: { readonly usim: SoftUsim; readonly system?: MobileSystem },
): Promise<AuthenticationRequest> {
  const { usim, system = '5GS' } = phone
  const answer = await bench.operator.network.servingNetwork.register({
    system,
    identity: identityOf(system, usim),
  })
  if (answer.message !== 'authenticationRequest') throw new RangeError(JSON.stringify(answer))
  return answer
}

for (const system of SYSTEMS) {
  test(`a phone whose USIM has the operator's key attaches in ${system}`, async (t) => {
    const bench = await createBench(t)
    const msisdn = await bench.subscriber()
    const usim = usimOf(bench.operator, { msisdn })
    const answer = await register(bench.operator, { usim, system })
    const supi = `imsi-${usim.imsi}`
    t.like(answer, { message: 'registrationAccept', system, supi })
    const [registration, ...others] = bench.operator.network.registrations({ limit: 10 })
    t.is(others.length, 0)
    t.like(registration, {
      supi,
      system,
      iccid: bench.operator.account({ msisdn })?.iccid ?? '',
      servingNetworkName: system === '5GS' ? '5G:mnc001.mcc001.3gppnetwork.org' : '001-01',
      attachedAtMs: bench.clock.nowMs(),
    })
  })

  test(`a USIM with another Ki is not attached in ${system}, and both sides notice`, async (t) => {
    const bench = await createBench(t)
    const usim = usimOf(bench.operator, { msisdn: await bench.subscriber() })
    const wrong = softUsim({
      imsi: usim.imsi,
      algorithm: {
        kind: 'milenage',
        k: new Uint8Array(16),
        opc: new Uint8Array(16),
        resOctets: 8,
      },
    })
    t.like(await register(bench.operator, { usim: wrong, system }), {
      message: 'authenticationReject',
      reason: 'macFailure',
    })
    const { registrationId } = await challenged(bench, { usim, system })
    for (const length of [0, 8, 15, 16, 17]) {
      const { registrationId: id } = await challenged(bench, { usim, system })
      const res = new Uint8Array(length)
      const answer = { message: 'authenticationResponse', res } as const
      t.like(await bench.operator.network.servingNetwork.answer({ registrationId: id, answer }), {
        message: 'authenticationReject',
        reason: 'wrongRes',
      })
    }
    t.truthy(registrationId)
    t.deepEqual(bench.operator.network.registrations({ limit: 10 }), [])
  })

  test(`a home network whose numbers were set back is brought forward in ${system}`, async (t) => {
    const bench = await createBench(t)
    const msisdn = await bench.subscriber()
    const iccid = bench.operator.account({ msisdn })?.iccid ?? ''
    const usim = usimOf(bench.operator, { msisdn })
    usim.sqn = 5000n << 5n
    t.like(await register(bench.operator, { usim, system }), { message: 'registrationAccept' })
    t.is(bench.store.read((db) => lastSqn(db, iccid)) >> 5n, 5001n)
    await bench.store.write((db) => keepSqn(db, { iccid, sqn: 0n }))
    t.like(await register(bench.operator, { usim, system }), { message: 'registrationAccept' })
    t.is(bench.store.read((db) => lastSqn(db, iccid)) >> 5n, 5002n)
  })
}

const REFUSED: Readonly<
  Record<RegistrationRefusalCause, (bench: Bench) => Promise<[MobileSystem, string][]>>
> = {
  semanticallyIncorrectMessage: async () => [
    ['5GS', 'imsi-001010000000001'],
    ['EPS', 'suci-0-001-01-0-0-0-0000000001'],
    ['EPS', ''],
    ['EPS', 'imsi-00101'.padEnd(40, '0')],
    ['5GS', 'suci-0-001-01-0-0-1-0000000001'],
    ['5GS', 'suci-0-001-01-0-1-0-00'],
    ['5GS', 'suci-0-001-01-0-1-256-00'],
    ['5GS', 'suci-1-001-01-0-0-0-0000000001'],
    ['5GS', 'suci-0-001-01-00000-0-0-1'],
  ],
  ueIdentityCannotBeDerived: async () => [
    ['5GS', 'suci-0-001-01-0-3-1-00112233'],
    ['5GS', `suci-0-001-01-0-1-2-${'00'.repeat(45)}`],
    ['5GS', `suci-0-001-01-0-1-1-${'11'.repeat(45)}`],
    ['5GS', `suci-0-001-01-0-2-2-02${'ff'.repeat(45)}`],
    ['5GS', 'suci-0-001-01-0-1-1-00'],
  ],
  illegalUe: async () => [
    ['5GS', 'suci-0-001-01-0-0-0-9999999999'],
    ['EPS', 'imsi-001019999999999'],
  ],
  servicesNotAllowed: async ({ operator, subscriber }) => {
    const msisdns = [await subscriber('ordered'), await subscriber('deleted')]
    const usims = msisdns.map((msisdn) => usimOf(operator, { msisdn }))
    return usims.flatMap((usim) =>
      SYSTEMS.map((system): [MobileSystem, string] => [system, identityOf(system, usim)]),
    )
  },
}

test('the table of refused registrations is tested whole', (t) => {
  t.deepEqual(Object.keys(REFUSED).sort(), Object.keys(REGISTRATION_REFUSALS).sort())
})

for (const [cause, arrange] of Object.entries(REFUSED)) {
  test(`rejects a registration: ${cause}`, async (t) => {
    const bench = await createBench(t)
    const requests = await arrange(bench)
    t.true(requests.length > 0)
    for (const [system, identity] of requests) {
      const { servingNetwork } = bench.operator.network
      const answer = await servingNetwork.register({ system, identity })
      t.like(answer, { message: 'registrationReject', cause }, identity)
    }
  })
}

test('a profile that was never reported as enabled is in stock only, and is not served', async (t) => {
  const { operator } = await createBench(t)
  const { imsi } = operator.inventoryItem({ iccid: '8900101000000000019' })!
  const identity = `imsi-${imsi}`
  t.like(await operator.network.servingNetwork.register({ system: 'EPS', identity }), {
    cause: 'servicesNotAllowed',
  })
})

for (const [scheme, profile] of [
  [1, 'profileA'],
  [2, 'profileB'],
] as const) {
  test(`a SUPI that is concealed with ${profile} is revealed with the operator's key`, async (t) => {
    const bench = await createBench(t)
    const usim = usimOf(bench.operator, { msisdn: await bench.subscriber() })
    const key = bench.operator.network.suciPublicKeys().find((each) => each.profile === profile)!
    const random = seededRandom('ephemeral')
    const output = concealSupi({
      scheme: profile,
      plain: digitsToBcd(usim.imsi.slice(5)),
      homeNetworkPublicKey: key.publicKey,
      ephemeral: generateSuciKeyPair({ profile, random }),
    })
    const suci = { mcc: '001', mnc: '01', routingIndicator: '0', scheme, output }
    const identity = formatSuci({ ...suci, homeNetworkPublicKeyId: key.id })
    t.false(identity.includes(usim.imsi.slice(5)))
    const { servingNetwork } = bench.operator.network
    const request = await servingNetwork.register({ system: '5GS', identity })
    if (request.message !== 'authenticationRequest') return t.fail(JSON.stringify(request))
    const { registrationId } = request
    const answer = usim.answer('5GS', request)
    t.like(await servingNetwork.answer({ registrationId, answer }), {
      message: 'registrationAccept',
      supi: `imsi-${usim.imsi}`,
    })
  })
}

test('the reasons of a rejected authentication are those of the table', async (t) => {
  const bench = await createBench(t)
  const { servingNetwork } = bench.operator.network
  const msisdn = await bench.subscriber()
  const iccid = bench.operator.account({ msisdn })?.iccid ?? ''
  const usim = usimOf(bench.operator, { msisdn })
  const seen = new Set<string>()
  const note = (answer: { readonly message: string }) => {
    if ('reason' in answer) seen.add(String(answer.reason))
    t.is(answer.message, 'authenticationReject')
  }
  const failure = { message: 'authenticationFailure' } as const
  const first = await challenged(bench, { usim })
  note(await servingNetwork.answer({ ...first, answer: { ...failure, cause: 'macFailure' } }))
  for (const auts of [new Uint8Array(14), new Uint8Array(3)]) {
    const { registrationId } = await challenged(bench, { usim })
    const answer = { ...failure, cause: 'synchFailure', auts } as const
    note(await servingNetwork.answer({ registrationId, answer }))
  }
  const wrong = await challenged(bench, { usim })
  const res = new Uint8Array(16)
  note(
    await servingNetwork.answer({ ...wrong, answer: { message: 'authenticationResponse', res } }),
  )
  const stubborn: SoftUsim = {
    ...usim,
    answer: (system, request) => {
      usim.sqn += 1n << 20n
      return usim.answer(system, request)
    },
  }
  note(await register(bench.operator, { usim: stubborn }))
  await bench.store.write((db) => keepSqn(db, { iccid, sqn: (1n << 48n) - 1n }))
  note(await register(bench.operator, { usim }))
  // Those of packages that were imported: see operator/authentication and flows/attach.
  const elsewhere: AuthenticationRejectReason[] = ['noKeys', 'resTooLong']
  t.deepEqual([...seen, ...elsewhere].sort(), Object.keys(AUTHENTICATION_REJECTS).sort())
})

test('a challenge is answered once: what was right is no answer again', async (t) => {
  const bench = await createBench(t)
  const usim = usimOf(bench.operator, { msisdn: await bench.subscriber() })
  const { servingNetwork } = bench.operator.network
  const request = await challenged(bench, { usim })
  const { registrationId } = request
  const answer = usim.answer('5GS', request)
  const outcomes = await Promise.allSettled([
    servingNetwork.answer({ registrationId, answer }),
    servingNetwork.answer({ registrationId, answer }),
  ])
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  const replay = await t.throwsAsync(servingNetwork.answer({ registrationId, answer }), {
    instanceOf: LabError,
  })
  t.like(replay, { code: 'notFound', reason: 'registrationUnknown' })
  const next = await challenged(bench, { usim })
  t.like(await servingNetwork.answer({ registrationId: next.registrationId, answer }), {
    reason: 'wrongRes',
  })
})

test('an answer is waited for so long, and no longer', async (t) => {
  const bench = await createBench(t)
  const usim = usimOf(bench.operator, { msisdn: await bench.subscriber() })
  const { servingNetwork } = bench.operator.network
  const late = await challenged(bench, { usim })
  bench.clock.advance(ANSWER_WAIT_MS)
  const answer = usim.answer('5GS', late)
  t.like(await t.throwsAsync(servingNetwork.answer({ ...late, answer })), { code: 'notFound' })
  const inTime = await challenged(bench, { usim })
  bench.clock.advance(ANSWER_WAIT_MS - 1)
  t.like(await servingNetwork.answer({ ...inTime, answer: usim.answer('5GS', inTime) }), {
    message: 'registrationAccept',
  })
})

test('the phone that attaches last is the one that is attached', async (t) => {
  const bench = await createBench(t)
  const usim = usimOf(bench.operator, { msisdn: await bench.subscriber() })
  const ids = []
  for (const system of SYSTEMS) {
    const answer = await register(bench.operator, { usim, system })
    ids.push(answer.message === 'registrationAccept' ? answer.registrationId : '')
  }
  const [first = '', second = ''] = ids
  const attached = () => bench.operator.network.registrations({ limit: 10 }).map(({ id }) => id)
  t.deepEqual(attached(), [second])
  await bench.operator.network.servingNetwork.deregister({ registrationId: first })
  t.deepEqual(attached(), [second], 'the phone that was replaced cannot detach the other')
  await bench.operator.network.servingNetwork.deregister({ registrationId: second })
  t.deepEqual(attached(), [])
  await bench.operator.network.servingNetwork.deregister({ registrationId: second })
})

for (const event of ['disable', 'delete'] as const) {
  test(`an attachment ends when the card reports ${event}, and no data is used any more`, async (t) => {
    const { operator, subscriber } = await createBench(t)
    const msisdn = await subscriber('attached')
    const { iccid } = operator.account({ msisdn })!
    const use = (key: string) => operator.useData({ idempotencyKey: key, msisdn, amountBytes: GB })
    await use('1')
    await operator.handleProfileEvent({ iccid, eid: EID, event, seqNumber: 3 })
    t.is(operator.network.registrationOf({ iccid }), undefined)
    t.like(await t.throwsAsync(use('2')), { reason: 'profileNotEnabled' })
    if (event === 'delete') return
    await operator.handleProfileEvent({ iccid, eid: EID, event: 'enable', seqNumber: 4 })
    t.like(await t.throwsAsync(use('3')), { reason: 'notAttached' })
  })
}

test('an attachment ends when the profile is enabled on another card', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const { iccid } = operator.account({ msisdn })!
  await operator.handleProfileEvent({ iccid, eid: OTHER_EID, event: 'enable', seqNumber: 1 })
  t.is(operator.account({ msisdn })?.profileState, 'enabled')
  t.is(operator.network.registrationOf({ iccid }), undefined)
})

test('a profile that is disabled while its phone is challenged is not attached', async (t) => {
  const bench = await createBench(t)
  const msisdn = await bench.subscriber()
  const usim = usimOf(bench.operator, { msisdn })
  const request = await challenged(bench, { usim })
  const { iccid } = bench.operator.account({ msisdn })!
  await bench.operator.handleProfileEvent({ iccid, eid: EID, event: 'disable', seqNumber: 3 })
  const answer = usim.answer('5GS', request)
  t.like(await bench.operator.network.servingNetwork.answer({ ...request, answer }), {
    message: 'registrationReject',
    cause: 'servicesNotAllowed',
  })
})
