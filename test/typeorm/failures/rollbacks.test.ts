import { expect, test } from '@jest/globals'
import { checkFailure } from './check.js'
import { failureSuite } from './failure-suite.js'
import { operations } from './operations.js'
import { plaintextsOf, storedRows } from './stored-state.js'

/** The operation succeeds, and what the application does with its transaction takes it back. */
const s = failureSuite()
const rollBack = () => {
  throw new Error('rolled back')
}

for (const [name, operation] of operations(({ writes }) => writes !== 'none')) {
  test(`${name} in a transaction that is rolled back`, async () => {
    await checkFailure(s, operation, {
      fail: ({ run }) => s.dataSource.transaction((manager) => run(manager).then(rollBack)),
      error: { message: 'rolled back' },
    })
  })

  test(`${name} in a savepoint that is rolled back, and again in the transaction around it`, async () => {
    const { held, tenantId, after, run } = await operation.prepare(s.dataSource)
    const before = await plaintextsOf(held)
    s.encrypted.cipher.forgetAll()
    await s.dataSource.transaction(async (outer) => {
      const inner = outer.transaction((manager) => run(manager).then(rollBack))
      await expect(inner).rejects.toThrow('rolled back')
      expect(await plaintextsOf(held)).toEqual(before)
      await run(outer)
    })
    s.encrypted.cipher.forgetAll()
    expect(await storedRows(s.dataSource, tenantId)).toEqual(after)
    expect(await plaintextsOf(held)).toEqual(before)
  })

  test(`${name} in a savepoint that is rolled back while the transaction around it commits`, async () => {
    await checkFailure(s, operation, {
      async fail({ run }) {
        let failure: unknown
        await s.dataSource.transaction(async (outer) => {
          await outer
            .transaction((manager) => run(manager).then(rollBack))
            .catch((error) => {
              failure = error
            })
        })
        throw failure
      },
      error: { message: 'rolled back' },
    })
  })
}
