import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AzureCallOptions, AzureClient, AzureCryptography, AzureKey } from './client.js'
import { CryptographyClients } from './cryptography-clients.js'
import { kekIdOf } from './key-names.js'
import { type Operation, refused, reported } from './reported.js'

/** Asked of the service by name: the SDK wraps by itself for `RSA-OAEP` and `RSA1_5`, where the vault sees nothing. */
const ALGORITHM = 'RSA-OAEP-256'

/** Which version of a key is used, and how a failure names it. */
export interface KeyInUse {
  readonly name: string
  readonly version: string
  readonly kek?: KekRef
}

/**
 * The operations of Key Vault that are used, each one request: replies are reported, and failures become errors of ours.
 */
export class AzureCalls {
  readonly #client: AzureClient
  readonly #clients: CryptographyClients

  constructor(client: AzureClient) {
    this.#client = client
    this.#clients = new CryptographyClients(client)
  }

  /** Without a version: the current one, whatever its state. */
  getKey(name: string, version: string | undefined, options: CallOptions): Promise<AzureKey> {
    const asked = version === undefined ? {} : { version }
    return this.#send('getKey', name, options, undefined, (passed) =>
      this.#client.keys.getKey(name, { ...passed, ...asked }),
    )
  }

  wrapKey(key: KeyInUse, plaintext: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    return this.#use('wrapKey', key, options, (client, passed) => client.wrapKey(ALGORITHM, plaintext, passed))
  }

  unwrapKey(key: KeyInUse, wrapped: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    return this.#use('unwrapKey', key, options, (client, passed) => client.unwrapKey(ALGORITHM, wrapped, passed))
  }

  sign(key: KeyInUse, digest: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    return this.#use('sign', key, options, (client, passed) => client.sign('ES256', digest, passed))
  }

  async #use(
    operation: Operation,
    { name, version, kek }: KeyInUse,
    options: CallOptions,
    call: (client: AzureCryptography, passed: AzureCallOptions) => Promise<{ readonly result: Uint8Array }>,
  ): Promise<Uint8Array> {
    const { result } = await this.#send(operation, name, options, kek, (passed, signal) =>
      this.#clients.use(name, version, signal, (client) => call(client, passed)),
    )
    if (result?.length > 0) return result
    throw vendorError('misconfigured', { provider: 'azure', operation, status: 'an incomplete reply' })
  }

  async #send<T>(
    operation: Operation,
    name: string,
    options: CallOptions,
    kek: KekRef | undefined,
    call: (passed: AzureCallOptions, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    // What signs is another key than what wraps.
    const answer = await reported(operation, kekIdOf(this.#client.vaultUrl, name), options, call)
    if ('result' in answer) return answer.result
    const { refusal } = answer
    const isOfBytes = operation === 'unwrapKey' && refusal.status === 'BadParameter'
    throw refused(operation, isOfBytes ? { ...refusal, failure: 'not opened' } : refusal, kek)
  }
}
