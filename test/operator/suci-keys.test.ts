import test from 'ava'
import { seededRandom } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import { utf8 } from '../../src/base/octets.ts'
import {
  createSidf,
  makeSuciKeys,
  parseSuciKeys,
  serialiseSuciKeys,
  type SIDF_REFUSALS,
} from '../../src/operator/suci-keys.ts'

const KEYS = makeSuciKeys(seededRandom('keys'))

test('keys follow the seed, and come out of their file as they went in', (t) => {
  t.deepEqual(makeSuciKeys(seededRandom('keys')), KEYS)
  t.notDeepEqual(makeSuciKeys(seededRandom('others')), KEYS)
  t.deepEqual(
    parseSuciKeys(utf8(serialiseSuciKeys(KEYS))).map((key) => ({
      ...key,
      privateKey: Buffer.from(key.privateKey).toString('hex'),
      publicKey: Buffer.from(key.publicKey).toString('hex'),
    })),
    KEYS.map((key) => ({
      ...key,
      privateKey: Buffer.from(key.privateKey).toString('hex'),
      publicKey: Buffer.from(key.publicKey).toString('hex'),
    })),
  )
})

for (const content of [
  '',
  '{}',
  '{"keys":[{}]}',
  '{"keys":[{"id":0,"profile":"profileA","privateKey":""}]}',
  `{"keys":[{"id":1,"profile":"profileC","privateKey":"${'00'.repeat(32)}"}]}`,
  `{"keys":[{"id":1,"profile":"profileB","privateKey":"${'00'.repeat(32)}"}]}`,
  `{"keys":[{"id":1,"profile":"profileB","privateKey":"${'ff'.repeat(32)}"}]}`,
]) {
  test(`a file of keys with ${content.slice(0, 60) || 'nothing'} is damaged`, (t) => {
    t.like(
      t.throws(() => parseSuciKeys(utf8(content))),
      { code: 'damaged' },
    )
  })
}

test('a SUPI is its own, and a SUCI without concealment is read as it is', (t) => {
  const sidf = createSidf(KEYS)
  t.is(sidf.supiOf('imsi-001010123456789'), 'imsi-001010123456789')
  t.is(sidf.supiOf('suci-0-001-01-1234-0-0-0123456789'), 'imsi-001010123456789')
  t.is(sidf.supiOf('suci-0-310-260-0-0-0-123456789'), 'imsi-310260123456789')
})

const REFUSED: Readonly<Record<keyof typeof SIDF_REFUSALS, string>> = {
  notAnIdentity: 'nai-somebody@example.com',
  unsupportedProtectionScheme: 'suci-0-001-01-0-f-1-00',
  invalidHnPublicKeyIdentifier: 'suci-0-001-01-0-2-1-00',
  invalidSchemeOutput: `suci-0-001-01-0-1-1-${'00'.repeat(45)}`,
}

for (const [reason, identity] of Object.entries(REFUSED)) {
  test(`refuses an identity: ${reason}`, (t) => {
    t.is(
      t.throws(() => createSidf(KEYS).supiOf(identity), { instanceOf: LabError })?.reason,
      reason,
    )
  })
}
