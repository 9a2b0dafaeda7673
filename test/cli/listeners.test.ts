import test from 'ava'
import { runJson, run, serve, temporaryDirectory } from './helper.ts'

interface ReadyListener {
  readonly address: string
  readonly tlsCurve: string | null
}

test('a strict lab serves several listeners, and a phone downloads over the ASN.1 binding', async (t) => {
  const data = ['--data', temporaryDirectory(t)]
  const { ready, stop } = await serve(
    t,
    ...data,
    '--strict',
    '--listener',
    'curves=brainpool,tls=brainpool',
    '--listener',
    'curves=nist,name=127.0.0.1',
    '--es2plus',
    'port=0,open',
  )
  const { listeners, es2plusUrl } = ready as typeof ready & {
    readonly listeners: readonly ReadyListener[]
    readonly es2plusUrl: string
  }
  t.deepEqual(
    listeners.map(({ tlsCurve }) => tlsCurve),
    ['brainpoolP256r1', 'P-256'],
  )
  t.regex(es2plusUrl, /^https:\/\/localhost:\d+$/)
  const nist = listeners[1]!.address
  t.regex(nist, /^127\.0\.0\.1:\d+$/)
  const code = ready.activationCode.replace(ready.rspAddress, nist)
  const [installed] = await runJson(t, ['download', code, '--binding', 'asn1', ...data])
  t.is(installed?.['state'], 'disabled')
  const [sent] = (await runJson(t, ['notifications', ...data])) as unknown[]
  t.is(sent, undefined, 'all notifications were acknowledged')
  const unknown = await run('download', code, '--binding', 'xml', ...data)
  t.is(unknown.exitCode, 2)
  t.is(await stop(), 0)
})

test('ES2+ on the port for LPAs is told where it is', async (t) => {
  const data = ['--data', temporaryDirectory(t)]
  const { ready, stop } = await serve(t, ...data, '--es2plus', 'token=secret')
  const { es2plusUrl } = ready as typeof ready & { readonly es2plusUrl: string }
  t.is(es2plusUrl, ready.rspUrl)
  t.is(await stop(), 0)
})

test('a listener that will not do ends serve before anything is kept', async (t) => {
  const ran = await run('serve', '--data', temporaryDirectory(t), '--listener', 'curve=nist')
  t.is(ran.exitCode, 2)
  t.regex(ran.stderr, /"curve" says nothing of a listener/)
})
