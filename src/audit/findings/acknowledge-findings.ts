import { ConfigurationError } from '../../errors.js'
import { uuidV7 } from '../../kms/uuid-v7.js'
import type { Queryable } from '../../postgres/queryable.js'
import type { FindingFilters } from './finding-filters.js'
import { readFindings, type StoredFinding } from './read-findings.js'

export interface Acknowledgement {
  readonly reason: string
  readonly who: string
  /** Finds them, and writes nothing down. Default false. */
  readonly dryRun?: boolean
}

/**
 * Writes down, for good, why somebody holds findings to be as they should be: those that are named, or those that the filters find
 * and that are open. Nothing else about them changes. Returns them as they were.
 */
export async function acknowledgeFindings(
  client: Queryable,
  which: FindingFilters,
  { reason, who, dryRun = false }: Acknowledgement,
): Promise<StoredFinding[]> {
  if (reason.trim() === '') throw new ConfigurationError('expected a reason: why the findings are as they should be')
  if (Object.values(which).every((value) => value === undefined)) {
    throw new ConfigurationError(
      'expected ids of findings, or what they have in common such as their kind, found neither',
    )
  }
  const found = await readFindings(client, { ...which, open: which.ids === undefined, limit: Number.MAX_SAFE_INTEGER })
  if (dryRun) return found
  await client.query(
    `INSERT INTO waxseal.finding_note (id, finding, action, reason, detail)
    SELECT note.id, note.finding, 'acknowledged', $3, $4 FROM unnest($1::uuid[], $2::uuid[]) AS note (id, finding)`,
    [found.map(() => uuidV7(Date.now())), found.map(({ id }) => id), reason, JSON.stringify({ by: who })],
  )
  return found
}
