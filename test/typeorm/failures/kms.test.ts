import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { deny, type Fault, failWithServerError, hang, throttle } from '../../../src/testing/faults.js'
import { checkFailure } from './check.js'
import { failureSuite, TIMEOUT_MS } from './failure-suite.js'
import { type Operation, operations, type Prepared } from './operations.js'

/** A KMS that is dead when the operation begins, or dies after each number of calls that it answered. */
const s = failureSuite()

/** What a provider of somebody else's may reject with. */
const breakConnection = (): Fault => ({
  async transport() {
    throw new Error('connect ECONNREFUSED')
  },
})

const unavailable = { code: 'ERR_KMS_UNAVAILABLE' }
const REFUSALS: Readonly<Record<string, [fault: Fault, error: object]>> = {
  'denies access': [deny(), { code: 'ERR_KMS_ACCESS_DENIED' }],
  throttles: [throttle(), unavailable],
  'fails by itself': [failWithServerError(), unavailable],
  'cannot be reached': [breakConnection(), { message: 'connect ECONNREFUSED' }],
}

for (const [name, operation] of operations()) {
  for (const [what, [fault, error]] of Object.entries(REFUSALS)) {
    test(`${name} with a KMS that ${what}`, async () => {
      for (let answered = 0; answered < (await callsOf(operation)); answered++) {
        const fail = ({ run }: Prepared) => {
          dieAfter(answered, fault)
          return run(s.dataSource.manager)
        }
        await checkFailure(s, operation, { fail, error })
      }
    })
  }

  for (const deaf of [false, true]) {
    test(`${name} with a KMS that hangs${deaf ? ' and ignores its signal' : ''}, ends at its deadline`, async () => {
      for (let answered = 0; answered < (await callsOf(operation)); answered++) {
        const fail = async ({ run }: Prepared) => {
          dieAfter(answered, hang({ deaf }))
          const settled: number[] = []
          const running = run(s.dataSource.manager).finally(() => settled.push(s.clock.now()))
          running.catch(() => undefined)
          const deadline = s.clock.now() + TIMEOUT_MS
          while (s.encrypted.provider.calls.length <= answered) await setImmediate()
          await s.clock.advance(TIMEOUT_MS)
          await running.catch(() => undefined)
          expect(settled).toEqual([deadline])
          return running
        }
        await checkFailure(s, operation, { fail, error: { ...unavailable, reason: 'timeout' } })
      }
    })
  }
}

function dieAfter(answered: number, fault: Fault): void {
  s.encrypted.provider.faults.inject({}, { times: answered })
  s.encrypted.provider.faults.inject(fault)
}

/** How many calls the operation makes when all goes well. */
async function callsOf(operation: Operation): Promise<number> {
  const { run } = await operation.prepare(s.dataSource)
  s.encrypted.cipher.forgetAll()
  s.encrypted.provider.clearCalls()
  await run(s.dataSource.manager)
  expect(s.encrypted.provider.calls.length).toBeGreaterThan(0)
  return s.encrypted.provider.calls.length
}
