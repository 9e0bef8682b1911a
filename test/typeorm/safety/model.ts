import 'reflect-metadata'
import {
  BaseEntity,
  ChildEntity,
  Column,
  DeleteDateColumn,
  Entity,
  EntitySchema,
  type EntitySchemaColumnOptions,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  TableInheritance,
  Tree,
  TreeChildren,
  TreeParent,
  UpdateDateColumn,
  VersionColumn,
  ViewEntity,
} from 'typeorm'
import {
  Encrypted,
  type EncryptedOptions,
  type EncryptedValue,
  EncryptionMetadata,
  encryptedColumn,
  encryptionMetadataColumn,
} from '../../../src/typeorm/index.js'

export interface Credential {
  id: string
  tenantId: string
  name: string | null
  calls: number
  password: string | null
  settings: unknown
  oauth: EncryptedValue<{ access: string }> | { access: string } | null
  certificate: Uint8Array | null
  hidden: string | null
  endpoint: { secret: string | null; host: string | null }
  encryptionMetadata: unknown
  tokens: Token[]
  deletedAt: Date | null
  version: number
}

export interface Token {
  id: string
  value: string
  encryptionMetadata: unknown
  credential: Credential | null
}

export interface Account {
  id: string
  password: string | null
  recoveryCode?: string | null
}

export interface Folder {
  id: string
  secret: string
  parent: Folder | null
  children: Folder[]
}

export interface ApiKey {
  id: string
  secret: string
}

/** As a table of changes has it: not protected. */
export interface Change {
  id: string
  data: unknown
}

export interface Login extends BaseEntity {
  id: string
  secret: string
}

type Class<T> = new () => T
type Columns = Record<string, EntitySchemaColumnOptions>

/** The same entities twice: with encrypted columns, and with columns in the open for the control of each case. */
export interface Model {
  readonly entities: readonly (Class<object> | EntitySchema)[]
  /** Those with fields of their own, children before parents, for reading everything back. */
  readonly tables: readonly (Class<object> | EntitySchema)[]
  readonly Credential: Class<Credential>
  readonly CredentialView: Class<Pick<Credential, 'id' | 'password'>>
  readonly Token: Class<Token>
  readonly Account: Class<Account>
  readonly MailAccount: Class<Account>
  readonly Folder: Class<Folder>
  readonly Login: Class<Login> & typeof BaseEntity
  readonly ApiKey: EntitySchema<ApiKey>
  readonly Change: Class<Change>
}

interface Declarations {
  readonly field: typeof Encrypted
  readonly envelope: typeof EncryptionMetadata
  readonly fieldColumn: typeof encryptedColumn
  readonly envelopeColumn: typeof encryptionMetadataColumn
}

export const protectedModel = () =>
  model({
    field: Encrypted,
    envelope: EncryptionMetadata,
    fieldColumn: encryptedColumn,
    envelopeColumn: encryptionMetadataColumn,
  })

export const openModel = () =>
  model({
    field: (options) => Column(inTheOpen(options)),
    envelope: ({ name }) => Column({ type: 'jsonb', name: name ?? 'encryption_metadata', default: () => "'{}'" }),
    fieldColumn: (options) => inTheOpen(options) as EntitySchemaColumnOptions,
    envelopeColumn: () => ({ type: 'jsonb', name: 'encryption_metadata', default: () => "'{}'" }),
  })

function inTheOpen({ as = 'text', type, id, lazy, ...column }: EncryptedOptions = {}) {
  return { ...column, type: ({ text: 'text', json: 'jsonb', bytes: 'bytea' } as const)[as] }
}

function model({ field, envelope, fieldColumn, envelopeColumn }: Declarations): Model {
  class EndpointColumns {
    @field({ nullable: true })
    secret!: string | null

    @Column('text', { nullable: true })
    host!: string | null
  }

  @Entity('credential')
  class CredentialEntity {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @Column('uuid')
    tenantId!: string

    @Column('text', { nullable: true, unique: true })
    name!: string | null

    @Column('int', { default: 0 })
    calls!: number

    @field({ nullable: true })
    password!: string | null

    @field({ as: 'json', nullable: true })
    settings!: unknown

    @field({ as: 'json', lazy: true, nullable: true })
    oauth!: unknown

    @field({ as: 'bytes', type: 'bytea', nullable: true })
    certificate!: unknown

    @field({ nullable: true, select: false })
    hidden!: string | null

    @Column(() => EndpointColumns)
    endpoint!: EndpointColumns

    @envelope({ entity: 'credential', context: { tenant: 'tenantId' } })
    encryptionMetadata!: unknown

    @OneToMany(
      () => TokenEntity,
      (token) => token.credential,
      { cascade: true },
    )
    tokens!: unknown[]

    @DeleteDateColumn()
    deletedAt!: Date | null

    @UpdateDateColumn()
    updatedAt!: Date

    @VersionColumn({ default: 1 })
    version!: number
  }

  @Entity('token')
  class TokenEntity {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @field()
    value!: string

    @envelope({ entity: 'token' })
    encryptionMetadata!: unknown

    @ManyToOne(
      () => CredentialEntity,
      (credential) => credential.tokens,
      { cascade: ['insert', 'update'], onDelete: 'CASCADE' },
    )
    credential!: unknown
  }

  @ViewEntity({
    name: 'credential_view',
    expression: 'SELECT id, "tenantId", password, encryption_metadata FROM credential',
  })
  class CredentialView {
    @Column('uuid', { primary: true })
    id!: string

    @Column('uuid')
    tenantId!: string

    @field({ nullable: true })
    password!: string | null

    @envelope({ entity: 'credential', context: { tenant: 'tenantId' } })
    encryptionMetadata!: unknown
  }

  @Entity('account')
  @TableInheritance({ column: { type: 'varchar', name: 'kind' } })
  class AccountEntity {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @field({ nullable: true })
    password!: string | null

    @envelope({ entity: 'account' })
    encryptionMetadata!: unknown
  }

  @ChildEntity('mail')
  class MailAccount extends AccountEntity {
    @field({ nullable: true })
    recoveryCode!: string | null
  }

  @Entity('folder')
  @Tree('closure-table')
  class FolderEntity {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @field()
    secret!: string

    @envelope({ entity: 'folder' })
    encryptionMetadata!: unknown

    @TreeParent()
    parent!: FolderEntity | null

    @TreeChildren({ cascade: true })
    children!: FolderEntity[]
  }

  @Entity('login')
  class LoginEntity extends BaseEntity {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @field()
    secret!: string

    @envelope({ entity: 'login' })
    encryptionMetadata!: unknown
  }

  @Entity('change')
  class ChangeEntity {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @Column('jsonb')
    data!: unknown
  }

  const ApiKeySchema = new EntitySchema<ApiKey>({
    name: 'ApiKey',
    tableName: 'api_key',
    columns: {
      id: { type: 'uuid', primary: true, generated: 'uuid' },
      secret: fieldColumn(),
      encryptionMetadata: envelopeColumn({ entity: 'api-key' }),
    } as Columns as never,
  })

  const tables = [TokenEntity, CredentialEntity, AccountEntity, FolderEntity, LoginEntity, ApiKeySchema]
  return {
    entities: [...tables, MailAccount, CredentialView, ChangeEntity],
    tables,
    Credential: CredentialEntity as Class<Credential>,
    CredentialView,
    Token: TokenEntity as Class<Token>,
    Account: AccountEntity,
    MailAccount,
    Folder: FolderEntity,
    Login: LoginEntity,
    ApiKey: ApiKeySchema,
    Change: ChangeEntity,
  }
}
