import { randomUUID } from 'node:crypto'
import { LocalProvider, type LocalProviderOptions } from '../../providers/local/index.js'
import { EnvelopeCipher, metadataToJson } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import type { Credentials } from '../postgres/credentials.js'

/** Stores so many rows under the current key of a local provider, as an application with this configuration would. */
export async function insertLocalRows(
  credentials: Credentials,
  { keys, currentKey }: LocalProviderOptions,
  count: number,
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID())
  const cipher = new EnvelopeCipher({ provider: new LocalProvider({ keys, currentKey }) })
  for (const id of ids) {
    const envelope = await cipher.mint(bindingOf(credentials.table, { id, tenant_id: 'acme' }))
    const stored = [credentials.encrypt(envelope, 'password', 'secret')]
    await credentials.insertStored(id, 'acme', stored, metadataToJson(envelope.metadata))
  }
  await cipher.close()
  return ids
}
