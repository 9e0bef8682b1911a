import { isWaxsealError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'
import { readLines } from '../export/read-lines.js'
import { verifyLine } from '../integrity/export/verify-line.js'
import { readStoredCheckpoint, type StoredCheckpoint } from '../integrity/stored-checkpoint.js'
import type { Found } from './find.js'

/** Whether a record stood in the log as it is now. */
export interface RecordInLog {
  /** Null until it is appended. */
  readonly position: string | null
  /** The last one. Whose signature it has, `checkLog` and whoever verifies an export look at. */
  readonly checkpoint: StoredCheckpoint | null
  /** The audit path from its leaf to the root of the checkpoint, in base64. */
  readonly proof: readonly string[]
  /** In a sentence; null where it is what was signed. Of an attempt, its ends included. */
  readonly problem: string | null
}

/** As an export would prove it, and `verify` look at it. */
export async function proveRecord(client: Queryable, record: Found): Promise<RecordInLog> {
  const position = await positionOf(client, record)
  const checkpoint = (await readStoredCheckpoint(client)) ?? null
  if (position === null) return { position, checkpoint, proof: [], problem: 'it is not appended to the log yet' }
  if (checkpoint === null) return { position, checkpoint, proof: [], problem: 'no checkpoint is signed yet' }
  try {
    const lines = await readLines(client, [record], checkpoint.size)
    const head = { size: checkpoint.size, root: Buffer.from(checkpoint.root, 'hex') }
    const problem = lines
      .map((line) => verifyLine(JSON.stringify(line), head).problem)
      .find((each) => each !== undefined)
    const { proof = [] } = lines.find(({ kind }) => kind === record.kind) ?? {}
    return { position, checkpoint, proof, problem: problem ?? null }
  } catch (error) {
    if (!isWaxsealError(error) || error.code !== 'ERR_LOG_INCONSISTENT') throw error
    return { position, checkpoint, proof: [], problem: error.message }
  }
}

async function positionOf(client: Queryable, { id, kind }: Found): Promise<string | null> {
  const { rows } = await client.query('SELECT position::text FROM waxseal.log_leaf WHERE record = $1 AND kind = $2', [
    ...[id, kind],
  ])
  return (rows[0]?.['position'] as string | undefined) ?? null
}
