import { randomUUID } from 'node:crypto'
import { vaultPolicy } from '../../providers/vault/policy.js'
import type { AccessRole } from '../../src/kms/access.js'
import type { TestKmsServer } from '../../src/testing/index.js'
import { vaultOperator } from '../providers/vault-under-test.js'

/** Mounts what the suites use, once: whoever runs first, in whichever process. */
export async function prepareVault(server: TestKmsServer): Promise<void> {
  await once(() => vaultOperator(server, 'POST', 'sys/mounts/transit', { type: 'transit' }))
  await once(() => vaultOperator(server, 'POST', 'sys/mounts/plain-secrets', { type: 'kv' }))
  await once(() => vaultOperator(server, 'POST', 'sys/auth/approle', { type: 'approle' }))
}

/** A token with the printed policies of these roles for the key, and not even the policy `default`. */
export async function leastToken(server: TestKmsServer, key: string, roles: readonly AccessRole[]): Promise<string> {
  const policies = await Promise.all(roles.map((role) => writePolicy(server, key, role)))
  const { auth } = await vaultOperator(server, 'POST', 'auth/token/create', { policies, no_default_policy: true })
  return auth.client_token
}

/** A token that may sign with the key and read what its public key is: what the README names, and no more. */
export async function signingToken(server: TestKmsServer, key: string): Promise<string> {
  const policy = `path "${key.replace('/', '/sign/')}" { capabilities = ["update"] }
path "${key.replace('/', '/keys/')}" { capabilities = ["read"] }`
  const name = `signer-${randomUUID()}`
  await vaultOperator(server, 'POST', `sys/policies/acl/${name}`, { policy })
  const body = { policies: [name], no_default_policy: true }
  return (await vaultOperator(server, 'POST', 'auth/token/create', body)).auth.client_token
}

/** The printed policy of one role for the key, by its name. */
export async function writePolicy(server: TestKmsServer, key: string, role: AccessRole): Promise<string> {
  const [printed] = vaultPolicy({ role, key, entities: [] })
  const name = `${role}-${randomUUID()}`
  await vaultOperator(server, 'POST', `sys/policies/acl/${name}`, { policy: printed!.text })
  return name
}

async function once(mount: () => Promise<unknown>): Promise<void> {
  await mount().catch((error: Error) => {
    if (!error.message.includes('already in use')) throw error
  })
}
