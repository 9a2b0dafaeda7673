import test from 'ava'
import fc from 'fast-check'
import { Asn1Error } from '../../src/asn1/der.ts'
import { decode, encode, type Asn1Type } from '../../src/asn1/schema.ts'
import { toHex } from '../../src/base/octets.ts'
import type { Lab } from '../../src/lab.ts'
import { ES10, type Es10FunctionName } from '../../src/rsp/es10.ts'
import { BoundProfilePackage } from '../../src/rsp/es8plus.ts'
import { ES2PLUS } from '../../src/rsp/es2plus.ts'
import { ES9PLUS } from '../../src/rsp/es9plus.ts'
import { readFields, writeFields, type RspFunction } from '../../src/rsp/json-binding.ts'
import { toPlainJson, type ProtocolMessage } from '../../src/rsp/observe.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { needed } from '../helpers/driver.ts'
import { testLab } from '../helpers/lab.ts'
import type { ExecutionContext } from 'ava'

/** Every message of a life: ordered, downloaded, postponed before, used, listed, deleted. */
async function life(t: ExecutionContext): Promise<readonly ProtocolMessage[]> {
  const messages: ProtocolMessage[] = []
  const lab: Lab = await testLab(t, { observer: (message) => messages.push(message) })
  const phone = lab.createPhone()
  const order = await lab.order({ confirmationCode: '1234' })
  const activationCode = parseActivationCode(order.activationCode)
  const postponed = phone.download({ activationCode, confirm: async () => 'postpone' })
  await t.throwsAsync(postponed)
  await phone.download({ activationCode, confirmationCode: '1234' })
  await phone.enable(order)
  await phone.setNickname({ iccid: order.iccid, nickname: 'home' })
  await phone.sendNotifications()
  await phone.profiles()
  await phone.disable(order)
  await phone.delete(order)
  await phone.sendNotifications()
  return messages
}

function es10Type(message: ProtocolMessage): Asn1Type<unknown> | undefined {
  const { interface: side, function: name, direction } = message
  if (!side.startsWith('ES10') || direction === 'refusal') return undefined
  const found = ES10[name as Es10FunctionName] as
    { readonly request: Asn1Type<unknown>; readonly response: Asn1Type<unknown> } | undefined
  return direction === 'request' ? found?.request : found?.response
}

function jsonFunction(message: ProtocolMessage): RspFunction | undefined {
  const tables: Readonly<Record<string, Readonly<Record<string, RspFunction>>>> = {
    'ES9+': ES9PLUS,
    'ES2+': ES2PLUS,
  }
  return tables[message.interface]?.[message.function]
}

test('every message of ES10 is read back as it was written', async (t) => {
  const functions = new Set<string>()
  for (const one of await life(t)) {
    const type = es10Type(one)
    if (!type) continue
    const octets = encode(type, one.message)
    const read = decode(type, octets)
    t.deepEqual(toPlainJson(read), toPlainJson(one.message), one.function)
    t.deepEqual(toHex(encode(type, read)), toHex(octets), one.function)
    functions.add(one.function)
  }
  t.true(functions.size >= 11, [...functions].join())
})

test('every message of ES9+ and ES2+ is read back from its JSON', async (t) => {
  const functions = new Set<string>()
  for (const one of await life(t)) {
    const declared = jsonFunction(one)
    if (!declared || one.direction === 'refusal') continue
    const fields = one.direction === 'request' ? declared.request : declared.response
    const json = writeFields(fields, one.message as never)
    const read = readFields(fields, JSON.parse(JSON.stringify(json)))
    t.deepEqual(toPlainJson(read), toPlainJson(one.message), one.function)
    functions.add(one.function)
  }
  t.deepEqual(
    [...functions].toSorted(),
    [...Object.keys(ES9PLUS), 'confirmOrder', 'downloadOrder'].toSorted(),
  )
})

