import { Column, Entity, PrimaryColumn } from 'typeorm'
import { Encrypted, type EncryptedValue, EncryptionMetadata, type StoredEnvelope } from 'waxseal/typeorm'

@Entity('credential')
export class Credential {
  @PrimaryColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Encrypted()
  password!: string

  @EncryptionMetadata({ entity: 'credential', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}

/** The same table, with a field that is decrypted when it is asked for. */
@Entity('credential')
export class LazyCredential {
  @PrimaryColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Encrypted({ lazy: true })
  password!: EncryptedValue<string>

  @EncryptionMetadata({ entity: 'credential', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}

/** The same columns with the same bytes in them, and nothing that encrypts: what the others are measured against. */
@Entity('plain_credential')
export class PlainCredential {
  @PrimaryColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Column('text')
  password!: string

  @Column('jsonb', { name: 'encryption_metadata', default: () => "'{}'" })
  encryptionMetadata!: object
}
