import { ConfigurationError } from '../errors.js'
import { systemClock } from '../kms/clock.js'
import { assertSchema } from '../lifecycle/index.js'
import { guardSql } from '../postgres/guard-sql.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { readAdoption, recordCleaned } from './adoption-state.js'
import { type AdoptionFenceOptions, assertFence, objectionsOf } from './fence.js'
import { withLockAttempts } from './lock-attempts.js'
import { type AdoptionStep, objected } from './step.js'

/**
 * Drops the sources beside their fields, and with them the way back; where the values were overwritten in place, it only closes
 * it. By what `prepare` wrote down: the application does not declare the adoption any more, since it would write the sources.
 */
export async function cleanAdoption(
  client: Queryable,
  declared: ProtectedTable,
  fence: AdoptionFenceOptions = {},
): Promise<AdoptionStep> {
  assertFence('cleanAdoption', fence)
  await assertSchema(client)
  const state = await readAdoption(client, declared)
  if (state?.cleanedAt) return { done: [], objections: [] }
  if (!state?.enforcedAt) {
    throw new ConfigurationError(
      `table ${qualifiedName(declared)}: expected one whose adoption is enforced, found another; run waxseal adopt enforce first`,
    )
  }
  const still = declared.fields.find(({ adoption }) => adoption?.placement === 'side')
  if (still) {
    throw new ConfigurationError(
      `field "${still.id}": it still declares "adopt", by which the application writes the column that is to be dropped; remove it there, deploy, and run this again`,
    )
  }
  const objections = await objectionsOf(client, declared, ['enforce'], fence)
  if (objections.length > 0) return objected(objections)
  const table: ProtectedTable = { ...declared, fields: declared.fields.map(({ adoption: _, ...field }) => field) }
  const sources = state.fields.filter(({ placement }) => placement === 'side').map(({ source }) => source)
  const overwritten = state.fields.filter(({ placement }) => placement === 'inPlace').map(({ column }) => column)
  await withLockAttempts(client, systemClock, async () => {
    // Without the rules for the sources, which are about columns that are gone then.
    for (const statement of guardSql(table, 'enforce').install) await client.query(statement)
    if (sources.length > 0) {
      const drops = sources.map((source) => `DROP COLUMN IF EXISTS ${quoteIdentifier(source)}`)
      await client.query(`ALTER TABLE ${qualifiedName(table)} ${drops.join(', ')}`)
    }
    await recordCleaned(client, table)
  })
  // The planner's statistics hold the most common values of a column, and a histogram of the others.
  if (overwritten.length > 0) {
    await client.query(`ANALYZE ${qualifiedName(table)} (${overwritten.map(quoteIdentifier).join(', ')})`)
  }
  return {
    done: [
      ...sources.map((source) => `the column "${source}" is dropped`),
      ...overwritten.map((column) => `the statistics of "${column}" are of its ciphertexts`),
      'there is no way back any more',
    ],
    objections: [],
  }
}

/** Where plaintext of before may still lie after `clean`. */
export const WHAT_REMAINS: readonly string[] = [
  'old versions of rows, and the bytes of a dropped column, until the table is rewritten: VACUUM (FULL), which locks it, or pg_repack',
  'the WAL, and its archive, for as long as it is kept',
  'replicas, until they have replayed and vacuumed as the primary has',
  'backups and snapshots, of the database and of its disks, for as long as they are kept',
  'the server log, where it held statements or parameters: see waxseal doctor',
  'whatever was copied elsewhere: exports, caches, queues, data warehouses',
]
