import { Column, DataSource, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm'
import { datedReader } from '../../adoption/index.js'
import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import {
  Encrypted,
  type EncryptedOptions,
  EncryptionMetadata,
  StoredEnvelope,
  withEncryption,
} from '../../typeorm/index.js'
import type { DemoDatabase } from './database.js'

export interface LegacyCredential {
  id: string
  shop: string
  secret: string
}

export interface LegacyStore {
  readonly dataSource: DataSource
  readonly credentials: Repository<LegacyCredential>
}

const READERS = [datedReader({ name: 'plaintext', until: '2099-01-01' })]
const ADOPTED: EncryptedOptions = { name: 'secret_encrypted', adopt: { source: 'secret', readers: READERS } }

/** The application as it is deployed while its table is adopted, and as it is afterwards. */
export async function openLegacyStore(
  { url, schema, applicationName }: DemoDatabase,
  cipher: EnvelopeCipher,
  mode: 'adopt-write' | 'enforce',
): Promise<LegacyStore> {
  @Entity('legacy_credential')
  class LegacyCredential {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @Column('text')
    shop!: string

    @Encrypted(mode === 'enforce' ? { name: 'secret_encrypted', nullable: true } : ADOPTED)
    secret!: string

    @EncryptionMetadata({ entity: 'legacy-credential' })
    encryptionMetadata!: StoredEnvelope
  }
  const dataSource = withEncryption(
    new DataSource({
      ...{ type: 'postgres', url, schema, applicationName, installExtensions: false, logging: false },
      entities: [LegacyCredential],
    }),
    { cipher, mode, fleet: 'require' },
  )
  await dataSource.initialize()
  return { dataSource, credentials: dataSource.getRepository(LegacyCredential) }
}
