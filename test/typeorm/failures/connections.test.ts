import { afterAll, expect, test } from '@jest/globals'
import type { QueryRunner } from 'typeorm'
import { checkFailure } from './check.js'
import { cuttingProxy } from './cutting-proxy.js'
import { failureSuite } from './failure-suite.js'
import { heldCalls } from './held-calls.js'
import { hooksOf, operations, type Prepared } from './operations.js'

/** The connection is lost: the server ends it, or the network does. */
const proxy = cuttingProxy()
const s = failureSuite({
  async prepare(database) {
    database.url = await proxy.listen(database.url)
  },
})
afterAll(() => proxy.close())

const lost = { message: expect.stringMatching(/terminat|released|ECONNRESET|Connection/i) }

async function terminate(runner: QueryRunner): Promise<void> {
  const [{ pid }] = await runner.query('SELECT pg_backend_pid() AS pid')
  await s.database.client.query('SELECT pg_terminate_backend($1, 10000)', [pid])
}

for (const [name, operation] of operations()) {
  for (const hook of hooksOf(name, operation)) {
    test(`${name} whose connection the server ends in ${hook}`, async () => {
      const subscriber = {
        [hook]: (_: object, event = _ as { queryRunner: QueryRunner }) => terminate(event.queryRunner),
      }
      await checkFailure(s, operation, {
        fail: ({ run }) => s.withSubscriber('before', subscriber, () => s.dataSource.transaction(run)),
        error: lost,
      })
    })
  }
}

// Without a transaction the connection is taken for the first statement, after the KMS has answered.
const connected = ([name]: readonly [string, unknown]) => !/^insert\(\)|new row without a transaction/.test(name)

for (const [name, operation] of operations(({ mints }) => mints).filter(connected)) {
  test(`${name} whose connection the server ends while the KMS is asked`, async () => {
    const calls = heldCalls()
    const fail = async ({ run }: Prepared) => {
      s.encrypted.provider.faults.inject(calls.fault, { operation: 'generateDataKey' })
      const running = run(s.dataSource.manager)
      running.catch(() => undefined)
      await calls.arrived()
      await s.database.client.query(
        `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
      )
      calls.release()
      return running
    }
    // Ours, or the driver's when the answer of the KMS is faster than the news from the socket.
    await checkFailure(s, operation, { fail, error: lost })
  })
}

for (const [name, operation] of operations(({ writes }) => writes !== 'none')) {
  const statement = { new: 'INSERT INTO "credential"', old: 'UPDATE "credential"', none: '' }[operation.writes]
  test(`${name} whose connection is cut before its statement arrives`, async () => {
    await checkFailure(s, operation, {
      fail({ run }) {
        proxy.cut(name === 'remove()' ? 'DELETE FROM "credential"' : statement, 'before')
        return run(s.dataSource.manager)
      },
      error: lost,
    })
  })

  // Who has no transaction has no COMMIT; a key that has moved is no longer found under the old one.
  if (/without a transaction|^insert\(\)|of the key|remove\(\)$/.test(name) && name !== 'softRemove()') continue
  test(`${name} whose connection is cut before the answer to its COMMIT arrives`, async () => {
    await checkFailure(s, operation, {
      fail({ run }) {
        proxy.cut('COMMIT', 'after')
        return run(s.dataSource.manager)
      },
      error: lost,
      row: 'either',
    })
  })
}
