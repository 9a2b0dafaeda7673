import test from 'ava'
import { apiRoutes } from '../../../src/http/operator-app.ts'
import { createApi } from './helper.ts'

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<Record<string, unknown>>
}

test('describes every declared route, and names nothing else', async (t) => {
  const api = await createApi(t)
  const { status, body } = await api.call('GET /openapi.json', { token: null })
  t.is(status, 200)
  t.is(body.openapi, '3.1.0')
  const paths = body.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const declared = apiRoutes(api.operator).map(({ method, path }) => `${method} ${path}`)
  t.deepEqual(described.toSorted(), declared.toSorted())
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )
  t.is(new Set(ids).size, ids.length)
})

test('every list under /api goes on in the same words: limit, after and next, since and until', async (t) => {
  const api = await createApi(t)
  const { body } = await api.call('GET /openapi.json', { token: null })
  const paths = body.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>
  const lists = Object.entries(paths).filter(
    ([path, { get }]) =>
      path.startsWith('/api/') && JSON.stringify(get?.responses ?? {}).includes('"next"'),
  )
  t.true(lists.length >= 10)
  for (const [path, { get }] of lists) {
    const inQuery = (get?.parameters ?? []).filter((one) => one.in === 'query')
    const names = inQuery.map(({ name }) => name)
    t.true(names.includes('limit') && names.includes('after'), path)
    t.deepEqual(
      names.filter((name) => ['before', 'from', 'offset', 'to'].includes(name)),
      [],
      path,
    )
  }
})

test('a name in a query that a list does not know is refused, and the names that it knows are told', async (t) => {
  const api = await createApi(t)
  const { status, body } = await api.call('GET /api/gifts?before=1')
  t.is(status, 400)
  t.is(body.field, 'before')
  t.regex(String(body.detail), /there are limit, after, msisdn/)
})

test('every reference of the description leads somewhere', async (t) => {
  const api = await createApi(t)
  const { body } = await api.call('GET /openapi.json', { token: null })
  const text = JSON.stringify(body)
  const { schemas } = body.components as { readonly schemas: Readonly<Record<string, unknown>> }
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name ?? '')
  t.true(references.length > 0)
  for (const reference of references) {
    t.regex(reference, /^#\/components\/schemas\/\w+$/)
    t.true(Object.hasOwn(schemas, reference.replace('#/components/schemas/', '')), reference)
  }
})

test('shows the page without a token, and lets it load nothing from elsewhere', async (t) => {
  const api = await createApi(t)
  const page = await fetch(`${api.url}/docs`)
  t.is(page.status, 200)
  const policy = page.headers.get('content-security-policy') ?? ''
  t.true(policy.includes("script-src 'self';"))
  t.false(/https?:/.test(policy))
  const html = await page.text()
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '')
  t.true(files.length >= 4)
  for (const path of files) {
    t.true(path.startsWith('/'), path)
    const file = await fetch(api.url + path)
    t.is(file.status, 200, path)
    t.true((await file.arrayBuffer()).byteLength > 0, path)
  }
  t.is((await fetch(`${api.url}/docs`, { method: 'POST' })).status, 405)
})
