import { ConfigurationError } from '../errors.js'
import { oidOf } from './guard-index.js'
import { type ProtectedTable, qualifiedName } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { SET_INDEX } from './set-index.js'

/** Rejects where a job would have to read the whole table for each of its batches. */
export async function assertSetIndex(client: Queryable, table: ProtectedTable): Promise<void> {
  const { rows } = await client.query(SET_INDEX.found(table, oidOf(table)))
  if (rows.length > 0) return
  throw new ConfigurationError(
    `table ${qualifiedName(table)}: expected an index on the KEKs and the primary key, found none that is valid; ` +
      'run "waxseal guard install --concurrently"',
  )
}
