import { expect, test } from '@jest/globals'
import { networkCodeOf, type VendorFailure, vendorError } from '../../../src/kms/vendor-failure.js'

const KEK = { provider: 'aws', id: 'key', version: '1' }

const ERRORS: readonly (readonly [VendorFailure, object, RegExp])[] = [
  ['denied', { code: 'ERR_KMS_ACCESS_DENIED', retryable: false }, /waxseal policy aws/],
  ['kek unavailable', { code: 'ERR_KEK_UNAVAILABLE', retryable: false }, /restore it/],
  ['misconfigured', { code: 'ERR_CONFIGURATION', retryable: false }, /waxseal doctor/],
  ['throttled', { code: 'ERR_KMS_UNAVAILABLE', retryable: true, reason: 'throttled' }, /too many calls/],
  ['timeout', { code: 'ERR_KMS_UNAVAILABLE', retryable: true, reason: 'timeout' }, /no reply in time/],
  ['network', { code: 'ERR_KMS_UNAVAILABLE', retryable: true, reason: 'network' }, /could not be reached/],
  ['server', { code: 'ERR_KMS_UNAVAILABLE', retryable: true, reason: 'server' }, /the KMS failed/],
]

test.each(ERRORS)('%s: the error says what to do, and where to look', (failure, members, message) => {
  const call = { provider: 'aws', operation: 'Decrypt', status: 'Code', kek: KEK, requestId: 'r-1' }
  const error = vendorError(failure, call)
  expect(error).toMatchObject({ ...members, kek: KEK })
  expect(error.message).toMatch(message)
  expect(error.message).toContain('provider "aws": Decrypt answered Code, request r-1 (')
  expect(error.cause).toBeUndefined()
})

test('what does not open says nothing of why', () => {
  const error = vendorError('not opened', { provider: 'aws', operation: 'Decrypt', status: 'Why', kek: KEK })
  expect(error).toMatchObject({ code: 'ERR_DECRYPTION_FAILED', retryable: false, kek: KEK })
  expect(error.message).not.toContain('Why')
})

test('how long the KMS asks to wait is kept', () => {
  const call = { provider: 'aws', operation: 'Decrypt', status: 'Code', retryAfterMs: 1_500 }
  expect(vendorError('throttled', call)).toMatchObject({ retryAfterMs: 1_500 })
})

test('the code of a connection is found on an error and on what caused it, and no other code is one', () => {
  const coded = (code: unknown, cause?: unknown) => Object.assign(new Error('x', { cause }), { code })
  expect(networkCodeOf(coded('ECONNRESET'))).toBe('ECONNRESET')
  expect(networkCodeOf(coded('OTHER', coded(undefined, coded('ENOTFOUND'))))).toBe('ENOTFOUND')
  for (const other of [coded('ERR_OTHER'), coded(7), undefined, null, 'ECONNRESET', {}]) {
    expect(networkCodeOf(other)).toBeUndefined()
  }
})
