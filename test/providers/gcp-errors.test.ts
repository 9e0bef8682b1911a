import { expect, test } from '@jest/globals'
import { GcpProvider } from '../../providers/gcp/index.js'
import type { ErrorCode } from '../../src/errors.js'
import { DataKey } from '../../src/kms/data-key.js'
import type { KmsReply } from '../../src/kms/provider.js'
import { assertRejects } from '../../src/testing/contract/assertions.js'
import { refusingGcp } from './gcp-refusing.js'
import { clientOf } from './gcp-under-test.js'

/** What each status is on `Encrypt`, and on `Decrypt` where that differs: an error, or why it may be tried again. */
const STATUSES: readonly (readonly [number, string, ErrorCode | { reason: string }, ErrorCode?])[] = [
  [3, 'INVALID_ARGUMENT', 'ERR_CONFIGURATION', 'ERR_DECRYPTION_FAILED'],
  [4, 'DEADLINE_EXCEEDED', { reason: 'timeout' }],
  [5, 'NOT_FOUND', 'ERR_KEK_UNAVAILABLE'],
  [7, 'PERMISSION_DENIED', 'ERR_KMS_ACCESS_DENIED'],
  [8, 'RESOURCE_EXHAUSTED', { reason: 'throttled' }],
  [9, 'FAILED_PRECONDITION', 'ERR_KEK_UNAVAILABLE'],
  [10, 'ABORTED', { reason: 'server' }],
  [12, 'UNIMPLEMENTED', 'ERR_CONFIGURATION'],
  [13, 'INTERNAL', { reason: 'server' }, 'ERR_DECRYPTION_FAILED'],
  [14, 'UNAVAILABLE', { reason: 'server' }],
  [16, 'UNAUTHENTICATED', 'ERR_KMS_ACCESS_DENIED'],
  [11, 'OUT_OF_RANGE, which is not expected', 'ERR_CONFIGURATION'],
]

test.each(STATUSES)('status %i (%s)', async (code, _, onEncrypt, onDecrypt = undefined) => {
  const refusing = await refusingGcp(code)
  const replies: KmsReply[] = []
  const onReply = (reply: KmsReply) => replies.push(reply)
  const check = async (call: Promise<unknown>, expected: ErrorCode | { reason: string }) => {
    if (typeof expected === 'string') return assertRejects(call, expected)
    expect(await assertRejects(call, 'ERR_KMS_UNAVAILABLE', true)).toMatchObject(expected)
  }
  try {
    await check(refusing.provider.wrap(DataKey.generate(), {}, { onReply }), onEncrypt)
    await check(refusing.provider.unwrap(refusing.wrapped, {}, { onReply }), onDecrypt ?? onEncrypt)
    // Look-ups and refusals, each reported once.
    expect(replies.length).toBe(refusing.calls().length)
  } finally {
    await refusing.close()
  }
})

test('nobody listens: the network, and no reply is reported', async () => {
  const refusing = await refusingGcp(14)
  await refusing.close()
  const client = clientOf(refusing.endpoint, 'application')
  const { id: key } = refusing.wrapped.kek
  const replies: KmsReply[] = []
  const provider = new GcpProvider({ client, key })
  const call = provider.unwrap(refusing.wrapped, {}, { onReply: (reply) => replies.push(reply) })
  expect(await assertRejects(call, 'ERR_KMS_UNAVAILABLE', true)).toMatchObject({ reason: 'network' })
  expect(replies).toEqual([])
  await client.close()
})
