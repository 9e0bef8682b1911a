import type { KekRef } from '../kms/provider.js'
import { isOfFormat1 } from '../postgres/guard-shapes.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { failed, passed, type RetirementCheck } from './check.js'

export interface KekUse {
  /** Rows that may need it: with a wrap under it, under an unknown version of it, or with metadata that nobody can read. */
  readonly rows: number
  readonly evidence: readonly string[]
}

/** Every row of the database that may need this version of a KEK: exact, by one scan of each table. */
export async function usesOf(client: Queryable, tables: readonly ProtectedTable[], kek: KekRef): Promise<KekUse> {
  const evidence: string[] = []
  let rows = 0
  for (const table of tables) {
    const found = await useIn(client, table, kek)
    for (const [count, what] of found) {
      rows += count
      if (count > 0) evidence.push(`${qualifiedName(table)}: ${count} ${count === 1 ? 'row' : 'rows'} ${what}`)
    }
  }
  for (const name of await otherGuardedTables(client, tables)) {
    rows += 1
    evidence.push(`${name} has a guard and is not in this configuration: it was not counted`)
  }
  return { rows, evidence }
}

export function censusCheck(
  name: 'census' | 'census again',
  { rows, evidence }: KekUse,
  tables: number,
): RetirementCheck {
  if (rows > 0) return failed(name, ...evidence)
  return passed(name, `no row of ${tables} ${tables === 1 ? 'table' : 'tables'} needs it`)
}

async function useIn(client: Queryable, table: ProtectedTable, { provider, id, version }: KekRef) {
  const metadata = `stored.${quoteIdentifier(table.metadata)}`
  const has = (versions: string) => {
    const path = `$.wraps[*].kek ? (@.provider == $provider && @.id == $id && @.version == ${versions})`
    return `jsonb_path_exists(${metadata}, '${path}', $1::jsonb, true)`
  }
  const { rows } = await client.query(
    `SELECT count(*) FILTER (WHERE ${has('$version')}) AS named, count(*) FILTER (WHERE ${has('""')}) AS unknown,
      count(*) FILTER (WHERE ${metadata} <> '{}' AND (${isOfFormat1(metadata)}) IS NOT TRUE) AS undecodable
    FROM ${qualifiedName(table)} AS stored`,
    [JSON.stringify({ provider, id, version })],
  )
  return [
    [Number(rows[0]?.named), 'with a wrap under it'],
    [Number(rows[0]?.unknown), 'with a wrap under an unknown version of the KEK'],
    [Number(rows[0]?.undecodable), 'with metadata that is not of format 1, which may need it'],
  ] as const
}

/** Tables that somebody protects, by the trigger that every guard has. */
async function otherGuardedTables(client: Queryable, tables: readonly ProtectedTable[]): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT format('%I.%I', nspname, relname) AS name FROM pg_catalog.pg_trigger
      JOIN pg_catalog.pg_class ON pg_class.oid = tgrelid JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
      WHERE tgname = 'waxseal_wx005_insert'
        AND (nspname, relname) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))
      ORDER BY 1`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  )
  return rows.map(({ name }) => String(name))
}
