import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { utf8 } from '../../src/base/octets.ts'
import { createRelay, type Relay } from '../../src/http/relay.ts'

/** A relay without TLS, and a server that answers with the headers that it was sent. */
async function relayed(t: ExecutionContext): Promise<{ relay: Relay; url: string }> {
  const server = createServer((request, response) => {
    response.writeHead(307, { location: 'https://elsewhere.example/' })
    response.end(JSON.stringify({ ...request.headers, path: request.url }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const relay = createRelay({ plain: true })
  t.teardown(() => {
    relay.close()
    server.close()
  })
  return { relay, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/a?b` }
}

test('a request goes out as it stands, but for the headers of the connection, and follows no redirect', async (t) => {
  const { relay, url } = await relayed(t)
  const headers = ['X-Admin-Protocol:  gsma/rsp/v2.2.0 ', 'Host: elsewhere', 'Content-Length: 9']
  const { status, body } = await relay.post({ url, body: utf8('{}'), headers })
  t.is(status, 307)
  t.like(JSON.parse(Buffer.from(body).toString('utf8')), {
    path: '/a?b',
    host: new URL(url).host,
    connection: 'close',
    'content-length': '2',
    'x-admin-protocol': 'gsma/rsp/v2.2.0',
  })
})

test('what is no https URL and what is no header are refused by name', async (t) => {
  const { relay, url } = await relayed(t)
  const body = utf8('')
  const wrong = [
    { field: 'url', url: 'http://127.0.0.1/', headers: [] },
    { field: 'url', url: 'file:///etc/hostname', headers: [] },
    { field: 'url', url: `${url}\r\nX: y`, headers: [] },
    { field: 'address', url: 'https://user@127.0.0.1/', headers: [] },
    { field: 'headers', url, headers: ['no header'] },
    { field: 'headers', url, headers: ['A: b\r\nC: d'] },
    { field: 'headers', url, headers: [`A:${' '.repeat(500_000)}é`] },
  ]
  for (const { field, ...request } of wrong) {
    const post = relay.post({ ...request, body })
    const error = await t.throwsAsync(post, { instanceOf: LabError }, field)
    t.like(error, { code: 'badInput', field })
  }
})
