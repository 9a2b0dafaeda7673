/** Texts in English: only characters of the GSM 7 bit alphabet, so that they keep its room. */

import type { Texts } from './catalogue.ts'

export const ENGLISH: Texts = {
  giftSent: 'You gave {amount} to {to}. It can be used until {until}. Transaction {reference}.',
  giftReceived: 'You received {amount} from {from}. Use it until {until}. Transaction {reference}.',
  giftConfirm: {
    sms: 'Give {amount} to {to}? Fee: {fee}. Gifts cannot be taken back. Reply YES within {within}, or NO.',
    ussd: 'Give {amount} to {to}? Fee: {fee}. Gifts cannot be taken back.\n1 Yes\n2 No\nAnswer within {within}.',
  },
  giftConfirmPin: {
    sms: 'Give {amount} to {to}? Fee: {fee}. Gifts cannot be taken back. Reply with your PIN within {within}, or NO.',
    ussd: 'Give {amount} to {to}? Fee: {fee}. Gifts cannot be taken back. Enter your PIN within {within}, or NO.',
  },
  giftTimedOut:
    'The gift was not confirmed within {within} and is cancelled. Your data is still yours.',
  giftCancelled: 'The gift is cancelled. Your data is still yours.',
  giftWaiting:
    '{amount} are kept for {to}, who may accept until {until}. After that they return to you.',
  giftOffered: {
    sms: '{from} gives you {amount}. Reply ACCEPT {reference} or DECLINE {reference} until {until}.',
    ussd: '{from} gives you {amount}, open until {until}. Transaction {reference}.\n1 Accept\n2 Decline',
  },
  giftAccepted: '{to} accepted your gift of {amount}. Transaction {reference}.',
  giftTaken: 'You accepted {amount} from {from}. Use it until {until}.',
  giftDeclined: '{to} declined your gift of {amount}. It has returned to you.',
  giftRefusedByYou: 'You declined the gift from {from}.',
  giftReturned: '{to} did not accept your gift of {amount} in time. It has returned to you.',
  giftExpired: 'Your gift of {amount} to {to} ended: the data expired before it was accepted.',
  giftFailed:
    'Your gift of {amount} to {to} failed. Nothing was taken from you. Transaction {reference}.',
  giftDuplicate:
    'This request was already carried out as transaction {reference}. Nothing was given twice.',
  giftReversedSender:
    'The unused part, {amount}, of your gift to {to} has returned to you. Transaction {reference}.',
  giftReversedReceiver:
    'The unused part, {amount}, of the gift from {from} was taken back by the operator. Transaction {reference}.',
  giftAutomatic:
    'As you asked, {amount} went to {to} before they expired. Transaction {reference}.',
  giftOfferOver: 'The gift that {from} offered you is no longer open.',
  nothingToAnswer: 'There is nothing to answer. It may have been confirmed, cancelled or too late.',
  askSent: 'We asked {from} for {amount} for you. They decide.',
  askReceived:
    '{from} asks you for {amount}. Reply ACCEPT {reference} to give it, or DECLINE {reference}. You need not answer.',
  askRefusedByYou: 'You declined. {from} will be told.',
  askTwice: 'A question of yours is still open. Wait for its answer, or for a day.',
  askDeclined: '{from} did not give data this time.',
  codeMade:
    'Gift code {code} for {amount}, valid until {until}. Who has the code has the data: tell only one person.',
  codeTaken: 'The code is yours: {amount}, to use until {until}.',
  codeClaimed: 'Your gift code for {amount} was claimed. Transaction {reference}.',
  codeExpired: 'Your gift code for {amount} was not claimed in time. The data has returned to you.',
  codeUnknown: 'This code is unknown, used or too old. Check it, or ask who gave it to you.',
  balanceNow: 'You have {left}. The part that ends first: {until}.',
  balanceEmpty: 'You have no data left.',
  limitNow: 'You can give at most {maximum} now.',
  limitToday: 'You can still give {maximum} today.',
  limitNone: 'You cannot give data now.',
  usage: 'You have used {percent}% of your data.',
  usageAll: 'You have used 100% of your data. Mobile data is paused until you buy or receive more.',
  expirySoon: 'Some of your data ends {until}. You can use it, extend it or give it away before.',
  expired: 'Some of your data has expired.',
  renewed: 'Your plan {plan} is renewed until {until}.',
  purchased: 'Your package {plan} is ready to use until {until}.',
  notExtendable: 'Your data cannot be extended now.',
  extended: 'Your data now lasts until {until}. Fee: {fee}.',
  toppedUp: 'Your account was topped up with {money}.',
  moneyCode:
    'Send {money} to {to}? To do so, dial {code} within {within}. Sent money does not come back.',
  moneySent: 'You sent {money} to {to}. Transaction {reference}.',
  moneyReceived: 'You received {money} from {from}. Transaction {reference}.',
  moneyCodeWrong: 'Wrong code: try {attempt} of {attempts}. Dial the code that you were sent.',
  moneyCodeBlocked:
    'The code was wrong too often. No money was sent. Begin again if you still want to.',
  moneyCodeUnknown: 'No money waits for a code: its time is over, or it was used. Begin again.',
  moneyNotOffered: 'This operator does not let you send money to other numbers.',
  moneyToYourself: 'You cannot send money to yourself. Write the number of somebody else.',
  moneyOutside: '{to} is not on this network. Money can be sent to our own subscribers only.',
  moneyReceiverCannot: 'The other number cannot receive money now. Ask its owner.',
  moneyTooSoon: 'You sent money a moment ago. The next time is from {until}.',
  moneyTooLittle: 'That is too little. The least is {minimum}.',
  moneyTooMuch: 'That is too much at once. The most is {maximum}.',
  moneyPerDay: 'At most {maximum} can be sent in a day. Send less, or tomorrow.',
  moneySpent: 'You can send money once you have spent {minimum} on your own account.',
  moneyFloor: 'At least {floor} must be left on your account. Send less, or top it up.',
  moneyMissing: 'There is not that much money on your account. Send less, or top it up.',
  pinNeeded: 'This needs your PIN. Add it to the message: PIN 1234 stands for your own.',
  pinDefault: 'Change your PIN first: the default one cannot be used to give data.',
  pinChanged: 'Your PIN was changed. If it was not you, call your operator.',
  pinWrong: 'Wrong PIN: try {attempt} of {attempts}. Enter your own PIN again.',
  pinBlocked: 'Your PIN was wrong too often. Giving data is locked. Your operator can unlock it.',
  pinLocked: 'Your PIN was wrong too often. Giving data is locked until {until}.',
  signInCode: 'Your sign-in code is {code}, valid for {within}. Tell it to nobody.',
  empty: 'The message was empty. Send, for example: {example}',
  tooLong: 'The message is too long for a command. Send, for example: {example}',
  unknownCommand: 'We did not understand this. Send, for example: {example}',
  badFormat: 'The form is not right. An example: {example}',
  ambiguous: 'This can be read in two ways, so nothing was done. An example: {example}',
  badNumber:
    'The phone number is not right. Write all of it, for example with + and the country code.',
  ambiguousNumber: 'There is more than one phone number. Send one number only.',
  badAmount: 'The amount is not right. Write digits and a unit, such as 500MB.',
  ambiguousAmount:
    'The amount can be read in two ways. Write it without a thousands mark, such as 1500MB.',
  unitMissing: 'The unit is missing. Write MB or GB, such as 500MB.',
  unknownUnit: 'The unit is unknown. Use MB or GB.',
  negativeAmount: 'The amount must be more than nothing: no minus.',
  zeroAmount: 'The amount must be more than nothing.',
  fractionalBytes: 'The amount is finer than a byte. Use fewer decimals.',
  amountTooLarge: 'The amount is too large.',
  badPin: 'A PIN has 4 to 8 digits.',
  pinsDiffer: 'The new PINs are not the same.',
  badCode: 'The code is not right. Check its letters and digits.',
  refused: 'This gift is not possible now. Your operator can tell you why.',
  otherRegion:
    'That number is of another region. Data can be given within one region only: choose a number of your own.',
  otherPayment:
    'Data cannot be given between prepaid and postpaid numbers. Choose one that pays as you do.',
  notIdentified:
    'Data can be given only between subscribers who have shown who they are. Both can do so at the operator.',
  notOnPlan:
    'Data of your plan cannot be given. Your operator can tell you from which plans it can.',
  closedDay: 'Data cannot be given on this day of the month. You can give from {until}.',
  receiversPerMonth:
    'You have given to {count} numbers this month, which is the limit. Give to one of them, or wait for the next month.',
  returnedRecently: 'You came back from abroad recently. You can give data from {until}.',
  sameNumber: 'You cannot give data to yourself. Write the number of somebody else.',
  senderUnknown: 'Your number is not one of this operator. Ask your own operator.',
  notOnNetwork: '{to} is not on this network. Data can be given to our own subscribers only.',
  otherOperator: {
    sms: '{to} is with another operator. Data never passes between operators, here or abroad.',
    ussd: '{to} is with another operator. Data never passes between operators.',
  },
  useGroup:
    'Data cannot be given here, but it can be shared: ask this operator for a group with one package for all.',
  onlyBought:
    'Left-over data cannot be given here. You can buy a package as a gift for that number instead.',
  asksNotOffered: 'This operator passes on no requests for data. Ask the other person yourself.',
  notOffered: 'This operator does not offer this. You can share Wi-Fi when you are together.',
  notEligibleOrigin:
    'You can give {maximum}: your other data, such as bonuses, extra packages or a loan, is for your own use.',
  notEligibleClass:
    'You can give {maximum}: your other data is for certain services only. Use it there.',
  noRegift: 'You can give {maximum}: data that you received cannot be passed on. Use it yourself.',
  belowMinimum: 'Give at least {minimum}: that is the smallest gift.',
  aboveMaximum: 'Give at most {maximum} at a time: that is the largest gift.',
  wrongStep: 'Give in steps of {step}.',
  wrongSize: 'These sizes can be given: {sizes}.',
  countPerDay:
    'You have given {count} times today, which is the limit. You can give again tomorrow.',
  countPerMonth:
    'You have given {count} times this month, which is the limit. You can give again next month.',
  volumePerDay: 'By the limit of the day you can still give {maximum}; more only tomorrow.',
  volumePerMonth: 'By the limit of the month you can still give {maximum}; more only next month.',
  receiverCountReached:
    'The other number cannot receive another gift for now. Try later, or give to another number.',
  receiverVolumeReached:
    'The other number cannot receive that much for now. Give less, or try later.',
  percentOfPlan: 'Of your plan {percent}% can be given: {maximum} are left of that.',
  floor: '{floor} must stay with you: you can give at most {maximum}.',
  nothingToGive: 'You have no data now that can be given. What your plan grants next may be.',
  insufficient: 'That is more than you can give: at most {maximum}.',
  gap: 'Gifts follow too fast: the next one is possible from {until}.',
  onlyNearExpiry: 'Data can be given in its last days only: now {maximum}, more from {until}.',
  receivedActive:
    'You have a received package, and with it you can neither give nor receive. Use it up, or wait until {until}.',
  companyReceiveOnly:
    'Company numbers can receive data, but not give it. Give from a private number.',
  minorReceiveOnly:
    'At your age you can receive data, but not give it. Ask an adult of your family to give.',
  tenure: 'Your number is too new. You can give data from {until}.',
  coolOff: 'Your SIM or eSIM was changed recently. You can give data from {until}.',
  receiverCannot:
    'The other number cannot receive data now. Ask its owner, or give to another number.',
  senderBlocked: 'Your number is blocked or suspended. Contact your operator.',
  feeUnpaid: 'The fee of your plan is not paid. Pay it, then you can give data.',
  noMoney: 'Your account lacks the money for the fee of {fee}. Top it up and try again.',
  roamingSender: 'Data cannot be given while you are abroad. You can give it when you are back.',
  profileNotInstalled:
    'Your eSIM profile has not been installed yet. Install it, then you can give data.',
  profileDeleted: 'Your eSIM profile has been deleted. Ask your operator for a new one.',
  giftsLocked: 'You have locked gifts. Send UNLOCK to give data.',
  suspectedResale:
    'Giving is suspended on your number: it looks like resale. Contact your operator.',
  rateLimited: 'Too many messages. Try again from {until}.',
  unavailable: 'The service does not answer now. Nothing was done. Try again later.',
  coolingAfterRoaming:
    'Back from abroad: by law mobile data and outgoing SMS pause until {until}. Your operator can lift it.',
  coolingAfterIdle:
    'Long not used: by law mobile data and outgoing SMS pause until {until}. Your operator can lift it.',
  simHandover: {
    sms: 'Give data, not your SIM or eSIM: handing it to others is an offence in some countries, with fines.',
    ussd: 'Handing your SIM or eSIM to others may be an offence. Give data instead.',
  },
  simLimit: 'The law allows {count} numbers to one person.',
  approvalPending:
    'This service waits for approval by the regulator and cannot be used yet. We will write to you when it can.',
  approvalGranted: 'The regulator has approved {service}. You can use it now.',
  giftsAllowed: 'Your operator allows gifts from your number again.',
  alternatives: {
    sms: 'What you can do instead: buy a package for that number with its own operator; top up its account; share Wi-Fi when you are together; give your data to someone on your network, extend it, or take a smaller plan.',
    ussd: 'Instead: buy a package or top up with their operator, share Wi-Fi, give to someone on your network, or extend your data.',
  },
  enterNumber: 'Enter the phone number:',
  enterAmount: 'Enter the amount with its unit, such as 1GB or 500MB:',
  enterCode: 'Enter the gift code:',
  sessionOver: 'The session is over. Please dial again.',
  menu: '1 Balance\n2 Give data\n3 Ask for data\n4 Claim a code\n5 Help',
  help: {
    sms: 'To give data, send: {example}. Also: BALANCE, LIMIT, ASK, CLAIM, ACCEPT, DECLINE, LOCK, STOP.',
    ussd: 'To give data, send: {example}',
  },
  stopped: 'You will get no more notices. Receipts still come. Send START to undo.',
  started: 'You will get notices again.',
  locked: 'Nobody can give data from your number now. Send UNLOCK to undo.',
  unlocked: 'Data can be given from your number again.',
}
