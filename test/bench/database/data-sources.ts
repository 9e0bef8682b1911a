import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import { DataSource } from 'typeorm'
import type { EnvelopeCipher } from 'waxseal'
import { startTemporaryPostgres } from 'waxseal/testing'
import { withEncryption } from 'waxseal/typeorm'
import { secretText } from '../suites/credential.js'
import { Credential, LazyCredential, PlainCredential } from './entities.js'

export interface Databases {
  readonly url: string
  readonly plain: DataSource
  readonly encrypted: DataSource
  readonly lazy: DataSource
  stop(): Promise<void>
}

/** A Postgres with `rows` credentials, and the stored bytes of each once more in a table without encryption. */
export async function startDatabases(cipher: EnvelopeCipher, rows: number): Promise<Databases> {
  const postgres = await startTemporaryPostgres()
  const { url } = postgres
  const encrypted = await encryptedDataSource(url, cipher, Credential, true)
  const lazy = await encryptedDataSource(url, cipher, LazyCredential)
  const plain = await plainDataSource(url, true)
  await encrypted.getRepository(Credential).insert(Array.from({ length: rows }, newCredential))
  await plain.query('INSERT INTO plain_credential SELECT * FROM credential')
  await plain.query('VACUUM ANALYZE')
  return {
    ...{ url, plain, encrypted, lazy },
    async stop() {
      await Promise.all([plain, encrypted, lazy].map((each) => each.destroy()))
      await postgres.stop()
    },
  }
}

export const newCredential = () => ({ id: randomUUID(), tenantId: randomUUID(), password: secretText() })

export function encryptedDataSource(
  url: string,
  cipher: EnvelopeCipher,
  entity: new () => object,
  synchronize = false,
) {
  const dataSource = new DataSource({ type: 'postgres', url, entities: [entity], synchronize })
  // On a busy machine a list can take longer than the 5 seconds that it usually has.
  return withEncryption(dataSource, { cipher, guard: 'install', timeoutMs: 60_000 }).initialize()
}

export function plainDataSource(url: string, synchronize = false) {
  return new DataSource({ type: 'postgres', url, entities: [PlainCredential], synchronize }).initialize()
}
