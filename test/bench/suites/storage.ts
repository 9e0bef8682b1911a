import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { formatBytes, formatText, metadataToJson } from 'waxseal'
import { startTemporaryPostgres } from 'waxseal/testing'
import { type Figure, figure } from '../harness/figure.js'
import { localCipher, newBinding, SECRET_BYTES, secretText, textField } from './credential.js'

const ROWS = 2_000

/** What a row with one secret of 256 bytes takes on the disk, its primary key and tenant included, indexes not. */
export async function storage(): Promise<Figure[]> {
  const cipher = localCipher()
  const postgres = await startTemporaryPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  const size = async (columns: string, values: () => Promise<unknown[]>) => {
    const id = `stored_${randomUUID().replaceAll('-', '')}`
    await client.query(`CREATE TABLE ${id} (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, ${columns})`)
    for (let row = 0; row < ROWS; row++) {
      const all = [randomUUID(), randomUUID(), ...(await values())]
      await client.query(`INSERT INTO ${id} VALUES (${all.map((_, n) => `$${n + 1}`).join(', ')})`, all)
    }
    const { rows } = await client.query<{ size: string }>('SELECT pg_table_size($1::regclass) AS size', [id])
    return Number(rows[0]!.size) / ROWS
  }
  const encrypt = async () => {
    const envelope = await cipher.mint(newBinding())
    return { field: envelope.encryptField(textField, secretText()), metadata: metadataToJson(envelope.metadata) }
  }
  const plain = await size('password text', async () => [secretText()])
  const text = await size('password text, encryption_metadata jsonb', async () => {
    const { field, metadata } = await encrypt()
    return [formatText(field), metadata]
  })
  const bytes = await size('password bytea, encryption_metadata jsonb', async () => {
    const { field, metadata } = await encrypt()
    return [formatBytes(field), metadata]
  })
  await client.end()
  await postgres.stop()
  const what = `a row with a secret of ${SECRET_BYTES} bytes`
  return [
    figure({ id: 'row-plain', title: `${what}, not encrypted` }, 'bytes', [plain]),
    figure({ id: 'row-text', title: `${what} in a text column, with its metadata` }, 'bytes', [text]),
    figure({ id: 'row-bytea', title: `${what} in a bytea column, with its metadata` }, 'bytes', [bytes]),
  ]
}
