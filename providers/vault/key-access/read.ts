import { isWaxsealError } from '../../../src/errors.js'
import type { KeyAccess } from '../../../src/kms/key-access.js'
import type { CallOptions } from '../../../src/kms/provider.js'
import { listAt, textAt } from '../../../src/kms/untrusted-json.js'
import { VaultCalls } from '../calls.js'
import { connectVaultClient, withoutUpkeep } from '../connect.js'
import { parseKeyPath, storedIdOf } from '../key-path.js'
import { type PolicyHolder, vaultPrincipals } from './principals.js'

const LIMITS = [
  'Vault: who has a policy by a token that was made with it, by an entity or by a group, is not listed: whoever of the policy may be many.',
  'Vault: holders of unseal or recovery keys can make a root token; Sentinel policies and control groups only take away.',
]

type Data = Readonly<Record<string, unknown>>

/** The ACL policies of the namespace of the key, and the roles of its AppRole mounts. */
export async function readVaultKeyAccess(
  section: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<readonly KeyAccess[]> {
  const { client, login, key, previousKeys = [] } = await connectVaultClient(section, withoutUpkeep)
  const calls = new VaultCalls(client, login)
  const unread: string[] = client.namespace === '' ? [] : ['policies of the namespaces above are not read']
  const attempt = async (path: string, ask: 'read' | 'list' = 'read'): Promise<Data> => {
    try {
      return await calls[ask](path, options)
    } catch (error) {
      // A list of nothing is answered as what is not there.
      const isEmptyList = ask === 'list' && isWaxsealError(error) && error.code === 'ERR_KEK_UNAVAILABLE'
      if (isWaxsealError(error) && error.code === 'ERR_KMS_UNAVAILABLE') throw error
      if (!isEmptyList) unread.push(`${path} could not be read`)
      return {}
    }
  }
  const keysOf = async (path: string) => listAt(await attempt(path, 'list'), 'keys').map(String)
  const policies: Record<string, string> = { root: '' }
  for (const name of await keysOf('sys/policies/acl')) {
    const text = textAt(await attempt(`sys/policies/acl/${name}`), 'policy')
    if (text !== undefined) policies[name] = text
  }
  const holders: PolicyHolder[] = []
  for (const [mount, described] of Object.entries(await attempt('sys/auth'))) {
    const type = textAt(described, 'type')
    if (type === undefined || type === 'token') continue
    if (type !== 'approle') {
      unread.push(`auth/${mount} is of the type ${type}, whose roles are not read: they may have these policies`)
      continue
    }
    for (const role of await keysOf(`auth/${mount}role`)) {
      const name = `auth/${mount}role/${role}`
      const found = await attempt(name)
      const [policies, older] = [listAt(found, 'token_policies'), listAt(found, 'policies')]
      holders.push({ name, policies: [...policies, ...older, 'default'].map(String) })
    }
  }
  return [key, ...previousKeys].map((each) => {
    const path = parseKeyPath('key', each)
    const { principals, unread: unknown } = vaultPrincipals({ key: path, policies, holders })
    const kekId = storedIdOf(client.namespace, path)
    return { provider: 'vault', kekId, principals, limits: LIMITS, unread: [...unread, ...unknown] }
  })
}
