import { isUtf8 } from 'node:buffer'
import { parseBytes, parseText } from '../../envelope/encrypted-field.js'
import { type LegacyReader, type LegacyValue, PLAINTEXT } from '../../postgres/field-adoption.js'

/** Values that nobody encrypted. A ciphertext of format 1 is none, whatever became of its metadata. */
export function plaintextReader(): LegacyReader {
  return {
    name: PLAINTEXT,
    columns: [],
    authenticates: false,
    recognizes: (stored) => !isCiphertext(stored),
    read: (stored) => Buffer.from(stored as string),
  }
}

function isCiphertext(stored: LegacyValue): boolean {
  try {
    if (typeof stored === 'string') parseText(stored)
    else if (isUtf8(stored)) return isCiphertext(stored.toString('utf8'))
    else parseBytes(stored)
    return true
  } catch {
    return false
  }
}
