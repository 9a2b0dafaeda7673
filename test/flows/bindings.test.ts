import test, { type ExecutionContext } from 'ava'
import { createLab, type Phone, type ServedLab, type ListeningLab } from '../../src/index.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { orderState } from '../helpers/lab.ts'

const BINDINGS = ['json', 'asn1'] as const

interface Networked {
  readonly lab: ListeningLab
  readonly served: ServedLab
  readonly phone: Phone
}

/** A lab on a port, strict, and a phone that speaks one binding to it. */
async function networked(
  t: ExecutionContext,
  lpaBinding: (typeof BINDINGS)[number],
): Promise<Networked> {
  const lab = await createLab({ startAt: new Date('2026-03-01T12:00:00Z'), stock: 4 })
  t.teardown(() => lab.close())
  const served = await lab.listen({ lpaBinding, rsp: { strict: true } })
  return { lab, served, phone: lab.createPhone({ es9Plus: served.es9Plus }) }
}

for (const binding of BINDINGS) {
  test(`a profile is downloaded, confirmed and notified over ${binding}, where nothing is tolerated`, async (t) => {
    const { lab, phone } = await networked(t, binding)
    const order = await lab.order({ confirmationCode: '1234' })
    const activationCode = parseActivationCode(order.activationCode)
    await t.throwsAsync(phone.download({ activationCode, confirmationCode: '9999' }), {
      message: /Confirmation Code is wrong/,
    })
    const { iccid } = await phone.download({ activationCode, confirmationCode: '1234' })
    const report = await phone.sendNotifications()
    t.deepEqual(report.failed, [])
    t.true(report.sent.length > 0)
    t.is(orderState(lab, { iccid }), 'Installed')
  })

  test(`a download that the user refuses ends the order over ${binding}`, async (t) => {
    const { lab, phone } = await networked(t, binding)
    const order = await lab.order()
    const activationCode = parseActivationCode(order.activationCode)
    await t.throwsAsync(phone.download({ activationCode, confirm: async () => 'reject' }))
    t.is(orderState(lab, order), 'Error')
  })

  test(`a MatchingID that is unknown is refused over ${binding}`, async (t) => {
    const { phone, served } = await networked(t, binding)
    const activationCode = parseActivationCode(`LPA:1$${served.rspAddress}$UNKNOWN`)
    await t.throwsAsync(phone.download({ activationCode }), {
      message: /MatchingID is not that of a pending order/,
    })
  })
}
