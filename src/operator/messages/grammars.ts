/**
 * The grammars of messages, as data. An operator's file names those it takes by their id.
 *
 * A template is text with slots: `{to}` a number, `{amount}` with its unit, `{mb}` and `{gb}` bare whole numbers,
 * `{money}` a whole number of the operator's currency, `{moneyCode}` the code that sends it, `{pin}`, `{oldPin}`, `{newPin}`, `{newPinAgain}`, `{code}`, `{reference}`, `{option}`. `[…]` may be missing,
 * `(a|b)` is a choice. A space stands for spaces, and for none where letters meet digits or Chinese characters.
 */

import type { CommandKind } from './commands.ts'
import type { TextChannel } from './fitting.ts'

/** A form of message that means one kind of command. */
export interface Form {
  readonly kind: CommandKind
  /** The channel on which it is taken; both when there is none. */
  readonly channel?: TextChannel
  /** The number to which an SMS of this form goes. */
  readonly shortCode?: string
  readonly templates: readonly string[]
}

/** How far a source is to be trusted: A operator, B press, C forum, D contradicted, I inferred, U not found. */
export type Trust = 'A' | 'B' | 'C' | 'D' | 'I' | 'U'

export interface Grammar {
  readonly source: string
  readonly trust: Trust
  readonly forms: readonly Form[]
}

const OWN = 'esim-lab: words of its own, for operators that document none'

