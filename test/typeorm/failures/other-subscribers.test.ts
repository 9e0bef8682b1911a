import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { checkFailure } from './check.js'
import { failureSuite, type Place } from './failure-suite.js'
import { heldCalls } from './held-calls.js'
import { hooksOf, OPERATIONS, operations, type Prepared } from './operations.js'

/** Another subscriber fails, at once or later, while ours has encrypted nothing, some or all. */
const s = failureSuite()
const error = { message: 'another subscriber' }
const fail = () => {
  throw new Error('another subscriber')
}

const WAYS = {
  'at once': () => fail(),
  early: async () => fail(),
  late: async () => {
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    fail()
  },
}

const PLACES: readonly Place[] = ['before', 'after']

/** What has no transaction of its own would leave what it has written. */
const inTransaction = (hook: string, run: Prepared['run']) => {
  return hook.startsWith('after') ? s.dataSource.transaction(run) : run(s.dataSource.manager)
}

const writing = operations(({ writes }) => writes !== 'none')

for (const [name, operation] of writing) {
  for (const hook of hooksOf(name, operation)) {
    for (const [when, hookBody] of Object.entries(WAYS)) {
      for (const place of PLACES) {
        test(`${name} while a subscriber ${place} ours fails ${when} in ${hook}`, async () => {
          const witness = { [hook]: hookBody }
          await checkFailure(s, operation, {
            fail: ({ run }) => s.withSubscriber(place, witness, () => inTransaction(hook, run)),
            error,
          })
        })
      }
    }
  }
}

// The others encrypt under the row's own data key, which they have from the reload.
for (const [name, operation] of writing.filter(([, { mints }]) => mints)) {
  const [hook] = hooksOf(name, operation)
  if (!hook) continue
  test(`${name} while another subscriber fails and our call to the KMS is under way`, async () => {
    const calls = heldCalls()
    const subscriber = {
      async [hook]() {
        await calls.arrived()
        fail()
      },
    }
    await checkFailure(s, operation, {
      fail({ run }) {
        s.encrypted.provider.faults.inject(calls.fault, { operation: 'generateDataKey' })
        return s.withSubscriber('after', subscriber, () => run(s.dataSource.manager))
      },
      error,
      release: calls.release,
    })
  })
}

for (const place of PLACES) {
  test(`find() while a subscriber ${place} ours fails in afterLoad`, async () => {
    const calls = heldCalls()
    const seen: object[] = []
    const subscriber = {
      async afterLoad(entity: object) {
        seen.push(entity)
        await calls.arrived()
        fail()
      },
    }
    let properties: unknown[] = []
    await checkFailure(s, OPERATIONS['find()']!, {
      async fail({ run }) {
        s.encrypted.provider.faults.inject(calls.fault)
        await s
          .withSubscriber(place, subscriber, () => run(s.dataSource.manager))
          .finally(() => {
            properties = seen.flatMap((entity) => Object.values(entity))
          })
      },
      error,
      release: calls.release,
    })
    // Whoever kept the entities of a find() that failed does not see them change.
    expect(seen.flatMap((entity) => Object.values(entity))).toEqual(properties)
  })
}
