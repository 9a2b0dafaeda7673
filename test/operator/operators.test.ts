import test from 'ava'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseOperatorFile } from '../../src/operator/operator-file.ts'
import {
  loadOperators,
  onlyOperator,
  OPERATORS_DIRECTORY,
  type Reloaded,
} from '../../src/operator/operators.ts'
import { watcher } from '../../src/operator/watching.ts'
import { RULE_NAMES } from '../../src/operator/rules/read-rules.ts'
import { temporaryDirectory, testLab } from '../helpers/lab.ts'

const IDS =
  'beeline cell-c china-mobile china-telecom china-unicom lab lg-uplus megafon mineo mts ' +
  'ninemobile safaricom smart t2 telkomsel vodacom'
const NAMES = IDS.split(' ')

test('every operator that comes with the lab has a file, and all of them go together', (t) => {
  const operators = loadOperators()
  t.deepEqual(
    operators
      .list()
      .map(({ id }) => id)
      .toSorted(),
    NAMES,
  )
  t.is(operators.default.id, 'lab')
  for (const file of operators.list()) {
    t.is(operators.get(file.id), file)
    t.is(operators.ofProfileType(file.profile.profileType), file)
    const number = file.ranges.msisdn.prefix.padEnd(file.ranges.msisdn.digits, '0')
    t.is(operators.ofNumber(number), file)
    t.is(file.ranges.imsi.prefix.startsWith(file.plmn.mcc + file.plmn.mnc), true, file.id)
    t.regex(file.ranges.iccid.prefix, /^89/)
  }
  t.like(
    t.throws(() => operators.get('nobody')),
    { code: 'notFound', field: 'operator' },
  )
})

test('every rule of every operator says where it is from and how far it can be relied on', (t) => {
  let rules = 0
  for (const { id, gifting, giftingSources } of loadOperators().list()) {
    t.deepEqual(Object.keys(gifting).toSorted(), Object.keys(giftingSources).toSorted(), id)
    for (const source of Object.values(giftingSources)) {
      t.regex(source.trust, /^[ABCDIU]$/)
      rules++
    }
  }
  t.true(rules > 100)
})

test('the rules of T2 are those that its terms are quoted with', (t) => {
  const { gifting, consumption, timeZone } = loadOperators().get('t2')
  const GB = 2n ** 30n
  t.like(gifting, {
    service: 'direct',
    stepBytes: GB,
    minBytes: GB,
    maxBytes: 30n * GB,
    senderMonthBytes: 30n * GB,
    regift: false,
    oneReceivedPackage: 'blocksBoth',
    feeCharged: true,
    validity: { kind: 'fixedDays', days: 7, extension: { toDays: 30, feeMinor: 5000n } },
  })
  t.deepEqual(consumption.origins, ['gift', 'bonus', 'rollover', 'plan'])
  t.is(timeZone, 'Europe/Moscow')
})

test('the Chinese operators share one set of rules, and every value of it is doubtful', (t) => {
  const operators = loadOperators()
  const [mobile, unicom, telecom] = ['china-mobile', 'china-unicom', 'china-telecom'].map((id) =>
    operators.get(id),
  )
  t.deepEqual(mobile?.gifting, unicom?.gifting)
  t.deepEqual(mobile?.gifting, telecom?.gifting)
  const trusts = Object.entries(mobile?.giftingSources ?? {}).map(([, { trust }]) => trust)
  t.false(trusts.includes('A'))
  t.true(mobile?.description.includes('UNVERIFIED'))
})

type Json = Record<string, unknown>

const beside = (path: string) => readFileSync(new URL(path, OPERATORS_DIRECTORY))

for (const name of NAMES) {
  const json = (): Json =>
    JSON.parse(readFileSync(new URL(`${name}.json`, OPERATORS_DIRECTORY), 'utf8')) as Json

  test(`each field of ${name}.json that is wrong is named`, (t) => {
    const paths = leavesOf(json())
    t.true(paths.length > 30)
    for (const path of paths) {
      const wrong = json()
      put(wrong, path)
      const error = t.throws(() => parseOperatorFile(wrong, beside), undefined, path.join('.'))
      t.is(Reflect.get(error, 'code'), 'badInput', path.join('.'))
      const field = String(Reflect.get(error, 'field'))
      const [first = ''] = path
      t.true(field.startsWith(first), `${path.join('.')} is called ${field}`)
    }
  })
}

