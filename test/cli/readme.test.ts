import test from 'ava'
import { commandsOf } from '../tidy/markdown.ts'
import { textOf } from '../tidy/repository.ts'
import { run, runJson, serve, temporaryDirectory } from './helper.ts'

/** The first code on the page is of the lab's start, the second of the order before it. */
const CODE = /^LPA:1\$localhost:8443\$[A-Z0-9-]+/

test.serial(
  'the commands of a first session work one after another, as they are printed',
  async (t) => {
    t.timeout(240_000)
    const data = ['--data', temporaryDirectory(t)]
    const { ready, stop } = await serve(t, ...data)
    const section = /^## The command$([\s\S]*?)^## /m.exec(textOf('README.md'))?.[1] ?? ''
    const blocks = [...section.matchAll(/^```sh\n[\s\S]*?^```/gm)].join('\n')
    const lines = commandsOf(blocks).filter(([first]) => first === 'npx')
    t.true(lines.length >= 20, 'the section has its commands')
    const codes = [ready.activationCode]
    for (const [, , ...words] of lines) {
      const said = words.join(' ')
      if (words[0] === 'order') {
        const [order] = await runJson(t, [...words, ...data])
        codes.push(String(order?.activationCode))
        continue
      }
      const typed = words.map((word) => (CODE.test(word) ? (codes.shift() ?? word) : word))
      const { exitCode, stderr } = await run(...typed, ...data)
      t.is(exitCode, 0, `${said}: ${stderr}`)
    }
    t.deepEqual(codes, [], 'each code is downloaded')
    t.is(await stop(), 0)
  },
)
