/** Every text that subscribers are sent: what it needs to be told, and whether it arrives unasked. */

/** What a text's parameters can be, and as which value each is given. */
export interface ParameterValues {
  /** Bytes that move or bound a move. */
  readonly amount: bigint
  /** Bytes that the reader has: only ever in an answer to the reader's own question. */
  readonly balance: bigint
  /** E.164 digits; shown masked, always. */
  readonly number: string
  readonly money: Money
  readonly time: Date
  readonly durationMs: number
  readonly count: number
  readonly percent: number
  /** Sizes that may be given. */
  readonly sizes: readonly bigint[]
  /** A transaction number, at most {@link REFERENCE_CHARACTERS_MAX} characters. */
  readonly reference: string
  /** A claim code or a sign-in code, at most {@link CODE_CHARACTERS_MAX} characters. */
  readonly code: string
  /** A name of a plan or of an operator, at most {@link NAME_CHARACTERS_MAX} characters. */
  readonly name: string
  /** A command to send, such as `*105#`, at most {@link COMMAND_CHARACTERS_MAX} characters. */
  readonly command: string
}

export interface Money {
  /** Kopecks, cents; whole units where the currency has no smaller one. */
  readonly minor: bigint
  /** ISO 4217. */
  readonly currency: string
  /** Digits behind the point, as the operator's file has them; those of ISO 4217 unless told. */
  readonly minorDigits?: number
}

/** The measure of an operator's money. */
export function moneyIn(file: {
  readonly currency: { readonly code: string; readonly minorDigits: number }
}): Pick<Money, 'currency' | 'minorDigits'> {
  return { currency: file.currency.code, minorDigits: file.currency.minorDigits }
}

export type ParameterKind = keyof ParameterValues

export const REFERENCE_CHARACTERS_MAX = 16
export const CODE_CHARACTERS_MAX = 14
export const NAME_CHARACTERS_MAX = 20
export const COMMAND_CHARACTERS_MAX = 34

interface MessageSpec {
  /** `asked`: the answer to a message of the reader. `told`: may light up on a locked screen at any time. */
  readonly arrives: 'asked' | 'told'
  readonly params: Readonly<Record<string, ParameterKind>>
}

const asked = <const P extends MessageSpec['params']>(params: P) =>
  ({ arrives: 'asked', params }) as const
const told = <const P extends MessageSpec['params']>(params: P) =>
  ({ arrives: 'told', params }) as const
const NONE = asked({})

