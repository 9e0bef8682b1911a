import { inspect } from 'node:util'
import { expect, test } from '@jest/globals'
import * as errors from '../../src/errors.js'

const KEK = { provider: 'local', id: 'local', version: '1' }
const CAUSE = new Error('vendor: plaintext=hunter2')
const OPTIONS = { cause: CAUSE, kek: KEK }

/** A row for each code, which the compiler demands. */
const MADE: Readonly<Record<errors.ErrorCode, errors.WaxsealError>> = {
  ERR_CONFIGURATION: new errors.ConfigurationError('m', OPTIONS),
  ERR_INVALID_ENVELOPE: new errors.InvalidEnvelopeError('m', OPTIONS),
  ERR_DECRYPTION_FAILED: new errors.DecryptionError('m', OPTIONS),
  ERR_KEK_NOT_ACCEPTED: new errors.KekNotAcceptedError('m', OPTIONS),
  ERR_KEK_UNAVAILABLE: new errors.KekUnavailableError('m', OPTIONS),
  ERR_KMS_ACCESS_DENIED: new errors.KmsAccessDeniedError('m', OPTIONS),
  ERR_KMS_UNAVAILABLE: new errors.KmsUnavailableError('m', { ...OPTIONS, reason: 'network', retryAfterMs: 5 }),
  ERR_PLAINTEXT_REFUSED: new errors.PlaintextRefusedError('m', OPTIONS),
  ERR_ENVELOPE_CHANGED: new errors.EnvelopeChangedError('m', OPTIONS),
  ERR_CREDENTIAL_SHREDDED: new errors.CredentialShreddedError('m', OPTIONS),
  ERR_CIPHER_CLOSED: new errors.CipherClosedError('m', OPTIONS),
  ERR_LEGACY_VALUE: new errors.LegacyValueError('m', OPTIONS),
  ERR_LOG_INCONSISTENT: new errors.LogInconsistentError('m', OPTIONS),
  ERR_AUDIT_TRAIL_GAP: new errors.AuditTrailGapError('m', OPTIONS),
}
const RETRYABLE = ['ERR_KMS_UNAVAILABLE', 'ERR_ENVELOPE_CHANGED']

for (const [code, error] of Object.entries(MADE)) {
  test(`${code}: its class is told by code and brand, and says whether to retry`, () => {
    expect(error.code).toBe(code)
    expect(error.name).toBe(error.constructor.name)
    expect(error.retryable).toBe(RETRYABLE.includes(code))
    expect(error.cause).toBe(CAUSE)
    expect(errors.isWaxsealError(error)).toBe(true)
    expect(error).toBeInstanceOf(Error)
  })

  test(`${code}: what a logger gets leaves out the cause`, () => {
    const { name, message, retryable } = error
    expect(error.toJSON()).toEqual({ name, code, message, retryable, kek: KEK })
    expect(JSON.stringify({ error })).not.toContain('hunter2')
    expect(Object.keys(error)).not.toContain('cause')
  })
}

test('an error without a KEK has none to show', () => {
  const error = new errors.ConfigurationError('m')
  expect(Object.keys(error.toJSON())).toEqual(['name', 'code', 'message', 'retryable'])
  expect('cause' in error).toBe(false)
})

test('an error of the other build is recognised by its brand, others are not', () => {
  const foreign = Object.defineProperty(new Error('m'), Symbol.for('waxseal.error'), { value: true })
  expect(errors.isWaxsealError(foreign)).toBe(true)
  const others = [
    new Error('m'),
    { code: 'ERR_CONFIGURATION' },
    'ERR_CONFIGURATION',
    undefined,
    null,
    5,
    () => undefined,
  ]
  for (const other of others) expect(errors.isWaxsealError(other)).toBe(false)
})

test('the brand is not among the properties that are copied or printed', () => {
  const error = new errors.ConfigurationError('m')
  expect(Object.getOwnPropertySymbols({ ...error })).toEqual([])
  expect(inspect(error)).not.toContain('waxseal.error')
})

test('a decryption error does not say why unless it is told to', () => {
  expect(new errors.DecryptionError().message).toBe('decryption failed')
  expect(new errors.DecryptionError(undefined, { kek: KEK })).toMatchObject({ message: 'decryption failed', kek: KEK })
})

test('an unavailable KMS says why and for how long', () => {
  expect(MADE.ERR_KMS_UNAVAILABLE).toMatchObject({ reason: 'network', retryAfterMs: 5 })
  expect(new errors.KmsUnavailableError('m', { reason: 'timeout' })).not.toHaveProperty('retryAfterMs')
})
