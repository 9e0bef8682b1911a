import { expect } from '@jest/globals'
import { failureOf } from '../refusal.js'
import type { FailureSuite } from './failure-suite.js'
import type { Operation, Prepared } from './operations.js'
import { dumpOf, plaintextsOf, propertiesOf, storedRows } from './stored-state.js'

export interface Expectation {
  /** Runs the operation so that it fails. */
  fail(prepared: Prepared): Promise<unknown>
  readonly error: unknown
  /** Lets what the failure held back go on, once the operation has ended. */
  release?(): void
  /** Removes the cause. */
  mend?(prepared: Prepared): Promise<void>
  /** Where the failure is told after the commit, the row may be the new one. Default: the old one. */
  readonly row?: 'old' | 'either'
}

/**
 * After a failure the application holds the plaintext that it held before, the rows are the old ones (or the new ones) and
 * open, nothing changes any more, no connection is taken, and the same objects handed over again are stored once.
 */
export async function checkFailure(s: FailureSuite, operation: Operation, expected: Expectation): Promise<void> {
  const prepared = await operation.prepare(s.dataSource)
  const writes = operation.writes !== 'none'
  const plaintexts = async () => (writes ? plaintextsOf(prepared.held) : [])
  const before = await plaintexts()
  s.encrypted.cipher.forgetAll()
  s.encrypted.provider.clearCalls()
  expect(await failureOf(() => expected.fail(prepared))).toMatchObject(expected.error as object)
  s.encrypted.provider.faults.clear()

  const memory = propertiesOf(prepared.held)
  const table = await dumpOf(s.dataSource)
  expected.release?.()
  await s.settle()
  expectSameProperties(propertiesOf(prepared.held), memory)
  expect(await dumpOf(s.dataSource)).toEqual(table)

  s.encrypted.cipher.forgetAll()
  expect(await plaintexts()).toEqual(before)
  const rows = await storedRows(s.dataSource, prepared.tenantId)
  if (expected.row === 'either') expect([prepared.before, prepared.after]).toContainEqual(rows)
  else expect(rows).toEqual(prepared.before)

  await expected.mend?.(prepared)
  await prepared.run(s.dataSource.manager)
  s.encrypted.cipher.forgetAll()
  expect(await storedRows(s.dataSource, prepared.tenantId)).toEqual(prepared.after)
  expect(await plaintexts()).toEqual(before)
}

/** By identity: an equal value that was put there later is a change too. */
function expectSameProperties(now: readonly unknown[], then: readonly unknown[]): void {
  expect(now.length).toBe(then.length)
  expect(now.findIndex((value, index) => !Object.is(value, then[index]))).toBe(-1)
}
