import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import type { EntitySubscriberInterface } from 'typeorm'
import { Credential } from '../entities.js'
import { checkFailure } from './check.js'
import { failureSuite } from './failure-suite.js'
import { operations } from './operations.js'

const s = failureSuite()

// Not the name: that is what upsertEncrypted() goes by.
beforeAll(() => s.database.client.query('CREATE UNIQUE INDEX ON credential ("endpointHost")'))

/** In the row that is written last, so that the statements before it have run. */
function setHost(held: readonly object[], host: string): void {
  Object.assign(held.at(-1) as Credential, { endpoint: { host } })
}

test('the plaintext is back in memory while the statement is on its way', async () => {
  const entity = { tenantId: randomUUID(), password: 'new', oauth: { access: 'new' } } as Credential
  const seen: unknown[] = []
  const witness: EntitySubscriberInterface = {
    beforeQuery({ query }) {
      if (query.startsWith('INSERT INTO "credential"')) seen.push(entity.password, entity.oauth)
    },
  }
  await s.withSubscriber('after', witness, () => s.dataSource.manager.save(Credential, entity))
  expect(seen).toEqual(['new', { access: 'new' }])
})

for (const [name, operation] of operations(({ encrypts }) => encrypts)) {
  test(`${name} that violates a unique constraint`, async () => {
    const host = randomUUID()
    await s.database.client.query(
      'INSERT INTO credential (id, "tenantId", "endpointHost") VALUES (gen_random_uuid(), gen_random_uuid(), $1)',
      [host],
    )
    await checkFailure(s, operation, {
      fail({ held, run }) {
        setHost(held, host)
        return run(s.dataSource.manager)
      },
      error: { driverError: { code: '23505' } },
      async mend({ held }) {
        setHost(held, randomUUID())
      },
    })
  })
}
