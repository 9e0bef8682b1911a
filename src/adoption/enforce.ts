import { ConfigurationError } from '../errors.js'
import { systemClock } from '../kms/clock.js'
import { assertSchema } from '../lifecycle/index.js'
import { readCatalog } from '../postgres/guard-catalog.js'
import { guardSql } from '../postgres/guard-sql.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { type AdoptedTable, adoptedTable } from './adopted-table.js'
import { type AdoptionState, readAdoption, recordEnforced } from './adoption-state.js'
import { type AdoptionFenceOptions, assertFence, objectionsOf } from './fence.js'
import { refuseOtherNames } from './guard-stage.js'
import { withLockAttempts } from './lock-attempts.js'
import { countPlaintext, MOST_COUNTED } from './plaintext-left.js'
import { type AdoptionStep, objected } from './step.js'

/**
 * Puts the full guard in the place of that of the adoption, and lets the sources be null. Refuses while one row has
 * plaintext and no envelope, asked once more while nobody can write one, and while a process is at work that would.
 */
export async function enforceAdoption(
  client: Queryable,
  declared: ProtectedTable,
  fence: AdoptionFenceOptions = {},
): Promise<AdoptionStep> {
  assertFence('enforceAdoption', fence)
  const table = adoptedTable(declared)
  await preparedAdoption(client, table)
  await refuseOtherNames(client, table)
  const objections = await objectionsOf(client, table, ['adopt-write', 'enforce'], fence)
  if (objections.length > 0) return objected(objections)
  return withLockAttempts(client, systemClock, async () => {
    // From here on nobody writes until the end of the transaction.
    await client.query(`LOCK TABLE ${qualifiedName(table)} IN SHARE ROW EXCLUSIVE MODE`)
    const left = await countPlaintext(client, table)
    if (left > 0) {
      const rows = left < MOST_COUNTED ? `${left} rows have` : `at least ${left} rows have`
      return objected([`${rows} plaintext and no envelope: waxseal adopt run, and look at its failures`])
    }
    for (const statement of guardSql(table, 'enforce').install) await client.query(statement)
    const notNull = await dropNotNull(client, table)
    await recordEnforced(client, table, notNull)
    return {
      done: ['the full guard is in place', ...notNull.map((column) => `the source "${column}" may be null`)],
      objections: [],
    }
  })
}

/** The adoption as it was prepared; `ConfigurationError` where it was not, or is over. */
export async function preparedAdoption(client: Queryable, table: ProtectedTable): Promise<AdoptionState> {
  await assertSchema(client)
  const state = await readAdoption(client, table)
  if (state && state.cleanedAt === null) return state
  throw new ConfigurationError(
    `table ${qualifiedName(table)}: expected one whose adoption was prepared and not cleaned, found ${state ? 'one that was cleaned' : 'another'}; see waxseal adopt plan`,
  )
}

async function dropNotNull(client: Queryable, table: AdoptedTable): Promise<string[]> {
  const catalog = await readCatalog(client, table)
  const sources = table.adopted
    .filter(({ adoption }) => adoption.placement === 'side')
    .map(({ adoption }) => adoption.source)
  const notNull = sources.filter((source) => catalog?.columns.get(source)?.notNull)
  if (notNull.length > 0) {
    const changes = notNull.map((source) => `ALTER COLUMN ${quoteIdentifier(source)} DROP NOT NULL`)
    await client.query(`ALTER TABLE ${qualifiedName(table)} ${changes.join(', ')}`)
  }
  return notNull
}
