import test from 'ava'
import { hex, toHex } from '../../src/base/octets.ts'
import { cmac } from '../../src/crypto/cmac.ts'
import { x963Kdf } from '../../src/crypto/bsp.ts'

const key = hex('2b7e151628aed2a6abf7158809cf4f3c')
const message =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710'

// RFC 4493 §4, Examples 1 to 4.
const examples = [
  [0, 'bb1d6929e95937287fa37d129b756746'],
  [16, '070a16b46b4d4144f79bdd9dd04a287c'],
  [40, 'dfa66747de9ae63030ca32611497c827'],
  [64, '51f0bebf7e3b9d92fc49741779363cfe'],
] as const

for (const [length, expected] of examples) {
  test(`RFC 4493 §4, message of ${length} octets`, (t) => {
    t.is(toHex(cmac(key, hex(message).subarray(0, length))), expected.toUpperCase())
  })
}

// NIST CAVP, ANSI X9.63 KDF vectors (ansx963_2001.rsp), SHA-256, [shared info 128 bits, key data 1024 bits], COUNT = 0.
test('X9.63 KDF, NIST CAVP SHA-256 with shared info', (t) => {
  const keyData = x963Kdf({
    sharedSecret: hex('22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d'),
    sharedInfo: hex('75eef81aa3041e33b80971203d2c0c52'),
    lengthOctets: 128,
  })
  t.is(
    toHex(keyData),
    'c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21'.toUpperCase(),
  )
})