test('each rule that there is can be read, and refuses what it is not', (t) => {
  t.true(RULE_NAMES.length > 40)
  for (const name of RULE_NAMES) {
    const wrong = JSON.parse(readFileSync(new URL('lab.json', OPERATORS_DIRECTORY), 'utf8')) as Json
    wrong.gifting = { [name]: { value: { no: 'rule' }, source: 'a test', trust: 'I' } }
    const error = t.throws(() => parseOperatorFile(wrong), undefined, name)
    t.true(String(Reflect.get(error, 'field')).startsWith(`gifting.${name}`), error.message)
  }
})

test('a file that is changed is read again, and one that is wrong leaves its operator as it was', (t) => {
  const directory = temporaryDirectory(t)
  cpSync(fileURLToPath(OPERATORS_DIRECTORY), directory, { recursive: true })
  const operators = loadOperators({ defaultFile: join(directory, 'lab.json'), directory })
  const path = join(directory, 't2.json')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace('"value": "30 GB"', '"value": "3 GB"'))
  t.deepEqual(operators.reload().faults, [])
  t.is(operators.get('t2').gifting.maxBytes, 3n * 2n ** 30n)
  writeFileSync(path, text.replace('Europe/Moscow', 'Europe/Nowhere'))
  const { ids, faults } = operators.reload()
  t.false(ids.includes('t2'))
  t.like(faults[0], { path })
  t.true(faults[0]?.text.includes('timeZone'))
  t.is(operators.get('t2').gifting.maxBytes, 3n * 2n ** 30n)
})

test('a file of the user’s own is one operator more, or stands in the place of one that comes along', (t) => {
  const ownDirectory = temporaryDirectory(t)
  const text = readFileSync(new URL('mts.json', OPERATORS_DIRECTORY), 'utf8')
  const changed = text
    .replace('"icon": "icons/mts.png",', '')
    .replace(/"name": "[^"]*"/, '"name": "Mine"')
  writeFileSync(join(ownDirectory, 'mine.json'), changed)
  const operators = loadOperators({ ownDirectory })
  t.is(operators.default.id, 'lab')
  t.is(operators.get('mts').name, 'Mine')
  t.is(operators.list().length, NAMES.length)
  const another = changed
    .replace('"id": "mts"', '"id": "mine"')
    .replace('"profileType": "mts"', '"profileType": "mine"')
    .replace('"897010101"', '"897010977"')
    .replace('"25001"', '"25077"')
    .replaceAll('"mnc": "01"', '"mnc": "77"')
    .replace('"7000101"', '"7000977"')
  writeFileSync(join(ownDirectory, 'mine.json'), another)
  t.deepEqual(operators.reload().faults, [])
  t.is(operators.get('mine').name, 'Mine')
  t.not(operators.get('mts').name, 'Mine')
  t.is(operators.list().length, NAMES.length + 1)
})

test('files are read again once they have changed and stay the same', (t) => {
  const directory = temporaryDirectory(t)
  cpSync(fileURLToPath(OPERATORS_DIRECTORY), directory, { recursive: true })
  const operators = loadOperators({ defaultFile: join(directory, 'lab.json'), directory })
  const reloads: Reloaded[] = []
  const look = watcher(operators, (reloaded) => reloads.push(reloaded))
  look()
  t.is(reloads.length, 0)
  const path = join(directory, 't2.json')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.slice(0, 1000))
  look()
  t.is(reloads.length, 0, 'it may still be being written')
  writeFileSync(path, text.replace('"value": "30 GB"', '"value": "3 GB"'))
  look()
  t.is(reloads.length, 0)
  look()
  t.deepEqual(reloads[0]?.faults, [])
  t.is(operators.get('t2').gifting.maxBytes, 3n * 2n ** 30n)
  look()
  t.is(reloads.length, 1)
  writeFileSync(path, '{')
  look()
  look()
  t.like(reloads[1]?.faults[0], { path })
  t.is(operators.get('t2').gifting.maxBytes, 3n * 2n ** 30n)
})

