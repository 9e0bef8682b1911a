import { DataSource, EntitySchema } from 'typeorm'
import { LocalProvider } from '../../../providers/local/index.js'
import { EnvelopeCipher } from '../../../src/index.js'
import type { KmsProvider } from '../../../src/kms/provider.js'
import { encryptedColumn, encryptionMetadataColumn, withEncryption } from '../../../src/typeorm/index.js'

export interface Account {
  id: string
  name: string
  password: string
  token: string
}

export const Account = new EntitySchema<Account>({
  name: 'account',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    name: { type: 'text', unique: true },
    password: encryptedColumn(),
    token: encryptedColumn(),
    encryptionMetadata: encryptionMetadataColumn({ entity: 'account' }),
  } as never,
})

/** Several processes need the same KEK, which lasts as long as the test. */
export function localProvider(key: string): KmsProvider {
  return new LocalProvider({ keys: { 1: Buffer.from(key, 'hex') }, currentKey: 1 })
}

/** An application on the database at `url`, without decorators: a process of its own runs it as plain JavaScript. */
export function application(url: string, provider: KmsProvider, options: object = {}): DataSource {
  const dataSource = new DataSource({ type: 'postgres', url, entities: [Account], ...options })
  return withEncryption(dataSource, { cipher: new EnvelopeCipher({ provider }) })
}
