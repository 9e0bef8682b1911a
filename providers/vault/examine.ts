import { isWaxsealError } from '../../src/errors.js'
import { type AccessFinding, type AccessRole, judgePermissions } from '../../src/kms/access.js'
import type { CallOptions } from '../../src/kms/provider.js'
import { type TransitKey, VaultCalls } from './calls.js'
import { connectVaultClient, withoutUpkeep } from './connect.js'
import { parseKeyPath } from './key-path.js'
import { askPermissions } from './permissions.js'
import { CAPABILITIES } from './policy.js'
import { keyProblems } from './suitability.js'

/** Asks Vault what the identity may do and how the key is set up. */
export async function examineVault(
  section: Readonly<Record<string, unknown>>,
  role: AccessRole,
  options: CallOptions,
): Promise<readonly AccessFinding[]> {
  const { client, login, key } = await connectVaultClient(section, withoutUpkeep)
  const calls = new VaultCalls(client, login)
  const path = parseKeyPath('key', key)
  const found = await askPermissions(calls, path, options)
  const needs = Object.keys(CAPABILITIES[role])
  const remedy = 'allow update on sys/capabilities-self, or compare by hand'
  // Reading the description of a key is nobody's secret.
  const findings = judgePermissions({ provider: 'vault', role, needs, found, harmless: ['keys'], remedy })
  if (found.get('keys') === 'yes') {
    const described = await calls.readKey(path, options).catch(messageOf)
    return [...(typeof described === 'string' ? [unsuitable(described)] : settings(key, described)), ...findings]
  }
  const message = `how ${key} is set up could not be read`
  return [...findings, { code: 'ACCESS_UNPROVEN', message, remedy: 'run it as an auditor; a reader does without' }]
}

function settings(key: string, described: TransitKey): AccessFinding[] {
  const { name } = parseKeyPath('key', key)
  const problems = [
    ...keyProblems(name, described),
    ...(described.deletion_allowed === true ? ['deletion_allowed: whoever may, ends every row with one call'] : []),
    ...(described.exportable === true ? ['exportable: the KEK can leave the KMS, and this cannot be undone'] : []),
    ...(described.allow_plaintext_backup === true ? ['allow_plaintext_backup: the KEK can leave the KMS'] : []),
    ...(described.soft_deleted === true ? ['it is soft-deleted, and refuses every use'] : []),
  ]
  const [mount] = [key.slice(0, -name.length - 1)]
  const rotate = `bao write ${mount}/keys/${name}/config auto_rotate_period=2160h`
  return [
    ...(problems.length > 0 ? [unsuitable(`${key}: ${problems.join('; ')}`)] : []),
    ...(described.auto_rotate_period
      ? []
      : [{ code: 'KEK_NOT_ROTATED', message: `${key}: automatic rotation is off`, remedy: rotate } as const]),
  ]
}

function unsuitable(message: string): AccessFinding {
  const remedy = 'use a key of type aes256-gcm96 with derived=true, neither exportable nor deletable'
  return { code: 'KEK_UNSUITABLE', message, remedy }
}

function messageOf(error: unknown): string {
  if (isWaxsealError(error) && error.code !== 'ERR_KMS_UNAVAILABLE') return error.message
  throw error
}
