import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { checkGuard } from '../../src/postgres/index.js'
import { protectedTableOf } from '../../src/typeorm/index.js'
import { Credential, Token } from './entities.js'
import { failureOf } from './refusal.js'
import { suite } from './suite.js'

const s = suite([Credential, Token], {
  prepare: ({ client }) => client.query('CREATE SCHEMA tenant_a'),
  typeorm: { extra: { options: '-c search_path=tenant_a' } },
})

s.encrypts('a table that the search path finds is protected where it lies', async (canary) => {
  const credentials = s.dataSource.getRepository(Credential)
  const { id } = await credentials.save(credentials.create({ tenantId: randomUUID(), password: canary } as Credential))
  expect((await credentials.findOneByOrFail({ id })).password).toBe(canary)

  const table = protectedTableOf(s.dataSource, Credential)
  expect(table.schema).toBe('tenant_a')
  expect((await checkGuard(s.database.client, table)).findings).toEqual([])
  const { rows } = await s.database.client.query("SELECT to_regclass('public.credential') AS found")
  expect(rows).toEqual([{ found: null }])
})

test('a condition on an encrypted column is refused there too, with the schema and without', async () => {
  for (const name of ['credential', 'tenant_a.credential']) {
    const run = () => s.dataSource.query(`SELECT 1 FROM ${name} c WHERE c.password = $1`, ['x'])
    expect(await failureOf(run)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  }
})
