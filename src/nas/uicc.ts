/** The card as a modem has it in its slot: APDUs in, APDUs out. */

export interface UiccTransport {
  /** Answers a C-APDU with an R-APDU, status word included (ISO/IEC 7816-3 §12.1, short lengths). */
  transmit(command: Uint8Array): Promise<Uint8Array>
}
