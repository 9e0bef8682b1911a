import { randomBytes, randomUUID } from 'node:crypto'
import pg from 'pg'
import { type Ground, method, type Section } from '../cases.js'

const builder = ({ dataSource }: Ground) => dataSource.createQueryBuilder()
const INSERT = 'INSERT INTO credential ("tenantId", password) VALUES ($1, $2)'

/** Well-formed, of nobody's data key. */
function forged(secret: string): string {
  const bytes = Buffer.concat([randomBytes(12), Buffer.from(secret), randomBytes(16)])
  return `ws1:${randomBytes(32).toString('base64url')}:${bytes.toString('base64url')}`
}

/** A server that logs the parameters of failed statements puts them into the error as well, which is not ours here. */
const WITHOUT_PARAMETERS = 'SET log_parameter_max_length_on_error = 0'

export const sql: Section = {
  title: 'SQL that the ORM does not look into',
  about:
    'The database refuses to store it, whoever sends it. The statement has been on the wire by then, and may be in the ' +
    'log of the server and of TypeORM.',
  instead: '`save()` or `insert()`',
  cases: {
    "query('UPDATE … SET password = $1')": ({ dataSource, existing }, secret) =>
      dataSource.query('UPDATE credential SET password = $1 WHERE id = $2', [secret, existing.id]),
    "query(`UPDATE … SET password = '…'`)": ({ dataSource }, secret) =>
      dataSource.query(`UPDATE credential SET password = '${secret}'`),
    'dataSource.sql`UPDATE … SET password = ${value}`': ({ dataSource }, secret) =>
      (method(dataSource, 'sql') as (...args: unknown[]) => Promise<unknown>)(
        ['UPDATE credential SET password = ', ''],
        secret,
      ),
    "query('UPDATE … SET certificate = $1'), bytes": ({ dataSource }, secret) =>
      dataSource.query('UPDATE credential SET certificate = $1', [Buffer.from(secret)]),
    'query(\'UPDATE … SET "endpointSecret" = $1\'), embedded': ({ dataSource }, secret) =>
      dataSource.query('UPDATE credential SET "endpointSecret" = $1', [secret]),
    "query('INSERT …')": ({ dataSource, existing }, secret) => dataSource.query(INSERT, [existing.tenantId, secret]),
    "query('INSERT … ON CONFLICT … DO UPDATE')": ({ dataSource, existing }, secret) =>
      dataSource.query(
        `INSERT INTO credential ("tenantId", name, password) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET password = excluded.password`,
        [existing.tenantId, existing.name, secret],
      ),
    "query('INSERT … SELECT')": ({ dataSource }, secret) =>
      dataSource.query(`INSERT INTO credential ("tenantId", password) SELECT "tenantId", $1 FROM credential`, [secret]),
    "query('WITH … UPDATE')": ({ dataSource }, secret) =>
      dataSource.query('WITH new AS (SELECT $1::text AS value) UPDATE credential SET password = value FROM new', [
        secret,
      ]),
    'repository.query()': ({ credentials, existing }, secret) =>
      credentials.query('UPDATE credential SET password = $1 WHERE id = $2', [secret, existing.id]),
    'manager.query() in a transaction': ({ dataSource, existing }, secret) =>
      dataSource.transaction((manager) => manager.query(INSERT, [existing.tenantId, secret])),
    'queryRunner.query()': async ({ dataSource, existing }, secret) => {
      const runner = dataSource.createQueryRunner()
      try {
        await runner.query(INSERT, [existing.tenantId, secret])
      } finally {
        await runner.release()
      }
    },
    "queryRunner.stream('UPDATE …')": async ({ dataSource }, secret) => {
      const runner = dataSource.createQueryRunner()
      try {
        await runner.query(WITHOUT_PARAMETERS)
        const stream = await runner.stream('UPDATE credential SET password = $1', [secret])
        for await (const row of stream) throw new Error(`no row was expected, found ${typeof row}`)
      } finally {
        await runner.release()
      }
    },
    "createQueryBuilder().update('public.credential')": (ground, secret) =>
      builder(ground)
        .update('public.credential')
        .set({ password: secret })
        .where('id = :id', { id: ground.existing.id })
        .execute(),
    "createQueryBuilder().insert().into('public.credential', […])": (ground, secret) =>
      builder(ground)
        .insert()
        .into('public.credential', ['tenantId', 'password'])
        .values({ tenantId: ground.existing.tenantId, password: secret })
        .execute(),
    'insert().into(Credential).valuesFromSelect()': (ground, secret) => {
      const { model, existing } = ground
      const select = builder(ground)
        .select('c."tenantId"', 'tenantId')
        .addSelect(`'${secret}'`, 'password')
        .from(model.Credential, 'c')
        .where({ id: existing.id })
      const insert = builder(ground).insert().into(model.Credential, ['tenantId', 'password'])
      return (method(insert, 'valuesFromSelect') as (query: unknown) => typeof insert)(select).execute()
    },
    'a pg client of the application': async ({ database, existing }, secret) => {
      const client = new pg.Client({ connectionString: database.url })
      await client.connect()
      try {
        await client.query(WITHOUT_PARAMETERS)
        await client.query(INSERT, [existing.tenantId, secret])
      } finally {
        await client.end()
      }
    },
    "query('… $1') with what merely starts like a ciphertext": ({ dataSource, existing }, secret) =>
      dataSource.query(INSERT, [existing.tenantId, `ws1:${secret}`]),
    "query('… $1') with a well-formed ciphertext of nobody": ({ dataSource, existing }, secret) =>
      dataSource.query('UPDATE credential SET password = $1 WHERE id = $2', [forged(secret), existing.id]),
  },
}

