import { ConfigurationError } from '../../src/errors.js'
import type { AccessRole, PolicyDocument, PolicyRequest } from '../../src/kms/access.js'
import { parseKeyPath } from './key-path.js'

export const VAULT_POLICY_FORMATS = ['hcl'] as const

/** What each role does, by the path between mount and key. Never `create`: with it `encrypt` makes a key that is missing. */
export const CAPABILITIES: Readonly<Record<AccessRole, Readonly<Record<string, 'read' | 'update'>>>> = {
  writer: { keys: 'read', 'datakey/plaintext': 'update', encrypt: 'update', decrypt: 'update' },
  reader: { decrypt: 'update' },
  rotator: { keys: 'read', rewrap: 'update', encrypt: 'update', decrypt: 'update' },
  auditor: { keys: 'read' },
}

/** A policy for the role, on the key alone. Vault cannot limit it to entities: it does not read the context. */
export function vaultPolicy({ role, key, entities, principal = '<role>' }: PolicyRequest): PolicyDocument[] {
  const { mount, name } = parseKeyPath('key', key)
  if (entities.length > 0) {
    throw new ConfigurationError(
      'provider "vault": a policy cannot be limited to entities, since Vault does not read the encryption context; ' +
        'expected a key of its own for them, and no entity',
    )
  }
  const paths = Object.entries(CAPABILITIES[role]).map(
    ([operation, capability]) => `path "${mount}/${operation}/${name}" {\n  capabilities = ["${capability}"]\n}\n`,
  )
  const title =
    `Vault policy for the ${role}: bao policy write waxseal-${role} <file>, ` +
    `then bao write auth/approle/role/${principal} token_policies=waxseal-${role}; in the namespace of the key`
  return [{ title, text: paths.join('\n') }]
}
