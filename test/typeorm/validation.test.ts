import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  ChildEntity,
  Column,
  Entity,
  EntitySchema,
  type EntitySchemaColumnOptions,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
  Unique,
  VersionColumn,
} from 'typeorm'
import { Encrypted, EncryptionMetadata, encryptedColumn, encryptionMetadataColumn } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from './data-source.js'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
})

afterAll(() => database?.drop())

type Entities = Parameters<typeof encryptedDataSource>[1]

/** Starts a DataSource over the entities, against an empty database. */
async function start(entities: Entities): Promise<void> {
  const typeorm = { synchronize: false }
  const { dataSource } = await encryptedDataSource(database, entities, { typeorm, encryption: { guard: 'require' } })
  await dataSource.destroy()
}

async function refusalOf(entities: Entities): Promise<{ code?: string; message: string }> {
  return start(entities).then(
    () => {
      throw new Error('it was not refused')
    },
    (error) => error,
  )
}

const ID: EntitySchemaColumnOptions = { type: 'uuid', primary: true, generated: 'uuid' }

function schema(columns: Record<string, EntitySchemaColumnOptions>, name = 'credential'): EntitySchema {
  return new EntitySchema<object>({ name, columns: columns as never })
}

/** A sound entity with some of its columns replaced. */
function credential(columns: Record<string, EntitySchemaColumnOptions>): Entities {
  return [
    schema({
      id: ID,
      secret: encryptedColumn(),
      encryptionMetadata: encryptionMetadataColumn({ entity: 'credential' }),
      ...columns,
    }),
  ]
}

const metadata = encryptionMetadataColumn

function refuses(cases: Record<string, readonly [entities: () => Entities, message: RegExp]>): void {
  for (const [name, [entities, message]] of Object.entries(cases)) {
    test(name, async () => {
      const error = await refusalOf(entities())
      expect(error.message).toMatch(message)
      expect(error.code).toBe('ERR_CONFIGURATION')
    })
  }
}

test('a sound entity starts', async () => {
  await expect(start(credential({}))).resolves.toBeUndefined()
})

describe('the metadata column', () => {
  refuses({
    'is missing': [
      () => [schema({ id: ID, secret: encryptedColumn() })],
      /credential: an entity with @Encrypted columns needs exactly one @EncryptionMetadata column, found 0/,
    ],
    'stands there twice': [
      () => credential({ second: metadata({ entity: 'second', name: 'second' }) }),
      /needs exactly one @EncryptionMetadata column, found 2/,
    ],
    'is nullable': [
      () => credential({ encryptionMetadata: { ...metadata({ entity: 'x' }), nullable: true } }),
      /credential\.encryptionMetadata: the metadata column must be jsonb NOT NULL/,
    ],
    'is json': [
      () => credential({ encryptionMetadata: { ...metadata({ entity: 'x' }), type: 'json' } }),
      /the metadata column must be jsonb NOT NULL/,
    ],
    'is not selected': [
      () => credential({ encryptionMetadata: { ...metadata({ entity: 'x' }), select: false } }),
      /credential\.encryptionMetadata: the metadata column must be selected with the entity/,
    ],
    'is not written by updates': [
      () => credential({ encryptionMetadata: { ...metadata({ entity: 'x' }), update: false } }),
      /credential\.encryptionMetadata: .* must be written by inserts and updates/,
    ],
    'is not written by inserts': [
      () => credential({ encryptionMetadata: { ...metadata({ entity: 'x' }), insert: false } }),
      /must be written by inserts and updates/,
    ],
    'has a second transformer': [
      () => {
        const column = metadata({ entity: 'x' })
        const other = { to: (value: unknown) => value, from: (value: unknown) => value }
        return credential({ encryptionMetadata: { ...column, transformer: [column.transformer, other] as never } })
      },
      /credential\.encryptionMetadata: .*no other transformer/,
    ],
  })
})

