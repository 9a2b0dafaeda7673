import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { toPkcs8 } from '../../src/crypto/ec.ts'
import { parseEuicc, serialiseEuicc, type EuiccState } from '../../src/euicc/state.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import { toPlainJson } from '../../src/rsp/observe.ts'
import { createDriver } from '../helpers/driver.ts'
import { testLab, textStorage } from '../helpers/lab.ts'

/** A card with a profile that has a nickname, notifications, a default address and a key for a retry. */
async function livedIn(lab: Lab, phone: Phone): Promise<EuiccState> {
  const [first, second] = [await lab.order(), await lab.order()]
  await createDriver(lab, { phone, matchingId: first.matchingId }).through('load')
  await phone.enable(first)
  await phone.setNickname({ iccid: first.iccid, nickname: 'work “and” home' })
  const driver = createDriver(lab, { phone, matchingId: second.matchingId })
  await driver.through('prepareDownload')
  await driver.card.setDefaultDpAddress({ defaultDpAddress: 'dp.example.com' })
  return phone.euicc.state
}

/** What can be compared: keys are objects of their own. */
function comparable(state: EuiccState) {
  const { credentials, trustedCis, retryKey, ...rest } = state
  return {
    ...rest,
    credentials: credentials.map(({ keyPair, euiccCertificate, eumCertificate }) => [
      toPkcs8(keyPair.privateKey),
      euiccCertificate.der,
      eumCertificate.der,
    ]),
    trustedCis: trustedCis.map(({ der }) => der),
    retryKey: retryKey && [retryKey.smdpOid, toPkcs8(retryKey.keyPair.privateKey)],
  }
}

test('a state is read back as it was written', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  for (const state of [phone.euicc.state, await livedIn(lab, phone)]) {
    const text = serialiseEuicc(state)
    const read = parseEuicc(text)
    t.deepEqual(toPlainJson(comparable(read)), toPlainJson(comparable(state)))
    t.is(serialiseEuicc(read), text)
  }
})

for (const [title, text] of [
  ['is empty', ''],
  ['is no JSON', '{'],
  ['is of another kind', '[]'],
  ['is of another version', '{"version":2}'],
  ['lacks its fields', '{"version":1}'],
  ['is null', 'null'],
] as const) {
  test(`a file that ${title} is damaged`, (t) => {
    const error = t.throws(() => parseEuicc(text), { instanceOf: LabError })
    t.is(error?.code, 'damaged')
  })
}

test('any field of a wrong kind is damage, never a crash', async (t) => {
  const lab = await testLab(t)
  const json = JSON.parse(serialiseEuicc(await livedIn(lab, lab.createPhone())))
  for (const name of ['credentials', 'trustedCis', 'profiles', 'notifications', 'retryKey']) {
    const broken = { ...json, [name]: [{ privateKey: 'xyz' }] }
    const error = t.throws(() => parseEuicc(JSON.stringify(broken)), { instanceOf: LabError })
    t.is(error?.code, 'damaged', name)
  }
})

test('a card that is kept as text lives on as another object', async (t) => {
  const lab = await testLab(t)
  const storage = textStorage()
  const first = lab.createPhone({ name: 'one', storage })
  const order = await lab.order()
  await createDriver(lab, { phone: first, matchingId: order.matchingId }).through('load')
  const again = lab.createPhone({ name: 'one', storage })
  t.is(again.eid, first.eid)
  t.deepEqual(await again.profiles(), await first.profiles())
  await again.enable(order)
  t.deepEqual((await again.sendNotifications()).sent, [1, 2, 3])
  t.is(lab.operator.account(order)?.profileState, 'enabled')
})

test('what was not saved did not happen', async (t) => {
  const lab = await testLab(t)
  let isFull = false
  const phone = lab.createPhone({
    storage: (initial) => ({
      load: () => initial,
      save() {
        if (isFull) throw new LabError('unavailable', 'the disk is full.')
      },
    }),
  })
  const { matchingId, iccid } = await lab.order()
  const driver = await createDriver(lab, { phone, matchingId }).through('getBoundProfilePackage')
  const { boundProfilePackage } = await driver.getBoundProfilePackage()
  isFull = true
  await t.throwsAsync(driver.load(segmentsOf(boundProfilePackage)), { instanceOf: LabError })
  t.deepEqual(phone.euicc.state.profiles, [])
  t.is(phone.euicc.state.nextSeqNumber, 1)
  isFull = false
  await createDriver(lab, { phone, matchingId }).through('load')
  isFull = true
  await t.throwsAsync(phone.enable({ iccid }), { instanceOf: LabError })
  t.is(phone.euicc.state.profiles[0]?.state, 'disabled')
})
