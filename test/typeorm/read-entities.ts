import {
  ChildEntity,
  Column,
  Entity,
  EntitySchema,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
  Tree,
  TreeChildren,
  TreeParent,
  ViewEntity,
} from 'typeorm'
import {
  Encrypted,
  EncryptedValue,
  EncryptionMetadata,
  encryptedColumn,
  encryptionMetadataColumn,
  StoredEnvelope,
} from '../../src/typeorm/index.js'

/** Loaded with every `Shop`. */
@Entity()
export class Region {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'region' })
  encryptionMetadata!: StoredEnvelope
}

/** One transparent, one lazy and one hidden field, and relations of each way of loading. */
@Entity()
export class Shop {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Column('text', { nullable: true })
  name!: string | null

  @Encrypted({ nullable: true })
  apiKey!: string | null

  @Encrypted({ lazy: true, nullable: true })
  token!: EncryptedValue<string> | string | null

  @Encrypted({ nullable: true, select: false })
  hidden!: string | null

  @EncryptionMetadata({ entity: 'shop', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope

  @OneToMany(
    () => Key,
    (key) => key.shop,
    { cascade: true },
  )
  keys!: Relation<Key>[]

  @OneToMany(
    () => Note,
    (note) => note.shop,
    { cascade: true },
  )
  notes!: Promise<Relation<Note>[]>

  @ManyToOne(() => Region, { eager: true, cascade: true, nullable: true })
  region!: Relation<Region> | null
}

@Entity()
export class Key {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('int')
  position!: number

  @Encrypted()
  value!: string

  @EncryptionMetadata({ entity: 'key' })
  encryptionMetadata!: StoredEnvelope

  @ManyToOne(
    () => Shop,
    (shop) => shop.keys,
  )
  shop!: Relation<Shop>

  @Column('uuid', { nullable: true })
  shopId!: string | null
}

@Entity()
export class Note {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  text!: string

  @EncryptionMetadata({ entity: 'note' })
  encryptionMetadata!: StoredEnvelope

  @ManyToOne(
    () => Shop,
    (shop) => shop.notes,
  )
  shop!: Promise<Relation<Shop>>
}

@Entity()
@Tree('materialized-path')
export class Folder {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'folder' })
  encryptionMetadata!: StoredEnvelope

  @TreeParent()
  parent!: Relation<Folder> | null

  @TreeChildren({ cascade: true })
  children!: Relation<Folder>[]
}

@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'type' } })
export abstract class Account {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted({ nullable: true })
  password!: string | null

  @EncryptionMetadata({ entity: 'account' })
  encryptionMetadata!: StoredEnvelope
}

@ChildEntity()
export class MailAccount extends Account {
  @Encrypted({ nullable: true })
  recoveryCode!: string | null
}

@ChildEntity()
export class BankAccount extends Account {
  @Encrypted({ as: 'json', nullable: true })
  iban!: { country: string; number: string } | null
}

export interface VaultEntry {
  id: string
  secret: string
  token: EncryptedValue<string> | string | null
  encryptionMetadata: StoredEnvelope
}

export const VaultEntrySchema = new EntitySchema<VaultEntry>({
  name: 'VaultEntry',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    secret: encryptedColumn(),
    token: encryptedColumn({ lazy: true, nullable: true }),
    encryptionMetadata: encryptionMetadataColumn({ entity: 'vault-entry' }),
  },
})

/** Shops by another name: reads the same envelopes, under the same logical names. */
@ViewEntity({
  expression: 'SELECT "id", "tenantId", "name" AS "title", "apiKey", "encryption_metadata" FROM "shop"',
})
export class ShopView {
  @PrimaryColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Column('text', { nullable: true })
  title!: string | null

  @Encrypted({ nullable: true })
  apiKey!: string | null

  @EncryptionMetadata({ entity: 'shop', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}

export const READ_ENTITIES = [Region, Shop, Key, Note, Folder, Account, MailAccount, BankAccount, VaultEntrySchema]
