import { Column, DeleteDateColumn, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn, type Relation } from 'typeorm'
import { Encrypted, EncryptedValue, EncryptionMetadata, StoredEnvelope } from '../../src/typeorm/index.js'

export interface OAuthTokens {
  access: string
  refresh?: string
  scopes?: string[]
}

export class Endpoint {
  @Encrypted({ nullable: true })
  secret!: string | null

  @Column('text', { nullable: true })
  host!: string | null
}

/** One field of each kind: transparent and lazy, text and bytea, hidden, embedded. */
@Entity()
export class Credential {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Column('text', { nullable: true, unique: true })
  name!: string | null

  @Encrypted({ nullable: true })
  password!: string | null

  @Encrypted({ as: 'json', nullable: true })
  settings!: Record<string, unknown> | null

  @Encrypted({ as: 'json', lazy: true, nullable: true })
  oauth!: EncryptedValue<OAuthTokens> | OAuthTokens | null

  @Encrypted({ as: 'bytes', type: 'bytea', nullable: true })
  certificate!: Uint8Array | null

  @Encrypted({ nullable: true, select: false })
  hidden!: string | null

  @Column(() => Endpoint)
  endpoint!: Endpoint

  @EncryptionMetadata({ entity: 'credential', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope

  @OneToMany(
    () => Token,
    (token) => token.credential,
    { cascade: true },
  )
  tokens!: Relation<Token>[]

  @DeleteDateColumn()
  deletedAt!: Date | null
}

@Entity()
export class Token {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  value!: string

  @EncryptionMetadata({ entity: 'token' })
  encryptionMetadata!: StoredEnvelope

  @ManyToOne(
    () => Credential,
    (credential) => credential.tokens,
  )
  credential!: Relation<Credential>
}
