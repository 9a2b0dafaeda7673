import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { es2PlusOf, rspListenersOf, type ListenerDefaults } from '../../src/cli/listener-spec.ts'
import { toPem } from '../../src/pki/forge.ts'
import { pki } from '../pki/helper.ts'
import { temporaryDirectory } from './helper.ts'

const DEFAULTS: ListenerDefaults = { hostNames: ['localhost'], strict: false, versions: undefined }

test('a listener is written in a line', (t) => {
  const line =
    'port=8444, name=nist.example.com,curves=nist,tls=brainpool,strict,versions=2.2.0-2.4.0'
  t.deepEqual(rspListenersOf(line, DEFAULTS), [
    {
      port: 8444,
      hostNames: ['nist.example.com', 'localhost'],
      strict: true,
      versions: { from: '2.2.0', to: '2.4.0' },
      tlsCurve: 'brainpoolP256r1',
      curves: ['P-256'],
    },
  ])
  t.deepEqual(rspListenersOf('curves=nist+brainpool,tls=none', { ...DEFAULTS, strict: true }), [
    {
      port: 0,
      hostNames: ['localhost'],
      strict: true,
      plain: true,
      curves: ['P-256', 'brainpoolP256r1'],
    },
  ])
})

test('listeners are written in a file', (t) => {
  const file = join(temporaryDirectory(t), 'listeners.json')
  writeFileSync(file, JSON.stringify([{ port: 8444, curves: ['brainpool'] }, { strict: true }]))
  const [first, second] = rspListenersOf(file, DEFAULTS)
  t.like(first, { port: 8444, curves: ['brainpoolP256r1'], strict: false })
  t.like(second, { port: 0, strict: true })
})

test('ES2+ is on the port of the LPAs, or on its own', (t) => {
  t.deepEqual(es2PlusOf('token=abc', DEFAULTS), { shared: { kind: 'token', token: 'abc' } })
  t.like(es2PlusOf('port=8445,open', DEFAULTS), { own: { port: 8445, access: { kind: 'open' } } })
})

test('clients of ES2+ are known by certificates in files', (t) => {
  const directory = temporaryDirectory(t)
  const ca = join(directory, 'ca.pem')
  const { certificate } = pki['P-256'].ci
  writeFileSync(ca, toPem('CERTIFICATE', certificate.der))
  const pin = join(directory, 'pin.der')
  writeFileSync(pin, certificate.der)
  const { shared } = es2PlusOf(`ca=${ca},requester=2.999.20`, DEFAULTS)
  t.like(shared, { kind: 'clients', clients: [{ name: ca, knownBy: 'ca', requester: '2.999.20' }] })
  const file = join(directory, 'es2plus.json')
  const clients = [
    { name: 'one', ca },
    { name: 'two', pin, requester: 'two' },
  ]
  writeFileSync(file, JSON.stringify({ port: 8445, clients }))
  t.like(es2PlusOf(file, DEFAULTS).own?.access, {
    kind: 'clients',
    clients: [
      { name: 'one', knownBy: 'ca' },
      { name: 'two', knownBy: 'key', requester: 'two' },
    ],
  })
})

const WRONG: readonly (readonly [spec: string, says: RegExp])[] = [
  ['prot=1', /"prot" says nothing of a listener/],
  ['port=99999', /a port is/],
  ['curves=p384', /curves is nist, brainpool or nist\+brainpool, not "p384"/],
  ['tls=yes', /tls is nist, brainpool or none/],
  ['versions=2', /x\.y\.z/],
  ['strict=maybe', /strict is true or false/],
  ['name', /name wants a value/],
  ['nowhere.json', /cannot read nowhere\.json/],
  ['pki=nowhere', /nowhere/],
]

for (const [spec, says] of WRONG) {
  test(`says what is wrong with the listener ${spec}`, (t) => {
    t.throws(() => rspListenersOf(spec, DEFAULTS), { instanceOf: LabError, message: says })
  })
}

const WRONG_ES2PLUS: readonly (readonly [spec: string, says: RegExp])[] = [
  ['port=8445', /who may call ES2\+/],
  ['open,token=abc', /who may call ES2\+/],
  ['ca=package.json', /holds no certificate/],
  ['curves=nist,open', /"curves" says nothing/],
]

for (const [spec, says] of WRONG_ES2PLUS) {
  test(`says what is wrong with ES2+ as ${spec}`, (t) => {
    t.throws(() => es2PlusOf(spec, DEFAULTS), { instanceOf: LabError, message: says })
  })
}

test('client certificates need TLS', (t) => {
  const ca = join(temporaryDirectory(t), 'ca.pem')
  writeFileSync(ca, toPem('CERTIFICATE', pki['P-256'].ci.certificate.der))
  t.throws(() => es2PlusOf(`port=0,tls=none,ca=${ca}`, DEFAULTS), { message: /need TLS/ })
})
