import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import {
  And,
  Any,
  ArrayContains,
  Between,
  Brackets,
  Column,
  Entity,
  Equal,
  ILike,
  In,
  IsNull,
  LessThan,
  Like,
  MoreThanOrEqual,
  Not,
  Or,
  PrimaryGeneratedColumn,
  type SelectQueryBuilder,
} from 'typeorm'
import { checkGuard } from '../../src/postgres/guard-check.js'
import { guardSql } from '../../src/postgres/guard-sql.js'
import { protectedTableOf, queryableOf } from '../../src/typeorm/index.js'
import { expectNoTrace } from '../setup/database.js'
import { Credential, Token } from './entities.js'
import { expectRefused, failureOf, printed } from './refusal.js'
import { newCanary, suite } from './suite.js'

/** Not protected, with columns that are called like protected ones. */
@Entity()
class LegacyLogin {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('text')
  password!: string

  @Column('text')
  token!: string

  @Column('text')
  value!: string
}

/** Its table's name is part of another's. */
@Entity('token_log')
class TokenLog {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('text')
  value!: string
}

const s = suite([Credential, Token, LegacyLogin, TokenLog])
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)
const select = () => credentials().createQueryBuilder('c')

let id: string
beforeAll(async () => {
  const saved = await credentials().save({ tenantId, password: 'p', tokens: [{ value: 'v' } as Token] })
  id = saved.id
})

type Condition = (canary: string) => unknown

/** What may be given for `password` in an object of conditions. */
const operators: Record<string, Condition> = {
  'a value': (canary) => canary,
  Equal: (canary) => Equal(canary),
  'Not(value)': (canary) => Not(canary),
  'Not(Equal)': (canary) => Not(Equal(canary)),
  In: (canary) => In([canary, `${canary} 2`]),
  'Not(In)': (canary) => Not(In([canary])),
  Any: (canary) => Any([canary]),
  Like: (canary) => Like(`${canary}%`),
  ILike: (canary) => ILike(`%${canary}`),
  Between: (canary) => Between(canary, `${canary} 2`),
  LessThan: (canary) => LessThan(canary),
  MoreThanOrEqual: (canary) => MoreThanOrEqual(canary),
  Or: (canary) => Or(Equal(canary), IsNull()),
  And: (canary) => And(Not(canary), Not(IsNull())),
  ArrayContains: (canary) => ArrayContains([canary]),
}

for (const [name, condition] of Object.entries(operators)) {
  test(`find() by ${name} on an encrypted column is refused before it is sent`, async () => {
    const canary = newCanary()
    await expectRefused(s, canary, () => credentials().findBy({ password: condition(canary) as never }))
  })
}

test('a find operator that was refused is refused again', async () => {
  const canary = newCanary()
  for (const operator of [In([canary]), Equal(canary), Not(In([canary])), Between(canary, canary)]) {
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expectRefused(s, canary, () => credentials().findBy({ password: operator }))
    }
    expect(printed(operator)).toBeDefined()
  }
})

test('IsNull() and Not(IsNull()) can be asked, of every kind of field', async () => {
  const tenant = randomUUID()
  await credentials().save([
    { tenantId: tenant, name: `${tenant} 1`, password: 'p', certificate: Buffer.from('c'), endpoint: { secret: 's' } },
    { tenantId: tenant, name: `${tenant} 2` },
  ] as never)
  const names = async (where: object) =>
    (await credentials().find({ where: { tenantId: tenant, ...where }, order: { name: 'ASC' } })).map(({ name }) =>
      name?.slice(-1),
    )
  expect(await names({ password: IsNull() })).toEqual(['2'])
  expect(await names({ password: Not(IsNull()) })).toEqual(['1'])
  expect(await names({ certificate: Not(IsNull()) })).toEqual(['1'])
  expect(await names({ endpoint: { secret: IsNull() } })).toEqual(['2'])
  expect(await names({ oauth: IsNull() })).toEqual(['1', '2'])
  expect(await names({ hidden: Or(IsNull(), Not(IsNull())) })).toEqual(['1', '2'])
})

async function expectPredicateRefused(canary: string, run: () => Promise<unknown>): Promise<void> {
  const error = await failureOf(run)
  expect(error).toMatchObject({
    code: 'ERR_PLAINTEXT_REFUSED',
    message: expect.stringMatching(/"(?:credential|token)"/),
  })
  expect(printed(error)).not.toContain(canary)
  await expectNoTrace(s.database.client, canary)
}

type StringPredicate = (query: SelectQueryBuilder<Credential>, canary: string) => SelectQueryBuilder<Credential>
const predicates: Record<string, StringPredicate> = {
  where: (query, p) => query.where('c.password = :p', { p }),
  'where with a quoted column': (query, p) => query.where('"c"."password" = :p', { p }),
  'where with a literal': (query, p) => query.where(`c.password = '${p}'`),
  andWhere: (query, p) => query.where({ id }).andWhere('c.password LIKE :p', { p }),
  orWhere: (query, p) => query.where({ id }).orWhere('lower(c.password) = :p', { p }),
  'where on an embedded field': (query, p) => query.where('c.endpoint.secret = :p', { p }),
  'where with IN': (query, p) => query.where('c.password IN (:...p)', { p: [p] }),
  brackets: (query, p) => query.where(new Brackets((nested) => nested.where('c.password > :p', { p }))),
  having: (query, p) => query.groupBy('c.id').having('max(c.password) = :p', { p }),
  'a join condition': (query, p) => query.innerJoin('c.tokens', 't', 't.value = :p', { p }),
  'a join on the other column': (query, p) =>
    query.innerJoin(LegacyLogin, 'l', 'l.password = c.password AND l.value = :p', { p }),
  select: (query, p) => query.addSelect('CASE WHEN c.password = :p THEN 1 ELSE 0 END', 'same').setParameter('p', p),
  orderBy: (query, p) => query.orderBy('c.password = :p').setParameter('p', p),
  'a subquery': (query, p) =>
    query.where(
      (sub) => `c.id IN ${sub.subQuery().select('d.id').from(Credential, 'd').where('d.password = :p').getQuery()}`,
      { p },
    ),
  'a query with a comment': (query, p) => query.comment('report').where('c.password = :p', { p }),
  'a common table expression': (query, p) =>
    query.addCommonTableExpression(`SELECT id FROM credential WHERE password = :p`, 'found').setParameter('p', p),
}

