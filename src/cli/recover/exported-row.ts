import type { EnvelopeBinding } from '../../envelope/binding.js'
import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import type { FieldKind } from '../../envelope/field-value.js'
import { FIELD_KINDS } from '../../envelope/field-value.js'
import { metadataFromJson } from '../../envelope/metadata-codec.js'
import { InvalidEnvelopeError } from '../../errors.js'
import { readField } from '../inspect/read-input.js'

/** One line of an export. */
interface ExportedRow extends EnvelopeBinding {
  readonly metadata: unknown
  readonly fields: readonly { readonly id: string; readonly kind?: FieldKind; readonly value: string | null }[]
}

export interface RecoveredRow extends EnvelopeBinding {
  /** By the id of the field; bytes in base64. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Opens all fields of a row or none. No error repeats what is on the line. */
export async function recoverRow(line: string, cipher: EnvelopeCipher): Promise<RecoveredRow> {
  const { entity, row, context, metadata, fields } = parse(line)
  const binding = { entity, ...(row !== undefined && { row }), context }
  if (fields.every(({ value }) => value === null)) return { ...binding, fields: nulls(fields) }
  const envelope = await cipher.open(metadataFromJson(metadata), binding)
  const opened = fields.map(({ id, kind = 'text', value }) => {
    const plaintext = value === null ? null : envelope.decryptField({ id, kind }, readField(value))
    return [id, plaintext instanceof Uint8Array ? Buffer.from(plaintext).toString('base64') : plaintext]
  })
  return { ...binding, fields: Object.fromEntries(opened) }
}

function nulls(fields: ExportedRow['fields']): Record<string, null> {
  return Object.fromEntries(fields.map(({ id }) => [id, null]))
}

/** Which row a line is of, for messages: ids only. */
export function nameOf(line: string): string {
  try {
    const { entity, row } = parse(line)
    return row === undefined ? entity : `${entity}, row ${row}`
  } catch {
    return 'not a row'
  }
}

function parse(line: string): ExportedRow {
  const row = json(line)
  if (isExportedRow(row)) return row
  throw new InvalidEnvelopeError(
    'expected { entity, row, context, metadata, fields: [{ id, kind, value }] } on a line, found something else',
  )
}

function isExportedRow(value: unknown): value is ExportedRow {
  const { entity, row, context, fields } = Object(value) as Partial<ExportedRow>
  return (
    typeof entity === 'string' &&
    (row === undefined || typeof row === 'string') &&
    Object.values(Object(context)).every((each) => typeof each === 'string') &&
    typeof context === 'object' &&
    Array.isArray(fields) &&
    fields.every(isField)
  )
}

function isField(field: unknown): boolean {
  const { id, kind = 'text', value } = Object(field) as Partial<ExportedRow['fields'][number]>
  return typeof id === 'string' && FIELD_KINDS.includes(kind) && (value === null || typeof value === 'string')
}

function json(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return undefined
  }
}
