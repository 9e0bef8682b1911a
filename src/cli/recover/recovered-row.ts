import type { EnvelopeBinding } from '../../envelope/binding.js'
import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import type { FieldKind } from '../../envelope/field-value.js'
import { metadataFromJson } from '../../envelope/metadata-codec.js'
import { readField } from '../inspect/read-input.js'

/** A row as it is stored: `ws1:…` or `\x01…` for each field. */
export interface StoredFields extends EnvelopeBinding {
  readonly metadata: unknown
  readonly fields: readonly { readonly id: string; readonly kind?: FieldKind; readonly value: string | null }[]
}

export interface RecoveredRow extends EnvelopeBinding {
  /** By the id of the field; bytes in base64. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** One row of a source. */
export interface SourceRow {
  /** Where it is, for messages: ids only. */
  readonly where: string
  /** Opens all of its fields or none. No error repeats what is stored. */
  recover(cipher: EnvelopeCipher): Promise<object>
}

export async function openFields(
  { entity, row, context, metadata, fields }: StoredFields,
  cipher: EnvelopeCipher,
): Promise<RecoveredRow> {
  const binding = { entity, ...(row !== undefined && { row }), context }
  if (fields.every(({ value }) => value === null)) return { ...binding, fields: nulls(fields) }
  const envelope = await cipher.open(metadataFromJson(metadata), binding)
  const opened = fields.map(({ id, kind = 'text', value }) => {
    const plaintext = value === null ? null : envelope.decryptField({ id, kind }, readField(value))
    return [id, plaintext instanceof Uint8Array ? Buffer.from(plaintext).toString('base64') : plaintext]
  })
  return { ...binding, fields: Object.fromEntries(opened) }
}

function nulls(fields: StoredFields['fields']): Record<string, null> {
  return Object.fromEntries(fields.map(({ id }) => [id, null]))
}
