import type { KekRef } from '../../src/index.js'
import type { FreshDatabase } from '../setup/database.js'

/** Every column but the metadata, of every row of `Application`. */
export async function storedFields({ client }: FreshDatabase): Promise<string> {
  const { rows } = await client.query(
    `SELECT to_jsonb(credential) - 'encryption_metadata' AS fields FROM credential ORDER BY id`,
  )
  return JSON.stringify(rows)
}

/** The KEKs that each row names, in their order. */
export async function storedKeks({ client }: FreshDatabase): Promise<KekRef[][]> {
  const { rows } = await client.query('SELECT encryption_metadata AS metadata FROM credential')
  return rows.map(({ metadata }) => metadata.wraps.map(({ kek }: { kek: KekRef }) => kek))
}
