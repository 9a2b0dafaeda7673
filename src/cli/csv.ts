/** Tables for spreadsheets: RFC 4180, with a line of names first. */

/** A line of values; nothing stands for none. */
export function csvLine(values: readonly (string | number | null | undefined)[]): string {
  return values.map((value) => quoted(String(value ?? ''))).join(',')
}

function quoted(text: string): string {
  // A spreadsheet would take what begins so for a formula; a number with its sign is none.
  const isFormula = /^[=+@\t\r-]/.test(text) && !/^[+-][0-9.* -]*$/.test(text)
  const safe = isFormula ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
