/** How verbs that go on until they are told to end are told. */

/** Settles at the first request to end. Later ones find the verb ending already. */
export function requestToEnd(): Promise<void> {
  return new Promise((end) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end())
  })
}
