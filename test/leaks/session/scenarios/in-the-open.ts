import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { scenarios } from '../scenario.js'

/** What nobody protects, in each of the forms in which keys get printed: positive controls. */
export const inTheOpen = scenarios({
  async 'keys as people hold them'({ canaries }, plaintext) {
    const key = randomBytes(32)
    // In each piece bytes that the two alphabets of base64 write differently.
    for (let at = 0; at < key.length; at += 8) key.fill(0xff, at + 2, at + 6)
    canaries.bytes('a key in the open', key)
    const text = { hex: key.toString('hex'), base64: key.toString('base64'), base64url: key.toString('base64url') }
    return { plaintext, key, copy: new Uint8Array(key), ...text, inspected: inspect(key) }
  },
  'an error that repeats its input': async (_world, plaintext) => JSON.parse(plaintext),
})
