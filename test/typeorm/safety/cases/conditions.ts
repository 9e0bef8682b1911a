import {
  And,
  Any,
  ArrayContains,
  Between,
  Brackets,
  Equal,
  ILike,
  In,
  IsNull,
  JsonContains,
  LessThan,
  Like,
  MoreThanOrEqual,
  Not,
  Or,
  Raw,
} from 'typeorm'
import type { Ground, Run, Section } from '../cases.js'

const operators: Record<string, (secret: string) => unknown> = {
  '…': (secret) => secret,
  'Equal(…)': (secret) => Equal(secret),
  'Not(…)': (secret) => Not(secret),
  'Not(Equal(…))': (secret) => Not(Equal(secret)),
  'In([…])': (secret) => In([secret, `${secret} 2`]),
  'Not(In([…]))': (secret) => Not(In([secret])),
  'Any([…])': (secret) => Any([secret]),
  'Like(…)': (secret) => Like(`${secret}%`),
  'ILike(…)': (secret) => ILike(`%${secret}`),
  'Between(…)': (secret) => Between(secret, `${secret} 2`),
  'LessThan(…)': (secret) => LessThan(secret),
  'MoreThanOrEqual(…)': (secret) => MoreThanOrEqual(secret),
  'Or(Equal(…), IsNull())': (secret) => Or(Equal(secret), IsNull()),
  'And(Not(…), Not(IsNull()))': (secret) => And(Not(secret), Not(IsNull())),
  'ArrayContains([…])': (secret) => ArrayContains([secret]),
}

const select = ({ credentials }: Ground) => credentials.createQueryBuilder('c')
const builder = ({ dataSource }: Ground) => dataSource.createQueryBuilder()

export const objectConditions: Section = {
  title: 'Conditions as objects',
  about:
    'Equal plaintexts have different ciphertexts, so such a query would find nothing, and send the plaintext. Nothing is sent.',
  instead: 'search by another column, and compare after loading; `IsNull()` and `Not(IsNull())` can be asked',
  withoutControl: ['findBy({ password: ArrayContains([…]) })'],
  cases: {
    ...Object.fromEntries(
      Object.entries(operators).map(([operator, value]): [string, Run] => [
        `findBy({ password: ${operator} })`,
        ({ credentials }, secret) => credentials.findBy({ password: value(secret) as never }),
      ]),
    ),
    'find({ where: [{ id }, { password }] })': ({ credentials, existing }, secret) =>
      credentials.find({ where: [{ id: existing.id }, { password: secret }] }),
    'findBy({ endpoint: { secret } }), embedded': ({ credentials }, secret) =>
      credentials.findBy({ endpoint: { secret } }),
    'findBy({ settings: { … } }), json': ({ credentials }, secret) =>
      credentials.findBy({ settings: { a: secret } as never }),
    'findBy({ settings: JsonContains({ … }) })': ({ credentials }, secret) =>
      credentials.findBy({ settings: JsonContains({ a: secret }) as never }),
    'findBy({ oauth: { … } }), lazy': ({ credentials }, secret) =>
      credentials.findBy({ oauth: { access: secret } as never }),
    'findBy({ certificate }), bytes': ({ credentials }, secret) =>
      credentials.findBy({ certificate: Buffer.from(secret) }),
    'findBy({ hidden }), select: false': ({ credentials }, secret) => credentials.findBy({ hidden: secret }),
    'find({ where: { tokens: { value } } }), a relation': ({ credentials }, secret) =>
      credentials.find({ where: { tokens: { value: secret } } }),
    'findOneBy({ password })': ({ credentials }, secret) => credentials.findOneBy({ password: secret }),
    'findAndCountBy({ password })': ({ credentials }, secret) => credentials.findAndCountBy({ password: secret }),
    'countBy({ password })': ({ credentials }, secret) => credentials.countBy({ password: secret }),
    'existsBy({ password })': ({ credentials }, secret) => credentials.existsBy({ password: secret }),
    'sum("calls", { password })': ({ credentials }, secret) => credentials.sum('calls', { password: secret }),
    'delete({ password })': ({ credentials }, secret) => credentials.delete({ password: secret }),
    'update({ password }, { name })': ({ credentials }, secret) =>
      credentials.update({ password: secret }, { name: 'x' }),
    'increment({ password }, "calls", 1)': ({ credentials }, secret) =>
      credentials.increment({ password: secret }, 'calls', 1),
    'softDelete({ password })': ({ credentials }, secret) => credentials.softDelete({ password: secret }),
    'restore({ password })': ({ credentials }, secret) => credentials.restore({ password: secret }),
    'findBy({ id, name, password })': ({ credentials, existing }, secret) =>
      credentials.findBy({ id: existing.id, name: existing.name as string, password: secret }),
    'createQueryBuilder().where({ password })': (ground, secret) =>
      select(ground).where({ password: secret }).getMany(),
    '… .andWhere(new Brackets(…))': (ground, secret) =>
      select(ground)
        .where({ id: ground.existing.id })
        .andWhere(new Brackets((nested) => nested.where({ password: Like(secret) })))
        .getRawMany(),
    '… .callListeners(false)': (ground, secret) =>
      select(ground).where({ password: secret }).callListeners(false).getMany(),
    '… .stream()': (ground, secret) => consume(select(ground).where({ password: secret }).stream()),
    'createQueryBuilder().delete().where({ password })': (ground, secret) =>
      builder(ground).delete().from(ground.model.Credential).where({ password: secret }).execute(),
    'createQueryBuilder().update().where({ password })': (ground, secret) =>
      builder(ground).update(ground.model.Credential).set({ name: 'x' }).where({ password: secret }).execute(),
    'createQueryBuilder().softDelete().where({ password })': (ground, secret) =>
      builder(ground).softDelete().from(ground.model.Credential).where({ password: secret }).execute(),
    'manager.findBy() in a transaction': ({ dataSource, model }, secret) =>
      dataSource.transaction((manager) => manager.findBy(model.Credential, { password: secret })),
  },
}

