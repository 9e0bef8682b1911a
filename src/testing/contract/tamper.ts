import type { KmsProviderCase } from '../kms-provider-contract.js'
import { assertRejects, uniqueContext } from './assertions.js'

const ALTERED: readonly (readonly [string, (bytes: Buffer) => Uint8Array])[] = [
  ['the first byte flipped', (bytes) => flip(bytes, 0)],
  ['the middle byte flipped', (bytes) => flip(bytes, bytes.length >> 1)],
  ['the last byte flipped', (bytes) => flip(bytes, bytes.length - 1)],
  ['the last byte cut off', (bytes) => bytes.subarray(0, -1)],
  ['the first byte cut off', (bytes) => bytes.subarray(1)],
  ['half of it cut off', (bytes) => bytes.subarray(0, bytes.length >> 1)],
  ['a byte added', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
  ['nothing left', () => Buffer.alloc(0)],
]

export const tamperCases: readonly KmsProviderCase[] = ALTERED.map(([what, alter]) => ({
  name: `does not unwrap a wrapped data key with ${what}`,
  async run({ provider }) {
    const context = uniqueContext()
    const { wrapped } = await provider.generateDataKey(context)
    const altered = { kek: wrapped.kek, bytes: alter(Buffer.from(wrapped.bytes)) }
    await assertRejects(provider.unwrap(altered, context), 'ERR_DECRYPTION_FAILED')
    await assertRejects(provider.rewrap(altered, context), 'ERR_DECRYPTION_FAILED')
  },
}))

function flip(bytes: Buffer, index: number): Buffer {
  bytes[index]! ^= 1
  return bytes
}
