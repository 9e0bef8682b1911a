import { createHash, randomUUID } from 'node:crypto'
import { VERSION } from '../../lifecycle/version.js'
import { inSnapshot } from '../../postgres/in-transaction.js'
import { canonicalJson } from '../canonical-json.js'
import { readStoredCheckpoint, type StoredCheckpoint } from '../integrity/stored-checkpoint.js'
import type { Period } from './period.js'
import type { Cell, ReportBody, ReportColumn, ReportDefinition, ReportSources } from './report.js'

/** What an auditor needs to trust a list: who made it, of what, when, and how complete it is. */
export interface ReportHeader {
  readonly report: string
  readonly name: string
  readonly title: string
  readonly schema_version: 1
  readonly report_id: string
  readonly generated_at: string
  readonly generated_by: string
  readonly environment: string | null
  readonly period_from: string
  readonly period_to: string
  readonly source_tables: readonly string[]
  readonly row_count: number
  /** Records that were looked at. */
  readonly population_count: number
  readonly software_version: string
  /** Of the Merkle log at its last checkpoint; null where there is none. */
  readonly log_size: number | null
  readonly log_root: string | null
  /** SHA-256 of the rows in their canonical form (RFC 8785), hexadecimal. */
  readonly sha256: string
}

export interface Report {
  readonly header: ReportHeader
  readonly columns: readonly ReportColumn[]
  readonly rows: readonly Readonly<Record<string, Cell>>[]
  readonly limits: readonly string[]
}

/**
 * Reads the tables as they are at one moment, and writes nothing. `by` is who asks, for the header. The client of `sources` is one
 * connection, in no transaction.
 */
export async function makeReport(
  definition: ReportDefinition,
  sources: ReportSources,
  period: Period,
  by: string,
): Promise<Report> {
  return inSnapshot(sources.client, async () => {
    return reportOf(definition, sources, { period, by, checkpoint: await readStoredCheckpoint(sources.client) })
  })
}

export interface ReportRequest {
  readonly period: Period
  readonly by: string
  /** The last one of the log at this moment. */
  readonly checkpoint: StoredCheckpoint | undefined
}

/** As `makeReport`, within a snapshot. */
export async function reportOf(
  definition: ReportDefinition,
  sources: ReportSources,
  { period, by, checkpoint }: ReportRequest,
): Promise<Report> {
  const { rows, population, limits = [] }: ReportBody = await definition.read(sources, period)
  const names = definition.columns.map(({ name }) => name)
  const ordered = rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null])))
  return {
    header: {
      report: definition.number,
      name: definition.name,
      title: definition.title,
      schema_version: 1,
      report_id: randomUUID(),
      generated_at: sources.now.toISOString(),
      generated_by: by,
      environment: sources.environment ?? null,
      period_from: period.from.toISOString(),
      period_to: period.to.toISOString(),
      source_tables: definition.tables,
      row_count: ordered.length,
      population_count: population,
      software_version: VERSION,
      log_size: checkpoint?.size ?? null,
      log_root: checkpoint?.root ?? null,
      sha256: createHash('sha256').update(canonicalJson(ordered)).digest('hex'),
    },
    columns: definition.columns,
    rows: ordered,
    limits,
  }
}
