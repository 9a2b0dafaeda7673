import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { apiOf } from '../../src/cli/lab-client.ts'

/** A server that refuses everything with one problem. */
async function refusing(t: ExecutionContext, problem: object) {
  const server: Server = createServer((_request, response) => {
    response.writeHead(422, { 'Content-Type': 'application/problem+json' })
    response.end(JSON.stringify({ type: 'urn:esim-lab:problem:refused', ...problem }))
  }).listen(0, '127.0.0.1')
  t.teardown(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return apiOf({ operatorUrl: `http://127.0.0.1:${port}`, token: 't' })
}

test('a gift that breaks several rules is refused with all of them, the first as the reason', async (t) => {
  const api = await refusing(t, {
    detail: 'Only the first.',
    reason: 'giverLocked',
    refusals: [
      { code: 'giverLocked', text: 'The giver has locked gifts from this number.' },
      { code: 'mustRemain', text: 'At most 1 GB may be given, because the rest must remain.' },
    ],
  })
  t.like(await t.throwsAsync(api.post('/api/gifts', { body: {} })), {
    code: 'refused',
    reason: 'giverLocked',
    message:
      'The giver has locked gifts from this number. At most 1 GB may be given, because the rest must remain.',
  })
})

test('a refusal by one rule says what it said', async (t) => {
  const api = await refusing(t, {
    detail: 'No.',
    reason: 'tooSoon',
    refusals: [{ code: 'tooSoon', text: 'Another text.' }],
  })
  t.like(await t.throwsAsync(api.post('/api/gifts', { body: {} })), { message: 'No.' })
})
