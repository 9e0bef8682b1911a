import type { WrappedMetadata } from '../envelope/metadata.js'
import { wrappedAtOf } from '../envelope/metadata-codec.js'
import { ConfigurationError } from '../errors.js'
import { describeKek, type KekRef } from '../kms/provider.js'
import { spellBound } from '../postgres/bound-value.js'
import { type ProtectedTable, quoteIdentifier } from '../postgres/protected-table.js'
import type { StoredRow } from '../postgres/stored-row.js'

/** Which credentials get a new data key; all of them where nothing is said. What is said has to hold together. */
export interface RenewalFilter {
  /** Those with this value of a declared pair, such as a tenant's. */
  readonly context?: { readonly pair: string; readonly value: string }
  /** Those with a wrap under this KEK: `provider:id` for all its versions, or `provider:id@version`. */
  readonly kek?: string
  /** Those whose data key is so many seconds old, or may be. */
  readonly olderThanSeconds?: number
}

/** Of one table. */
export interface Wanted {
  holds(row: StoredRow, metadata: WrappedMetadata): boolean
  /** The same over an alias `stored`, for counting. Its parameters are `$1` and on. */
  readonly where: string
  readonly values: readonly string[]
}

/** `now`: by the clock that dates wraps. Undefined for a table that the filter's pair is not declared of. */
export function wantedOf(table: ProtectedTable, filter: RenewalFilter, now: number): Wanted | undefined {
  const { context, kek, olderThanSeconds } = filter
  const pair = context && table.context.find(({ name }) => name === context.pair)
  if (context && !pair) return undefined
  const value = pair && spellBound(pair.type, context!.value, `the pair "${pair.name}"`)
  const cutoff = olderThanSeconds === undefined ? undefined : wrappedAtOf(now - olderThanSeconds * 1_000)
  const metadata = `stored.${quoteIdentifier(table.metadata)}`
  const values: string[] = []
  const conditions = [`${metadata} -> 'wraps' IS NOT NULL`]
  if (pair) conditions.push(`stored.${quoteIdentifier(pair.column)}::text COLLATE "C" = $${values.push(value!)}`)
  if (kek !== undefined) {
    const n = values.push(kek)
    conditions.push(`EXISTS (SELECT FROM jsonb_path_query(${metadata}, '$.wraps[*].kek') AS kek
      WHERE $${n} IN (kek ->> 'provider' || ':' || (kek ->> 'id'),
        kek ->> 'provider' || ':' || (kek ->> 'id') || '@' || (kek ->> 'version')))`)
  }
  if (cutoff !== undefined) {
    const n = values.push(cutoff)
    conditions.push(`(${metadata} -> 'wrap' <> '1' OR (${metadata} #>> '{wraps,0,wrappedAt}') COLLATE "C" < $${n})`)
  }
  return {
    where: conditions.join(' AND '),
    values,
    holds: (row, { wrap, wraps }) =>
      (!pair || row.bound[pair.column] === value) &&
      (kek === undefined || wraps.some((each) => isNamed(each.kek, kek))) &&
      // When a data key was made is not stored: of one that was wrapped again, nobody knows. It may be as old as any.
      (cutoff === undefined || wrap > 1 || wraps[0]!.wrappedAt < cutoff),
  }
}

export function isNamed(kek: KekRef, name: string): boolean {
  return name === describeKek(kek) || name === `${kek.provider}:${kek.id}`
}

export function assertFilter(filter: RenewalFilter, tables: readonly ProtectedTable[]): void {
  const { context } = filter
  if (!context || tables.some((table) => table.context.some(({ name }) => name === context.pair))) return
  throw new ConfigurationError(`expected an entity with the context pair "${context.pair}", found none`)
}
