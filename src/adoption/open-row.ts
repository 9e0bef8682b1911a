import { parseText } from '../envelope/encrypted-field.js'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { WrappedMetadata } from '../envelope/metadata.js'
import type { CallOptions } from '../kms/provider.js'
import { bindingOf, type FieldColumn } from '../postgres/protected-table.js'
import type { AdoptedTable } from './adopted-table.js'
import type { RowState } from './legacy-rows.js'

export type OpeningCipher = Pick<EnvelopeCipher, 'open'>

/** The plaintext of every field of a row with an envelope, by column; null where the field is. */
export async function openRow(
  table: AdoptedTable,
  row: RowState,
  metadata: WrappedMetadata,
  cipher: OpeningCipher,
  options: CallOptions,
): Promise<ReadonlyMap<string, unknown>> {
  const envelope = await cipher.open(metadata, bindingOf(table, row.bound), options)
  const plaintextOf = (field: FieldColumn) => {
    const stored = row.values[field.column] ?? null
    return stored === null ? null : envelope.decryptField(field, parseText(stored))
  }
  return new Map(table.fields.map((field) => [field.column, plaintextOf(field)]))
}
