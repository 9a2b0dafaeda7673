/** `esim-lab bench`: how fast this machine runs the lab. */

import type { Command } from 'commander'
import type { BenchFigures } from '../bench/bench.ts'
import type { Output } from '../output.ts'
import { verb } from '../verb.ts'

export function benchVerb(output: Output): Command {
  return verb({
    name: 'bench',
    summary: 'measure sessions, gifts and usage per second, and the floor beside them',
    examples: ['bench', 'bench --json'],
  }).action(async () => {
    // Nobody else should wait for what only this verb needs.
    const { runBench } = await import('../bench/bench.ts')
    const figures = await runBench({ onStep: (step) => output.note(`  ${step}`) })
    output.result(figures, textOf(figures))
  })
}

function textOf(figures: BenchFigures): string {
  const { serverCpuMsPerSession, floorMsPerSession, ratio, floor } = figures
  const endpoints = Object.entries(figures.serverCpuMsPerEndpoint)
  const rows = figures.sessions.map((run) => {
    const clients = run.clients === 1 ? '1 client' : `${run.clients} clients`
    const way = `${run.transport}, ${run.connection}, ${clients}`
    return `  ${way.padEnd(32)} ${perSecond(run.sessionsPerSecond)}   ${ms(run.serverCpuMsPerSession)} server CPU each`
  })
  return [
    `Sessions with a package of ${figures.packageOctets} octets`,
    ...rows,
    '',
    "The server's CPU by endpoint",
    ...endpoints.map(([name, cpuMs]) => `  ${name.padEnd(32)} ${ms(cpuMs)}`),
    '',
    `A session costs ${ms(serverCpuMsPerSession)}, its floor ${ms(floorMsPerSession)}: ${ratio.toFixed(2)} times the floor`,
    `  (cryptography ${ms(floor.cryptographyMs)}, bare exchanges ${ms(floor.exchangesMs)})`,
    '',
    `A profile of ${figures.profilePackageOctets} octets: personalised in ${microseconds(figures.personaliseMs)}, executed by a card in ${microseconds(figures.installMs)}`,
    `Gifts: ${perSecond(figures.giftsPerSecond)}, half within ${ms(figures.giftP50Ms)}, 99 % within ${ms(figures.giftP99Ms)}`,
    ...mixText(figures),
    `100,000 profiles in stock: ${figures.rssMiB.toFixed(0)} MiB resident, ready after ${figures.readyMs.toFixed(0)} ms`,
  ].join('\n')
}

function mixText(figures: BenchFigures): string[] {
  const many = figures.mixSubscribers.toLocaleString('en')
  const few = figures.mixFewSubscribers.toLocaleString('en')
  return [
    `Usage with gifts and top-ups, ${many} subscribers, ${figures.mixCallers} callers: ${perSecond(figures.mixPerSecond)}`,
    `  at ${figures.mixRate} per second: half within ${ms(figures.mixP50Ms)}, 99 % within ${ms(figures.mixP99Ms)}`,
    `  with ${few} subscribers: half within ${ms(figures.mixFewP50Ms)}, 99 % within ${ms(figures.mixFewP99Ms)}: ${figures.mixP99Ratio.toFixed(2)} times as long for the many`,
  ]
}

function perSecond(rate: number): string {
  return `${rate.toFixed(0).padStart(6)} per second`
}

function ms(durationMs: number): string {
  return `${durationMs.toFixed(2)} ms`
}

function microseconds(durationMs: number): string {
  return `${(durationMs * 1000).toFixed(0)} µs`
}
