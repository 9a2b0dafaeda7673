import test from 'ava'
import { hex } from '../../src/base/octets.ts'
import type { Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import { createDriver } from '../helpers/driver.ts'
import { testLab } from '../helpers/lab.ts'
import { refusedWith, testRefusals } from '../helpers/refusals.ts'

type Attempt = (request: Es9PlusRequest<'initiateAuthentication'>) => typeof request

const UNKNOWN_KEY = hex('00112233445566778899AABBCCDDEEFF00112233')

function withInfo(
  attempt: Attempt,
  info: Partial<Es9PlusRequest<'initiateAuthentication'>['euiccInfo1']>,
): Attempt {
  return (request) => {
    const changed = attempt(request)
    return { ...changed, euiccInfo1: { ...changed.euiccInfo1, ...info } }
  }
}

testRefusals<Attempt>({
  name: 'InitiateAuthentication',
  flawless: (request) => request,
  faults: [
    {
      title: 'an eUICC of version 3',
      code: '8.8.3/3.1',
      breaks: (attempt) => withInfo(attempt, { svn: Uint8Array.of(3, 0, 0) }),
    },
    {
      title: 'an eUICC of version 1',
      code: '8.8.3/3.1',
      breaks: (attempt) => withInfo(attempt, { svn: Uint8Array.of(1, 0, 0) }),
    },
    {
      title: 'the address of another server',
      code: '8.8.1/3.8',
      breaks: (attempt) => (request) => ({
        ...attempt(request),
        smdpAddress: 'another.example.com',
      }),
    },
    {
      title: 'an eUICC that signs under CIs it does not trust',
      code: '8.8.2/3.1',
      breaks: (attempt) => withInfo(attempt, { euiccCiPKIdListForSigning: [UNKNOWN_KEY] }),
    },
    {
      title: 'an eUICC that signs under no CI',
      code: '8.8.2/3.1',
      breaks: (attempt) => withInfo(attempt, { euiccCiPKIdListForSigning: [] }),
    },
    {
      title: 'an eUICC that verifies under CIs it has no certificate of',
      code: '8.8.4/3.7',
      breaks: (attempt) => withInfo(attempt, { euiccCiPKIdListForVerification: [UNKNOWN_KEY] }),
    },
    {
      title: 'an eUICC that verifies under no CI',
      code: '8.8.4/3.7',
      breaks: (attempt) => withInfo(attempt, { euiccCiPKIdListForVerification: [] }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const { matchingId } = await lab.order()
    const driver = createDriver(lab, { phone: lab.createPhone(), matchingId })
    await refusedWith(t, { call: driver.initiate(attempt), code })
    t.is(lab.smdp.sessionCount, 0)
    await driver.through('authenticateClient')
  },
})

for (const svn of [
  [2, 2, 2],
  [2, 3, 0],
  [2, 5, 0],
  [2, 6, 0],
]) {
  test(`InitiateAuthentication takes an eUICC of version ${svn.join('.')}`, async (t) => {
    const lab = await testLab(t)
    const driver = createDriver(lab, { phone: lab.createPhone() })
    await t.notThrowsAsync(
      driver.initiate((request) => ({
        ...request,
        euiccInfo1: { ...request.euiccInfo1, svn: Uint8Array.from(svn) },
      })),
    )
  })
}

test('InitiateAuthentication compares its address without case, with or without 443', async (t) => {
  const lab = await testLab(t)
  for (const smdpAddress of [lab.smdp.address.toUpperCase(), `${lab.smdp.address}:443`]) {
    const driver = createDriver(lab, { phone: lab.createPhone() })
    const { serverSigned1 } = await driver.initiate((request) => ({ ...request, smdpAddress }))
    t.is(serverSigned1.value.serverAddress, smdpAddress)
  }
})

test('InitiateAuthentication never repeats a TransactionID or a challenge, whatever the seed', async (t) => {
  const seen = new Set<string>()
  for (const _ of [1, 2]) {
    const lab = await testLab(t, { seed: 'the same' })
    const { transactionId } = await createDriver(lab, { phone: lab.createPhone() }).initiate()
    seen.add(Buffer.from(transactionId).toString('hex'))
  }
  t.is(seen.size, 2)
  const lab = await testLab(t)
  const driver = createDriver(lab, { phone: lab.createPhone() })
  const first = (await driver.initiate()).serverSigned1.value
  const second = (await driver.initiate()).serverSigned1.value
  t.notDeepEqual(first.serverChallenge, second.serverChallenge)
  t.notDeepEqual(first.transactionId, second.transactionId)
})

test('sessions end with their lifetime and give way to newer ones', async (t) => {
  const lab = await testLab(t, { smdp: { sessionsMax: 2, sessionLifetimeMs: 60_000 } })
  const { matchingId } = await lab.order()
  const begin = () =>
    createDriver(lab, { phone: lab.createPhone(), matchingId }).through('authenticateServer')
  const [oldest, ...others] = [await begin(), await begin(), await begin()]
  t.is(lab.smdp.sessionCount, 2)
  await refusedWith(t, { call: oldest!.authenticateClient(), code: '8.10.1/3.9' })
  lab.clock.advance(60_000)
  await t.notThrowsAsync(others[0]!.authenticateClient())
  lab.clock.advance(1)
  await refusedWith(t, { call: others[1]!.authenticateClient(), code: '8.10.1/3.9' })
})
