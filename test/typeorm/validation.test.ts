import { describe, expect, test } from '@jest/globals'
import { ChildEntity, Column, Entity, Index, PrimaryGeneratedColumn, TableInheritance, Unique } from 'typeorm'
import { Encrypted, EncryptionMetadata, encryptedColumn, encryptionMetadataColumn } from '../../src/typeorm/index.js'
import { credential, ID, IDENTITY, schema, startSuite } from './start-suite.js'

const { start, refusalOf, refuses } = startSuite()
const metadata = encryptionMetadataColumn

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
        return credential({ encryptionMetadata: { ...column, transformer: [column.transformer, IDENTITY] as never } })
      },
      /credential\.encryptionMetadata: .*no other transformer/,
    ],
  })
})

describe('an encrypted column', () => {
  const column = encryptedColumn()
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
      () => credential({ secret: { ...column, transformer: [IDENTITY, column.transformer] as never } }),
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
