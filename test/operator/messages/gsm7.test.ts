import test from 'ava'
import fc from 'fast-check'
import { decodeGsm7, encodeGsm7, septetsOfCharacter } from '../../../src/operator/messages/gsm7.ts'
import { jsonOf } from '../../tidy/repository.ts'

interface Table {
  readonly pairs: readonly (readonly [string, string])[]
}

const { pairs } = jsonOf<Table>('fixtures/vectors/gsm0338.json')
const TABLE = pairs.map(([septets, code]) => ({
  septets: Uint8Array.from(Buffer.from(septets, 'hex')),
  character: String.fromCharCode(Number.parseInt(code, 16)),
}))

test('every character of the published table has its septets, and they mean it', (t) => {
  t.is(TABLE.length, 137)
  for (const { septets, character } of TABLE) {
    t.deepEqual(encodeGsm7(character), septets, JSON.stringify(character))
    t.is(decodeGsm7(septets), character)
    t.is(septetsOfCharacter(character), septets.length as 1 | 2)
  }
})

test('no other character of the basic plane is in the alphabet', (t) => {
  const known = new Set(TABLE.map(({ character }) => character))
  for (let code = 0; code <= 0xffff; code += 1) {
    const character = String.fromCharCode(code)
    if (!known.has(character) && septetsOfCharacter(character) !== undefined) {
      t.fail(`U+${code.toString(16)} is not in the table`)
    }
  }
  t.is(septetsOfCharacter('\u001b'), undefined)
  t.is(encodeGsm7('Да'), undefined)
})

test('an escape that leads nowhere shows a space, or the basic character behind it', (t) => {
  t.is(decodeGsm7(Uint8Array.of(0x41, 0x1b)), 'A ')
  t.is(decodeGsm7(Uint8Array.of(0x1b, 0x1b, 0x41)), ' A')
  t.is(decodeGsm7(Uint8Array.of(0x1b, 0x41)), 'A')
  t.is(decodeGsm7(Uint8Array.of(0x1b, 0x65)), '€')
})

test('texts of the alphabet come back as they were', (t) => {
  const characters = TABLE.map(({ character }) => character)
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...characters)), (text) => {
      const septets = encodeGsm7(text.join(''))
      return septets !== undefined && decodeGsm7(septets) === text.join('')
    }),
  )
  t.pass()
})
