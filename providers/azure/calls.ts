import { isWaxsealError } from '../../src/errors.js'
import { systemClock } from '../../src/kms/clock.js'
import { withDeadline } from '../../src/kms/deadline.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AzureCallOptions, AzureClient, AzureCryptography, AzureKey, AzureRawReply } from './client.js'
import { CryptographyClients } from './cryptography-clients.js'
import { azureFailureOf } from './errors.js'
import { kekIdOf } from './key-names.js'

/** Asked of the service by name: the SDK wraps by itself for `RSA-OAEP` and `RSA1_5`, where the vault sees nothing. */
const ALGORITHM = 'RSA-OAEP-256'
/** The SDK would wait for ever for the rest of a reply, and for some credentials. */
const TIMEOUT_MS = 4_000

/** By the methods of the SDK: how the audit log of Key Vault names their requests. */
const LOGGED_AS = { getKey: 'KeyGet', wrapKey: 'KeyWrap', unwrapKey: 'KeyUnwrap', sign: 'KeySign' } as const
type Operation = keyof typeof LOGGED_AS

/** Which version of a key is used, and how a failure names it. */
export interface KeyInUse {
  readonly name: string
  readonly version: string
  readonly kek?: KekRef
}

/**
 * The operations of Key Vault that are used, each one request: replies are reported, and failures become errors of ours.
 * The SDK's are left out, since they hold the request with its token.
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
    const { signal, callToken, onReply, deadline = Number.POSITIVE_INFINITY } = options
    // What signs is another key than what wraps.
    const asked = { operation: LOGGED_AS[operation], key: kekIdOf(this.#client.vaultUrl, name) }
    let reply: AzureRawReply | undefined
    const passed: AzureCallOptions = {
      onResponse(received) {
        reply = received
      },
      // The audit log has the user agent; the client's own request id is not in it.
      ...(callToken !== undefined && { requestOptions: { headers: { 'user-agent': `waxseal-call/${callToken}` } } }),
    }
    try {
      const limits = { ...options, deadline: Math.min(deadline, systemClock.now() + TIMEOUT_MS) }
      const result = await withDeadline(`provider "azure": ${operation}`, limits, systemClock, (limited) =>
        call({ ...passed, abortSignal: limited.signal }, limited.signal),
      )
      report(asked, onReply, reply, 'ok')
      return result
    } catch (error) {
      // Before anything else: what the SDK makes of an abort is of no interest.
      signal?.throwIfAborted()
      if (isWaxsealError(error)) throw error
      const failed = azureFailureOf(error, reply)
      report(asked, onReply, reply, failed.status)
      const isOfBytes = operation === 'unwrapKey' && failed.status === 'BadParameter'
      const requestId = reply?.headers.get('x-ms-request-id')
      throw vendorError(isOfBytes ? 'not opened' : failed.failure, {
        provider: 'azure',
        operation,
        status: failed.status,
        ...(kek && { kek }),
        ...(requestId !== undefined && { requestId }),
        ...(failed.retryAfterMs !== undefined && { retryAfterMs: failed.retryAfterMs }),
      })
    }
  }
}

function report(
  asked: { readonly operation: string; readonly key: string },
  onReply: CallOptions['onReply'],
  reply: AzureRawReply | undefined,
  status: string,
): void {
  if (!reply) return
  const requestId = reply.headers.get('x-ms-request-id')
  onReply?.({ ...asked, status, ...(requestId !== undefined && { requestId }) })
}