export const tampering: Section = {
  title: 'What would part a field from its key',
  about: 'Each of these would leave a row that does not open, or opens as another.',
  withoutControl: 'all',
  instead: '`save()` of an entity that was loaded with all its fields, or `updateEncrypted()`',
  cases: {
    'update(id, { tenantId }), which the envelope is bound to': ({ credentials, existing }) =>
      credentials.update(existing.id, { tenantId: randomUUID() }),
    'update(id, { id }), which the envelope is bound to': ({ dataSource, model, existing }) =>
      dataSource.getRepository(model.Token).update(existing.tokens[0]?.id as string, { id: randomUUID() }),
    'update(id, { encryptionMetadata })': ({ credentials, existing }) =>
      credentials.update(existing.id, { encryptionMetadata: { format: 1 } }),
    "upsert({ tenantId, name }, ['name']) with another tenant": ({ credentials, existing }) =>
      credentials.upsert({ tenantId: randomUUID(), name: existing.name as string }, ['name']),
    "upsert({ …, encryptionMetadata, password: null }, ['name'])": async ({ credentials, existing }) => {
      const { tenantId, name, encryptionMetadata } = await credentials.findOneByOrFail({ id: existing.id })
      await credentials.upsert({ tenantId, name, encryptionMetadata, password: null } as never, ['name'])
    },
    'save(loadedEntity) with the encryptionMetadata of another row': async ({ credentials, existing }) => {
      const entity = await credentials.findOneByOrFail({ id: existing.id })
      const { encryptionMetadata } = await credentials.save({ tenantId: existing.tenantId, password: 'other' })
      await credentials.save(Object.assign(entity, { encryptionMetadata, name: randomUUID() }))
    },
    'save({ id, encryptionMetadata: {} })': ({ credentials, existing }) =>
      credentials.save({ id: existing.id, encryptionMetadata: {} }),
    'save({ id, encryptionMetadata: {} }, { listeners: false })': ({ credentials, existing }) =>
      credentials.save({ id: existing.id, encryptionMetadata: {} }, { listeners: false }),
    "query(`UPDATE … SET encryption_metadata = '{}'`)": ({ dataSource }) =>
      dataSource.query(`UPDATE credential SET encryption_metadata = '{}'`),
    "query('UPDATE … SET encryption_metadata = $1'), of another shape": ({ dataSource }) =>
      dataSource.query('UPDATE credential SET encryption_metadata = $1', [{ format: 1, key: 'k' }]),
    'query(\'UPDATE … SET "tenantId" = …\')': ({ dataSource }) =>
      dataSource.query('UPDATE credential SET "tenantId" = gen_random_uuid()'),
    "query('UPDATE … SET id = …')": ({ dataSource }) => dataSource.query('UPDATE token SET id = gen_random_uuid()'),
    "query('INSERT … SELECT'), a row copied with its metadata": ({ dataSource }) =>
      dataSource.query('INSERT INTO token (value, encryption_metadata) SELECT value, encryption_metadata FROM token'),
    "query('INSERT … SELECT'), a field copied without its metadata": ({ dataSource }) =>
      dataSource.query('INSERT INTO credential ("tenantId", password) SELECT "tenantId", password FROM credential'),
    "query('UPDATE …'), a field copied from another row": ({ dataSource, model, existing }) =>
      dataSource.transaction(async (manager) => {
        const { id } = await manager.save(model.Credential, { tenantId: existing.tenantId, password: 'other' })
        await manager.query(
          'UPDATE credential SET password = (SELECT password FROM credential WHERE id = $1) WHERE id = $2',
          [id, existing.id],
        )
      }),
  },
}
