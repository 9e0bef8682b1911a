import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DataKey } from '../../src/kms/data-key.js'
import type { CallOptions, KmsProvider, KmsReply } from '../../src/kms/provider.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsUnderTest } from './aws-under-test.js'
import { azureUnderTest } from './azure-under-test.js'
import { closeGcpClients, gcpUnderTest } from './gcp-under-test.js'
import { vaultUnderTest } from './vault-under-test.js'

const CONTEXT = { tenant: 't1' }

interface Kind {
  readonly vendor: 'aws' | 'azure' | 'gcp' | 'vault'
  readonly create: (server: TestKmsServer) => Promise<{ readonly provider: KmsProvider }>
  /** From the name that the server knows to the one in the audit trail. */
  readonly loggedAs?: (operation: string) => string
  /** Requests that the SDK makes by itself, and nobody of ours could report. */
  readonly unasked?: readonly string[]
  /** What only the server of the vendor assigns. */
  readonly hasRequestId: boolean
}

const TRANSIT = /^(keys|datakey\/plaintext|encrypt|decrypt|rewrap)$/
const KINDS: readonly Kind[] = [
  { vendor: 'aws', create: awsUnderTest, hasRequestId: true },
  { vendor: 'azure', create: azureUnderTest, unasked: ['Authentication'], hasRequestId: true },
  { vendor: 'gcp', create: gcpUnderTest, hasRequestId: false },
  {
    vendor: 'vault',
    create: vaultUnderTest,
    loggedAs: (operation) => (TRANSIT.test(operation) ? `transit/${operation.split('/')[0]}` : operation),
    hasRequestId: true,
  },
]

describe.each(KINDS)('$vendor', ({ vendor, create, loggedAs = (name) => name, unasked = [], hasRequestId }) => {
  let server: TestKmsServer
  beforeAll(async () => {
    server = await startTestKms(vendor)
  })
  afterAll(async () => {
    await closeGcpClients(server)
    await server.close()
  })

  test('every request is reported as the audit trail names it, look-ups included', async () => {
    const { provider } = await create(server)
    const before = server.calls.length
    const replies: KmsReply[] = []
    const options: CallOptions = { onReply: (reply) => replies.push(reply) }
    await provider.currentKek(CONTEXT, options)
    const { wrapped } = await provider.generateDataKey(CONTEXT, options)
    await provider.wrap(DataKey.generate(), CONTEXT, options)
    await provider.unwrap(wrapped, CONTEXT, options)
    await provider.rewrap(wrapped, CONTEXT, options)
    const asked = server.calls.slice(before).filter(({ operation }) => !unasked.includes(operation))
    const seen = asked.map(({ operation, requestId }) => [loggedAs(operation), ...(hasRequestId ? [requestId] : [])])
    expect(replies.length).toBeGreaterThanOrEqual(5)
    expect(
      replies.map(({ operation, requestId }) => [operation, ...(requestId === undefined ? [] : [requestId])]),
    ).toEqual(seen)
  })
})