export const nullConditions: Section = {
  title: 'Conditions on null',
  about: 'Whether a field is set is no secret, and can be asked of every kind of field.',
  withoutControl: 'all',
  cases: {
    'findBy({ password: IsNull() })': ({ credentials }) => credentials.findBy({ password: IsNull() }),
    'findBy({ certificate: Not(IsNull()) })': ({ credentials }) => credentials.findBy({ certificate: Not(IsNull()) }),
    'findBy({ endpoint: { secret: IsNull() } })': ({ credentials }) =>
      credentials.findBy({ endpoint: { secret: IsNull() } }),
    "createQueryBuilder().where('c.password IS NOT NULL')": (ground) =>
      select(ground).where('c.password IS NOT NULL').getCount(),
    'find({ order: { password: "ASC" } }), which sorts ciphertexts': ({ credentials }) =>
      credentials.find({ order: { password: 'ASC' } }),
  },
}

async function consume(opening: Promise<AsyncIterable<unknown>>): Promise<void> {
  for await (const row of await opening) if (row === undefined) return
}

/** Each asks for entities, for raw rows and for a stream. */
const predicates: Record<string, (query: ReturnType<typeof select>, secret: string, ground: Ground) => typeof query> = {
  ".where('c.password = :p')": (query, p) => query.where('c.password = :p', { p }),
  '.where(\'"c"."password" = :p\')': (query, p) => query.where('"c"."password" = :p', { p }),
  ".where(`c.password = '…'`)": (query, p) => query.where(`c.password = '${p}'`),
  ".andWhere('c.password LIKE :p')": (query, p) => query.where('1 = 1').andWhere('c.password LIKE :p', { p }),
  ".orWhere('lower(c.password) = :p')": (query, p) => query.where('1 = 0').orWhere('lower(c.password) = :p', { p }),
  ".where('c.endpoint.secret = :p')": (query, p) => query.where('c.endpoint.secret = :p', { p }),
  ".where('c.password IN (:...p)')": (query, p) => query.where('c.password IN (:...p)', { p: [p] }),
  ".where('(c.password, c.name) = (:p, :p)')": (query, p) => query.where('(c.password, c.name) = (:p, :p)', { p }),
  '.where(new Brackets(…))': (query, p) =>
    query.where(new Brackets((nested) => nested.where('c.password > :p', { p }))),
  ".having('max(c.password) = :p')": (query, p) =>
    query.select('c.id').groupBy('c.id').having('max(c.password) = :p', { p }),
  ".innerJoin('c.tokens', 't', 't.value = :p')": (query, p) => query.innerJoin('c.tokens', 't', 't.value = :p', { p }),
  ".addSelect('CASE WHEN c.password = :p THEN 1 END')": (query, p) =>
    query.addSelect('CASE WHEN c.password = :p THEN 1 ELSE 0 END', 'same').setParameter('p', p),
  ".addSelect('CASE c.password WHEN :p THEN 1 END')": (query, p) =>
    query.addSelect('CASE c.password WHEN :p THEN 1 ELSE 0 END', 'same').setParameter('p', p),
  ".where('starts_with(c.password, :p)')": (query, p) => query.where('starts_with(c.password, :p)', { p }),
  ".where('strpos(c.password, :p) > 0')": (query, p) => query.where('strpos(c.password, :p) > 0', { p }),
  ".where('nullif(c.password, :p) IS NULL')": (query, p) => query.where('nullif(c.password, :p) IS NULL', { p }),
  ".orderBy('c.password = :p')": (query, p) => query.orderBy('c.password = :p').setParameter('p', p),
  '.where(subquery)': (query, p, { model }) =>
    query.where(
      (sub) =>
        `c.id IN ${sub.subQuery().select('d.id').from(model.Credential, 'd').where('d.password = :p').getQuery()}`,
      { p },
    ),
  ".comment('report').where('c.password = :p')": (query, p) => query.comment('report').where('c.password = :p', { p }),
  '.addCommonTableExpression(…)': (query, p) =>
    query.addCommonTableExpression('SELECT id FROM credential WHERE password = :p', 'found').setParameter('p', p),
}

