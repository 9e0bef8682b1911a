import { ConfigurationError } from '../../src/errors.js'
import type { ProviderAccess } from '../../src/kms/access.js'
import { connectLocal } from './connect.js'

/** Keys in the process have no identities: whoever reads the keys may do everything with them. */
export const localAccess: ProviderAccess = {
  formats: [],
  policy() {
    throw new ConfigurationError(
      'provider "local": there are no permissions to grant, since whoever reads the keys may use them; ' +
        'keep them in a secret store that only the service can read, or in a file of mode 600',
    )
  },
  async examine(section) {
    await connectLocal(section)
    const message = 'the process holds the keys themselves, so it may wrap, unwrap and rewrap whatever its role'
    return [{ code: 'ACCESS_EXCESSIVE', message, remedy: 'use a KMS where a service should be able to do less' }]
  },
  async readKeyAccess(section) {
    const { provider, id: kekId } = await (await connectLocal(section)).currentKek({})
    const unread =
      'whoever reads the keys, in a file, an environment or the memory of a process, may use them; nobody lists who that is'
    return [{ provider, kekId, principals: [], limits: [], unread: [unread] }]
  },
}
