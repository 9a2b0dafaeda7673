/** A command of the UICC that ends in a status word of its own. */

/** Ends the command that is under way; the dispatcher answers with the word. */
export class StatusWordRefusal extends Error {
  override readonly name = 'StatusWordRefusal'
  readonly statusWord: number

  constructor(statusWord: number) {
    super(`status word ${statusWord.toString(16)}`)
    this.statusWord = statusWord
  }
}

/** @throws {StatusWordRefusal} */
export function refuseWith(statusWord: number): never {
  throw new StatusWordRefusal(statusWord)
}
