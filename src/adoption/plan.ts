import { assertOptions, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import { qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { type AdoptedTable, adoptedTable } from './adopted-table.js'
import type { AdoptionState } from './adoption-state.js'
import { readAdoption } from './adoption-state.js'
import { checkSources } from './check-sources.js'
import { prepareAdoption } from './prepare.js'
import { type Scan, scan } from './scan.js'

export interface AdoptionPlan {
  readonly entity: string
  /** Qualified and quoted. */
  readonly table: string
  readonly stage: 'not prepared' | 'prepared' | 'enforced' | 'cleaned'
  readonly fields: readonly PlannedField[]
  /** By the statistics of the table. */
  readonly rows: number
  readonly bytes: number
  /** How much the table grows by: metadata and ciphertexts, of rows that have no envelope yet. */
  readonly growth: number
  readonly kmsCalls: Readonly<Record<'generateDataKey' | 'wrap' | 'unwrap', number>>
  /** What the first rows look like. */
  readonly sample: Scan
  /** What stands in the way; `prepare` refuses until it is mended. */
  readonly problems: readonly string[]
  /** What `prepare` would run. */
  readonly statements: readonly string[]
}

export interface PlannedField {
  readonly id: string
  readonly placement: 'side' | 'inPlace'
  readonly source: string
  readonly type: string
  readonly column: string
  readonly readers: readonly { readonly name: string; readonly until: Date }[]
}

export interface PlanAdoptionOptions {
  /** How many recipients the cipher has: wraps of each new data key beside that of the provider. Default 0. */
  readonly recipients?: number
  /** How many rows are looked at. Default 10,000. */
  readonly sample?: number
}

const OPTIONS: OptionRules<PlanAdoptionOptions> = { recipients: wholeNumberFrom(0), sample: wholeNumberFrom(1) }

/** Of one wrap, and of what stands around it, as `pg_column_size` has them with the local provider. A cloud's wraps are longer. */
const WRAP_BYTES = 228
const METADATA_BYTES = 163
/** Of a field, beside its plaintext in base64url: prefix, commitment, IV and tag, and the length that Postgres stores. */
const FIELD_BYTES = 87

/** What an adoption of the table would change. Reads the catalog and the first rows, and writes nothing. */
export async function planAdoption(
  client: Queryable,
  declared: ProtectedTable,
  options: PlanAdoptionOptions = {},
): Promise<AdoptionPlan> {
  assertOptions('planAdoption', options, OPTIONS)
  const { recipients = 0, sample: limit = 10_000 } = options
  const table = adoptedTable(declared)
  const { catalog, problems } = await checkSources(client, table)
  const state = await adoptionOf(client, table)
  const sizes = await client.query(
    'SELECT greatest(reltuples, 0)::float8 AS rows, pg_total_relation_size(oid)::float8 AS bytes FROM pg_class WHERE oid = $1::regclass',
    [qualifiedName(table)],
  )
  const sample = await scannable(client, table, problems, limit)
  const { bytes } = sizes.rows[0] as { bytes: number }
  // A table that nobody has analysed has no statistics: then at least what was seen.
  const rows = Math.max(sizes.rows[0]!.rows as number, sample.rows)
  const left =
    sample.rows === 0 ? 0 : Math.round((rows * (sample.rows - sample.enveloped - sample.empty)) / sample.rows)
  const inPlace = table.adopted.filter(({ adoption }) => adoption.placement === 'inPlace')
  return {
    entity: table.entity,
    table: qualifiedName(table),
    stage: stageOf(state),
    fields: table.adopted.map(({ id, column, adoption: { placement, source, readers } }) => {
      const named = readers.map(({ reader: { name }, until }) => ({ name, until }))
      return { id, placement, source, type: catalog.columns.get(source)?.type ?? 'missing', column, readers: named }
    }),
    ...{ rows, bytes, sample, problems },
    growth: left * growthOfRow(table, sample, recipients),
    kmsCalls: { generateDataKey: left, wrap: left * recipients, unwrap: inPlace.length > 0 ? left : 0 },
    statements: problems.length > 0 ? [] : (await prepareAdoption(client, declared, { dryRun: true })).statements,
  }
}

function growthOfRow(table: AdoptedTable, { rows, enveloped, empty, bytes }: Scan, recipients: number): number {
  const filled = Math.max(rows - enveloped - empty, 1)
  const isSide = table.adopted.some(({ adoption }) => adoption.placement === 'side')
  const ciphertext = table.adopted.length * FIELD_BYTES + ((isSide ? 4 : 1) / 3) * (bytes / filled)
  return Math.round(METADATA_BYTES + (1 + recipients) * WRAP_BYTES + ciphertext)
}

async function scannable(
  client: Queryable,
  table: AdoptedTable,
  problems: readonly string[],
  limit: number,
): Promise<Scan> {
  if (problems.length === 0) return scan(client, table, { limit })
  return { rows: 0, enveloped: 0, empty: 0, readers: {}, ambiguous: 0, examples: [], bytes: 0 }
}

async function adoptionOf(client: Queryable, table: AdoptedTable): Promise<AdoptionState | undefined> {
  const { rows } = await client.query(`SELECT pg_catalog.to_regclass('waxseal.adoption') IS NOT NULL AS known`)
  return rows[0]?.known ? readAdoption(client, table) : undefined
}

function stageOf(state: AdoptionState | undefined): AdoptionPlan['stage'] {
  if (!state) return 'not prepared'
  if (state.cleanedAt) return 'cleaned'
  return state.enforcedAt ? 'enforced' : 'prepared'
}
