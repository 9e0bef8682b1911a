import type { Queryable } from '../../postgres/queryable.js'

/** The last checkpoint of the log as its row has it: a report repeats it, `waxseal audit check` looks whether it is signed. */
export interface ReportedCheckpoint {
  readonly size: number
  /** Hexadecimal. */
  readonly root: string
  readonly note: string
}

export async function readLastCheckpoint(client: Queryable): Promise<ReportedCheckpoint | undefined> {
  const { rows } = await client.query(
    `SELECT size::float8, encode(root, 'hex') AS root, note FROM waxseal.log_checkpoint
      ORDER BY log_checkpoint.size DESC LIMIT 1`,
  )
  return rows[0] as unknown as ReportedCheckpoint | undefined
}
