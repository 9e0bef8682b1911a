import type { Pool } from 'pg'
import { guardSql, type ProtectedTable } from 'waxseal/postgres'

const id = { column: 'id', type: 'uuid' } as const

export const password = { column: 'password', type: 'text', id: 'credential.password', kind: 'text' } as const
export const oauth = { column: 'oauth', type: 'text', id: 'credential.oauth', kind: 'json' } as const

/** The names in it are bound into every ciphertext: columns may be renamed later, `entity`, `id` and `name` stay. */
export const credentialTable: ProtectedTable = {
  entity: 'credential',
  schema: 'public',
  table: 'credential',
  primaryKey: [id],
  row: [id],
  metadata: 'encryption_metadata',
  fields: [password, oauth],
  context: [{ name: 'tenant', column: 'tenant_id', type: 'uuid' }],
}

/** With the triggers that refuse whatever is not ciphertext, in one transaction. */
export async function createTable(pool: Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`CREATE TABLE credential (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      password text,
      oauth text,
      encryption_metadata jsonb NOT NULL DEFAULT '{}'
    )`)
    for (const statement of guardSql(credentialTable).install) await client.query(statement)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}
