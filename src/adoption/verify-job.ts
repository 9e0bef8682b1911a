import { sameValue } from '../envelope/field-value.js'
import { metadataFromJson } from '../envelope/metadata-codec.js'
import { LegacyValueError } from '../errors.js'
import type { Batch, Job, Outcome } from '../jobs/index.js'
import type { StoredRow } from '../postgres/stored-row.js'
import type { AdoptedTable } from './adopted-table.js'
import { eachRow } from './each-row.js'
import { type RowState, readStates } from './legacy-rows.js'
import { type OpeningCipher, openRow } from './open-row.js'
import { isEmptyRow, sourceOf } from './plaintexts.js'
import type { RunSettings } from './run-settings.js'

export interface VerifySettings extends RunSettings {
  readonly cipher: OpeningCipher
  /** After `enforce` a source that is null was emptied by a write; before that it is one that nobody would get back. */
  readonly enforced: boolean
}

/** Opens every row, and compares each field with what stands in its source. Stores nothing. */
export function verifyJob(table: AdoptedTable, settings: VerifySettings): Job<Outcome> {
  return {
    kind: 'verify',
    table,
    options: { enforced: settings.enforced },
    sets: async (sets) => sets,
    prepare: (rows, batch) => verify(table, settings, rows, batch),
    store: async (_client, outcome) => outcome,
  }
}

async function verify(
  table: AdoptedTable,
  settings: VerifySettings,
  rows: readonly StoredRow[],
  { client, signal }: Batch,
): Promise<Outcome> {
  const states = [...(await readStates(client, table, rows, 'unlocked')).values()]
  const { results, failures } = await eachRow(states, settings, signal, async (row, now) => {
    const metadata = metadataFromJson(JSON.parse(row.metadata))
    if (metadata.state === 'shredded') return 'shredded'
    if (metadata.state === 'empty') return isEmptyRow(table, row) ? 'empty' : 'plaintext'
    const plaintexts = await openRow(table, row, metadata, settings.cipher, { signal })
    for (const field of table.adopted) compare(field, plaintexts.get(field.column), row, settings.enforced, now)
    return 'verified'
  })
  const counts: Record<string, number> = {}
  for (const name of results) counts[name] = (counts[name] ?? 0) + 1
  return { counts, moved: 0, lost: 0, failures }
}

function compare(
  field: AdoptedTable['adopted'][number],
  plaintext: unknown,
  row: RowState,
  enforced: boolean,
  now: number,
): void {
  if (field.adoption.placement === 'inPlace') return
  const source = sourceOf(field, row, now).value
  if (source === null && (enforced || plaintext === null)) return
  if (source !== null && plaintext !== null && sameValue(field.kind, plaintext, source)) return
  throw new LegacyValueError(`field "${field.id}": its source "${field.adoption.source}" holds another value`)
}
