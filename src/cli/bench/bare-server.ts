/** A bare `node:http` server for the floor: reads the body, answers with one of the size that the path names. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const bodies = new Map<string, Buffer>()

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const body = bodyOf(request.url ?? '')
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length })
    response.end(body)
  })
})

function bodyOf(url: string): Buffer {
  const known = bodies.get(url)
  if (known) return known
  const body = Buffer.alloc(Number(url.slice(1)) || 0, 'A')
  bodies.set(url, body)
  return body
}

process.on('message', (question) => {
  if (question === 'cpu') {
    const { user, system } = process.cpuUsage()
    process.send?.((user + system) / 1000)
  } else {
    server.closeAllConnections()
    server.close()
    process.disconnect()
  }
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
