import { DataSource, EntitySchema } from 'typeorm'
import { EnvelopeCipher } from '../../src/index.js'
import { FaultyProvider } from '../../src/testing/faulty-provider.js'
import {
  addEncryptionGuard as addGuard,
  encryptedColumn,
  encryptionMetadataColumn,
  removeEncryptionGuard as removeGuard,
  withEncryption,
} from '../../src/typeorm/index.js'

/** What a project hands to TypeORM's command line. Run in a process of its own, by `migration-command.test.ts`. */
const credential = new EntitySchema<object>({
  name: 'credential',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    tenantId: { type: 'uuid' },
    password: encryptedColumn({ nullable: true }),
    certificate: encryptedColumn({ as: 'bytes', type: 'bytea', lazy: true, nullable: true }),
    encryptionMetadata: encryptionMetadataColumn({ entity: 'credential', context: { tenant: 'tenantId' } }),
  } as never,
})

export const addEncryptionGuard = addGuard
export const removeEncryptionGuard = removeGuard

export default withEncryption(
  new DataSource({
    type: 'postgres',
    url: process.env.DATABASE_URL as string,
    entities: [credential],
    migrations: [process.env.MIGRATIONS as string],
  }),
  {
    cipher: () => {
      if (process.env.KMS === 'none') throw new Error('no KMS where migrations run')
      return new EnvelopeCipher({ provider: new FaultyProvider() })
    },
  },
)
