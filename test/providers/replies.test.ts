import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { keyAccessTargets } from '../../src/cli/audit/key-access-targets.js'
import { checkAccess } from '../../src/cli/doctor/access.js'
import { checkKeys } from '../../src/cli/doctor/keys.js'
import type { ProviderSection } from '../../src/config/configuration.js'
import { connectCipher } from '../../src/config/index.js'
import { validateConfiguration } from '../../src/config/load-configuration.js'
import { healthCheck } from '../../src/index.js'
import { InMemoryCallLedger } from '../../src/kms/call-ledger.js'
import { DataKey } from '../../src/kms/data-key.js'
import type { CallOptions, KmsProvider, KmsReply } from '../../src/kms/provider.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import type { ServerCall } from '../../src/testing/servers/test-kms-server.js'
import { awsClient, awsUnderTest } from './aws-under-test.js'
import { azureUnderTest } from './azure-under-test.js'
import { closeGcpClients, gcpUnderTest } from './gcp-under-test.js'
import { vaultUnderTest } from './vault-under-test.js'

const CONTEXT = { tenant: 't1' }

interface Kind {
  readonly vendor: 'aws' | 'azure' | 'gcp' | 'vault'
  readonly create: (server: TestKmsServer) => Promise<{ readonly provider: KmsProvider }>
  /** Of a configuration, with a key of its own. */
  readonly section: (server: TestKmsServer, folder: string) => Promise<ProviderSection>
  /** From the name that the server knows to the one in the audit trail. */
  readonly loggedAs?: (operation: string) => string
  /** Requests that the SDK makes by itself, and nobody of ours could report. */
  readonly unasked?: readonly string[]
  /** Whether a reply has the id of its request. */
  readonly hasRequestId: (call: ServerCall) => boolean
}

const TRANSIT = /^(keys|datakey\/plaintext|encrypt|decrypt|rewrap)$/
const KINDS: readonly Kind[] = [
  {
    vendor: 'aws',
    create: awsUnderTest,
    async section(server) {
      Object.assign(process.env, server.environment)
      const { KeyMetadata } = await awsClient(server).createKey({})
      return { name: 'aws', key: KeyMetadata!.Arn!, endpoint: server.endpoint }
    },
    hasRequestId: () => true,
  },
  {
    vendor: 'azure',
    create: azureUnderTest,
    async section(server, folder) {
      const { options, identity } = await azureUnderTest(server)
      const { key, signingKey } = options
      const [caFile, tokenFile] = [server.environment['WAXSEAL_AZURE_CA_FILE']!, join(folder, 'token')]
      await writeFile(tokenFile, identity)
      return { name: 'azure', vaultUrl: server.endpoint, key, signingKey: signingKey!, caFile, tokenFile }
    },
    unasked: ['Authentication'],
    hasRequestId: () => true,
  },
  {
    vendor: 'gcp',
    create: gcpUnderTest,
    async section(server) {
      const { key } = await gcpUnderTest(server)
      return { name: 'gcp', key, endpoint: server.endpoint, insecure: 'true' }
    },
    hasRequestId: () => false,
  },
  {
    vendor: 'vault',
    create: vaultUnderTest,
    async section(server) {
      const { key } = await vaultUnderTest(server)
      return { name: 'vault', address: server.endpoint, key, token: `test-${randomUUID()}` }
    },
    loggedAs: (operation) =>
      TRANSIT.test(operation)
        ? `transit/${operation.split('/')[0]}`
        : operation.replace(/^(.*)\?list=true$/, 'list $1/'),
    // An error of Vault has no more than the reason.
    hasRequestId: ({ status }) => status === 'ok',
  },
]

describe.each(KINDS)(
  '$vendor',
  ({ vendor, create, section, loggedAs = (name) => name, unasked = [], hasRequestId }) => {
    let server: TestKmsServer
    let folder: string
    beforeAll(async () => {
      server = await startTestKms(vendor)
      folder = await mkdtemp(join(tmpdir(), 'replies-'))
    })
    afterAll(async () => {
      await closeGcpClients(server)
      await server.close()
      await rm(folder, { recursive: true })
    })
    const seenSince = (before: number) =>
      server.calls
        .slice(before)
        .filter(({ operation }) => !unasked.includes(operation))
        .map((call) => [loggedAs(call.operation), ...(hasRequestId(call) ? [call.requestId] : [])])
    const told = ({ operation, requestId }: KmsReply) => [operation, ...(requestId === undefined ? [] : [requestId])]

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
      expect(replies.length).toBeGreaterThanOrEqual(5)
      expect(replies.map(told)).toEqual(seenSince(before))
    })

    test('what doctor and audit access ask and what a cipher does is in the ledger, each request once', async () => {
      const configuration = { provider: await section(server, folder) }
      const ledger = new InMemoryCallLedger()
      const before = server.calls.length
      const loaded = validateConfiguration(configuration)
      const { findings } = await checkKeys(loaded, ledger)
      const access = await checkAccess(loaded, 'rotator', ledger)
      expect([...findings, ...access.findings].map(({ code }) => code)).not.toContain('KEK_UNREACHABLE')
      const [target] = keyAccessTargets(loaded, ledger)
      expect(await target!.read()).toMatchObject([{ provider: vendor }])
      await using cipher = await connectCipher({ configuration, ledger })
      expect(await healthCheck(cipher)()).toMatchObject({ status: 'ok' })
      const replies = ledger.entries.flatMap(({ end }) => end!.replies)
      expect(replies.map(told).sort()).toEqual(seenSince(before).sort())
      expect(ledger.counts()).toMatchObject({ examine: 2, unwrap: expect.any(Number) })
    })
  },
)
