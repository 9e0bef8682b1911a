import { ENVELOPE_INDEX } from './envelope-index.js'
import type { ProtectedTable } from './protected-table.js'
import type { Queryable } from './queryable.js'
import { SET_INDEX } from './set-index.js'

export interface CatalogColumn {
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  readonly default: string | null
}

export interface CatalogTrigger {
  readonly name: string
  readonly always: boolean
  /** Kind and events, as `pg_trigger.tgtype` says them. */
  readonly type: number
  /** Fires for some columns only, or has no condition. */
  readonly narrowed: boolean
  readonly args: readonly string[]
  readonly body: string
}

/** What stands in the database about a table, as far as the guard is concerned. */
export interface CatalogTable {
  readonly ordinary: boolean
  readonly columns: ReadonlyMap<string, CatalogColumn>
  readonly triggers: ReadonlyMap<string, CatalogTrigger>
  readonly hasEnvelopeIndex: boolean
  readonly hasSetIndex: boolean
}

/** Undefined when there is no such table. */
export async function readCatalog(client: Queryable, table: ProtectedTable): Promise<CatalogTable | undefined> {
  const { rows } = await client.query(catalogQuery(table), [table.schema, table.table])
  const [found] = rows as unknown as CatalogRow[]
  if (!found) return undefined
  const columns: CatalogColumn[] = JSON.parse(found.columns)
  const triggers: StoredTrigger[] = JSON.parse(found.triggers)
  return {
    ordinary: found.ordinary,
    columns: new Map(columns.map((column) => [column.name, column])),
    triggers: new Map(triggers.map((trigger) => [trigger.name, { ...trigger, args: argumentsOf(trigger.args) }])),
    hasEnvelopeIndex: found.hasEnvelopeIndex,
    hasSetIndex: found.hasSetIndex,
  }
}

interface CatalogRow extends Pick<CatalogTable, 'ordinary' | 'hasEnvelopeIndex' | 'hasSetIndex'> {
  readonly columns: string
  readonly triggers: string
}
type StoredTrigger = Omit<CatalogTrigger, 'args'> & { readonly args: string }

/** Each ends with a zero byte. */
function argumentsOf(hex: string): string[] {
  return Buffer.from(hex, 'hex').toString('utf8').split('\0').slice(0, -1)
}

/** True of an ordinary table that is not partitioned, no partition and without children. Over an alias `c` of `pg_class`. */
export const IS_ORDINARY = `(c.relkind = 'r' AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhparent = c.oid))`

/** One round trip: an application asks at its start, and before its first write to a table. */
function catalogQuery(table: ProtectedTable): string {
  // As text, since a program may have its own way of reading JSON.
  const listOf = (query: string) => `(SELECT coalesce(pg_catalog.json_agg(each), '[]')::text FROM (${query}) each)`
  return `SELECT ${IS_ORDINARY} AS ordinary, ${listOf(COLUMNS)} AS columns, ${listOf(TRIGGERS)} AS triggers,
    EXISTS (${ENVELOPE_INDEX.found(table, 'c.oid')}) AS "hasEnvelopeIndex",
    EXISTS (${SET_INDEX.found(table, 'c.oid')}) AS "hasSetIndex"
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2`
}

// Without the quotes that Postgres puts around every name with quote_all_identifiers.
const COLUMNS = `SELECT attname AS name, replace(pg_catalog.format_type(atttypid, atttypmod), '"', '') AS type,
    attnotnull AS "notNull", replace(pg_catalog.pg_get_expr(adbin, adrelid), '"', '') AS "default"
  FROM pg_catalog.pg_attribute LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped`

const TRIGGERS = `SELECT tgname AS name, tgenabled = 'A' AS always, tgtype::int AS type,
    tgattr::text <> '' OR tgqual IS NULL AS narrowed, encode(tgargs, 'hex') AS args, prosrc AS body
  FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_proc ON pg_proc.oid = tgfoid
  WHERE tgrelid = c.oid AND NOT tgisinternal`
