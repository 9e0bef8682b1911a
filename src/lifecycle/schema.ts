import { migrations } from '../../migrations/index.js'
import { ConfigurationError } from '../errors.js'
import { doBlock } from '../postgres/do-block.js'
import { quoteLiteral } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'

/**
 * The statements that install the schema `waxseal` or bring it up to date: the tables in which jobs, processes, receipts and
 * decisions are written down. Idempotent. Best run in one transaction.
 */
export function schemaSql(): readonly string[] {
  return [
    // One installation at a time: two at once would fail on the catalog's unique indexes.
    doBlock(`BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('waxseal schema')); END`),
    'CREATE SCHEMA IF NOT EXISTS waxseal',
    `CREATE TABLE IF NOT EXISTS waxseal.migration (
  name text PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
)`,
    ...migrations.flatMap(({ name, statements }) => [
      ...statements,
      `INSERT INTO waxseal.migration (name) VALUES (${quoteLiteral(name)}) ON CONFLICT DO NOTHING`,
    ]),
  ]
}

/**
 * Runs `schemaSql()`. Opens no transaction: the caller's client is in one. Rejects with a `ConfigurationError`, to be rolled
 * back, for a role of the schema's name.
 */
export async function installSchema(client: Queryable): Promise<void> {
  for (const statement of schemaSql()) await client.query(statement)
  const { rows } = await client.query(`SELECT 'waxseal' = ANY (pg_catalog.current_schemas(false)) AS found`)
  if (!rows[0]?.found) return
  // The default search path begins with "$user": for a role of this name every table of the application would be looked for
  // in this schema from now on.
  throw new ConfigurationError(
    'expected the schema "waxseal" outside of the search path, found it there, as it is for a role of that name; set the path ' +
      'first ("ALTER ROLE waxseal SET search_path = public"), or use another role',
  )
}

/** The names of the migrations that the database lacks; all of them where the schema is not installed. */
export async function missingMigrations(client: Queryable): Promise<readonly string[]> {
  const names = migrations.map(({ name }) => name)
  const [found] = (await client.query(`SELECT pg_catalog.to_regclass('waxseal.migration') IS NOT NULL AS installed`))
    .rows
  if (!found?.installed) return names
  const { rows } = await client.query('SELECT name FROM waxseal.migration')
  const applied = new Set(rows.map(({ name }) => name))
  return names.filter((name) => !applied.has(name))
}

/** Rejects with a `ConfigurationError` that says how to install what is missing. */
export async function assertSchema(client: Queryable): Promise<void> {
  const missing = await missingMigrations(client)
  if (missing.length === 0) return
  const found = missing.length === migrations.length ? 'none' : `it without ${missing.join(', ')}`
  throw new ConfigurationError(
    `expected the schema "waxseal" in the database, found ${found}; run "waxseal schema install", ` +
      'or call addLifecycleSchema in a migration',
  )
}
