/** The face of the APDU layer, as transports and the composition root see it. */

/** A card as a reader or modem has it: power, reset, and one C-APDU at a time. None of it throws. */
export interface ApduCard {
  /** The answer to reset; the same after every one. */
  readonly atr: Uint8Array
  /**
   * Answers one C-APDU (ISO/IEC 7816-3 §12.1, short lengths) with an R-APDU, status word included. It never rejects:
   * whatever the octets are, the answer is a status word. Commands that overlap are taken one after the other; those
   * that a reset overtakes are answered 6F00.
   */
  transmit(command: Uint8Array): Promise<Uint8Array>
  /** Power: the ATR, with all that volatile is forgotten. */
  powerOn(): Uint8Array
  /** A warm reset: the same. */
  reset(): Uint8Array
  /** Without power every command is answered 6F00. */
  powerOff(): void
}

/** What a device sees of a card's APDUs; where `Personality` has it too, that of the eUICC holds unless told here. */
export interface ApduSettings {
  /** The AIDs under which the ISD-R is found; the one of SGP.22 unless told. */
  readonly isdrAids?: readonly Uint8Array[]
  /** Logical channels besides the basic one, 0 to 19; 19 unless told. */
  readonly channelsMax?: number
  /**
   * `61xx`: answers to commands with data wait for GET RESPONSE, as with T=0. `direct`: up to 256 octets come at once,
   * the rest by GET RESPONSE.
   */
  readonly responseMode?: '61xx' | 'direct'
  /** Refuses a Case 4 STORE DATA without Le with 6700. */
  readonly leRequired?: boolean
  /** The longest data field of STORE DATA, 1 to 255. */
  readonly blockOctetsMax?: number
  /**
   * Answers functions of ES10 with 6A88 until TERMINAL CAPABILITY has said that the device has the LPA's part for them
   * (SGP.22 §3.4.2). Lenient unless told: most LPAs on computers say nothing.
   */
  readonly terminalCapabilityRequired?: boolean
  /** Told of what the card has answered with 6F00, or could not store at a reset: a defect of ours, or a disk that is full. */
  readonly onDefect?: (error: unknown) => void
}
