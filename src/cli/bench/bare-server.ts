/**
 * The floor as a server: a bare `node:http` server that reads a body, does the cryptography of one function of ES9+, and
 * answers with a body of the size that the path names. Nothing is parsed, judged or kept.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cryptographyOf, type FloorStep } from './floor.ts'

const bodies = new Map<number, Buffer>()

/** Paths are `/step/octets`; step `none` stands for an exchange without cryptography. */
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const [, step = 'none', octets = '0'] = (request.url ?? '').split('/')
    if (step !== 'none') cryptographyOf(step as FloorStep)
    const body = bodyOf(Number(octets))
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length })
    response.end(body)
  })
})

function bodyOf(octets: number): Buffer {
  const known = bodies.get(octets)
  if (known) return known
  const body = Buffer.alloc(octets, 'A')
  bodies.set(octets, body)
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
