import {
  ChildEntity,
  Column,
  Entity,
  EntitySchema,
  PrimaryGeneratedColumn,
  TableInheritance,
  Tree,
  TreeChildren,
  TreeParent,
} from 'typeorm'
import {
  Encrypted,
  EncryptionMetadata,
  encryptedColumn,
  encryptionMetadataColumn,
  StoredEnvelope,
} from '../../src/typeorm/index.js'

/** Single-table inheritance: one logical name, the fields of all classes in one table. */
@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
export class Connector {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('text', { nullable: true, unique: true })
  name!: string | null

  @Encrypted({ nullable: true })
  token!: string | null

  @EncryptionMetadata({ entity: 'connector' })
  encryptionMetadata!: StoredEnvelope
}

@ChildEntity()
export class MailConnector extends Connector {
  @Encrypted({ nullable: true })
  smtpPassword!: string | null
}

@ChildEntity()
export class ChatConnector extends Connector {
  @Encrypted({ as: 'json', lazy: true, nullable: true })
  bot!: unknown
}

/** Columns that come from an abstract class, in a table of its own. */
abstract class WithSecret {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  secret!: string
}

@Entity()
export class Webhook extends WithSecret {
  @EncryptionMetadata({ entity: 'webhook' })
  encryptionMetadata!: StoredEnvelope
}

export interface ApiKey {
  id: string
  label: string | null
  secret: string
  encryptionMetadata: StoredEnvelope
}

export const ApiKeySchema = new EntitySchema<ApiKey>({
  name: 'ApiKey',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    label: { type: 'text', nullable: true },
    secret: encryptedColumn({ as: 'text' }),
    encryptionMetadata: encryptionMetadataColumn({ entity: 'api-key' }),
  },
})

export class SshKey {
  id!: string
  pem!: string
  encryptionMetadata!: StoredEnvelope
}

export const SshKeySchema = new EntitySchema<SshKey>({
  name: 'SshKey',
  target: SshKey,
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    pem: encryptedColumn({ type: 'bytea', as: 'text' }),
    encryptionMetadata: encryptionMetadataColumn({ entity: 'ssh-key' }),
  },
})

export interface Folder {
  id: string
  secret: string
  parent: Folder | null
  children: Folder[]
}

@Entity()
@Tree('closure-table')
export class ClosureFolder implements Folder {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'closure-folder' })
  encryptionMetadata!: StoredEnvelope

  @TreeParent()
  parent!: ClosureFolder | null

  @TreeChildren({ cascade: true })
  children!: ClosureFolder[]
}

@Entity()
@Tree('materialized-path')
export class PathFolder implements Folder {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'path-folder' })
  encryptionMetadata!: StoredEnvelope

  @TreeParent()
  parent!: PathFolder | null

  @TreeChildren({ cascade: true })
  children!: PathFolder[]
}

@Entity()
@Tree('nested-set')
export class NestedFolder implements Folder {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'nested-folder' })
  encryptionMetadata!: StoredEnvelope

  @TreeParent()
  parent!: NestedFolder | null

  @TreeChildren({ cascade: true })
  children!: NestedFolder[]
}
