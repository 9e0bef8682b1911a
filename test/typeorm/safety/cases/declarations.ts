import { Column, Entity, JoinColumn, JoinTable, ManyToMany, ManyToOne, PrimaryGeneratedColumn } from 'typeorm'
import { Encrypted, EncryptionMetadata } from '../../../../src/typeorm/index.js'
import { encryptedDataSource } from '../../data-source.js'
import type { Ground, Run, Section } from '../cases.js'

type Class = new () => object

/** Starts a DataSource of its own over the entities, in a schema of its own, and saves one of the last of them. */
async function startAndSave({ database }: Ground, entities: readonly Class[], values: object): Promise<void> {
  await database.client.query('CREATE SCHEMA declared')
  const { dataSource } = await encryptedDataSource(database, entities, { typeorm: { schema: 'declared' } })
  try {
    await dataSource.getRepository(entities.at(-1) as Class).save(values)
  } finally {
    await dataSource.destroy()
  }
}

function base() {
  class Base {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @EncryptionMetadata({ entity: 'declared' })
    encryptionMetadata!: unknown
  }
  return Base
}

const cases: Record<string, Run> = {
  '@Encrypted() above @Column() on one property': (ground, secret) => {
    @Entity('declared')
    class Declared extends base() {
      @Encrypted()
      @Column('text')
      secret!: string
    }
    return startAndSave(ground, [Declared], { secret })
  },
  '@Column() above @Encrypted() on one property': (ground, secret) => {
    @Entity('declared')
    class Declared extends base() {
      @Column('text')
      @Encrypted()
      secret!: string
    }
    return startAndSave(ground, [Declared], { secret })
  },
  '@Column() in a class over @Encrypted() in the class that it extends': (ground, secret) => {
    class Parent extends base() {
      @Encrypted()
      secret!: string
    }
    @Entity('declared')
    class Declared extends Parent {
      @Column('text')
      override secret!: string
    }
    return startAndSave(ground, [Declared], { secret })
  },
  '@Column() over @Encrypted() in an embedded class': (ground, secret) => {
    class Embedded {
      @Encrypted()
      @Column('text')
      secret!: string
    }
    @Entity('declared')
    class Declared extends base() {
      @Column(() => Embedded)
      embedded!: Embedded
    }
    return startAndSave(ground, [Declared], { embedded: { secret } })
  },
  'two properties of one column, one of them encrypted': (ground, secret) => {
    @Entity('declared')
    class Declared extends base() {
      @Encrypted({ nullable: true })
      secret!: string | null

      @Column('text', { name: 'secret', nullable: true })
      raw!: string | null
    }
    return startAndSave(ground, [Declared], { raw: secret })
  },
  'a second entity over the same table, without encryption': (ground, secret) => {
    @Entity('declared')
    class Declared extends base() {
      @Encrypted({ nullable: true })
      secret!: string | null
    }
    @Entity('declared')
    class Legacy {
      @PrimaryGeneratedColumn('uuid')
      id!: string

      @Column('text', { nullable: true })
      secret!: string | null
    }
    return startAndSave(ground, [Declared, Legacy], { secret })
  },
  '@JoinColumn({ referencedColumnName }) that names an encrypted column': (ground, secret) => {
    @Entity('declared')
    class Declared extends base() {
      @Encrypted()
      secret!: string
    }
    @Entity('referring')
    class Referring {
      @PrimaryGeneratedColumn('uuid')
      id!: string

      @ManyToOne(() => Declared, { createForeignKeyConstraints: false, cascade: true })
      @JoinColumn({ referencedColumnName: 'secret' })
      declared!: Declared
    }
    return startAndSave(ground, [Declared, Referring], { declared: { secret } })
  },
  '@JoinTable() over an encrypted column': (ground, secret) => {
    @Entity('declared')
    class Declared extends base() {
      @Encrypted()
      secret!: string
    }
    @Entity('referring')
    class Referring {
      @PrimaryGeneratedColumn('uuid')
      id!: string

      @ManyToMany(() => Declared, { createForeignKeyConstraints: false, cascade: true })
      @JoinTable({ inverseJoinColumn: { referencedColumnName: 'secret' } })
      declared!: Declared[]
    }
    return startAndSave(ground, [Declared, Referring], { declared: [{ secret }] })
  },
  '@JoinColumn({ name }) of an encrypted column': (ground) => {
    @Entity('owner')
    class Owner {
      @PrimaryGeneratedColumn('uuid')
      id!: string
    }
    @Entity('declared')
    class Declared extends base() {
      @Encrypted({ nullable: true })
      ownerId!: string | null

      @ManyToOne(() => Owner, { createForeignKeyConstraints: false, cascade: true })
      @JoinColumn({ name: 'ownerId' })
      owner!: Owner
    }
    return startAndSave(ground, [Owner, Declared], { owner: {} })
  },
}

export const declarations: Section = {
  title: 'Declarations that would leave a field in the open',
  about: 'TypeORM accepts each of these. The DataSource does not start, or the guard stops the write.',
  instead: 'one decorator for each property, and relations by other columns',
  // The declaration is the case: a twin would be another declaration.
  withoutControl: 'all',
  cases,
}