/** Tags and lengths of SGP.22 §6.5.2.6 to §6.5.2.10, in hexadecimal; transactionId is hexadecimal itself. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  'initiateAuthentication.request.euiccChallenge': /^[0-9A-F]{32}$/,
  'initiateAuthentication.request.euiccInfo1': /^BF20/,
  'initiateAuthentication.response.serverSigned1': /^30..8010/,
  'initiateAuthentication.response.serverSignature1': /^5F3740[0-9A-F]{128}$/,
  'initiateAuthentication.response.euiccCiPKIdToBeUsed': /^0414[0-9A-F]{40}$/,
  'initiateAuthentication.response.serverCertificate': /^3082/,
  'authenticateClient.request.authenticateServerResponse': /^BF3882....A0/,
  'authenticateClient.response.profileMetadata': /^BF25.*5A0A/,
  'authenticateClient.response.smdpSigned2': /^30..8010/,
  'authenticateClient.response.smdpSignature2': /^5F3740[0-9A-F]{128}$/,
  'authenticateClient.response.smdpCertificate': /^3082/,
  'getBoundProfilePackage.request.prepareDownloadResponse': /^BF2181..A0/,
  'getBoundProfilePackage.response.boundProfilePackage': /^BF3682....BF2381/,
  'cancelSession.request.cancelSessionResponse': /^BF41..A0/,
}

test('the fields of ES9+ have the shapes of SGP.22 §6.5.2', async (t) => {
  const seen = new Set<string>()
  for (const one of await life(t)) {
    const declared = jsonFunction(one)
    if (!declared || one.interface !== 'ES9+') continue
    if (one.direction !== 'request' && one.direction !== 'response') continue
    const json = writeFields(declared[one.direction], one.message as never)
    for (const [name, value] of Object.entries(json)) {
      const text = String(value)
      if (name === 'transactionId') t.regex(text, /^[0-9A-F]{32}$/)
      const shape = SHAPES[`${one.function}.${one.direction}.${name}`]
      if (!shape) continue
      t.regex(toHex(Buffer.from(text, 'base64')), shape, name)
      seen.add(`${one.function}.${one.direction}.${name}`)
    }
  }
  t.deepEqual([...seen].toSorted(), Object.keys(SHAPES).toSorted())
})

test('notifications are BF37 or a SEQUENCE, and nothing else', async (t) => {
  const starts = new Set<string>()
  for (const one of await life(t)) {
    if (one.function !== 'handleNotification' || one.direction !== 'request') continue
    const { pendingNotification } = writeFields(
      ES9PLUS.handleNotification.request,
      one.message as never,
    )
    starts.add(toHex(Buffer.from(String(pendingNotification), 'base64')).slice(0, 4))
  }
  t.deepEqual([...starts].toSorted(), ['3082', 'BF37'])
})

test('a BoundProfilePackage is read by its declaration, and written the same', async (t) => {
  const [delivered] = (await life(t)).filter(
    ({ function: name, direction }) =>
      name === 'getBoundProfilePackage' && direction === 'response',
  )
  const { boundProfilePackage } = needed(delivered).message as {
    readonly boundProfilePackage: Uint8Array
  }
  const read = decode(BoundProfilePackage, boundProfilePackage)
  t.is(read.initialiseSecureChannelRequest.remoteOpId, 'installBoundProfilePackage')
  t.is(toHex(encode(BoundProfilePackage, read)), toHex(boundProfilePackage))
})

test('a message with octets changed is read or refused as malformed, never anything else', async (t) => {
  const samples = (await life(t)).flatMap((one) => {
    const type = es10Type(one)
    return type ? [{ type, octets: encode(type, one.message) }] : []
  })
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.constantFrom(...samples), changes, ({ type, octets }, places) => {
      const changed = Uint8Array.from(octets)
      for (const [at, octet] of places) changed[at % changed.length] = octet
      t.true(isReadOrMalformed(type, changed))
    }),
    { numRuns: 2000 },
  )
})

test('any octets are read or refused as malformed', (t) => {
  const types = Object.values(ES10).flatMap(({ request, response }) => [request, response])
  fc.assert(
    fc.property(
      fc.constantFrom(...(types as Asn1Type<unknown>[])),
      fc.uint8Array({ maxLength: 60 }),
      (type, octets) => t.true(isReadOrMalformed(type, octets)),
    ),
    { numRuns: 1000 },
  )
})

function isReadOrMalformed(type: Asn1Type<unknown>, octets: Uint8Array): boolean {
  try {
    decode(type, octets)
    return true
  } catch (error) {
    return error instanceof Asn1Error
  }
}