describe('an encrypted column', () => {
  const column = encryptedColumn()
  const identity = { to: (value: unknown) => value, from: (value: unknown) => value }
  refuses({
    'is a primary key': [
      () => credential({ secret: { ...column, primary: true } }),
      /credential\.secret: a primary key cannot be encrypted/,
    ],
    'is unique': [
      () => credential({ secret: { ...column, unique: true } }),
      /credential\.secret: an encrypted column cannot be in an index .*: equal plaintexts differ/,
    ],
    'is an array': [
      () => credential({ secret: { ...column, array: true } }),
      /credential\.secret: an array or a generated column cannot be encrypted/,
    ],
    'has a default': [
      () => credential({ secret: { ...column, default: 'x' } }),
      /credential\.secret: an encrypted column cannot have a default: the database would store it in plaintext/,
    ],
    'has a default by function': [
      () => credential({ secret: { ...column, default: () => "'x'" } }),
      /cannot have a default/,
    ],
    'has a length': [
      () => credential({ secret: { ...column, type: 'varchar', length: 50 } }),
      /credential\.secret: an encrypted column cannot have a length: a ciphertext is longer than its plaintext/,
    ],
    'is of another type': [
      () => credential({ secret: { ...column, type: 'varchar' } }),
      /credential\.secret: an encrypted column is of type text or bytea/,
    ],
    'is computed by the database': [
      () => credential({ secret: { ...column, generatedType: 'STORED', asExpression: "'x'" } }),
      /credential\.secret: an array or a generated column cannot be encrypted/,
    ],
    'is not written by updates': [
      () => credential({ secret: { ...column, update: false } }),
      /credential\.secret: .* must be written by inserts and updates/,
    ],
    'has a second transformer': [
      () => credential({ secret: { ...column, transformer: [identity, column.transformer] as never } }),
      /credential\.secret: .*no other transformer/,
    ],
    'has the id of another': [
      () => credential({ secret: encryptedColumn({ id: 'one' }), other: encryptedColumn({ id: 'one' }) }),
      /credential\.other: the logical id "one" is also that of secret; set id: on one of them/,
    ],
    'has the id that another one gets by default': [
      () => credential({ secret: encryptedColumn(), other: encryptedColumn({ id: 'credential.secret' }) }),
      /the logical id "credential.secret" is also that of secret/,
    ],
  })

  test('in an index of its own or with others is refused, and so is a unique constraint', async () => {
    @Entity()
    @Index(['tenantId', 'secret'])
    class Indexed {
      @PrimaryGeneratedColumn('uuid') id!: string
      @Column('uuid') tenantId!: string
      @Encrypted() secret!: string
      @EncryptionMetadata({ entity: 'indexed' }) encryptionMetadata!: object
    }
    @Entity()
    @Unique(['secret', 'tenantId'])
    class Distinct {
      @PrimaryGeneratedColumn('uuid') id!: string
      @Column('uuid') tenantId!: string
      @Encrypted() secret!: string
      @EncryptionMetadata({ entity: 'distinct' }) encryptionMetadata!: object
    }
    @Entity()
    class Own {
      @PrimaryGeneratedColumn('uuid') id!: string
      @Index() @Encrypted() secret!: string
      @EncryptionMetadata({ entity: 'own' }) encryptionMetadata!: object
    }
    for (const entity of [Indexed, Distinct, Own]) {
      expect(await refusalOf([entity])).toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringMatching(`^${entity.name}\\.secret: an encrypted column cannot be in an index`),
      })
    }
  })

  test('of an embedded class used twice gets two ids by default, and is refused with one fixed id', async () => {
    class Endpoint {
      @Encrypted() secret!: string
    }
    class FixedEndpoint {
      @Encrypted({ id: 'endpoint' }) secret!: string
    }
    @Entity()
    class Twice {
      @PrimaryGeneratedColumn('uuid') id!: string
      @Column(() => Endpoint) first!: Endpoint
      @Column(() => Endpoint) second!: Endpoint
      @EncryptionMetadata({ entity: 'twice' }) encryptionMetadata!: object
    }
    @Entity()
    class TwiceFixed {
      @PrimaryGeneratedColumn('uuid') id!: string
      @Column(() => FixedEndpoint) first!: FixedEndpoint
      @Column(() => FixedEndpoint) second!: FixedEndpoint
      @EncryptionMetadata({ entity: 'twice-fixed' }) encryptionMetadata!: object
    }
    await start([Twice])
    expect((await refusalOf([TwiceFixed])).message).toMatch(
      /TwiceFixed\.second\.secret: the logical id "endpoint" is also that of first\.secret; set id:/,
    )
  })
})