export const GRAMMARS = {
  't2-gift': {
    source:
      'ya.ru/neurum/c/tehnologii/q/kak_rabotaet_funkciya_peredachi_internettrafika_815730f1; sotoper.com',
    trust: 'C',
    forms: [{ kind: 'give', channel: 'ussd', templates: ['*974*{to}*{gb}#'] }],
  },
  't2-balance': {
    source: 'how-to pages on balance codes of T2',
    trust: 'C',
    forms: [{ kind: 'balance', channel: 'ussd', templates: ['*155*0#', '*105#'] }],
  },
  'mts-balance': {
    source: 'how-to pages on balance codes of MTS',
    trust: 'C',
    forms: [{ kind: 'balance', channel: 'ussd', templates: ['*100*1#', '*100#'] }],
  },
  'megafon-balance': {
    source: 'how-to pages on balance codes of MegaFon',
    trust: 'C',
    forms: [{ kind: 'balance', channel: 'ussd', templates: ['*558#'] }],
  },
  'beeline-balance': {
    source: 'how-to pages on balance codes of Beeline',
    trust: 'C',
    forms: [{ kind: 'balance', channel: 'ussd', templates: ['*106#', '*102#'] }],
  },
  'beeline-money': {
    source: 'nowadayhitech.com: money from one number to another',
    trust: 'C',
    forms: [
      { kind: 'sendMoney', channel: 'ussd', templates: ['*145*{to}*{money}#'] },
      { kind: 'confirmMoney', channel: 'ussd', templates: ['*145*{moneyCode}#'] },
    ],
  },
  'safaricom-sms': {
    source: 'safaricom.co.ke, frequently asked questions, Sambaza Internet',
    trust: 'A',
    forms: [{ kind: 'give', channel: 'sms', shortCode: '450', templates: ['{mb}*{to}'] }],
  },
  'safaricom-ussd': {
    source: 'safaricom.co.ke, frequently asked questions, Sambaza Internet',
    trust: 'A',
    forms: [{ kind: 'menu', channel: 'ussd', templates: ['*544#'] }],
  },
  'smart-pasadata': {
    source: 'smart.com.ph, PasaData, 2021-07-27',
    trust: 'A',
    forms: [{ kind: 'give', channel: 'sms', shortCode: '808', templates: ['PASADATA {to} {mb}'] }],
  },
  'telkomsel-sms': {
    source: 'telkomsel.com, Transfer Kuota',
    trust: 'A',
    forms: [
      { kind: 'give', channel: 'sms', shortCode: '363', templates: ['TRF {mb} {to}'] },
      { kind: 'confirm', channel: 'sms', shortCode: '363', templates: ['YA'] },
    ],
  },
  'telkomsel-ussd': {
    source: 'telkomsel.com, Transfer Kuota',
    trust: 'A',
    forms: [{ kind: 'menu', channel: 'ussd', templates: ['*363#'] }],
  },
  'ninemobile-gift': {
    source: 'forum.hovatek.com/thread-10307.html',
    trust: 'C',
    forms: [{ kind: 'give', channel: 'ussd', templates: ['*229*{pin}*{mb}*{to}#'] }],
  },
  'china-sms': {
    source: 'aliyunyh.com/864458, which other pages contradict (BLLLZZ at aliyunyh.com/1077003)',
    trust: 'D',
    forms: [
      { kind: 'give', channel: 'sms', shortCode: '10086', templates: ['LLZZ#{to}#{mb}'] },
      { kind: 'balance', channel: 'sms', shortCode: '10086', templates: ['CXLL'] },
    ],
  },
  'generic-en': {
    source: OWN,
    trust: 'I',
    forms: [
      {
        kind: 'give',
        templates: [
          '(GIVE|SEND|GIFT|SHARE|TRANSFER) {amount} [TO] {to} [PIN {pin}]',
          '(GIVE|SEND|GIFT|SHARE|TRANSFER) [TO] {to} {amount} [PIN {pin}]',
        ],
      },
      {
        kind: 'ask',
        templates: [
          '(ASK|REQUEST) {amount} [FROM] {from}',
          '(ASK|REQUEST) [FROM] {from} [FOR] {amount}',
        ],
      },
      { kind: 'makeCode', templates: ['(CODE|GIFT CODE) {amount} [PIN {pin}]'] },
      { kind: 'claim', templates: ['(CLAIM|REDEEM) {code}'] },
      { kind: 'confirm', templates: ['(YES|Y|OK|CONFIRM)', '[YES] PIN {pin}', 'YES {pin}'] },
      { kind: 'cancel', templates: ['(NO|N|CANCEL)'] },
      { kind: 'accept', templates: ['ACCEPT [{reference}]'] },
      { kind: 'decline', templates: ['(DECLINE|REJECT) [{reference}]'] },
      { kind: 'changePin', templates: ['(CHANGE|CHANGE PIN) {oldPin} {newPin} {newPinAgain}'] },
      { kind: 'balance', templates: ['(BALANCE|BAL|DATA)'] },
      { kind: 'limit', templates: ['(LIMIT|LIMITS)'] },
      { kind: 'extend', templates: ['EXTEND'] },
      { kind: 'lock', templates: ['LOCK [GIFTS]'] },
      { kind: 'unlock', templates: ['UNLOCK [GIFTS]'] },
      { kind: 'menu', templates: ['MENU'] },
      { kind: 'stop', templates: ['(STOP|UNSUBSCRIBE)'] },
      { kind: 'start', templates: ['START'] },
      { kind: 'help', templates: ['(HELP|INFO|?)'] },
      // In an answer to a question just asked.
      { kind: 'confirm', templates: ['{pin}'] },
      { kind: 'choose', templates: ['{option}'] },
    ],
  },
  'generic-ru': {
    source: OWN,
    trust: 'I',
    forms: [
      {
        kind: 'give',
        templates: [
          '(ПЕРЕДАТЬ|ПЕРЕДАЙ|ПОДАРИТЬ|ПОДАРИ|ПОДЕЛИТЬСЯ|ОТПРАВИТЬ) {amount} [(НА|ДЛЯ|НОМЕРУ|АБОНЕНТУ|НА НОМЕР)] {to} [(ПИН|PIN) {pin}]',
          '(ПЕРЕДАТЬ|ПЕРЕДАЙ|ПОДАРИТЬ|ПОДАРИ|ПОДЕЛИТЬСЯ|ОТПРАВИТЬ) [(НА|ДЛЯ|НОМЕРУ|АБОНЕНТУ|НА НОМЕР)] {to} {amount} [(ПИН|PIN) {pin}]',
        ],
      },
      {
        kind: 'ask',
        templates: [
          '(ПОПРОСИТЬ|ПОПРОСИ|ЗАПРОСИТЬ) {amount} [(У|ОТ|У НОМЕРА)] {from}',
          '(ПОПРОСИТЬ|ПОПРОСИ|ЗАПРОСИТЬ) [(У|ОТ|У НОМЕРА)] {from} {amount}',
        ],
      },
      { kind: 'makeCode', templates: ['(КОД|ПОДАРОЧНЫЙ КОД) {amount} [(ПИН|PIN) {pin}]'] },
      { kind: 'claim', templates: ['(ПОЛУЧИТЬ|АКТИВИРОВАТЬ) {code}'] },
      {
        kind: 'confirm',
        templates: ['(ДА|ПОДТВЕРЖДАЮ|ПОДТВЕРДИТЬ)', '[ДА] (ПИН|PIN) {pin}', 'ДА {pin}'],
      },
      { kind: 'cancel', templates: ['(НЕТ|ОТМЕНА|ОТМЕНИТЬ)'] },
      { kind: 'accept', templates: ['(ПРИНЯТЬ|ПРИНИМАЮ) [{reference}]'] },
      { kind: 'decline', templates: ['(ОТКЛОНИТЬ|ОТКАЗ|ОТКАЗАТЬСЯ) [{reference}]'] },
      {
        kind: 'changePin',
        templates: ['(СМЕНИТЬ|СМЕНИТЬ ПИН) {oldPin} {newPin} {newPinAgain}'],
      },
      { kind: 'balance', templates: ['(БАЛАНС|ОСТАТОК|ТРАФИК)'] },
      { kind: 'limit', templates: ['(ЛИМИТ|ЛИМИТЫ)'] },
      { kind: 'extend', templates: ['(ПРОДЛИТЬ|ПРОДЛИ)'] },
      { kind: 'lock', templates: ['(ЗАПРЕТ|ЗАПРЕТИТЬ ПОДАРКИ)'] },
      { kind: 'unlock', templates: ['(РАЗРЕШИТЬ|РАЗРЕШИТЬ ПОДАРКИ)'] },
      { kind: 'menu', templates: ['МЕНЮ'] },
      { kind: 'stop', templates: ['СТОП'] },
      { kind: 'start', templates: ['СТАРТ'] },
      { kind: 'help', templates: ['(ПОМОЩЬ|СПРАВКА|?)'] },
      { kind: 'confirm', templates: ['{pin}'] },
      { kind: 'choose', templates: ['{option}'] },
    ],
  },
  'generic-zh': {
    source: OWN,
    trust: 'I',
    forms: [
      {
        kind: 'give',
        templates: [
          '(转赠|赠送|送) {amount} [(给|到)] {to} [(密码|PIN) {pin}]',
          '(转赠|赠送|送) [(给|到)] {to} {amount} [(密码|PIN) {pin}]',
        ],
      },
      {
        kind: 'ask',
        templates: [
          '(索要|请求) {amount} [(从|向)] {from}',
          '(向|索要|请求) {from} [(索要|请求)] {amount}',
        ],
      },
      { kind: 'makeCode', templates: ['(礼品码|生成礼品码) {amount} [(密码|PIN) {pin}]'] },
      { kind: 'claim', templates: ['(领取|兑换) {code}'] },
      {
        kind: 'confirm',
        templates: [
          '(是|是的|确认|好|好的|同意)',
          '[(是|确认)] (密码|PIN) {pin}',
          '(是|确认) {pin}',
        ],
      },
      { kind: 'cancel', templates: ['(否|不|取消)'] },
      { kind: 'accept', templates: ['接受 [{reference}]'] },
      { kind: 'decline', templates: ['(拒绝|拒收) [{reference}]'] },
      { kind: 'changePin', templates: ['(修改密码|改密码) {oldPin} {newPin} {newPinAgain}'] },
      { kind: 'balance', templates: ['(余额|流量|查询|查询流量|流量查询|查流量)'] },
      { kind: 'limit', templates: ['(额度|可赠)'] },
      { kind: 'extend', templates: ['(延期|续期)'] },
      { kind: 'lock', templates: ['(锁定|锁定转赠)'] },
      { kind: 'unlock', templates: ['(解锁|解锁转赠)'] },
      { kind: 'menu', templates: ['菜单'] },
      { kind: 'stop', templates: ['(退订|停止|TD)'] },
      { kind: 'start', templates: ['(订阅|开始)'] },
      { kind: 'help', templates: ['(帮助|?)'] },
      { kind: 'confirm', templates: ['{pin}'] },
      { kind: 'choose', templates: ['{option}'] },
    ],
  },
} as const satisfies Readonly<Record<string, Grammar>>

export type GrammarId = keyof typeof GRAMMARS

/** The words of all three languages together. */
const GENERIC = 'generic'

/** Whether there is a grammar that an operator's file names: one of the table, or `generic` for all languages. */
export function isGrammarId(id: string): id is GrammarId | typeof GENERIC {
  return id === GENERIC || Object.hasOwn(GRAMMARS, id)
}

/** The grammars of the table that ids name; those that there are not are left out. */
export function grammarsOf(ids: readonly string[]): ReadonlySet<string> {
  const generic: readonly GrammarId[] = ['generic-en', 'generic-ru', 'generic-zh']
  return new Set(ids.filter(isGrammarId).flatMap((id) => (id === GENERIC ? generic : [id])))
}
