import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { Encrypted, EncryptedValue, EncryptionMetadata, StoredEnvelope } from '../../typeorm/index.js'
import type { OAuthTokens } from './credential.js'

/** What a service writes to have its credentials encrypted. */
@Entity('shop_credential')
export class ShopCredential {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string

  @Column('text')
  shop!: string

  @Column('text')
  kind!: string

  @Encrypted()
  secret!: string

  @Encrypted({ name: 'webhook_secret', nullable: true })
  webhookSecret!: string | null

  @Encrypted({ as: 'json', lazy: true, nullable: true })
  oauth!: EncryptedValue<OAuthTokens> | null

  @EncryptionMetadata({ entity: 'shop-credential', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}

/**
 * The same columns without encryption: every attempt to store plaintext is made here too, where it must succeed, or its
 * failure on the other table would say nothing. Timings are compared with it. Holds made-up values only.
 */
@Entity('plain_twin')
export class PlainTwin {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string

  @Column('text')
  shop!: string

  @Column('text')
  kind!: string

  @Column('text')
  secret!: string

  @Column('text', { name: 'webhook_secret', nullable: true })
  webhookSecret!: string | null

  @Column('jsonb', { nullable: true })
  oauth!: OAuthTokens | null

  @Column('jsonb', { name: 'encryption_metadata', default: {} })
  encryptionMetadata!: object
}
