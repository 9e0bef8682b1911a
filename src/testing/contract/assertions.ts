import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type ErrorCode, isWaxsealError, type WaxsealError } from '../../errors.js'
import type { EncryptionContext } from '../../kms/context.js'
import type { DataKey } from '../../kms/data-key.js'

/** A context whose values occur nowhere else, so that finding one in a message is no coincidence. */
export function uniqueContext(): EncryptionContext {
  return { tenant: `tenant-${randomUUID()}`, 'waxseal-row': `row-${randomUUID()}` }
}

export function assertSameDataKey(found: DataKey, expected: DataKey): void {
  assert.ok(found.keyObject.equals(expected.keyObject), 'expected the same data key, found another')
}

/** Resolves to the error, whose code and `retryable` are as expected. */
export async function assertRejects(
  call: Promise<unknown>,
  code: ErrorCode | readonly ErrorCode[],
  retryable = false,
): Promise<WaxsealError> {
  const error = await call.then(
    () => assert.fail(`expected a rejection with ${code}, found a result`),
    (reason: unknown) => reason,
  )
  assert.ok(isWaxsealError(error), `expected an error of waxseal with ${code}, found ${String(error)}`)
  assert.ok([code].flat().includes(error.code), `expected ${code}, found ${error.code}: ${error.message}`)
  assert.equal(error.retryable, retryable, `expected retryable to be ${retryable} for ${error.code}`)
  return error
}

/** Neither what is printed of the error nor what a logger makes of it holds the data key or a value of the context. */
export function assertTellsNoSecret(error: WaxsealError, dataKey: DataKey, context: EncryptionContext): void {
  const text = [error.message, String(error), error.stack, JSON.stringify(error)].join('\n')
  for (const [name, value] of Object.entries(context)) {
    assert.ok(!text.includes(value), `the error text holds the value of "${name}"`)
  }
  dataKey.withBytes((bytes) => {
    for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const) {
      assert.ok(
        !text.includes(Buffer.from(bytes).toString(encoding)),
        `the error text holds the data key (${encoding})`,
      )
    }
  })
}
