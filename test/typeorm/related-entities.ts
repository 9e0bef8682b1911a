import {
  Column,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm'
import { Encrypted, EncryptionMetadata, StoredEnvelope } from '../../src/typeorm/index.js'

/** One-to-many, many-to-many and one-to-one, each with a cascade to another protected entity. */
@Entity()
export class Shop {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted({ nullable: true })
  apiKey!: string | null

  @Encrypted({ nullable: true })
  webhookSecret!: string | null

  @EncryptionMetadata({ entity: 'shop' })
  encryptionMetadata!: StoredEnvelope

  @VersionColumn()
  version!: number

  @UpdateDateColumn()
  updatedAt!: Date

  @Column('int', { default: 0 })
  calls!: number

  @OneToMany(
    () => Listing,
    (listing) => listing.shop,
    { cascade: true },
  )
  listings!: Relation<Listing>[]

  @ManyToMany(() => Courier, { cascade: true })
  @JoinTable()
  couriers!: Relation<Courier>[]

  @OneToOne(() => Owner, { cascade: true, nullable: true })
  @JoinColumn()
  owner!: Relation<Owner> | null
}

@Entity()
export class Listing {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  uploadToken!: string

  @EncryptionMetadata({ entity: 'listing' })
  encryptionMetadata!: StoredEnvelope

  @ManyToOne(
    () => Shop,
    (shop) => shop.listings,
    { onUpdate: 'CASCADE', cascade: ['insert'] },
  )
  shop!: Relation<Shop>
}

@Entity()
export class Courier {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted()
  password!: string

  @EncryptionMetadata({ entity: 'courier' })
  encryptionMetadata!: StoredEnvelope
}

@Entity()
export class Owner {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted({ as: 'json', lazy: true })
  passport!: unknown

  @EncryptionMetadata({ entity: 'owner' })
  encryptionMetadata!: StoredEnvelope
}

/** Bound by its key to the shop that it belongs to. */
@Entity()
export class ShopLogin {
  @PrimaryColumn('uuid')
  shopId!: string

  @PrimaryColumn('int')
  slot!: number

  @ManyToOne(() => Shop, { onUpdate: 'CASCADE', cascade: ['insert'] })
  @JoinColumn({ name: 'shopId' })
  shop!: Relation<Shop>

  @Encrypted()
  password!: string

  @EncryptionMetadata({ entity: 'shop-login', row: ['slot', 'shopId'] })
  encryptionMetadata!: StoredEnvelope
}

/** Without protection, written by other subscribers in the tests of nested saves. */
@Entity()
export class JournalLine {
  @PrimaryGeneratedColumn()
  id!: number

  @Column('text')
  text!: string
}
