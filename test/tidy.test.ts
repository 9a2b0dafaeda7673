/** What would else be a wish: layers, bans, and pages that say what the program does. */

import test from 'ava'
import type { Command, Option } from 'commander'
import { ERRORS } from '../src/base/errors.ts'
import { createOutput } from '../src/cli/output.ts'
import { createLab } from '../src/index.ts'
import { AUTHENTICATION_REJECTS, REGISTRATION_REFUSALS } from '../src/operator/registration.ts'
import { USAGE_REFUSALS } from '../src/operator/usage.ts'
import { ES11 } from '../src/rsp/es11.ts'
import { ES12 } from '../src/rsp/es12.ts'
import { ES2PLUS } from '../src/rsp/es2plus.ts'
import { ES9PLUS } from '../src/rsp/es9plus.ts'
import { STATUS_CODES } from '../src/rsp/status-codes.ts'
import { codesIn, commandsOf, rowsOf } from './tidy/markdown.ts'
import {
  codeOf,
  everyFile,
  filesIn,
  importsOf,
  jsonOf,
  loadsOf,
  packagesOf,
  sourcesIn,
  textOf,
} from './tidy/repository.ts'

/** A layer imports itself and those before it. The files in src/ itself have layers of their own. */
const LAYERS = [
  'base',
  'asn1',
  'crypto',
  'pki',
  'rsp',
  'nas',
  'profile',
  'store',
  'euicc',
  'smdp',
  'smds',
  'lpa',
  'modem',
  'operator',
  'lab',
  'http',
  'cli',
  'index',
]
const ROLES = ['euicc', 'smdp', 'smds', 'lpa', 'modem', 'operator']
const LINES_MAX = 600

test('a folder imports itself and the folders above it, and a role no other role', (t) => {
  for (const path of sourcesIn('src')) {
    const layer = layerOf(path)
    t.true(LAYERS.includes(layer), `${path} is in no layer`)
    for (const imported of importsOf(path)) {
      const below = layerOf(imported)
      const isAbove = LAYERS.indexOf(below) <= LAYERS.indexOf(layer)
      const isOtherRole = ROLES.includes(layer) && ROLES.includes(below) && layer !== below
      t.true(isAbove && !isOtherRole, `${path} must not import ${imported}`)
    }
  }
})

function layerOf(path: string): string {
  const [, first = '', ...rest] = path.split('/')
  if (rest.length > 0) return first
  return first.startsWith('lab') ? 'lab' : first.replace(/\.ts$/, '')
}

test('no file is loaded to load itself, however far around', (t) => {
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    const circle = way.indexOf(path)
    if (circle >= 0) t.fail([...way.slice(circle), path].join(' > '))
    if (circle >= 0 || done.has(path)) return
    for (const imported of loadsOf(path)) visit(imported, [...way, path])
    done.add(path)
  }
  for (const path of sourcesIn('src')) visit(path, [])
  t.true(done.size > 0)
})

