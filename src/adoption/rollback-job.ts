import { sameValue } from '../envelope/field-value.js'
import { metadataFromJson } from '../envelope/metadata-codec.js'
import { LegacyValueError } from '../errors.js'
import type { Batch, Job } from '../jobs/index.js'
import { PLAINTEXT } from '../postgres/field-adoption.js'
import type { StoredRow } from '../postgres/stored-row.js'
import type { AdoptedField, AdoptedTable } from './adopted-table.js'
import { eachRow } from './each-row.js'
import { type RowState, readStates } from './legacy-rows.js'
import { type OpeningCipher, openRow } from './open-row.js'
import { sourceOf } from './plaintexts.js'
import { type ColumnTypes, type PreparedChanges, type RowChange, storeChanges } from './row-change.js'
import type { RunSettings } from './run-settings.js'

export interface RollbackSettings extends RunSettings {
  readonly cipher: OpeningCipher
  /** Of the sources that are no text. */
  readonly types: ColumnTypes
}

/**
 * Takes the envelope of each row away and leaves its values in their sources: a declared exception, it stores plaintext. A
 * source that still holds the value stays as it is, byte by byte.
 */
export function rollbackJob(table: AdoptedTable, settings: RollbackSettings): Job<PreparedChanges> {
  return {
    kind: 'rollback',
    table,
    options: {},
    async sets(sets) {
      return sets.filter(({ sample }) => metadataFromJson(JSON.parse(sample.metadata)).state === 'wrapped')
    },
    prepare: (rows, batch) => prepare(table, settings, rows, batch),
    store: (client, prepared) => storeChanges(client, table, prepared, { counted: 'decrypted', types: settings.types }),
  }
}

async function prepare(
  table: AdoptedTable,
  settings: RollbackSettings,
  rows: readonly StoredRow[],
  { client, signal }: Batch,
): Promise<PreparedChanges> {
  const states = [...(await readStates(client, table, rows, 'unlocked')).values()]
  const { results, failures } = await eachRow(states, settings, signal, async (row, now): Promise<RowChange[]> => {
    const metadata = metadataFromJson(JSON.parse(row.metadata))
    if (metadata.state !== 'wrapped') return []
    const plaintexts = await openRow(table, row, metadata, settings.cipher, { signal })
    const values: Record<string, string | null> = {}
    for (const field of table.fields) values[field.column] = null
    for (const field of table.adopted) {
      values[field.adoption.source] = restored(field, plaintexts.get(field.column), row, now)
    }
    for (const { id, column, adoption } of table.fields) {
      if (adoption || plaintexts.get(column) === null) continue
      throw new LegacyValueError(`field "${id}": it has no source to which its value could go back`)
    }
    return [{ row, metadata: '{}', values }]
  })
  return { changes: results.flat(), counts: {}, failures }
}

/** The text for the source: what stands there where it is the value, else the value as plaintext. */
function restored(field: AdoptedField, plaintext: unknown, row: RowState, now: number): string | null {
  const { placement, source, readers } = field.adoption
  if (placement === 'side') {
    const stored = row.values[source] ?? null
    if (stored !== null && plaintext !== null && isStill(field, plaintext, row, now)) return stored
  }
  if (plaintext === null) return null
  if (!readers.some(({ reader }) => reader.name === PLAINTEXT)) {
    throw new LegacyValueError(
      `field "${field.id}": its value would go back in plaintext, which none of its readers reads; name the reader "${PLAINTEXT}" too`,
    )
  }
  return field.kind === 'json' ? JSON.stringify(plaintext) : (plaintext as string)
}

function isStill(field: AdoptedField, plaintext: unknown, row: RowState, now: number): boolean {
  try {
    return sameValue(field.kind, sourceOf(field, row, now).value, plaintext)
  } catch {
    // What no reader reads any more is not the value.
    return false
  }
}
