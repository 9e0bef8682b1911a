import type pg from 'pg'
import { formatText, metadataToJson } from 'waxseal'
import { guardSql, type ProtectedTable } from 'waxseal/postgres'
import { localCipher, newBinding, secretText, textField } from '../suites/credential.js'

export type GuardedTable = 'guarded' | 'indexed' | 'bare'

/**
 * One table of credentials with two fields, three times: with the guard, with the guard's indexes alone, and with
 * neither. The rows differ in what the guard compares; their ciphertexts are all the same one.
 */
export async function createGuardedTables(client: pg.Client, rows: number): Promise<void> {
  const envelope = await localCipher().mint(newBinding())
  const payload = formatText(envelope.encryptField(textField, secretText())).split(':')[2]
  for (const name of ['guarded', 'indexed', 'bare'] satisfies GuardedTable[]) {
    await createCredentialTable(client, name)
    if (name !== 'bare') await installGuard(client, name)
    if (name === 'indexed') await dropTriggers(client, name)
    await client.query(
      `INSERT INTO ${name} (id, tenant_id, password, token, encryption_metadata)
       SELECT gen_random_uuid(), gen_random_uuid(), field, field,
         $2::jsonb || jsonb_build_object('id', left(commitment, 21) || 'A', 'commitment', commitment)
       FROM generate_series(1, $3) AS n,
         LATERAL (SELECT ${base64url('sha256(n::text::bytea)')} AS commitment) AS drawn,
         LATERAL (SELECT 'ws1:' || commitment || ':' || $1 AS field) AS formatted`,
      [payload, metadataToJson(envelope.metadata), rows],
    )
  }
}

/** With room for each row beside itself: otherwise a round would measure how the table grows. */
export async function createCredentialTable(client: pg.Client, name: string, fillfactor = 45): Promise<void> {
  await client.query(`CREATE TABLE ${name} (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, used integer NOT NULL DEFAULT 0,
    password text, token text, encryption_metadata jsonb NOT NULL DEFAULT '{}')
    WITH (fillfactor = ${fillfactor}, autovacuum_enabled = off)`)
}

export async function installGuard(client: pg.Client, name: string): Promise<void> {
  for (const statement of guardSql(credentialTable(name)).install) await client.query(statement)
}

/** Text of the bytes without padding, as metadata and fields spell it. */
export const base64url = (bytes: string) => `translate(encode(${bytes}, 'base64'), '+/=', '-_')`

export const credentialTable = (table: string): ProtectedTable => ({
  entity: 'credential',
  schema: 'public',
  table,
  primaryKey: [{ column: 'id', type: 'uuid' }],
  row: [{ column: 'id', type: 'uuid' }],
  metadata: 'encryption_metadata',
  fields: [
    { column: 'password', type: 'text', id: 'credential.password', kind: 'text' },
    { column: 'token', type: 'text', id: 'credential.token', kind: 'text' },
  ],
  context: [{ name: 'tenant', column: 'tenant_id', type: 'uuid' }],
})

export async function dropTriggers(client: pg.Client, table: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT quote_ident(tgname) AS name FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal',
    [table],
  )
  for (const { name } of rows) await client.query(`DROP TRIGGER ${name} ON ${table}`)
}
