import type { Queryable } from '../postgres/queryable.js'
import { failed, passed, type RetirementCheck } from './check.js'

/** A run that goes on may need the KEK to open what it moves, and a journal holds wraps that are to be put back if it fails. */
export async function checkRuns(client: Queryable): Promise<RetirementCheck> {
  const { rows } = await client.query(
    `SELECT format('%s of %s is %s', kind, table_name, state) AS found FROM waxseal.run WHERE state IN ('running', 'paused')
    UNION ALL
    SELECT format('the journal holds %s old wraps; verify the run', count(*)) FROM waxseal.rewrap_journal HAVING count(*) > 0`,
  )
  if (rows.length > 0) return failed('runs', ...rows.map(({ found }) => String(found)))
  return passed('runs', 'no run is open, and the journal is empty')
}
