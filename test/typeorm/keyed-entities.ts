import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, PrimaryGeneratedColumn, type Relation } from 'typeorm'
import { Encrypted, EncryptionMetadata, StoredEnvelope } from '../../src/typeorm/index.js'

/** Two key columns, bound in another order than they are declared. */
@Entity()
export class SlotSecret {
  @PrimaryColumn('uuid')
  orgId!: string

  @PrimaryColumn('int')
  slot!: number

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'slot-secret', row: ['slot', 'orgId'] })
  encryptionMetadata!: StoredEnvelope
}

@Entity()
export class GivenKey {
  @PrimaryColumn('uuid')
  id!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'given-key' })
  encryptionMetadata!: StoredEnvelope
}

@Entity()
export class NamedKey {
  @PrimaryColumn('text')
  name!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'named-key' })
  encryptionMetadata!: StoredEnvelope
}

@Entity()
export class BigKey {
  @PrimaryColumn('bigint')
  id!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'big-key' })
  encryptionMetadata!: StoredEnvelope
}

/** The key is made by the database, so only the tenant is bound. */
@Entity()
export class SerialSecret {
  @PrimaryGeneratedColumn()
  id!: number

  @Column('uuid')
  tenantId!: string

  @Encrypted({ nullable: true })
  secret!: string | null

  @EncryptionMetadata({ entity: 'serial-secret', bindRow: false, context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}

@Entity()
export class Person {
  @PrimaryGeneratedColumn('uuid')
  id!: string
}

/** Shares the key of the row that it belongs to, which is known only when that one is stored. */
@Entity()
export class PersonSecret {
  @PrimaryColumn('uuid')
  personId!: string

  @OneToOne(() => Person, { cascade: ['insert'] })
  @JoinColumn({ name: 'personId' })
  person!: Relation<Person>

  @Column('uuid')
  tenantId!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'person-secret', bindRow: false, context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}

/** As `PersonSecret`, bound to the shared key. */
@Entity()
export class BoundPersonSecret {
  @PrimaryColumn('uuid')
  personId!: string

  @OneToOne(() => Person, { cascade: ['insert'] })
  @JoinColumn({ name: 'personId' })
  person!: Relation<Person>

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'bound-person-secret' })
  encryptionMetadata!: StoredEnvelope
}

/** In a schema of its own, in columns with other names. */
@Entity({ schema: 'vault', name: 'stored_key' })
export class VaultKey {
  @PrimaryGeneratedColumn('uuid', { name: 'key_id' })
  id!: string

  @Column('uuid', { name: 'tenant' })
  tenantId!: string

  @Encrypted({ name: 'cipher text' })
  secret!: string

  @EncryptionMetadata({ entity: 'vault-key', name: 'env', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}

/** Context columns of each type. */
@Entity()
export class RegionalKey {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('int')
  region!: number

  @Column('varchar', { length: 40 })
  customer!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'regional-key', context: { region: 'region', customer: 'customer' } })
  encryptionMetadata!: StoredEnvelope
}
