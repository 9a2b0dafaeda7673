import test, { type ExecutionContext } from 'ava'
import { serveLab, type ServedLab, type ServeOptions } from '../../src/http/serve.ts'
import { es12Clients } from '../../src/http/smds-clients.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { wallClock } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import type { Credential } from '../../src/pki/issue.ts'
import { issueTlsCredential } from '../../src/pki/test-pki.ts'
import { ES12 } from '../../src/rsp/es12.ts'
import type { ProtocolMessage } from '../../src/rsp/observe.ts'
import { initiateAuthenticationJson } from './rsp-helper.ts'
import { pki as foreignPki } from '../pki/helper.ts'
import { orderState, testLab } from '../helpers/lab.ts'

/** A lab on the network, and a phone that reaches everything over it. */
async function served(
  t: ExecutionContext,
  options: ServeOptions = {},
): Promise<{ readonly lab: Lab; readonly servers: ServedLab; readonly phone: Phone }> {
  const lab = await testLab(t)
  const servers = await serveLab(lab, options)
  t.teardown(servers.close)
  const { es9Plus, es11 } = servers
  return { lab, servers, phone: lab.createPhone({ es9Plus, es11 }) }
}

function clientOf(
  t: ExecutionContext,
  { lab, credential }: { readonly lab: Lab; readonly credential: Credential },
) {
  const { anchors } = lab
  const clients = es12Clients(ES12, { requester: 'test', tls: { anchors, credential } })
  t.teardown(clients.close)
  return clients
}

const EVENT = {
  eid: '89049032000000000000000000000001',
  eventId: 'E',
  rspServerAddress: 'smdp.example.com',
  forwardingIndicator: false,
}

for (const plain of [false, true]) {
  for (const lpaBinding of ['json', 'asn1'] as const) {
    const transport = `${plain ? 'plain HTTP' : 'TLS'} in ${lpaBinding}`
    test(`a profile is found by way of both SM-DSs over ${transport}, and its event goes from both`, async (t) => {
      const { lab, phone } = await served(t, { rsp: { plain }, lpaBinding })
      const { iccid, matchingId } = await lab.order({ smDs: 'alternative', eid: phone.eid })
      const { events, failed } = await phone.discover()
      const [event] = events
      t.deepEqual(failed, [])
      t.like(event, { eventId: matchingId, smdsAddress: lab.smds.alternative.address })
      const smdpAddress = event?.smdpAddress ?? ''
      await phone.download({
        activationCode: { smdpAddress, matchingId, confirmationCodeRequired: false },
      })
      await phone.sendNotifications()
      await lab.smdp.settleEvents()
      t.is(orderState(lab, { iccid }), 'Installed')
      t.deepEqual((await phone.discover()).events, [])
    })
  }
}

test('ES12 is for servers with a TLS certificate under a CI of the lab alone', async (t) => {
  const { lab, servers } = await served(t)
  const { address, url } = servers.smds.root
  const credentialOf = (pki: Lab['pki']) =>
    issueTlsCredential({
      pki,
      hostNames: ['caller.example.com'],
      role: 'dp-tls',
      nowMs: wallClock.nowMs(),
      random: lab.environment.random,
    })
  const foreign = clientOf(t, { lab, credential: credentialOf(foreignPki) }).at(address)
  const refused = await t.throwsAsync(foreign.registerEvent(EVENT), { instanceOf: LabError })
  t.regex(refused?.message ?? '', /HTTP 403.*"subjectCode\\":\\"1.1\\"/)
  t.regex(url, /^https:/)
  const own = clientOf(t, { lab, credential: credentialOf(lab.pki) }).at(address)
  await t.notThrowsAsync(own.registerEvent(EVENT))
  await t.throwsAsync(own.registerEvent(EVENT), { message: /EventID/ })
  const inProcess = lab.smds.root.es12({ oid: '2.999.10' })
  await t.notThrowsAsync(inProcess.deleteEvent(EVENT), 'the caller is the OID of its certificate')
})