/** What is banned, and the only places where it is not. */
const BANS: readonly { readonly what: RegExp; readonly but: readonly string[] }[] = [
  { what: /\bDate\.now\b|\bnew Date\(\)/, but: ['src/base/environment.ts'] },
  // The bench draws octets to work on, which nothing depends on.
  {
    what: /\bMath\.random\b|\brandomBytes\b|\brandomUUID\b|\bgetRandomValues\b/,
    but: ['src/base/environment.ts', 'src/cli/bench/floor.ts'],
  },
  // How long something took, shown to people.
  { what: /\bperformance\.now\b/, but: ['src/cli/bench/', 'src/cli/verbs/serve.ts'] },
  { what: /\bconsole\.|\bprocess\.(stdout|stderr)\b/, but: ['src/cli/output.ts'] },
  // Both crash Node at a certificate on a Brainpool curve.
  { what: /\btoLegacyObject\b|\bgetPeerCertificate\(/, but: [] },
  { what: /(?::|\bas|<|,)\s*any\b\s*(?:[[\],;)>=|&{]|$)/m, but: [] },
  { what: /\bexport default\b|\bas default\b/, but: [] },
  { what: /\b__proto__\b|\beval\(/, but: [] },
]

test('time, chance, the terminal and other traps are met in their one place', (t) => {
  for (const path of sourcesIn('src')) {
    const code = codeOf(path)
    for (const { what, but } of BANS) {
      const isAllowed = but.some((place) => path.startsWith(place))
      t.true(isAllowed || !what.test(code), `${path} has ${what.exec(code)?.[0]}`)
    }
  }
})

test('node-forge and SQLite have one door each', (t) => {
  const doors: Readonly<Record<string, readonly string[]>> = {
    'node-forge': ['src/pki/forge.ts'],
    'better-sqlite3': ['src/store/'],
    express: ['src/http/'],
    commander: ['src/cli/'],
  }
  for (const path of sourcesIn('src')) {
    for (const name of packagesOf(path)) {
      const but = doors[name]
      t.true(!but || but.some((door) => path.startsWith(door)), `${path} imports ${name}`)
    }
  }
})

test('files are short, and leave nothing for later', (t) => {
  for (const path of [...sourcesIn('src'), ...sourcesIn('test')]) {
    const text = textOf(path)
    t.true(text.split('\n').length <= LINES_MAX + 1, `${path} is longer than ${LINES_MAX} lines`)
    // In two parts, so that this line is not a find.
    t.false(new RegExp(`\\b(TO${'DO'}|FIX${'ME'})\\b`).test(text), `${path} leaves something open`)
  }
})

test('nothing names a directory of the machine on which it was written', (t) => {
  for (const path of everyFile()) {
    t.notRegex(textOf(path), /(?<![\w.~])\/(work|home|root|Users)\/\w/, path)
  }
})

test('every fixture says where it is from', (t) => {
  for (const path of filesIn('fixtures')) {
    const opening = textOf(path).split('\n').slice(0, 10).join('\n')
    t.regex(opening, /"?source"?\s*:\s*\S{3}/i, path)
  }
})

interface Package {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly allowScripts?: Readonly<Record<string, boolean>>
}

test('packages are pinned, and install without a compiler', (t) => {
  const { dependencies, devDependencies, allowScripts } = jsonOf<Package>('package.json')
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    t.regex(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name)
  }
  t.deepEqual(allowScripts, { node: true, 'better-sqlite3': false })
  t.false('node' in dependencies, 'a dependency on node would change the Node of who uses us')
  const { packages } = jsonOf<{
    readonly packages: Readonly<Record<string, { readonly gypfile?: boolean }>>
  }>('package-lock.json')
  // npm install drops it, and npm ci then wants Python. Put it back by hand.
  t.is(packages['node_modules/better-sqlite3']?.gypfile, false)
})

test('the commands of the pages exist, with their options and as many words as they take', async (t) => {
  const verbs = await verbsOf()
  const { scripts } = jsonOf<Package>('package.json')
  const pages = ['README.md', 'CONTRIBUTING.md', ...filesIn('docs').filter(isPage)]
  for (const page of pages) {
    for (const words of commandsOf(textOf(page))) {
      const line = words.join(' ')
      if (words[0] === 'npm') {
        t.true(isNpmCommand(words, scripts), `${page} says "${line}"`)
      } else {
        const [name = '', ...rest] = words.slice(words[0] === 'npx' ? 2 : 1)
        const unknown = unknownWord(verbs, { name, rest })
        t.is(unknown, undefined, `${page} says "${line}"`)
      }
    }
  }
})

test('the examples of each verb are lines that it takes', async (t) => {
  const verbs = await verbsOf()
  for (const verb of verbs.values()) {
    for (const part of [verb, ...verb.commands.flatMap((one) => [one, ...one.commands])]) {
      const examples = commandsOf(`\`\`\`sh\n${helpOf(part)}\n\`\`\``)
      const isGroup = part.commands.length > 0
      t.true(isGroup || examples.length > 0, `${part.name()} has no examples`)
      for (const [, name = '', ...rest] of examples)
        t.is(unknownWord(verbs, { name, rest }), undefined, [name, ...rest].join(' '))
    }
  }
})

/** The help of a command with what is added to it, which `helpInformation` leaves out. */
function helpOf(command: Command): string {
  const said: string[] = []
  command.configureOutput({ writeOut: (text) => void said.push(text) }).outputHelp()
  return said.join('')
}

function isPage(path: string): boolean {
  return path.endsWith('.md')
}

test('the README has each verb of the command in its table, and each section in its contents', async (t) => {
  const page = textOf('README.md')
  const named = new Set(rowsOf(page, 'The command').flatMap(([cell = '']) => codesIn(cell)))
  for (const [name, { commands }] of await verbsOf()) {
    const parts = commands.map((part) => `${name} ${part.name()}`)
    for (const verb of parts.length === 0 ? [name] : parts) t.true(named.has(verb), verb)
  }
  const contents = /^Contents: (.*)$/m.exec(page)?.[1] ?? ''
  for (const [, title = ''] of page.matchAll(/^## (.*)$/gm)) {
    const anchor = title
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-')
    if (title !== 'Licence') t.true(contents.includes(`(#${anchor})`), title)
  }
})

const NPM_COMMANDS = ['ci', 'install', 'i', 'test', 'start', 'pack', 'exec']

function isNpmCommand([, verb = '', script = '']: string[], scripts: Package['scripts']): boolean {
  if (verb === 'run') return Object.hasOwn(scripts, script)
  if (verb === 'start' || verb === 'test') return Object.hasOwn(scripts, verb)
  return NPM_COMMANDS.includes(verb)
}

async function verbsOf(): Promise<ReadonlyMap<string, Command>> {
  const output = createOutput({ json: true })
  const verbs = new Map<string, Command>()
  for (const path of sourcesIn('src/cli/verbs')) {
    const module = (await import(`../${path}`)) as Readonly<Record<string, unknown>>
    for (const [name, declare] of Object.entries(module)) {
      if (!name.endsWith('Verb') || typeof declare !== 'function') continue
      const verb = declare(output) as Command
      verbs.set(verb.name(), verb)
    }
  }
  return verbs
}

const COMMON_WORDS = ['--help', '--version', '-V', '-h', 'help']

/** The verb, part, option or number of words of a command line that there is not. */
function unknownWord(
  verbs: ReadonlyMap<string, Command>,
  { name, rest }: { readonly name: string; readonly rest: readonly string[] },
): string | undefined {
  if (COMMON_WORDS.includes(name) || /^[<[….]/.test(name)) return undefined
  const verb = verbs.get(name)
  if (!verb) return name
  // What stands after -- is for another program.
  const end = rest.indexOf('--')
  const own = end < 0 ? rest : rest.slice(0, end)
  if (own.some((word) => COMMON_WORDS.includes(word)) || own.length === 0) return undefined
  const way = wayTo(verb, own)
  const [part = verb] = way.toReversed()
  const options = way.flatMap((one) => one.options)
  const words: string[] = []
  for (let at = way.length - 1; at < own.length; at++) {
    const word = own[at] ?? ''
    const option = options.find(({ long, short }) =>
      [long, short].includes(word.replace(/=.*$/, '')),
    )
    if (!option && word.startsWith('-')) return word
    if (!option) words.push(word)
    else if (takesNext(option, { word, next: own[at + 1] })) at++
  }
  return countFault(part, words)
}

function takesNext(
  { required, optional }: Option,
  at: { readonly word: string; readonly next: string | undefined },
): boolean {
  if (at.word.includes('=')) return false
  return required || (optional && at.next !== undefined && !at.next.startsWith('-'))
}

/** The verb, and the parts that its first words name. */
function wayTo(verb: Command, words: readonly string[]): readonly Command[] {
  const part = verb.commands.find((one) => one.name() === words[0])
  return part ? [verb, ...wayTo(part, words.slice(1))] : [verb]
}

function countFault(part: Command, words: readonly string[]): string | undefined {
  const { registeredArguments } = part
  const least = registeredArguments.filter(({ required }) => required).length
  const isOpen = registeredArguments.some(({ variadic }) => variadic)
  const most = isOpen ? Infinity : registeredArguments.length
  const isPartWanted = part.commands.length > 0 && /^[a-z]/.test(words[0] ?? '')
  if (words.length > most || (isPartWanted && words.length > 0)) return words.join(' ')
  // A name alone, as prose has it, is no line to copy.
  return words.length > 0 && words.length < least ? `${part.name()} wants more` : undefined
}

const PAGE = 'docs/status-codes.md'

test('the page of status codes has every code of the servers, and no other', (t) => {
  const written = rowsOf(textOf(PAGE), 'Codes of SM-DP+ and SM-DS').map(([code = '', name = '']) =>
    [code, name].join(' '),
  )
  const known = Object.entries(STATUS_CODES).map(
    ([name, { subject, reason }]) => `\`${subject}/${reason}\` \`${name}\``,
  )
  t.deepEqual([...written].sort(), known.sort())
})

test('the page of status codes has what each function refuses, as the function itself says', (t) => {
  const rows = rowsOf(textOf(PAGE), 'Functions and the order of their checks')
  const written = new Map(rows.map(([name = '', refusals = '']) => [name, refusals]))
  const functions = [ES9PLUS, ES2PLUS, ES11, ES12].flatMap((table) =>
    Object.entries(table).map(([name, { interface: side }]) => ({ name, side })),
  )
  t.deepEqual([...written.keys()].sort(), functions.map(titleOf).sort())
  for (const one of functions) {
    const names = codesIn(written.get(titleOf(one)) ?? '').filter((code) => code in STATUS_CODES)
    t.deepEqual([...new Set(names)].sort(), thrownBy(one).sort(), titleOf(one))
  }
})

interface OneFunction {
  readonly name: string
  readonly side: string
}

function titleOf({ name, side }: OneFunction): string {
  return `${side} \`${name}\``
}

/** The codes after `@throws {RspError}` in the comment above a function of SM-DP+ or SM-DS. */
function thrownBy({ name, side }: OneFunction): string[] {
  const isOfSmds = side === 'ES11' || side === 'ES12'
  for (const path of sourcesIn(isOfSmds ? 'src/smds' : 'src/smdp')) {
    const comment = new RegExp(
      `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*export (?:async )?function ${name}\\(`,
    ).exec(textOf(path))?.[1]
    if (comment === undefined) continue
    const thrown = /@throws \{RspError\}([\s\S]*)/.exec(comment)?.[1] ?? ''
    return [...thrown.matchAll(/\w+/g)].map(([code]) => code)
  }
  return []
}

test('every code of the servers is given somewhere', (t) => {
  const code = sourcesIn('src')
    .filter((path) => path !== 'src/rsp/status-codes.ts')
    .map(codeOf)
    .join('\n')
  for (const name of Object.keys(STATUS_CODES)) t.true(code.includes(`'${name}'`), name)
})

test('the page of status codes has our own errors with HTTP status and exit code', (t) => {
  const rows = rowsOf(textOf(PAGE), "Errors of the operator's API and of the command")
  t.deepEqual(
    rows.map((row) => row.slice(0, 3)),
    Object.entries(ERRORS).map(([code, { httpStatus, exitCode }]) => [
      `\`${code}\``,
      String(httpStatus),
      String(exitCode),
    ]),
  )
})

test('the page of status codes has the refusals of usage in the order of their checks', (t) => {
  t.deepEqual(firstColumn('Refused usage'), Object.keys(USAGE_REFUSALS))
})

test('the page of status codes has the refusals of phones', (t) => {
  t.deepEqual(firstColumn('Refused registrations'), Object.keys(REGISTRATION_REFUSALS))
  t.deepEqual(firstColumn('Failed authentications'), Object.keys(AUTHENTICATION_REJECTS))
})

function firstColumn(heading: string): string[] {
  return rowsOf(textOf(PAGE), heading).flatMap(([first = '']) => codesIn(first))
}

test('every function of ES9+, ES2+, ES11 and ES12 is answered at its path', async (t) => {
  const lab = await createLab({ stock: 0 })
  t.teardown(() => lab.close())
  const { rspUrl, operatorUrl, token, smds } = await lab.listen({ rsp: { plain: true } })
  const headers = { Authorization: `Bearer ${token}` }
  const statusOf = async (url: string) => (await fetch(url, { method: 'POST', headers })).status
  for (const { path } of Object.values(ES9PLUS)) t.not(await statusOf(rspUrl + path), 404, path)
  for (const { path } of Object.values(ES2PLUS))
    t.not(await statusOf(operatorUrl + path), 404, path)
  for (const { path } of [...Object.values(ES11), ...Object.values(ES12)]) {
    t.not(await statusOf(smds.root.url + path), 404, path)
  }
  t.is(await statusOf(`${rspUrl}/gsma/rsp2/es9plus/nothing`), 404)
})
