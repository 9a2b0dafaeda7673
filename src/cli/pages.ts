/** Lists of the operator's API, which come in pages, as a whole. */

import type { LabClient } from './lab-client.ts'

const PAGE_ENTRIES = 500

/** A list from its first page to its last. `name` is what the answer calls its entries. */
export async function allOf<Name extends string, Entry>(
  lab: Pick<LabClient, 'get'>,
  of: { readonly path: string; readonly name: Name },
): Promise<readonly Entry[]> {
  const { path, name } = of
  type Page = Readonly<Record<Name, readonly Entry[]>> & { readonly next?: string }
  const first = `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE_ENTRIES}`
  let page = await lab.get<Page>(first)
  const entries = [...page[name]]
  while (page.next !== undefined) {
    page = await lab.get<Page>(`${first}&after=${encodeURIComponent(page.next)}`)
    entries.push(...page[name])
  }
  return entries
}
