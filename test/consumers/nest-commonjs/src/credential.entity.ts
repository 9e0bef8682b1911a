import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { Encrypted, EncryptedValue, EncryptionMetadata, StoredEnvelope } from 'waxseal/typeorm'

export interface OAuthTokens {
  accessToken: string
  refreshToken: string
}

@Entity('credential')
export class Credential {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Column()
  name!: string

  @Encrypted()
  password!: string

  @Encrypted({ as: 'json', lazy: true, nullable: true })
  oauth!: EncryptedValue<OAuthTokens> | null

  @EncryptionMetadata({ entity: 'credential', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}
