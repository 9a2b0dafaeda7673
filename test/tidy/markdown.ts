/** Tables and commands of Markdown pages, for tests that hold them against the program. */

/** The rows of the tables in one section, without their headings; each cell as it is written. */
export function rowsOf(page: string, heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter((_row, at) => at > 1)
}

/** What stands in backticks. */
export function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)
}

/** Command lines of a page that begin with our command or npm: in blocks for a shell, and in backticks. */
export function commandsOf(page: string): string[][] {
  const blocks = [...page.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)].map(
    ([, block]) => block ?? '',
  )
  const prose = page.replaceAll(/^```[^\n]*\n[\s\S]*?^```/gm, '')
  const lines = blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
  return [...lines, ...codesIn(prose)]
    .flatMap((line) => line.replace(/^\s*\$ /, '').split(/&&|;|\|/))
    .map((line) => wordsOf(line.replace(/\s#.*$/, '').trim()))
    .filter(([first, second]) => isOurs(first, second))
}

function isOurs(first: string | undefined, second: string | undefined): boolean {
  if (first === 'esim-lab' || first === 'npm') return second !== undefined
  return first === 'npx' && second === 'esim-lab'
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  )
}
