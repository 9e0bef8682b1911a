import { ConfigurationError, isWaxsealError } from '../errors.js'
import { fieldDigests } from '../postgres/field-digests.js'
import { inSavepoint } from '../postgres/in-savepoint.js'
import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { type StoredByHalves, storeByHalves } from '../postgres/store-by-halves.js'
import { swapTogether } from '../postgres/swap-metadata.js'
import type { NewWraps } from './prepare-wraps.js'

/** Each that is `stored` was compared: its field columns are what they were. */
export type StoredWraps = StoredByHalves<NewWraps>

/**
 * Replaces the wraps of each row that still holds what was read, and shows that nothing else of a row has changed: its fields
 * are digested before the statement and after everything that it set off. Where they differ, it is done once more with the rows
 * locked, since somebody else may have written one in between; then it rejects, and the caller's transaction has to be rolled
 * back. What the database refuses is halved until it stands alone.
 */
export function storeWraps(client: Queryable, table: ProtectedTable, wraps: readonly NewWraps[]): Promise<StoredWraps> {
  return storeByHalves(
    wraps,
    ({ row }) => row,
    (some) => storeTogether(client, table, some),
  )
}

async function storeTogether(
  client: Queryable,
  table: ProtectedTable,
  wraps: readonly NewWraps[],
): Promise<readonly NewWraps[]> {
  try {
    return await inSavepoint(client, () => storeAndCompare(client, table, wraps, false))
  } catch (error) {
    if (!isWaxsealError(error)) throw error
    // Not locked at first: to lock a row and to update it are two writes.
    return inSavepoint(client, () => storeAndCompare(client, table, wraps, true))
  }
}

async function storeAndCompare(
  client: Queryable,
  table: ProtectedTable,
  wraps: readonly NewWraps[],
  lock: boolean,
): Promise<readonly NewWraps[]> {
  const rows = wraps.map(({ row }) => row)
  const before = await fieldDigests(client, table, rows, lock)
  const swapped = new Set(await swapTogether(client, table, wraps))
  // Those of triggers that wait for the commit, too.
  await client.query('SET CONSTRAINTS ALL IMMEDIATE')
  const after = await fieldDigests(client, table, [...swapped])
  for (const row of swapped) assertSame(table, before.get(row), after.get(row))
  return wraps.filter(({ row }) => swapped.has(row))
}

function assertSame(table: ProtectedTable, before: string | undefined, after: string | undefined): void {
  const [were, are] = [before?.split(' '), after?.split(' ')]
  const changed = table.fields.filter((_, index) => !were || !are || were[index] !== are[index])
  if (changed.length === 0) return
  const columns = changed.map(({ column }) => `"${column}"`).join(', ')
  throw new ConfigurationError(
    `table ${qualifiedName(table)}: expected that a rotation moves keys only, found that ${columns} changed with the ` +
      'metadata, and rolled the batch back; "waxseal rotate --dry-run" lists the triggers that may have done it',
  )
}
