import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm'
import type { EncryptedValue, StoredEnvelope } from '../../../src/typeorm/index.js'
import { encryptedColumn, encryptionMetadataColumn } from '../../../src/typeorm/index.js'
import type { Side } from '../canaries.js'

export interface Credential {
  id: string
  tenantId: string
  name: string | null
  password: string | null
  settings: unknown
  oauth: EncryptedValue | unknown
  certificate: Uint8Array | null
  encryptionMetadata: StoredEnvelope
  deletedAt: Date | null
  tokens: Token[]
}

export interface Token {
  id: string
  value: string
  encryptionMetadata: StoredEnvelope
  credential: Credential
}

/** The same entities twice: with one encrypted field of each kind, and with the same columns in the open. */
export function entitiesOf(side: Side) {
  const field = (
    options: Parameters<typeof encryptedColumn>[0],
    type: 'text' | 'jsonb' | 'bytea' = 'text',
  ): EntitySchemaColumnOptions => {
    return side === 'protected' ? encryptedColumn(options) : { type, nullable: true }
  }
  const metadata = (entity: string, context = {}): EntitySchemaColumnOptions =>
    side === 'protected'
      ? encryptionMetadataColumn({ entity, context })
      : { type: 'jsonb', nullable: true, name: 'encryption_metadata' }
  const prefix = side === 'protected' ? '' : 'open_'
  const credential = new EntitySchema<Credential>({
    name: 'Credential',
    tableName: `${prefix}credential`,
    columns: {
      id: { type: 'uuid', primary: true, generated: 'uuid' },
      tenantId: { type: 'uuid' },
      name: { type: 'text', nullable: true, unique: true },
      password: field({ nullable: true }),
      settings: field({ as: 'json', nullable: true }, 'jsonb'),
      oauth: field({ as: 'json', lazy: true, nullable: true }, 'jsonb'),
      certificate: field({ as: 'bytes', type: 'bytea', nullable: true }, 'bytea'),
      encryptionMetadata: metadata('credential', { tenant: 'tenantId' }),
      deletedAt: { type: 'timestamptz', deleteDate: true, nullable: true },
    },
    relations: { tokens: { type: 'one-to-many', target: 'Token', inverseSide: 'credential', cascade: true } },
  })
  const token = new EntitySchema<Token>({
    name: 'Token',
    tableName: `${prefix}token`,
    columns: {
      id: { type: 'uuid', primary: true, generated: 'uuid' },
      value: field({ nullable: false }),
      encryptionMetadata: metadata('token'),
    },
    relations: { credential: { type: 'many-to-one', target: 'Credential', inverseSide: 'tokens' } },
  })
  return { credential, token }
}
