import type pg from 'pg'
import { datedReader, prepareAdoption } from 'waxseal/adoption'
import type { ProtectedTable } from 'waxseal/postgres'
import { SECRET_BYTES } from '../suites/credential.js'
import { createCredentialTable, credentialTable } from './guarded-tables.js'

/** What an adoption has stored, in the order of the primary key. */
export interface Envelopes {
  readonly ids: readonly string[]
  readonly metadata: readonly string[]
  readonly fields: readonly string[]
}

/** One of its fields is beside its column. */
export function adoptedTable(name: string): ProtectedTable {
  const readers = [datedReader({ name: 'plaintext', until: '2100-01-01' })]
  const adoption = { placement: 'side', source: 'password', readers } as const
  const field = {
    column: 'password_encrypted',
    type: 'text',
    id: 'credential.password',
    kind: 'text',
    adoption,
  } as const
  return { ...credentialTable(name), fields: [field] }
}

/** A table of credentials in plaintext that is prepared, and all of it once more, as `restore` needs it. */
export async function createAdoptedTable(client: pg.Client, name: string, rows: number): Promise<void> {
  await createCredentialTable(client, name)
  await prepareAdoption(client, adoptedTable(name))
  await client.query(
    `INSERT INTO ${name} (id, tenant_id, password) SELECT gen_random_uuid(), gen_random_uuid(), repeat(md5(n::text), $1)
      FROM generate_series(1, $2) AS n`,
    [SECRET_BYTES / 32, rows],
  )
  await client.query(`CREATE TABLE ${name}_made AS SELECT * FROM ${name}`)
}

export async function envelopesOf(client: pg.Client, name: string): Promise<Envelopes> {
  const { rows } = await client.query<Record<'id' | 'metadata' | 'field', string>>(
    `SELECT id::text, encryption_metadata::text AS metadata, password_encrypted AS field FROM ${name} ORDER BY id`,
  )
  return {
    ids: rows.map(({ id }) => id),
    metadata: rows.map(({ metadata }) => metadata),
    fields: rows.map(({ field }) => field),
  }
}
