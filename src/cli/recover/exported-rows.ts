import { type FileHandle, open } from 'node:fs/promises'
import { FIELD_KINDS } from '../../envelope/field-value.js'
import { ConfigurationError, InvalidEnvelopeError } from '../../errors.js'
import { openFields, type SourceRow, type StoredFields } from './recovered-row.js'

/** The rows of an export: one in JSON on each line. */
export async function openExport(file: string): Promise<AsyncIterable<SourceRow>> {
  const handle = await open(file, 'r').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${file}: it cannot be read (${code})`)
  })
  return rowsOf(handle)
}

async function* rowsOf(handle: FileHandle): AsyncGenerator<SourceRow> {
  let number = 0
  // Read from here on only: lines that are read before somebody takes them are lost.
  for await (const line of handle.readLines()) {
    number += 1
    if (line.trim() === '') continue
    const where = `line ${number} (${nameOf(line)})`
    yield { where, recover: async (cipher) => openFields(parse(line), cipher) }
  }
}

function nameOf(line: string): string {
  try {
    const { entity, row } = parse(line)
    return row === undefined ? entity : `${entity}, row ${row}`
  } catch {
    return 'not a row'
  }
}

function parse(line: string): StoredFields {
  const row = json(line)
  if (isStoredFields(row)) return row
  throw new InvalidEnvelopeError(
    'expected { entity, row, context, metadata, fields: [{ id, kind, value }] } on a line, found something else',
  )
}

function isStoredFields(value: unknown): value is StoredFields {
  const { entity, row, context, fields } = Object(value) as Partial<StoredFields>
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
  const { id, kind = 'text', value } = Object(field) as Partial<StoredFields['fields'][number]>
  return typeof id === 'string' && FIELD_KINDS.includes(kind) && (value === null || typeof value === 'string')
}

function json(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return undefined
  }
}
