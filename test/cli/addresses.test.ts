import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { NetworkInterfaceInfo } from 'node:os'
import { createInterface } from 'node:readline'
import { connect } from 'node:tls'
import { once } from 'node:events'
import test from 'ava'
import { addressesOf } from '../../src/cli/addresses.ts'
import { isLoopback } from '../../src/http/events/callbacks.ts'
import { BIN, type Ready } from './helper.ts'

const at = (address: string, internal = false) =>
  ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo

// Addresses for documentation: RFC 5737, RFC 3849.
const INTERFACES = {
  lo: [at('127.0.0.1', true), at('::1', true)],
  eth0: [at('2001:db8::7'), at('fe80::1'), at('192.0.2.7')],
  wlan0: [at('198.51.100.7')],
  gone: undefined,
}

test('all interfaces have the addresses that others can use, IPv4 first', (t) => {
  const v4 = ['192.0.2.7', '198.51.100.7']
  t.deepEqual(addressesOf('0.0.0.0', INTERFACES), v4)
  t.deepEqual(addressesOf('::', INTERFACES), [...v4, '2001:db8::7'])
  t.deepEqual(addressesOf('198.51.100.7', INTERFACES), ['198.51.100.7'])
  t.deepEqual(addressesOf('lab.example', INTERFACES), ['lab.example'])
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
    t.true(isLoopback(host), host)
    t.deepEqual(addressesOf(host, INTERFACES), [])
  }
})

test('a lab for the network says so, and its certificate is for the addresses that it has', async (t) => {
  const args = ['serve', '--json', '--ephemeral', '--port', '0', '--host', '0.0.0.0']
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  const warnings = createInterface({ input: child.stderr })
  const [[line], [warning]] = await Promise.all([once(lines, 'line'), once(warnings, 'line')])
  t.regex(String(warning), /Strangers on your networks can reach the SM-DP\+/)
  const ready = JSON.parse(String(line)) as Ready
  const [address] = addressesOf('0.0.0.0')
  if (address === undefined) t.log('this machine has no network')
  else t.true(ready.rspAddress.startsWith(`${address}:`))
  t.true(ready.activationCode.includes(`$${ready.rspAddress}$`))
  t.true(ready.operatorUrl.startsWith('http://127.0.0.1:'))
  const { hostname: host, port } = new URL(ready.rspUrl)
  const socket = connect({ host, port: Number(port), ca: readFileSync(ready.ciCertificate) })
  await once(socket, 'secureConnect')
  t.true(socket.authorized)
  socket.destroy()
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  t.deepEqual(await ended, [0, null])
})
