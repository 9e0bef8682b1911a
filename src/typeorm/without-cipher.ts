import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { ConfigurationError } from '../errors.js'

const refuse = () => {
  throw new ConfigurationError(
    'the mode off encrypts and decrypts nothing, and the row has an envelope; start in the mode enforce, or use another database',
  )
}

/** In the place of a cipher where there is none. */
export const cipherOfModeOff = {
  mint: async () => refuse(),
  open: async () => refuse(),
  openCached: refuse,
  close: async () => undefined,
} as unknown as EnvelopeCipher
