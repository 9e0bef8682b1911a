import { ConfigurationError } from '../errors.js'
import { systemClock } from '../kms/clock.js'
import { assertOptions, type OptionRules } from '../kms/options.js'
import { assertSchema } from '../lifecycle/index.js'
import { buildIndexesConcurrently, missingIndexesSql } from '../postgres/build-indexes.js'
import type { CatalogTable } from '../postgres/guard-catalog.js'
import { guardSql } from '../postgres/guard-sql.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { type AdoptedTable, adoptedTable } from './adopted-table.js'
import { readAdoption, recordPrepared } from './adoption-state.js'
import { checkSources } from './check-sources.js'
import { isGuardedFor, refuseOtherNames } from './guard-stage.js'
import { withLockAttempts } from './lock-attempts.js'

export interface Preparation {
  /** What was run, or would be, in this order. Empty where the table is prepared, or further than that. */
  readonly statements: readonly string[]
}

export interface PrepareAdoptionOptions {
  /** `true` changes nothing, and gives the statements that would be run. Default `false`. */
  readonly dryRun?: boolean
}

const OPTIONS: OptionRules<PrepareAdoptionOptions> = {
  dryRun: [(value) => typeof value === 'boolean', 'be true or false'],
}

/**
 * Adds what an adoption needs to a table: the metadata column (by a default that rewrites no row), the columns beside the
 * sources, the indexes, built while writers go on, and the adoption guard. No lock is waited for longer than two seconds.
 * Rejects with a `ConfigurationError` that lists everything in the way.
 */
export async function prepareAdoption(
  client: Queryable,
  declared: ProtectedTable,
  options: PrepareAdoptionOptions = {},
): Promise<Preparation> {
  assertOptions('prepareAdoption', options, OPTIONS)
  const { dryRun = false } = options
  const table = adoptedTable(declared)
  const { catalog, problems } = await checkSources(client, table)
  if (problems.length > 0) {
    throw new ConfigurationError(`table ${qualifiedName(table)}: ${problems.map((each) => `\n  ${each}`).join('')}`)
  }
  await refuseOtherNames(client, table)
  const columns = missingColumns(table, catalog)
  const indexes = await missingIndexesSql(client, table)
  if (dryRun) {
    const guard = (await isGuarded(client, table)) ? [] : guardSql(table, 'adoption').install
    return { statements: [...columns, ...indexes, ...guard] }
  }
  await assertSchema(client)
  for (const statement of columns) await withLockAttempts(client, systemClock, () => client.query(statement))
  await buildIndexesConcurrently(client, table)
  const guard = (await isGuarded(client, table)) ? [] : guardSql(table, 'adoption').install
  await withLockAttempts(client, systemClock, async () => {
    for (const statement of guard) await client.query(statement)
    await recordPrepared(client, table)
  })
  return { statements: [...columns, ...indexes, ...guard] }
}

/** In one statement: the table is locked once. A constant default is kept in the catalog, whatever the number of rows. */
function missingColumns(table: AdoptedTable, { columns }: CatalogTable): string[] {
  const added = [
    ...(columns.has(table.metadata) ? [] : [`${quoteIdentifier(table.metadata)} jsonb NOT NULL DEFAULT '{}'`]),
    ...table.adopted
      .filter(({ column }) => !columns.has(column))
      .map(({ column }) => `${quoteIdentifier(column)} text`),
  ]
  if (added.length === 0) return []
  return [
    `ALTER TABLE ${qualifiedName(table)} ${added.map((column) => `ADD COLUMN IF NOT EXISTS ${column}`).join(', ')}`,
  ]
}

/** For the adoption, or already beyond it. */
async function isGuarded(client: Queryable, table: AdoptedTable): Promise<boolean> {
  if (await isGuardedFor(client, table, 'adoption')) return true
  const { rows } = await client.query(`SELECT pg_catalog.to_regclass('waxseal.adoption') IS NOT NULL AS known`)
  const state = rows[0]?.known ? await readAdoption(client, table) : undefined
  return state?.enforcedAt != null && state.cleanedAt === null && (await isGuardedFor(client, table, 'enforce'))
}
