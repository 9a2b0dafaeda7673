import test from 'ava'
import type { Lab } from '../../src/lab.ts'
import type { Es2PlusHeader } from '../../src/rsp/es2plus.ts'
import { orderOf, orderState, testLab } from '../helpers/lab.ts'
import { refusedWith } from '../helpers/refusals.ts'

const MINUTE_MS = 60_000

function header(functionCallIdentifier: string, requester = '1.3.6.1.4.1.1'): Es2PlusHeader {
  return { functionRequesterIdentifier: requester, functionCallIdentifier }
}

const typeOf = (lab: Lab) => lab.operator.file.profile.profileType

test('a DownloadOrder that comes again has the same answer, and takes no second profile', async (t) => {
  const lab = await testLab(t)
  const request = { profileType: typeOf(lab), header: header('TX-1') }
  const first = await lab.es2Plus.downloadOrder(request)
  t.deepEqual(await lab.es2Plus.downloadOrder(request), first)
  const other = await lab.es2Plus.downloadOrder({ ...request, header: header('TX-2') })
  t.not(other.iccid, first.iccid)
})

test('every function of ES2+ may be repeated while the order is as the call left it', async (t) => {
  const lab = await testLab(t)
  const { iccid } = await lab.es2Plus.downloadOrder({
    profileType: typeOf(lab),
    header: header('TX-1'),
  })
  const confirm = { iccid, releaseFlag: false, header: header('TX-2') }
  const confirmed = await lab.es2Plus.confirmOrder(confirm)
  t.like(await lab.es2Plus.confirmOrder(confirm), { matchingId: confirmed.matchingId })
  await lab.es2Plus.releaseProfile({ iccid, header: header('TX-3') })
  await refusedWith(t, { call: lab.es2Plus.confirmOrder(confirm), code: '8.2.1/3.5' })
  const cancel = {
    iccid,
    matchingId: confirmed.matchingId,
    finalProfileStatusIndicator: 'Available',
    header: header('TX-4'),
  }
  await lab.es2Plus.cancelOrder(cancel)
  await t.notThrowsAsync(lab.es2Plus.cancelOrder(cancel))
  await refusedWith(t, {
    call: lab.es2Plus.cancelOrder({ ...cancel, header: header('TX-5') }),
    code: '8.2.1/3.3',
  })
  t.is(orderState(lab, { iccid }), 'Available')
})

test('another content under the same identifier is another call', async (t) => {
  const lab = await testLab(t)
  const { iccid } = await lab.es2Plus.downloadOrder({
    profileType: typeOf(lab),
    header: header('TX-1'),
  })
  const call = lab.es2Plus.downloadOrder({ iccid, header: header('TX-1') })
  await refusedWith(t, { call, code: '8.2.1/3.3' })
})

test('a call is forgotten after ten minutes', async (t) => {
  const lab = await testLab(t)
  const request = { profileType: typeOf(lab), header: header('TX-1') }
  const { iccid } = await lab.es2Plus.downloadOrder(request)
  lab.clock.advance(10 * MINUTE_MS)
  t.is((await lab.es2Plus.downloadOrder(request)).iccid, iccid)
  lab.clock.advance(1)
  t.not((await lab.es2Plus.downloadOrder(request)).iccid, iccid)
})

test('a call that was refused is judged anew', async (t) => {
  const lab = await testLab(t)
  const { iccid } = await lab.es2Plus.downloadOrder({
    profileType: typeOf(lab),
    header: header('TX-1'),
  })
  const release = { iccid, header: header('TX-2') }
  await refusedWith(t, { call: lab.es2Plus.releaseProfile(release), code: '8.2.1/3.5' })
  await lab.es2Plus.confirmOrder({ iccid, releaseFlag: false, header: header('TX-3') })
  await t.notThrowsAsync(lab.es2Plus.releaseProfile(release))
})

test('the order of one requester is none of another’s: 8.2.1/1.2', async (t) => {
  const lab = await testLab(t)
  const { iccid } = await lab.es2Plus.downloadOrder({
    profileType: typeOf(lab),
    header: header('TX-1', '1.1'),
  })
  const other = header('TX-1', '2.2')
  const before = orderOf(lab, { iccid })
  const calls = [
    () => lab.es2Plus.downloadOrder({ iccid, header: other }),
    () => lab.es2Plus.confirmOrder({ iccid, releaseFlag: true, header: other }),
    () => lab.es2Plus.releaseProfile({ iccid, header: other }),
    () =>
      lab.es2Plus.cancelOrder({
        iccid,
        finalProfileStatusIndicator: 'Available',
        header: other,
      }),
  ]
  for (const call of calls) await refusedWith(t, { call: call(), code: '8.2.1/1.2' })
  t.deepEqual(orderOf(lab, { iccid }), before)
  await t.notThrowsAsync(lab.es2Plus.confirmOrder({ iccid, releaseFlag: true }), 'the lab’s own')
})
