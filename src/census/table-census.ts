import { MAX_WRAPS } from '../envelope/format.js'
import { describeKek, type KekRef } from '../kms/provider.js'
import { isOfFormat1 } from '../postgres/guard-shapes.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { type FieldCounts, fieldConditions } from './field-counts.js'

/** The rows that have a wrap under one version of a KEK, whether of the provider or of a recipient. */
export interface KekCount {
  readonly kek: KekRef
  readonly rows: number
  /** When the oldest of these wraps was made. */
  readonly oldestWrap: string
}

/** What lies in one table. Counts and KEK refs; no value of a row. */
export interface TableCensus {
  readonly entity: string
  /** As it is written in SQL. */
  readonly table: string
  readonly rows: number
  readonly wrapped: number
  readonly shredded: number
  /** Without an envelope. */
  readonly empty: number
  /** With metadata that is not of format 1. What it names is not looked at. */
  readonly undecodable: number
  /** By KEK, most rows first. A row counts for each of its wraps. */
  readonly keks: readonly KekCount[]
  readonly fields: readonly { readonly column: string; readonly counts: FieldCounts }[]
}

/** Exact, by one scan that is grouped in the database: no row leaves it. */
export async function censusOf(client: Queryable, table: ProtectedTable): Promise<TableCensus> {
  const { rows: groups } = await client.query(censusSql(table))
  const sum = (name: string, of = groups) => of.reduce((total, group) => total + Number(group[name]), 0)
  const inState = (state: string) =>
    sum(
      'rows',
      groups.filter((group) => (typeof group.state === 'string' ? group.state : 'wrapped') === state),
    )
  return {
    entity: table.entity,
    table: qualifiedName(table),
    rows: sum('rows'),
    wrapped: inState('wrapped'),
    shredded: inState('shredded'),
    empty: inState('empty'),
    undecodable: inState('undecodable'),
    keks: kekCounts(groups),
    fields: table.fields.map(({ column }, index) => {
      const of = (name: keyof FieldCounts) => sum(`${name}${index}`)
      const counts = { plaintext: of('plaintext'), legacy: of('legacy') }
      return { column, counts: { ...counts, undecodable: of('undecodable'), foreign: of('foreign') } }
    }),
  }
}

function kekCounts(groups: readonly Readonly<Record<string, unknown>>[]): KekCount[] {
  const counts = new Map<string, { kek: KekRef; rows: number; oldestWrap: string }>()
  for (const group of groups) {
    if (!Array.isArray(group.state)) continue
    const seen = new Set<string>()
    for (const [index, { provider, id, version }] of (group.state as KekRef[]).entries()) {
      const name = describeKek({ provider, id, version })
      const oldestWrap = String(group[`oldest${index}`])
      const found = counts.get(name) ?? { kek: { provider, id, version }, rows: 0, oldestWrap }
      // Two wraps under one KEK are one row.
      if (!seen.has(name)) found.rows += Number(group.rows)
      seen.add(name)
      if (oldestWrap < found.oldestWrap) found.oldestWrap = oldestWrap
      counts.set(name, found)
    }
  }
  return [...counts.values()].sort((a, b) => b.rows - a.rows)
}

/** Grouped by the state of the metadata, which for rows with an envelope is the list of its KEK refs. */
function censusSql(table: ProtectedTable): string {
  const metadata = `stored.${quoteIdentifier(table.metadata)}`
  const state = `CASE
      WHEN ${metadata} = '{}' THEN '"empty"'::jsonb
      WHEN (${isOfFormat1(metadata)}) IS NOT TRUE THEN '"undecodable"'
      WHEN ${metadata} -> 'shredded' IS NOT NULL THEN '"shredded"'
      ELSE jsonb_path_query_array(${metadata}, '$.wraps[*].kek')
    END`
  const columns = [
    `${state} AS state`,
    'count(*) AS rows',
    ...Array.from({ length: MAX_WRAPS }, (_, index) => {
      return `min((${metadata} #>> '{wraps,${index},wrappedAt}') COLLATE "C") AS oldest${index}`
    }),
    ...table.fields.flatMap((field, index) => {
      const conditions = Object.entries(fieldConditions(field, metadata))
      return conditions.map(([name, where]) => `count(*) FILTER (WHERE ${where}) AS ${name}${index}`)
    }),
  ]
  return `SELECT ${columns.join(',\n  ')}\nFROM ${qualifiedName(table)} AS stored GROUP BY 1`
}
