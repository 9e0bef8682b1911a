import type pg from 'pg'
import { formatText } from 'waxseal'
import type { KekRef } from 'waxseal/kms'
import { localCipher, newBinding, secretText, textField } from '../suites/credential.js'
import { base64url, createCredentialTable, installGuard } from './guarded-tables.js'

export interface GrownRows {
  readonly rows: number
  /** Of all rows: SQL computes their commitments with it. */
  readonly dataKey: Uint8Array
  /** The KEK ref that they are wrapped under. */
  readonly kek: KekRef
}

/** A guarded table of as many credentials as wanted, made in SQL. Each has an envelope that opens, and one field of 256 bytes. */
export async function createGrownTable(
  client: pg.Client,
  name: string,
  { rows, dataKey, kek }: GrownRows,
): Promise<void> {
  const envelope = await localCipher().mint(newBinding())
  const payload = formatText(envelope.encryptField(textField, secretText())).split(':')[2]
  await createCredentialTable(client, name, 100)
  const wrap = { kek, dataKey: 'A'.repeat(80), wrappedAt: '2026-01-01T00:00:00Z' }
  await client.query(
    `INSERT INTO ${name} (id, tenant_id, password, encryption_metadata)
      SELECT gen_random_uuid(), gen_random_uuid(), 'ws1:' || commitment || ':' || $1::text,
        jsonb_build_object('format', 1, 'id', ${base64url('id')}, 'commitment', commitment, 'wrap', 1, 'wraps', $2::jsonb)
      FROM generate_series(1, $3::int) AS n,
        LATERAL (SELECT decode(md5(n::text), 'hex') AS id) AS drawn,
        LATERAL (SELECT ${base64url('sha256($4::bytea || $5::bytea || id)')} AS commitment) AS committed`,
    [payload, JSON.stringify([wrap]), rows, Buffer.from('waxseal data key commitment 1'), dataKey],
  )
  await installGuard(client, name)
  await client.query(`VACUUM ANALYZE ${name}`)
}
