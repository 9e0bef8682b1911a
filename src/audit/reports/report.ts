import type { TableCensus } from '../../census/table-census.js'
import type { KekRef } from '../../kms/provider.js'
import type { Queryable } from '../../postgres/queryable.js'
import type { RetentionPeriods } from '../retention/periods.js'
import type { Period } from './period.js'

export type Cell = string | number | boolean | null

export interface ReportColumn {
  readonly name: string
  /** For whoever reads the report without having read this code. */
  readonly meaning: string
}

/** What is known of a KEK and stands in no table: written into the configuration by somebody who answers for it. */
export interface DeclaredKey {
  readonly id: string
  readonly owner?: string | undefined
  readonly custodians?: readonly string[] | undefined
  readonly classification?: string | undefined
  /** Such as the number of a FIPS 140-3 certificate. Repeated as it is written, never concluded. */
  readonly moduleValidation?: string | undefined
}

export interface ReportSources {
  readonly client: Queryable
  /** Of the protected tables. Each of them is scanned for it: whoever makes several reports counts once for all. */
  census(): Promise<readonly TableCensus[]>
  /** Asks the KMS: only what a report says of them is worth a call. */
  currentKeks(): Promise<CurrentKeks>
  /** Providers that are called and whose trail is not mirrored. */
  withoutTrail(): Promise<readonly string[]>
  readonly environment?: string
  readonly rotationEvery?: string
  readonly retention: RetentionPeriods
  readonly keys: readonly DeclaredKey[]
  /** Who of ours uses the KEKs, as the trails name them. */
  readonly principals: readonly string[]
  readonly now: Date
}

/** What the providers wrap with now: undefined where they did not say, with the sentence that says why. */
export type CurrentKeks =
  | { readonly keks: readonly KekRef[]; readonly limits: readonly [] }
  | { readonly keks: undefined; readonly limits: readonly string[] }

export interface ReportBody {
  readonly rows: readonly Readonly<Record<string, Cell>>[]
  /** How many records were looked at, so that a reader can tell "none" from "not looked". */
  readonly population: number
  /** What the report cannot say, in a sentence each. */
  readonly limits?: readonly string[]
}

/** One question of a compliance reviewer, and how the tables answer it. Holds no secret: ids, counts, names and times. */
export interface ReportDefinition {
  readonly number: `R${number}`
  readonly name: string
  readonly title: string
  /** Requirements that ask for it. */
  readonly serves: readonly string[]
  readonly tables: readonly string[]
  readonly columns: readonly ReportColumn[]
  read(sources: ReportSources, period: Period): Promise<ReportBody>
}

/** In the words of JSON, from what `pg` returns: times in UTC with milliseconds, counts as numbers. */
export function cell(value: unknown): Cell {
  if (value === undefined || value === null) return null
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'object') return JSON.stringify(value)
  return value as Cell
}

export function cells(row: Readonly<Record<string, unknown>>): Record<string, Cell> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(value)]))
}
