import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { createOperatorApp, type OperatorAppOptions } from '../../../src/http/operator-app.ts'
import type { OperatorFile } from '../../../src/operator/operator-file.ts'
import { createBench, type Bench } from '../../operator/helper.ts'

export const TOKEN = 'a-token-for-tests'

export interface Call {
  readonly body?: unknown
  readonly text?: string
  readonly key?: string
  /** The operator's, unless told; `null` for none. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export interface Api extends Bench {
  readonly url: string
  /** `GET /path` and the like. */
  call(request: string, call?: Call): Promise<Reply>
  /** A subscriber's token, by the code in the inbox. */
  signIn(msisdn: string): Promise<string>
}

/** The operator's API over a bench, on a free port. */
export async function createApi(
  t: ExecutionContext,
  options: Partial<OperatorAppOptions> & { readonly file?: OperatorFile } = {},
): Promise<Api> {
  const { file, ...appOptions } = options
  const bench = await createBench(t, file && { file })
  const { operator, clock: rateClock } = bench
  const app = createOperatorApp({ operator, token: TOKEN, rateClock, ...appOptions })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  async function call(request: string, asked: Call = {}): Promise<Reply> {
    const [method = 'GET', path = ''] = request.split(' ')
    const { body, key, token = TOKEN } = asked
    const text = asked.text ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...asked.headers,
      },
      ...(text !== undefined && { body: text }),
    })
    const answer = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: (answer ? JSON.parse(answer) : {}) as Record<string, unknown>,
    }
  }
  return {
    ...bench,
    url,
    call,
    async signIn(msisdn) {
      await call('POST /api/sign-in', { token: null, body: { msisdn } })
      const code = codeIn(bench, msisdn)
      const body = { msisdn, code }
      const issued = await call('POST /api/sign-in/confirm', { token: null, body })
      return String(issued.body.token)
    },
  }
}

/** The code of the newest message. */
export function codeIn({ operator }: Bench, msisdn: string): string {
  const [message] = operator.inbox({ msisdn, limit: 1 })
  return /\b[0-9]{6}\b/.exec(message?.text ?? '')?.[0] ?? 'none'
}
