import { randomBytes } from 'node:crypto'
import { isWaxsealError } from '../../src/errors.js'
import type { Permission } from '../../src/kms/access.js'
import type { CallOptions } from '../../src/kms/provider.js'
import { contextOf, type VaultCalls } from './calls.js'
import type { KeyPath } from './key-path.js'

const USES: Readonly<Record<string, string>> = {
  keys: 'read',
  'datakey/plaintext': 'update',
  encrypt: 'update',
  decrypt: 'update',
  rewrap: 'update',
}
/** What would give the key away, end it, or make another. */
const EXCESS: Readonly<Record<string, readonly string[]>> = {
  encrypt: ['create'],
  keys: ['create', 'update', 'delete'],
  'export/encryption-key': ['read'],
  backup: ['read'],
}

/**
 * What an identity may do with a key, by the path between mount and key, and `<capability> on <path>` of what no role needs.
 * By `sys/capabilities-self`, which the policy `default` allows; where it is refused, by trying.
 */
export async function askPermissions(
  calls: VaultCalls,
  key: KeyPath,
  call: CallOptions,
): Promise<ReadonlyMap<string, Permission>> {
  const pathOf = (operation: string) => `${key.mount}/${operation}/${key.name}`
  const operations = [...new Set([...Object.keys(USES), ...Object.keys(EXCESS)])]
  let capabilities: Readonly<Record<string, readonly string[]>>
  try {
    capabilities = await calls.capabilities(operations.map(pathOf), call)
  } catch (error) {
    if (codeOf(error) !== 'ERR_KMS_ACCESS_DENIED') throw error
    return new Map([...(await tryUses(calls, key, call)), ['create or delete the key, or export it', 'unknown']])
  }
  const may = (operation: string, capability: string) => {
    const found = capabilities[pathOf(operation)] ?? []
    return found.includes(capability) || found.includes('root')
  }
  const uses = Object.entries(USES).map(([operation, capability]): [string, Permission] => {
    return [operation, may(operation, capability) ? 'yes' : 'no']
  })
  const excess = Object.entries(EXCESS).flatMap(([operation, each]) =>
    each.map((capability): [string, Permission] => {
      return [`${capability} on ${pathOf(operation)}`, may(operation, capability) ? 'yes' : 'no']
    }),
  )
  return new Map([...uses, ...excess])
}

/** Of a data key that nobody gets, and of a ciphertext that is none: permission is looked at before it is. */
async function tryUses(calls: VaultCalls, key: KeyPath, call: CallOptions): Promise<ReadonlyMap<string, Permission>> {
  const context = {
    'waxseal-entity': 'waxseal-doctor',
    'waxseal-envelope': randomBytes(16).toString('base64url'),
  }
  const kek = { provider: 'vault', id: `${key.mount}/${key.name}`, version: '1' }
  const ciphertext = `vault:v1:${randomBytes(60).toString('base64')}`
  const tries: Readonly<Record<string, () => Promise<unknown>>> = {
    keys: () => calls.readKey(key, call),
    'datakey/plaintext': async () => (await calls.generateDataKey(key, context, call)).plaintext.fill(0),
    encrypt: () => calls.encrypt(key, randomBytes(32), context, call),
    decrypt: () => calls.decrypt(key, ciphertext, context, call, kek),
    rewrap: () => calls.rewrap(key, [{ ciphertext, context: contextOf(context), reference: '1' }], call),
  }
  const found = Object.entries(tries).map(async ([operation, run]): Promise<[string, Permission]> => {
    return [operation, await run().then(() => 'yes' as const, permissionOf)]
  })
  // Before one that was not answered is an error, the others are.
  await Promise.allSettled(found)
  return new Map(await Promise.all(found))
}

function permissionOf(error: unknown): Permission {
  const code = codeOf(error)
  if (code === 'ERR_KMS_ACCESS_DENIED') return 'no'
  if (code === 'ERR_KMS_UNAVAILABLE') throw error
  return code === 'ERR_DECRYPTION_FAILED' ? 'yes' : 'unknown'
}

function codeOf(error: unknown): string | undefined {
  return isWaxsealError(error) ? error.code : undefined
}
