import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from '@jest/globals'
import pg from 'pg'
import type { InsertQueryBuilder } from 'typeorm'
import { dumpDatabase } from '../setup/database.js'
import { Credential, Token } from './entities.js'
import { expectStoppedByGuard, failureOf } from './refusal.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token])
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)
const builder = () => s.dataSource.createQueryBuilder()

let existing: Credential
beforeEach(async () => {
  existing = await credentials().save({ tenantId, name: randomUUID(), password: 'before' })
})

type Write = (canary: string) => Promise<unknown>
const byId = () => ({ id: existing.id })
const insertSql = `insert into credential ("tenantId", password) values ($1, $2)`

const plaintexts: Record<string, Write> = {
  'an SQL expression in an update query builder without listeners': (canary) =>
    builder()
      .update(Credential)
      .set({ password: () => `'${canary}'` })
      .where(byId())
      .callListeners(false)
      .execute(),
  'an SQL expression in an insert query builder without listeners': (canary) =>
    builder()
      .insert()
      .into(Credential)
      .values({ tenantId, password: () => `'${canary}'` })
      .callListeners(false)
      .execute(),
  'an SQL expression in save() without listeners': (canary) =>
    credentials().save({ tenantId, password: (() => `'${canary}'`) as never }, { listeners: false }),
  'a raw update with a parameter': (canary) =>
    s.dataSource.query('update credential set password = $1 where id = $2', [canary, existing.id]),
  'a raw update with a literal': (canary) => s.dataSource.query(`update credential set password = '${canary}'`),
  'a raw update of bytes': (canary) =>
    s.dataSource.query('update credential set certificate = $1', [Buffer.from(canary)]),
  'a raw update of an embedded field': (canary) =>
    s.dataSource.query('update credential set "endpointSecret" = $1', [canary]),
  'a raw insert': (canary) => s.dataSource.query(insertSql, [tenantId, canary]),
  'a raw upsert': (canary) =>
    s.dataSource.query(
      `insert into credential ("tenantId", name, password) values ($1, $2, $3)
       on conflict (name) do update set password = excluded.password`,
      [tenantId, existing.name, canary],
    ),
  'INSERT … SELECT': (canary) =>
    s.dataSource.query(`insert into credential ("tenantId", password) select "tenantId", $1 from credential`, [canary]),
  'a common table expression': (canary) =>
    s.dataSource.query('with new as (select $1::text as text) update credential set password = text from new', [
      canary,
    ]),
  'a query builder on the qualified name of the table': (canary) =>
    builder().update('public.credential').set({ password: canary }).where('id = :id', byId()).execute(),
  'an insert query builder on the qualified name of the table': (canary) =>
    builder()
      .insert()
      .into('public.credential', ['tenantId', 'password'])
      .values({ tenantId, password: canary })
      .execute(),
  'a query runner of its own': async (canary) => {
    const runner = s.dataSource.createQueryRunner()
    try {
      return await runner.query(insertSql, [tenantId, canary])
    } finally {
      await runner.release()
    }
  },
  'a transaction': (canary) => s.dataSource.transaction((manager) => manager.query(insertSql, [tenantId, canary])),
}

for (const [name, write] of Object.entries(plaintexts)) {
  test(`plaintext by ${name} is not stored`, async () => {
    const canary = newCanary()
    await expectStoppedByGuard(s, canary, () => write(canary), { rule: 'WX001', code: 'ERR_PLAINTEXT_REFUSED' })
  })
}

const valuesFromSelect = 'valuesFromSelect' as keyof InsertQueryBuilder<Credential>
test('plaintext by valuesFromSelect(), where TypeORM has it, is not stored', async () => {
  const canary = newCanary()
  const insert = builder().insert().into(Credential, ['tenantId', 'password'])
  if (!(valuesFromSelect in insert)) return
  const select = builder()
    .select('c."tenantId"', 'tenantId')
    .addSelect(`'${canary}'`, 'password')
    .from(Credential, 'c')
    .where({ id: existing.id })
  const run = () =>
    (insert as unknown as { valuesFromSelect(q: unknown): typeof insert }).valuesFromSelect(select).execute()
  await expectStoppedByGuard(s, canary, run, { rule: 'WX001', code: 'ERR_PLAINTEXT_REFUSED' })
})

for (const [name, prepare] of [
  ['another client', 'select 1'],
  ['a client with session_replication_role = replica', 'set session_replication_role = replica'],
  ['a client with row_security off', 'set row_security = off'],
] as const) {
  test(`plaintext by ${name} is not stored`, async () => {
    const canary = newCanary()
    const client = new pg.Client({ connectionString: s.database.url })
    await client.connect()
    try {
      await client.query(prepare)
      // A server that is told to log the parameters of failed statements also puts them into the error.
      await client.query('set log_parameter_max_length_on_error = 0')
      const before = await dumpDatabase(s.database.client)
      for (const write of [
        () => client.query(insertSql, [tenantId, canary]),
        () => client.query('update credential set password = $1', [canary]),
        () => client.query('update credential set certificate = $1', [Buffer.from(canary)]),
      ]) {
        const error = await failureOf(write)
        expect(error).toMatchObject({ code: 'WX001' })
        expect(JSON.stringify(error) + error.stack).not.toContain(canary)
      }
      expect(await dumpDatabase(s.database.client)).toBe(before)
    } finally {
      await client.end()
    }
  })
}

test('a refusal of the guard ends in the transaction, and the next one works', async () => {
  const run = () => s.dataSource.query('update credential set password = $1', ['plaintext'])
  expect(await failureOf(run)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED', retryable: false })
  const found = await credentials().findOneByOrFail({ id: existing.id })
  expect(found.password).toBe('before')
  found.password = 'after'
  await credentials().save(found)
})
