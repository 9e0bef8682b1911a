import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { type EnvelopeCipher, formatText, metadataFromJson, metadataToJson } from 'waxseal'
import { secretText, textField } from '../suites/credential.js'
import { createCredentialTable, credentialTable, dropTriggers, installGuard } from './guarded-tables.js'

/** The metadata of each row after a rotation, in the order of the primary key. */
export interface Rewraps {
  readonly ids: readonly string[]
  readonly next: readonly string[]
}

/** A table of credentials that `cipher` has made, with the guard or with its indexes alone. */
export async function createRewrappedTable(
  client: pg.Client,
  name: string,
  { rows, cipher, guarded }: { readonly rows: number; readonly cipher: EnvelopeCipher; readonly guarded: boolean },
): Promise<void> {
  await createCredentialTable(client, name)
  await installGuard(client, name)
  if (!guarded) await dropTriggers(client, name)
  for (let made = 0; made < rows; made += 1_000) {
    const minted = await Promise.all(Array.from({ length: 1_000 }, () => mintRow(cipher)))
    await client.query(
      `INSERT INTO ${name} (id, tenant_id, password, token, encryption_metadata)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $3::text[], $4::jsonb[])`,
      (['id', 'tenant', 'field', 'metadata'] as const).map((member) => minted.map((row) => row[member])),
    )
  }
  await client.query(`CREATE TABLE ${name}_made AS SELECT * FROM ${name}`)
}

/** Every row as it was made, and nothing that the rounds before have left in the table or its indexes. */
export async function restore(client: pg.Client, name: string): Promise<void> {
  await client.query(`TRUNCATE ${name}`)
  // Not through the guard, to whom these rows are no news.
  await client.query('SET session_replication_role = replica')
  await client.query(`INSERT INTO ${name} SELECT * FROM ${name}_made`)
  await client.query('RESET session_replication_role')
  await client.query(`VACUUM ANALYZE ${name}`)
}

/** What a rotation would write, computed beforehand. */
export async function rewrapsOf(client: pg.Client, name: string, cipher: EnvelopeCipher): Promise<Rewraps> {
  const { rows } = await client.query<Record<'id' | 'tenant' | 'former', string>>(
    `SELECT id::text, tenant_id::text AS tenant, encryption_metadata::text AS former FROM ${name} ORDER BY id`,
  )
  const next: string[] = []
  for (const { id, tenant, former } of rows) {
    const metadata = metadataFromJson(JSON.parse(former))
    if (metadata.state !== 'wrapped') throw new RangeError(`a row of ${name} has no envelope`)
    const rewrapped = await cipher.rewrap(metadata, { ...credential, row: id, context: { tenant } })
    next.push(JSON.stringify(metadataToJson(rewrapped)))
  }
  return { ids: rows.map(({ id }) => id), next }
}

const credential = { entity: credentialTable('').entity }

async function mintRow(cipher: EnvelopeCipher) {
  const [id, tenant] = [randomUUID(), randomUUID()]
  const envelope = await cipher.mint({ ...credential, row: id, context: { tenant } })
  const field = formatText(envelope.encryptField(textField, secretText()))
  return { id, tenant, field, metadata: JSON.stringify(metadataToJson(envelope.metadata)) }
}
