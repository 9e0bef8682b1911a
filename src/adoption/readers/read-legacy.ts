import { isUtf8 } from 'node:buffer'
import { decodeValue, type FieldSpec } from '../../envelope/field-value.js'
import { LegacyValueError } from '../../errors.js'
import type { DatedReader, LegacyRow, LegacyValue } from '../../postgres/field-adoption.js'
import { keepsNumbers } from './json-numbers.js'

export interface LegacyPlaintext {
  readonly value: unknown
  /** The name of the reader that read it. */
  readonly reader: string
}

/**
 * The plaintext of one field as it lay before the adoption. The readers are asked in their order. `LegacyValueError` when
 * none recognizes the value, when one does and it does not open, and after the end of the one that opens it; a value that
 * looks encrypted and does not open is never handed on to a reader that cannot tell, such as `plaintext`.
 */
export function readLegacy(
  field: FieldSpec,
  readers: readonly DatedReader[],
  stored: LegacyValue,
  row: LegacyRow,
  now: number,
): LegacyPlaintext {
  const refused = (problem: string) => new LegacyValueError(`field "${field.id}": ${problem}`)
  const recognized: string[] = []
  for (const { reader, until } of readers) {
    if (recognized.length > 0 && !reader.authenticates) break
    if (!reader.recognizes(stored, row)) continue
    recognized.push(reader.name)
    const bytes = reader.read(stored, row)
    if (!bytes) continue
    if (now >= until.getTime()) {
      bytes.fill(0)
      throw refused(
        `the reader "${reader.name}" was to be used until ${until.toISOString()}; encrypt the row with "waxseal adopt run", or extend it`,
      )
    }
    return { value: plaintextOf(field, bytes, refused), reader: reader.name }
  }
  const names = (list: readonly string[]) => list.map((name) => `"${name}"`).join(', ')
  throw recognized.length > 0
    ? refused(
        `the value looks like ${names(recognized)} and does not open: it was altered, or it was written under another key`,
      )
    : refused(`the value is of none of the column's readers (${names(readers.map(({ reader }) => reader.name))})`)
}

function plaintextOf(field: FieldSpec, bytes: Buffer, refused: (problem: string) => LegacyValueError): unknown {
  const expected = field.kind === 'json' ? 'JSON whose numbers a program can hold' : 'text in UTF-8'
  if (field.kind !== 'bytes' && !isUtf8(bytes)) {
    bytes.fill(0)
    throw refused(`expected the plaintext to be ${expected}, found other bytes`)
  }
  if (field.kind === 'json' && !keepsNumbers(bytes.toString('utf8')))
    throw refused(`expected the plaintext to be ${expected}`)
  try {
    return decodeValue(field, bytes)
  } catch {
    throw refused(`expected the plaintext to be ${expected}`)
  }
}