test('a revoked certificate is nobody to an SM-DS, on ES11 and on ES12', async (t) => {
  const { lab, servers, phone } = await served(t)
  const credential = issueTlsCredential({
    pki: lab.pki,
    hostNames: ['caller.example.com'],
    role: 'dp-tls',
    nowMs: wallClock.nowMs(),
    random: lab.environment.random,
  })
  const es12 = clientOf(t, { lab, credential }).at(servers.smds.root.address)
  await es12.registerEvent({ ...EVENT, eventId: 'BEFORE' })
  await lab.revoke({ certificate: credential.certificate.der })
  await t.throwsAsync(es12.registerEvent(EVENT), { message: /HTTP 403.*revoked/ })
  await phone.discover()
  await lab.revoke({ certificate: lab.pki['P-256'].eum.certificate.der })
  await t.throwsAsync(phone.discover(), { message: /8\.1\.2\/6\.1/ })
})

test('over plain HTTP the caller is who it says it is', async (t) => {
  const { lab, servers } = await served(t, { rsp: { plain: true } })
  const post = async (requester: string, path: string): Promise<string> => {
    const header = { functionRequesterIdentifier: requester, functionCallIdentifier: '1' }
    const answer = await fetch(servers.smds.root.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ header, ...EVENT }),
    })
    const { header: answered } = (await answer.json()) as {
      header: {
        functionExecutionStatus: { statusCodeData?: { subjectCode: string; reasonCode: string } }
      }
    }
    const { statusCodeData: code } = answered.functionExecutionStatus
    return code ? `${code.subjectCode}/${code.reasonCode}` : 'done'
  }
  const { registerEvent, deleteEvent } = ES12
  t.is(await post('2.999.1', registerEvent.path), 'done')
  t.is(await post('2.999.1', registerEvent.path), '8.9.5/3.3')
  t.is(await post('2.999.2', registerEvent.path), 'done')
  t.is(await post('2.999.3', deleteEvent.path), '8.9.5/3.9')
  t.is(await post('2.999.1', deleteEvent.path), 'done')
  t.is(lab.smds.root.isAt(servers.smds.root.address), true)
})

test('peers that use paths and names of their own for ES11 are understood, but not where rules are strict', async (t) => {
  const tolerated: string[] = []
  const noteTolerated = ({ what }: { readonly what: string }): void => void tolerated.push(what)
  const { smdpAddress: _, ...body } = initiateAuthenticationJson
  const ask = async (strict: boolean): Promise<string> => {
    const { servers } = await served(t, { rsp: { plain: true, strict }, noteTolerated })
    const { url, address } = servers.smds.root
    const answer = await fetch(`${url}/gsma/rsp2/es11/initiateAuthentication`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'gsma-rsp-lpad',
        'X-Admin-Protocol': 'gsma/rsp/v2.2.0',
      },
      body: JSON.stringify({ ...body, smdsAddress: address }),
    })
    return `${answer.status} ${/"reasonCode":"[\d.]+"/.exec(await answer.text())?.[0]}`
  }
  t.is(await ask(false), '200 "reasonCode":"3.1"', 'the test message names CI keys of nobody')
  t.is(tolerated.length, 2)
  t.regex(tolerated.join(), /path.*'smdsAddress' for 'smdpAddress'/)
  t.is(await ask(true), '404 "reasonCode":"2.1"')
})

test('a lab that is not served any more speaks to its SM-DSs within the process', async (t) => {
  const lab = await testLab(t)
  const servers = await serveLab(lab)
  const phone = lab.createPhone()
  await lab.order({ smDs: 'root', eid: phone.eid })
  await servers.close()
  await lab.order({ smDs: 'alternative', eid: phone.eid })
  t.is((await phone.discover()).events.length, 2)
})

test('what travels between the servers is seen by the observer of the lab once', async (t) => {
  const seen: ProtocolMessage[] = []
  const lab = await testLab(t, { observer: (message) => void seen.push(message) })
  const servers = await serveLab(lab)
  t.teardown(servers.close)
  await lab.order({ smDs: 'root', eid: EVENT.eid })
  t.is(seen.filter(({ function: called }) => called === 'registerEvent').length, 2)
})
