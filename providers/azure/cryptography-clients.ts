import { LRUCache } from 'lru-cache'
import { orAborted } from '../../src/kms/cached-lookup.js'
import type { AzureClient, AzureCryptography } from './client.js'

/** More versions than a rotation in progress reads; a client that was dropped is made again. */
const MAX_CLIENTS = 100

interface Entry {
  readonly cryptography: AzureCryptography
  /** Settles when the first call has. */
  opening?: Promise<unknown>
  opened: boolean
}

/**
 * The SDK's clients, one for each version of a key. Named by the configured vault and key, never by what a reply calls
 * them: the SDK repeats the id that it was made with, and a private endpoint has another host.
 */
export class CryptographyClients {
  readonly #client: AzureClient
  readonly #entries = new LRUCache<string, Entry>({ max: MAX_CLIENTS })

  constructor(client: AzureClient) {
    this.#client = client
  }

  /**
   * The first call of a client goes alone. The SDK sends it without body and token, to be told where to get one, and where
   * others overtake it meanwhile it forgets to put the body back: the vault then calls good bytes a bad parameter.
   */
  async use<T>(
    name: string,
    version: string,
    signal: AbortSignal,
    call: (cryptography: AzureCryptography) => Promise<T>,
  ): Promise<T> {
    const entry = this.#entryOf(name, version)
    if (entry.opening) {
      if (!entry.opened) await orAborted(entry.opening, signal)
      return call(entry.cryptography)
    }
    const first = call(entry.cryptography)
    const open = () => {
      entry.opened = true
    }
    entry.opening = first.then(open, open)
    return first
  }

  #entryOf(name: string, version: string): Entry {
    const id = `${this.#client.vaultUrl}/keys/${name}${version && `/${version}`}`
    const known = this.#entries.get(id)
    if (known) return known
    const properties = { vaultUrl: this.#client.vaultUrl, name, version }
    const entry = { cryptography: this.#client.cryptographyOf({ id, name, properties }), opened: false }
    this.#entries.set(id, entry)
    return entry
  }
}