export const stringConditions: Section = {
  title: 'Conditions as strings',
  about:
    'Found by reading the SQL before it is sent: it catches mistakes, not somebody who hides a comparison. Each is asked as ' +
    '`getMany()`, as `getRawMany()` and as `stream()`.',
  instead: 'search by another column, and compare after loading',
  cases: {
    ...Object.fromEntries(
      Object.entries(predicates).map(([operation, add]): [string, Run] => [
        operation,
        async (ground, secret) => {
          const failures: unknown[] = []
          for (const ask of [
            () => add(select(ground), secret, ground).getMany(),
            () => add(select(ground), secret, ground).getRawMany(),
            () => consume(add(select(ground), secret, ground).stream()),
          ]) {
            await ask().catch((error: unknown) => failures.push(error))
          }
          if (failures.length > 0) throw failures.length === 3 ? failures[0] : new Error('some ways are not refused')
        },
      ]),
    ),
    'findBy({ password: Raw(…) })': ({ credentials }, p) =>
      credentials.findBy({ password: Raw((alias) => `${alias} = :p`, { p }) }),
    "findBy({ name: Raw('… OR password = :p') })": ({ credentials }, p) =>
      credentials.findBy({ name: Raw((alias) => `${alias} IS NULL OR password = :p`, { p }) }),
    "update().set().where('password = :p')": (ground, p) =>
      builder(ground).update(ground.model.Credential).set({ name: 'x' }).where('password = :p', { p }).execute(),
    "delete().from().where('password = :p')": (ground, p) =>
      builder(ground).delete().from(ground.model.Credential).where('password = :p', { p }).execute(),
    "query('SELECT … WHERE password = $1')": ({ dataSource }, p) =>
      dataSource.query('SELECT id FROM credential WHERE password = $1', [p]),
    "query(`SELECT … WHERE password = '…'`)": ({ dataSource }, p) =>
      dataSource.query(`SELECT id FROM credential WHERE password = '${p}'`),
    "queryRunner.stream('SELECT … WHERE password = $1')": async ({ dataSource }, p) => {
      const runner = dataSource.createQueryRunner()
      try {
        await consume(runner.stream('SELECT id FROM credential WHERE password = $1', [p]))
      } finally {
        await runner.release()
      }
    },
    'a migration that asks for it, by runMigrations()': async ({ dataSource }, p) => {
      class Clean {
        readonly name = `Clean${Date.now()}`
        up = (runner: { query(sql: string, parameters: unknown[]): Promise<unknown> }) =>
          runner.query('DELETE FROM credential WHERE password = $1', [p])
        down = async () => undefined
      }
      ;(dataSource.migrations as unknown[]).push(new Clean())
      try {
        await dataSource.runMigrations()
      } finally {
        dataSource.migrations.pop()
        await dataSource.query('DROP TABLE IF EXISTS migrations')
      }
    },
  },
}

export const cachedConditions: Section = {
  title: 'Conditions and the query cache',
  about:
    "TypeORM looks a query up in the cache, with its parameters, before it asks for it. That is the application's own cache here.",
  instead: 'search by another column',
  setup: 'other cache',
  cases: {
    'find({ where: { password }, cache: true })': ({ credentials }, secret) =>
      credentials.find({ where: { password: secret }, cache: true }),
    "createQueryBuilder().where('c.password = :p').cache(true)": (ground, secret) =>
      select(ground).where('c.password = :secret', { secret }).cache(true).getMany(),
    "… .cache('name', 1000)": (ground, secret) =>
      select(ground).where('c.password = :secret', { secret }).cache('name', 1000).getMany(),
  },
}

export const cachedInTable: Section = {
  ...cachedConditions,
  title: "Conditions and the query cache in TypeORM's own table",
  about: 'As before, in the table `query-result-cache`.',
  setup: 'usual',
}
