import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { metadataFromJson } from '../envelope/metadata-codec.js'
import { isWaxsealError } from '../errors.js'
import { bindingOf, type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { storedRowColumns, storedRowOf } from '../postgres/stored-row.js'
import type { ShredFailure } from './shred-rows.js'

export interface Trial {
  /** Envelopes that were shredded, and that a decryption was tried of. */
  readonly tried: number
  /** What did not fail as it has to. */
  readonly opened: readonly ShredFailure[]
}

const BATCH = 500

/**
 * Tries to open every envelope of a receipt, as it stands in the table now. A row that has a new envelope since, or is gone, is
 * none of the receipt's any more.
 */
export async function tryDecryption(
  client: Queryable,
  receipt: string,
  table: ProtectedTable,
  cipher: Pick<EnvelopeCipher, 'open'>,
): Promise<Trial> {
  const opened: ShredFailure[] = []
  let tried = 0
  // Before every other: an object without members.
  let after = '{}'
  for (;;) {
    const { rows } = await client.query(readSql(table), [receipt, table.entity, after, BATCH])
    for (const row of rows) {
      if (!row.found) continue
      const { primaryKey, metadata, bound } = storedRowOf(table, row)
      const error = await failureOf(async () => {
        const stored = metadataFromJson(JSON.parse(metadata))
        await cipher.open(stored, bindingOf(table, bound))
      })
      tried += 1
      if (isWaxsealError(error) && error.code === 'ERR_CREDENTIAL_SHREDDED') continue
      opened.push({ entity: table.entity, primaryKey, error: error ?? new Error('it opened') })
    }
    const last = rows.at(-1)
    if (!last || rows.length < BATCH) return { tried, opened }
    after = JSON.stringify(last.key)
  }
}

/** By the index on the envelope id. */
function readSql(table: ProtectedTable): string {
  const metadata = `stored.${quoteIdentifier(table.metadata)}`
  return `SELECT shredded.primary_key AS key, ${metadata} IS NOT NULL AS found, ${storedRowColumns(table)}
    FROM waxseal.shredded_row AS shredded
    LEFT JOIN ${qualifiedName(table)} AS stored ON ${metadata} ->> 'id' = shredded.envelope
    WHERE shredded.receipt = $1 AND shredded.entity = $2 AND shredded.primary_key > $3
    ORDER BY shredded.primary_key LIMIT $4`
}

async function failureOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run()
    return undefined
  } catch (error) {
    return error
  }
}
