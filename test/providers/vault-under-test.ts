import { randomUUID } from 'node:crypto'
import { givenToken, VaultHttpClient, VaultLogin, VaultProvider } from '../../providers/vault/index.js'
import type { KmsOperation } from '../../src/kms/call-ledger.js'
import {
  type KmsProviderUnderTest,
  ManualClock,
  type PlannedServerFault,
  type TestKmsServer,
} from '../../src/testing/index.js'

const OPERATIONS: Readonly<Record<string, KmsOperation>> = {
  keys: 'currentKek',
  'datakey/plaintext': 'generateDataKey',
  encrypt: 'wrap',
  decrypt: 'unwrap',
  rewrap: 'rewrap',
}
const RECHECK_MS = 60_000

/** Asks Vault as its operator, by HTTP alone. Undefined where there is no body. */
export async function vaultOperator(
  server: TestKmsServer,
  method: string,
  path: string,
  body?: object,
  namespace = '',
): Promise<any> {
  const response = await fetch(`${server.endpoint}/v1/${path}`, {
    method,
    headers: { 'X-Vault-Token': 'root', ...(namespace !== '' && { 'X-Vault-Namespace': namespace }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (response.status >= 400) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

/** A token of an identity of its own for a key. A server that takes any token at its word takes an invented one. */
export type IssueToken = (key: string) => Promise<string>

export const inventedToken: IssueToken = async () => `test-${randomUUID()}`

/** A provider with a key of its own on `server`: the test server, or one in front of an OpenBao. */
export async function vaultUnderTest(
  server: TestKmsServer,
  issueToken: IssueToken = inventedToken,
): Promise<KmsProviderUnderTest & { provider: VaultProvider; key: string }> {
  const name = `key-${randomUUID()}`
  const key = `transit/${name}`
  await vaultOperator(server, 'POST', `transit/keys/${name}`, { derived: true })
  const clock = new ManualClock()
  // An identity for each test, so that its faults and counts concern that test alone.
  const token = await issueToken(key)
  const client = new VaultHttpClient({ address: server.endpoint })
  const login = new VaultLogin(
    client,
    givenToken(async () => token, false),
  )
  const provider = new VaultProvider({ client, login, key, recheckMs: RECHECK_MS, clock })
  const fail = async (fault: PlannedServerFault) => server.faults.add({ ...fault, identity: token })
  return {
    provider,
    key,
    rewraps: 'natively',
    control: {
      async newKekVersion() {
        await vaultOperator(server, 'POST', `transit/keys/${name}/rotate`)
        await clock.advance(RECHECK_MS)
      },
      async disable({ version }) {
        const { data } = await vaultOperator(server, 'GET', `transit/keys/${name}`)
        // Only what is older than some version can be switched off by itself.
        if (Number(version) === data.latest_version) {
          await vaultOperator(server, 'DELETE', `transit/keys/${name}/soft-delete`)
        } else {
          const settings = { min_decryption_version: Number(version) + 1 }
          await vaultOperator(server, 'POST', `transit/keys/${name}/config`, settings)
        }
      },
      async destroy() {
        await vaultOperator(server, 'POST', `transit/keys/${name}/config`, { deletion_allowed: true })
        await vaultOperator(server, 'DELETE', `transit/keys/${name}`)
      },
      deny: () => fail({ fault: 'deny' }),
      throttle: () => fail({ fault: 'throttle' }),
      failWithServerError: () => fail({ fault: 'server error' }),
      hang: () => fail({ fault: 'hang' }),
      vendorCalls: () =>
        server.calls.flatMap(({ identity, operation }) => (identity === token && OPERATIONS[operation]) || []),
    },
  }
}

/** Ten at a time: hundreds of new connections at once meet the time limits of the provider on a busy machine. */
export async function inTens<T, R>(items: readonly T[], call: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  while (results.length < items.length) {
    const start = results.length
    const ten = items.slice(start, start + 10)
    results.push(...(await Promise.all(ten.map((item, i) => call(item, start + i)))))
  }
  return results
}
