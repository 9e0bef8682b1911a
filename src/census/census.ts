import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { censusOf, type TableCensus } from './table-census.js'

/** How many rows are under which KEKs, and what is no ciphertext: one scan of each table. */
export async function census(client: Queryable, tables: readonly ProtectedTable[]): Promise<TableCensus[]> {
  const found: TableCensus[] = []
  for (const table of tables) found.push(await censusOf(client, table))
  return found
}