describe('the primary key', () => {
  const bound = (columns: Record<string, EntitySchemaColumnOptions>, options: object = {}): Entities => [
    schema({
      secret: encryptedColumn(),
      encryptionMetadata: metadata({ entity: 'credential', ...options }),
      ...columns,
    }),
  ]
  const serial =
    /credential\.id: the database generates this key \(increment\).*use a uuid key, or set bindRow: false and declare a context/

  refuses({
    'is a serial that would be bound': [
      () => bound({ id: { type: 'int', primary: true, generated: 'increment' } }),
      serial,
    ],
    'is a big serial that would be bound': [
      () => bound({ id: { type: 'bigint', primary: true, generated: true } }),
      serial,
    ],
    'is an identity that would be bound': [
      () => bound({ id: { type: 'int', primary: true, generated: 'identity' as never } }),
      /the database generates this key \(identity\)/,
    ],
    'is a date': [
      () => bound({ id: { type: 'date', primary: true } }),
      /credential: the primary key must be a NOT NULL column of type uuid, integer, text or varchar.*"id" is not/,
    ],
    'is composite and holds a date': [
      () => bound({ id: { type: 'uuid', primary: true }, day: { type: 'date', primary: true } }),
      /the primary key must be .*"day" is not/,
    ],
    'has a transformer': [
      () => {
        const transformer = { to: (value: unknown) => value, from: (value: unknown) => value }
        return bound({ id: { type: 'text', primary: true, transformer } })
      },
      /the primary key must be .*without a transformer; "id" is not/,
    ],
    'is char, which Postgres pads': [
      () => bound({ id: { type: 'char', length: 8, primary: true } }),
      /the primary key must be/,
    ],
    'is a date that is not bound, which jobs could not find again': [
      () =>
        bound(
          { id: { type: 'date', primary: true }, tenantId: { type: 'uuid' } },
          { bindRow: false, context: { tenant: 'tenantId' } },
        ),
      /credential: a primary key must be of type uuid, integer or text, so that its rows can be found again/,
    ],
    'is named by "row" with a property that is none': [
      () => bound({ id: ID, name: { type: 'text' } }, { row: ['name'] }),
      /credential: "row" must name each primary key property once: id/,
    ],
    'is named by "row" in part': [
      () => bound({ a: { type: 'uuid', primary: true }, b: { type: 'int', primary: true } }, { row: ['a'] }),
      /"row" must name each primary key property once: a, b/,
    ],
    'is named by "row" twice': [
      () => bound({ a: { type: 'uuid', primary: true }, b: { type: 'int', primary: true } }, { row: ['a', 'a'] }),
      /"row" must name each primary key property once: a, b/,
    ],
  })

  test('may be a serial with bindRow: false and a context, or a composite in a declared order', async () => {
    const options = { bindRow: false, context: { tenant: 'tenantId' } }
    await start(bound({ id: { type: 'int', primary: true, generated: true }, tenantId: { type: 'uuid' } }, options))
    const composite = { a: { type: 'uuid', primary: true }, b: { type: 'int', primary: true } } as const
    await start(bound(composite, { row: ['b', 'a'] }))
  })
})

