import assert from 'node:assert/strict'
import type { DeclareTest } from '../../src/testing/kms-provider-contract.js'

export interface ServerLimit {
  /** What the server does otherwise, as it was found by asking it. */
  readonly why: string
  /** How the case fails because of that. */
  readonly fails: RegExp
}

/** Cases of the contract by their name, which this server cannot pass. */
export type ServerLimits = ReadonlyMap<string, ServerLimit>

/** How a case fails whose call should have been refused and was not. */
export const NOT_REFUSED = /expected a rejection with \S+, found a result/

/**
 * Declares what a server cannot do under another name and never as passed: `not supported by the server`. The case still
 * runs and has to fail as declared, so that the list is true and hides nothing else.
 */
export function withLimits(test: DeclareTest, limits: ServerLimits): DeclareTest {
  return (name, run) => {
    const limit = [...limits].find(([unsupported]) => name.endsWith(`: ${unsupported}`))
    if (!limit) return test(name, run)
    const [unsupported, { why, fails }] = limit
    return test(`not supported by the server (${why}): ${name}`, async () => {
      const failure = await run().then(
        () => assert.fail(`the server passes "${unsupported}": it is no limit of its any more`),
        (error: unknown) => String(error),
      )
      assert.match(failure, fails, `"${unsupported}" fails otherwise than declared`)
    })
  }
}