export const MESSAGES = {
  // A gift and its states.
  giftSent: asked({ amount: 'amount', to: 'number', until: 'time', reference: 'reference' }),
  giftReceived: told({ amount: 'amount', from: 'number', until: 'time', reference: 'reference' }),
  giftConfirm: asked({ amount: 'amount', to: 'number', fee: 'money', within: 'durationMs' }),
  giftConfirmPin: asked({ amount: 'amount', to: 'number', fee: 'money', within: 'durationMs' }),
  giftTimedOut: told({ within: 'durationMs' }),
  giftCancelled: NONE,
  giftWaiting: asked({ amount: 'amount', to: 'number', until: 'time' }),
  giftOffered: told({ amount: 'amount', from: 'number', until: 'time', reference: 'reference' }),
  giftAccepted: told({ amount: 'amount', to: 'number', reference: 'reference' }),
  giftTaken: asked({ amount: 'amount', from: 'number', until: 'time' }),
  giftDeclined: told({ amount: 'amount', to: 'number' }),
  giftRefusedByYou: asked({ from: 'number' }),
  giftReturned: told({ amount: 'amount', to: 'number' }),
  giftExpired: told({ amount: 'amount', to: 'number' }),
  giftFailed: told({ amount: 'amount', to: 'number', reference: 'reference' }),
  giftDuplicate: asked({ reference: 'reference' }),
  giftReversedSender: told({ amount: 'amount', to: 'number', reference: 'reference' }),
  giftReversedReceiver: told({ amount: 'amount', from: 'number', reference: 'reference' }),
  giftAutomatic: told({ amount: 'amount', to: 'number', reference: 'reference' }),
  nothingToAnswer: NONE,
  giftOfferOver: told({ from: 'number' }),
  // Asking, and claim codes.
  askSent: asked({ amount: 'amount', from: 'number' }),
  askReceived: told({ amount: 'amount', from: 'number', reference: 'reference' }),
  askDeclined: told({ from: 'number' }),
  askRefusedByYou: asked({ from: 'number' }),
  askTwice: NONE,
  codeMade: asked({ amount: 'amount', code: 'code', until: 'time' }),
  codeTaken: asked({ amount: 'amount', until: 'time' }),
  codeClaimed: told({ amount: 'amount', reference: 'reference' }),
  codeExpired: told({ amount: 'amount' }),
  codeUnknown: NONE,
  // The balance, and what may be given.
  balanceNow: asked({ left: 'balance', until: 'time' }),
  balanceEmpty: NONE,
  limitNow: asked({ maximum: 'balance' }),
  limitToday: asked({ maximum: 'amount' }),
  limitNone: NONE,
  // Notices.
  usage: told({ percent: 'percent' }),
  usageAll: told({}),
  expirySoon: told({ until: 'time' }),
  expired: told({}),
  renewed: told({ plan: 'name', until: 'time' }),
  purchased: told({ plan: 'name', until: 'time' }),
  extended: asked({ until: 'time', fee: 'money' }),
  notExtendable: NONE,
  toppedUp: told({ money: 'money' }),
  // Money between subscribers.
  moneyCode: asked({ money: 'money', to: 'number', code: 'code', within: 'durationMs' }),
  moneySent: asked({ money: 'money', to: 'number', reference: 'reference' }),
  moneyReceived: told({ money: 'money', from: 'number', reference: 'reference' }),
  moneyCodeWrong: asked({ attempt: 'count', attempts: 'count' }),
  moneyCodeBlocked: NONE,
  moneyCodeUnknown: NONE,
  moneyNotOffered: NONE,
  moneyToYourself: NONE,
  moneyOutside: asked({ to: 'number' }),
  moneyReceiverCannot: NONE,
  moneyTooSoon: asked({ until: 'time' }),
  moneyTooLittle: asked({ minimum: 'money' }),
  moneyTooMuch: asked({ maximum: 'money' }),
  moneyPerDay: asked({ maximum: 'money' }),
  moneySpent: asked({ minimum: 'money' }),
  moneyFloor: asked({ floor: 'money' }),
  moneyMissing: NONE,
  // PIN and sign-in.
  pinNeeded: NONE,
  pinDefault: NONE,
  pinChanged: told({}),
  pinWrong: asked({ attempt: 'count', attempts: 'count' }),
  pinLocked: told({ until: 'time' }),
  pinBlocked: told({}),
  signInCode: told({ code: 'code', within: 'durationMs' }),
  // What was not understood.
  empty: asked({ example: 'command' }),
  tooLong: asked({ example: 'command' }),
  unknownCommand: asked({ example: 'command' }),
  badFormat: asked({ example: 'command' }),
  ambiguous: asked({ example: 'command' }),
  badNumber: NONE,
  ambiguousNumber: NONE,
  badAmount: NONE,
  ambiguousAmount: NONE,
  unitMissing: NONE,
  unknownUnit: NONE,
  negativeAmount: NONE,
  zeroAmount: NONE,
  fractionalBytes: NONE,
  amountTooLarge: NONE,
  badPin: NONE,
  pinsDiffer: NONE,
  badCode: NONE,
  // What a rule refused.
  refused: NONE,
  otherRegion: NONE,
  otherPayment: NONE,
  notIdentified: NONE,
  notOnPlan: NONE,
  closedDay: asked({ until: 'time' }),
  receiversPerMonth: asked({ count: 'count' }),
  returnedRecently: asked({ until: 'time' }),
  sameNumber: NONE,
  senderUnknown: NONE,
  notOnNetwork: asked({ to: 'number' }),
  /** Goes with `alternatives`. */
  otherOperator: asked({ to: 'number' }),
  useGroup: NONE,
  onlyBought: NONE,
  notOffered: NONE,
  asksNotOffered: NONE,
  notEligibleOrigin: asked({ maximum: 'amount' }),
  notEligibleClass: asked({ maximum: 'amount' }),
  noRegift: asked({ maximum: 'amount' }),
  belowMinimum: asked({ minimum: 'amount' }),
  aboveMaximum: asked({ maximum: 'amount' }),
  wrongStep: asked({ step: 'amount' }),
  wrongSize: asked({ sizes: 'sizes' }),
  countPerDay: asked({ count: 'count' }),
  countPerMonth: asked({ count: 'count' }),
  volumePerDay: asked({ maximum: 'amount' }),
  volumePerMonth: asked({ maximum: 'amount' }),
  receiverCountReached: NONE,
  receiverVolumeReached: NONE,
  percentOfPlan: asked({ percent: 'percent', maximum: 'amount' }),
  floor: asked({ floor: 'amount', maximum: 'amount' }),
  nothingToGive: NONE,
  insufficient: asked({ maximum: 'balance' }),
  gap: asked({ until: 'time' }),
  onlyNearExpiry: asked({ maximum: 'amount', until: 'time' }),
  receivedActive: asked({ until: 'time' }),
  companyReceiveOnly: NONE,
  minorReceiveOnly: NONE,
  tenure: asked({ until: 'time' }),
  coolOff: asked({ until: 'time' }),
  receiverCannot: NONE,
  senderBlocked: NONE,
  feeUnpaid: NONE,
  noMoney: asked({ fee: 'money' }),
  roamingSender: NONE,
  profileNotInstalled: NONE,
  profileDeleted: NONE,
  giftsLocked: NONE,
  suspectedResale: NONE,
  rateLimited: asked({ until: 'time' }),
  unavailable: NONE,
  // What the law says, and what may be done instead.
  coolingAfterRoaming: told({ until: 'time' }),
  coolingAfterIdle: told({ until: 'time' }),
  simHandover: NONE,
  simLimit: asked({ count: 'count' }),
  approvalPending: NONE,
  approvalGranted: told({ service: 'name' }),
  giftsAllowed: told({}),
  alternatives: NONE,
  // The service itself.
  menu: NONE,
  enterNumber: NONE,
  enterAmount: NONE,
  enterCode: NONE,
  sessionOver: NONE,
  help: asked({ example: 'command' }),
  stopped: NONE,
  started: NONE,
  locked: NONE,
  unlocked: NONE,
} as const satisfies Readonly<Record<string, MessageSpec>>

export type MessageId = keyof typeof MESSAGES

/** The parameters of one text, each with its type. */
export type MessageParams<Id extends MessageId> = {
  readonly [
    Name in keyof (typeof MESSAGES)[Id]['params']
  ]: ParameterValues[(typeof MESSAGES)[Id]['params'][Name] & ParameterKind]
}

/** One text for both channels, or one for each: a USSD screen has less room. */
export type TextByChannel = string | { readonly sms: string; readonly ussd: string }

/** A language's texts. `{name}` stands for a parameter, `{name:short}` for a time without year and zone. */
export type Texts = Readonly<Record<MessageId, TextByChannel>>

/** What an operator's file may say in its own words. */
export type TextOverrides = Partial<Texts>

/** The kinds of the parameters of a text, by their names. */
export function parametersOf(id: MessageId): Readonly<Record<string, ParameterKind>> {
  return MESSAGES[id].params
}