describe('a context column', () => {
  const withContext = (tenant: EntitySchemaColumnOptions, path = 'tenantId'): Entities =>
    credential({
      tenantId: tenant,
      encryptionMetadata: metadata({ entity: 'credential', context: { tenant: path } }),
    })
  const mustBe =
    /credential: context "tenant" must be a NOT NULL column of type uuid, integer, text or varchar.*"tenantId" is not/

  refuses({
    'is missing': [
      () => withContext({ type: 'uuid' }, 'tenant'),
      /credential: context "tenant" needs a mapped column, found none at "tenant"; map the column of a relation/,
    ],
    'is nullable': [() => withContext({ type: 'uuid', nullable: true }), mustBe],
    'is a timestamp': [() => withContext({ type: 'timestamptz' }), mustBe],
    'is numeric': [() => withContext({ type: 'numeric' }), mustBe],
    'is citext': [() => withContext({ type: 'citext' }), mustBe],
    'is an array': [() => withContext({ type: 'text', array: true }), mustBe],
    'has a transformer': [
      () =>
        withContext({ type: 'text', transformer: { to: (value: unknown) => value, from: (value: unknown) => value } }),
      mustBe,
    ],
    'is generated by the database': [
      () => withContext({ type: 'int', generated: 'increment' }),
      /credential\.tenantId: the database generates this value/,
    ],
  })

  test('by which TypeORM counts versions is refused', async () => {
    @Entity()
    class Versioned {
      @PrimaryGeneratedColumn('uuid') id!: string
      @VersionColumn() version!: number
      @Encrypted() secret!: string
      @EncryptionMetadata({ entity: 'versioned', context: { version: 'version' } }) encryptionMetadata!: object
    }
    expect(await refusalOf([Versioned])).toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringMatching(/Versioned\.version: .*changes/),
    })
  })

  test('of a relation needs a property of its own', async () => {
    @Entity()
    class Tenant {
      @PrimaryGeneratedColumn('uuid') id!: string
    }
    @Entity()
    class Unmapped {
      @PrimaryGeneratedColumn('uuid') id!: string
      @ManyToOne(() => Tenant, { nullable: false }) tenant!: Relation<Tenant>
      @Encrypted() secret!: string
      @EncryptionMetadata({ entity: 'unmapped', context: { tenant: 'tenant' } }) encryptionMetadata!: object
    }
    @Entity()
    class Mapped {
      @PrimaryGeneratedColumn('uuid') id!: string
      @ManyToOne(() => Tenant, { nullable: false })
      @JoinColumn({ name: 'tenantId' })
      tenant!: Relation<Tenant>
      @Column('uuid') tenantId!: string
      @Encrypted() secret!: string
      @EncryptionMetadata({ entity: 'mapped', context: { tenant: 'tenantId' } }) encryptionMetadata!: object
    }
    expect(await refusalOf([Tenant, Unmapped])).toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('map the column of a relation by a property of its own'),
    })
    await start([Tenant, Mapped])
  })
})

describe('several entities', () => {
  const named = (name: string, entity: string) =>
    schema({ id: ID, secret: encryptedColumn(), encryptionMetadata: metadata({ entity }) }, name)

  refuses({
    'of one logical name in two tables': [
      () => [named('one', 'credential'), named('two', 'credential')],
      /the logical name "credential" is declared for the tables one and two; give each its own/,
    ],
  })

  test('classes of a single table that declare one column differently are refused', async () => {
    @Entity()
    @TableInheritance({ column: { type: 'varchar', name: 'type' } })
    abstract class Base {
      @PrimaryGeneratedColumn('uuid') id!: string
      @EncryptionMetadata({ entity: 'base' }) encryptionMetadata!: object
    }
    @ChildEntity()
    class First extends Base {
      @Encrypted({ name: 'secret', nullable: true }) password!: string | null
    }
    @ChildEntity()
    class Second extends Base {
      @Encrypted({ name: 'secret', nullable: true }) token!: string | null
    }
    expect(await refusalOf([Base, First, Second])).toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringMatching(/Base: the column "secret" is declared with two ids or kinds/),
    })
  })

  test('classes of a single table may share a column by one id', async () => {
    @Entity()
    @TableInheritance({ column: { type: 'varchar', name: 'type' } })
    abstract class Shared {
      @PrimaryGeneratedColumn('uuid') id!: string
      @EncryptionMetadata({ entity: 'shared' }) encryptionMetadata!: object
    }
    @ChildEntity()
    class Third extends Shared {
      @Encrypted({ name: 'secret', id: 'shared.secret', nullable: true }) password!: string | null
    }
    @ChildEntity()
    class Fourth extends Shared {
      @Encrypted({ name: 'secret', id: 'shared.secret', nullable: true }) token!: string | null
    }
    await start([Shared, Third, Fourth])
  })

  test('entities without encrypted columns are left alone', async () => {
    await start([schema({ id: { type: 'int', primary: true, generated: true }, at: { type: 'date' } }, 'plain')])
  })
})