for (const [name, add] of Object.entries(predicates)) {
  test(`a string predicate is refused before it is sent: ${name}`, async () => {
    const canary = newCanary()
    await expectPredicateRefused(canary, () => add(select(), canary).getMany())
    await expectPredicateRefused(canary, () => add(select(), canary).getRawMany())
  })
}

test('the connection is usable after a refused predicate, inside a transaction too', async () => {
  await s.dataSource.transaction(async (manager) => {
    const query = manager.createQueryBuilder(Credential, 'c').where('c.password = :p', { p: 'x' })
    expect(await failureOf(() => query.getMany())).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
    expect(await manager.countBy(Credential, { id })).toBe(1)
  })
})

test('predicates on columns of the same name in other tables are not refused', async () => {
  const legacy = s.dataSource.getRepository(LegacyLogin)
  const values = { password: 'p', token: 't', value: 'v' }
  const saved = await legacy.save({ ...values } as LegacyLogin)
  expect(await legacy.countBy(values)).toBe(1)
  expect(await legacy.createQueryBuilder('l').where('l.password = :password', values).getCount()).toBe(1)
  await s.dataSource.query('select id from legacy_login where password = $1 and value = $2', ['p', 'v'])
  const joined = legacy
    .createQueryBuilder('l')
    .innerJoin(Credential, 'c', 'c.id = :id', { id })
    .innerJoin(Token, 'token', 'token.credentialId = c.id')
    .where('l.password = :password AND l.token = :token AND l.value = :value', values)
  expect(await joined.getCount()).toBe(1)
  await legacy
    .createQueryBuilder()
    .update()
    .set({ value: 'w' })
    .where('token = :token AND value = :value', values)
    .execute()
  await legacy.createQueryBuilder().delete().where('token = :token AND value = :value', values).execute()
  await legacy.update({ id: saved.id }, { password: 'q' })
  const logs = s.dataSource.getRepository(TokenLog)
  await logs.save({ value: 'v' } as TokenLog)
  expect(await logs.createQueryBuilder().where('value = :value', values).getCount()).toBe(1)
  await logs.delete({ value: 'v' })
})

test('ordinary queries on a protected table are not refused', async () => {
  await credentials().find({ relations: { tokens: true }, order: { password: 'ASC', name: 'DESC' }, take: 2, skip: 1 })
  await credentials().find({ select: { id: true, tenantId: true, encryptionMetadata: true, password: true }, take: 1 })
  await select().leftJoinAndSelect('c.tokens', 'token').where('token.id IS NOT NULL').take(1).getMany()
  await select().where('c.password IS NOT NULL AND c.name IS NULL').getCount()
  await select().select('count(c.password)', 'n').having('count(c.password) >= 0').getRawOne()
  await select()
    .select(['c.id', 'c.password', 'c.encryptionMetadata', 'c.tenantId'])
    .where('c.id = :id', { id })
    .getMany()
  await s.dataSource.query('select id, password from credential where id = $1', [id])
  await s.dataSource.query(`with c as (select id, password from credential) select * from c where id = $1`, [id])
  await credentials().update({ id }, { name: randomUUID() })
  await s.dataSource
    .createQueryBuilder()
    .update(Token)
    .set({ credential: { id } })
    .where({ credential: { id } })
    .execute()
})

test('fields of all rows can be cleared by one statement', async () => {
  const tokens = s.dataSource.getRepository(Credential)
  await s.dataSource.transaction(async (manager) => {
    await manager.createQueryBuilder().update(Credential).set({ password: null, hidden: null }).execute()
    expect(await manager.countBy(Credential, { password: Not(IsNull()) })).toBe(0)
    await manager.query('rollback')
    await manager.query('begin')
  })
  expect(await tokens.countBy({ password: Not(IsNull()) })).toBeGreaterThan(0)
})

test('the statements of the guard and of its check are not refused', async () => {
  const runner = s.dataSource.createQueryRunner()
  try {
    for (const target of [Credential, Token]) {
      const table = protectedTableOf(s.dataSource, target)
      const { install, remove } = guardSql(table)
      for (const statement of [...remove, ...install]) await runner.query(statement)
      expect((await checkGuard(queryableOf(runner), table)).findings).toEqual([])
    }
  } finally {
    await runner.release()
  }
})

test('schema changes are not refused', async () => {
  await s.dataSource.synchronize()
  const { upQueries } = await s.dataSource.driver.createSchemaBuilder().log()
  expect(upQueries).toEqual([])
})
