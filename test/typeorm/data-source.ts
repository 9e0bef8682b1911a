import 'reflect-metadata'
import { DataSource, type DataSourceOptions, type EntitySchema } from 'typeorm'
import { EnvelopeCipher, type EnvelopeCipherOptions, InMemoryCallLedger, RecordingProvider } from '../../src/index.js'
import { FaultyProvider } from '../../src/testing/faulty-provider.js'
import { type EncryptionOptions, withEncryption } from '../../src/typeorm/index.js'
import type { FreshDatabase } from '../setup/database.js'

export interface EncryptedDataSourceOptions {
  /** Over and above those of a plain DataSource on the database, synchronised. */
  readonly typeorm?: Record<string, unknown>
  /** Over and above `guard: 'install'` and the cipher that is returned. */
  readonly encryption?: Partial<EncryptionOptions>
  readonly cipher?: Partial<EnvelopeCipherOptions>
  /** A KMS that has wrapped keys before. */
  readonly provider?: FaultyProvider
  /** False leaves `initialize()` to the test. */
  readonly initialize?: boolean
}

export interface EncryptedDataSource {
  readonly dataSource: DataSource
  readonly provider: FaultyProvider
  /** Every call to the KMS. */
  readonly ledger: InMemoryCallLedger
  readonly cipher: EnvelopeCipher
}

/** A DataSource with encryption over a KMS in memory, with the guard installed. The test destroys it. */
export async function encryptedDataSource(
  database: Pick<FreshDatabase, 'url'>,
  entities: readonly (EntitySchema | (new () => object) | (abstract new () => object))[],
  options: EncryptedDataSourceOptions = {},
): Promise<EncryptedDataSource> {
  const { provider = new FaultyProvider() } = options
  const ledger = new InMemoryCallLedger()
  const cipher = new EnvelopeCipher({ provider: new RecordingProvider(provider, ledger), ...options.cipher })
  const dataSource = withEncryption(
    new DataSource({
      type: 'postgres',
      url: database.url,
      entities,
      synchronize: true,
      ...options.typeorm,
    } as DataSourceOptions),
    { cipher, guard: 'install', ...options.encryption },
  )
  if (options.initialize !== false) await dataSource.initialize()
  return { dataSource, provider, ledger, cipher }
}
