/** QR codes for the terminal. */

import { renderUnicodeCompact } from 'uqr'

/** The text as a QR code of half blocks, indented, with the quiet zone that cameras need. */
export function qrCode(text: string): string {
  return renderUnicodeCompact(text, { border: 2 }).replace(/^/gm, '  ')
}
