import assert from 'node:assert/strict'
import type { DeclareTest } from '../../src/testing/kms-provider-contract.js'

/** Cases of the contract by their name, and why this server cannot pass them, as it was found by asking it. */
export type ServerLimits = ReadonlyMap<string, string>

/**
 * Declares what a server cannot do under another name and never as passed: `not supported by the server`. The case still
 * runs and has to fail, so that the list is true.
 */
export function withLimits(test: DeclareTest, limits: ServerLimits): DeclareTest {
  return (name, run) => {
    const limit = [...limits].find(([unsupported]) => name.endsWith(`: ${unsupported}`))
    if (!limit) return test(name, run)
    return test(`not supported by the server (${limit[1]}): ${name}`, () =>
      assert.rejects(run, () => true, `the server passes "${limit[0]}": it is no limit of its any more`))
  }
}
