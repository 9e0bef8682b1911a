import { isUtf8 } from 'node:buffer'
import { parseBytes, parseText, TEXT_PREFIX } from '../../envelope/encrypted-field.js'
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
  // An error for each value of a table takes longer than all else that is looked at here.
  if (typeof stored === 'string' && !stored.startsWith(TEXT_PREFIX)) return false
  try {
    if (typeof stored === 'string') parseText(stored)
    else if (isUtf8(stored)) return isCiphertext(stored.toString('utf8'))
    else parseBytes(stored)
    return true
  } catch {
    return false
  }
}
