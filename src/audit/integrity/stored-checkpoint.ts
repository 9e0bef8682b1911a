import type { Queryable } from '../../postgres/queryable.js'

/** A checkpoint as its row has it, which the owner of the table can change: nothing is believed of it but by its signature. */
export interface StoredCheckpoint {
  readonly size: number
  /** Hexadecimal. */
  readonly root: string
  readonly note: string
}

/** The last one of the log. */
export async function readStoredCheckpoint(client: Queryable): Promise<StoredCheckpoint | undefined> {
  const { rows } = await client.query(
    `SELECT size::float8, encode(root, 'hex') AS root, note FROM waxseal.log_checkpoint
      ORDER BY log_checkpoint.size DESC LIMIT 1`,
  )
  return rows[0] as unknown as StoredCheckpoint | undefined
}
