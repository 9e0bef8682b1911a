import type { EnvelopeBinding } from '../envelope/binding.js'
import { formatText, parseText } from '../envelope/encrypted-field.js'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { sameValue } from '../envelope/field-value.js'
import { metadataFromJson, metadataToJson } from '../envelope/metadata-codec.js'
import { DecryptionError, isWaxsealError, LegacyValueError } from '../errors.js'
import type { CallOptions } from '../kms/provider.js'
import { bindingOf } from '../postgres/protected-table.js'
import type { AdoptedTable } from './adopted-table.js'
import type { RowState } from './legacy-rows.js'
import { plaintextsOf } from './plaintexts.js'
import type { RowChange } from './row-change.js'

export type AdoptingCipher = Pick<EnvelopeCipher, 'mint' | 'open' | 'forget'>

/**
 * The envelope of a row that has none, with all its fields. Each ciphertext is opened again and compared. Where it is to
 * overwrite its plaintext, the data key is unwrapped for that by the KMS: what does not come back now would be lost.
 */
export async function encryptRow(
  table: AdoptedTable,
  row: RowState,
  cipher: AdoptingCipher,
  now: number,
  options: CallOptions,
): Promise<RowChange> {
  const binding = boundTo(table, row)
  const plaintexts = plaintextsOf(table, row, now)
  const minted = await cipher.mint(binding, options)
  const metadata = JSON.stringify(metadataToJson(minted.metadata))
  const values: Record<string, string | null> = {}
  for (const { field, value } of plaintexts) {
    values[field.column] = value === null ? null : formatText(minted.encryptField(field, value))
  }
  let opened = minted
  if (table.adopted.some(({ adoption }) => adoption.placement === 'inPlace')) {
    cipher.forget(minted.metadata.id)
    opened = await cipher.open(metadataFromJson(JSON.parse(metadata)), binding, options)
  }
  for (const { field, value } of plaintexts) {
    const stored = values[field.column]
    if (stored === null || stored === undefined) continue
    if (!sameValue(field.kind, opened.decryptField(field, parseText(stored)), value)) throw new DecryptionError()
  }
  return { row, metadata, values }
}

/** A column that cannot be bound to is a matter of this row, as no other mistake of a configuration is. */
function boundTo(table: AdoptedTable, row: RowState): EnvelopeBinding {
  try {
    return bindingOf(table, row.bound)
  } catch (error) {
    if (!isWaxsealError(error)) throw error
    throw new LegacyValueError(error.message)
  }
}
