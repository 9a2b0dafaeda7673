/** The page on which people read and try the API: Swagger UI, served from this machine alone. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Router } from 'express'
import { methodNotAllowed } from '../problem.ts'

const FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const

/** Scripts come from here alone and none stands in the page; Swagger UI sets styles on elements, and draws with data: images. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>esim-lab: the operator's API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<noscript>The description of the API is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

const START = `window.addEventListener('load', () => {
  window.SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null })
})
`

/** The page under `/docs`, and the description under `/openapi.json`. Both want no token. */
export function docsRoutes(description: object): Router {
  const router = Router({ strict: false })
  const text = JSON.stringify(description)
  serve(router, { path: '/openapi.json', type: 'application/json', content: () => text })
  serve(router, { path: '/docs', type: 'text/html; charset=utf-8', content: () => PAGE })
  serve(router, {
    path: '/docs/start.js',
    type: 'text/javascript; charset=utf-8',
    content: () => START,
  })
  for (const [name, type] of Object.entries(FILES)) {
    serve(router, { path: `/docs/${name}`, type, content: fileReader(name) })
  }
  return router
}

function serve(
  router: Router,
  file: { readonly path: string; readonly type: string; content(): string | Buffer },
): void {
  router
    .route(file.path)
    .get((_request, response) => {
      response.set({
        'Content-Security-Policy': POLICY,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      })
      response.type(file.type).send(file.content())
    })
    .all(methodNotAllowed(['GET', 'HEAD']))
}

/** Read when it is first asked for: most labs never show the page. */
function fileReader(name: string): () => Buffer {
  let content: Buffer | undefined
  return () => {
    content ??= readFileSync(join(distDirectory(), name))
    return content
  }
}

function distDirectory(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
}
