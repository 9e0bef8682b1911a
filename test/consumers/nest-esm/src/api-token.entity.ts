import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm'
import { Encrypted, EncryptedValue, EncryptionMetadata, StoredEnvelope } from 'waxseal/typeorm'

@Entity('api_token')
@Unique(['tenantId', 'service'])
export class ApiToken {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Column()
  service!: string

  @Encrypted({ lazy: true })
  token!: EncryptedValue<string>

  @Encrypted({ as: 'bytes', type: 'bytea', nullable: true })
  certificate!: Uint8Array | null

  @EncryptionMetadata({ entity: 'api-token', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}