test('two operators cannot have the same numbers', (t) => {
  const directory = temporaryDirectory(t)
  cpSync(fileURLToPath(OPERATORS_DIRECTORY), directory, { recursive: true })
  const text = readFileSync(join(directory, 'mts.json'), 'utf8')
  writeFileSync(join(directory, 'mts-2.json'), text.replace('"id": "mts"', '"id": "mts-2"'))
  t.like(
    t.throws(() => loadOperators({ defaultFile: join(directory, 'lab.json'), directory })),
    { code: 'badInput', field: 'profile.profileType' },
  )
})

test("somebody's own file that was made from the lab's stands in its place", (t) => {
  const own = join(temporaryDirectory(t), 'own.json')
  const lab = fileURLToPath(new URL('lab.json', OPERATORS_DIRECTORY))
  const text = readFileSync(lab, 'utf8').replace('"id": "lab"', '"id": "own"')
  writeFileSync(own, text.replace('"icon": "icons/lab.png",', ''))
  const operators = loadOperators({ defaultFile: own })
  t.is(operators.default.id, 'own')
  t.is(operators.find('lab'), undefined)
  t.is(
    operators.list().length,
    readdirSync(OPERATORS_DIRECTORY).filter((n) => n.endsWith('.json')).length,
  )
})

test('one lab sells the profiles of several operators, and each number is of its own', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone({ name: 'anna' })
  const order = await lab.order({ profileType: 't2' })
  t.regex(order.msisdn, /^7000220[0-9]{4}$/)
  const { iccid } = await phone.download({ activationCode: order.activationCode })
  await phone.enable({ iccid })
  await phone.sendNotifications()
  const account = lab.operator.account({ msisdn: order.msisdn })
  t.like(account, { operator: 't2', planId: 't2-20', profileState: 'enabled' })
  const balance = lab.operator.balance({ msisdn: order.msisdn })
  t.is(balance.totalBytes, 20n * 2n ** 30n)
  t.is((await phone.attach()).supi.slice(0, 10), 'imsi-25020')
  const mine = await lab.order()
  t.is(lab.operator.fileOf({ msisdn: mine.msisdn }).id, 'lab')
})

test('nothing goes from one operator to another', async (t) => {
  const lab = await testLab(t)
  const sides = []
  for (const profileType of ['t2', 'china-mobile']) {
    const order = await lab.order({ profileType })
    const eid = '89049032000000000000000000000001'
    await lab.operator.handleProfileEvent({
      iccid: order.iccid,
      eid,
      event: 'install',
      seqNumber: 1,
    })
    sides.push(order.msisdn)
  }
  const [from = '', to = ''] = sides
  const gift = { idempotencyKey: 'a', from, to, amountBytes: 2n ** 30n }
  t.truthy((await lab.operator.attemptGift(gift)).refusal)
  t.is(lab.operator.balance({ msisdn: from }).totalBytes, 20n * 2n ** 30n)
})

test('a lab of one operator has no other', (t) => {
  const file = loadOperators().get('smart')
  const operators = onlyOperator(file)
  t.is(operators.default, file)
  t.is(operators.ofProfileType('t2'), file)
  t.is(operators.find('t2'), undefined)
})

/** The ways to every value of a file, but for words that people choose freely. */
function leavesOf(json: unknown, way: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [way]
  return Object.entries(json).flatMap(([name, value]) => leavesOf(value, [...way, name]))
}

/** A value that no field takes: a list of itself. */
function put(json: Json, way: readonly string[]): void {
  const names = [...way]
  const last = names.pop() as string
  const owner = names.reduce((at, name) => at[name] as Json, json)
  owner[last] = [[owner[last]]]
}
