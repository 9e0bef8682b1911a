import type { Clock } from '../../src/kms/clock.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import {
  type GcpCall,
  type GcpCallOptions,
  type GcpCryptoKey,
  type GcpKms,
  type GcpMessage,
  type GcpOperations,
  operationsOf,
} from './client.js'
import { crc32c } from './crc32c.js'
import { gcpFailureOf } from './errors.js'
import { versionIn } from './key-name.js'
import { headersOf, reported } from './reported.js'

/** For calls without a deadline. The SDK's own is ten minutes. */
const TIMEOUT_MS = 4_000

/**
 * The operations of Cloud KMS that are used, each one request: replies are reported, checked against their checksums and for
 * the key version that was asked for, and failures become errors of ours.
 */
export class GcpCalls {
  readonly #client: GcpKms
  readonly #clock: Clock

  constructor(client: GcpKms, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  getCryptoKey(name: string, options: CallOptions): Promise<GcpCryptoKey> {
    return this.#send('GetCryptoKey', name, options, (operations, passed) => operations.getCryptoKey({ name }, passed))
  }

  async encrypt(
    versionName: string,
    plaintext: Uint8Array,
    aad: Uint8Array,
    options: CallOptions,
  ): Promise<Uint8Array> {
    const request = {
      name: versionName,
      plaintext,
      plaintextCrc32c: { value: crc32c(plaintext) },
      additionalAuthenticatedData: aad,
      additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
    }
    const reply = await this.#send('Encrypt', versionName, options, (operations, passed) =>
      operations.encrypt(request, passed),
    )
    // False as well where a checksum got lost on its way.
    const arrived = reply.verifiedPlaintextCrc32c && reply.verifiedAdditionalAuthenticatedDataCrc32c
    if (!arrived || !isIntact(reply.ciphertext, reply.ciphertextCrc32c)) throw corrupted('Encrypt')
    assertOf('Encrypt', versionName, reply.name)
    return reply.ciphertext
  }

  async decrypt(kek: KekRef, ciphertext: Uint8Array, aad: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    const request = {
      name: kek.id,
      ciphertext,
      ciphertextCrc32c: { value: crc32c(ciphertext) },
      additionalAuthenticatedData: aad,
      additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
    }
    const call = (operations: GcpOperations, passed: GcpCallOptions) => operations.decrypt(request, passed)
    const { plaintext, plaintextCrc32c } = await this.#send('Decrypt', kek.id, options, call, kek)
    if (isIntact(plaintext, plaintextCrc32c)) return plaintext
    plaintext.fill(0)
    throw corrupted('Decrypt', kek)
  }

  async asymmetricSign(versionName: string, message: GcpMessage, options: CallOptions): Promise<Uint8Array> {
    const request = { name: versionName, ...message }
    const reply = await this.#send('AsymmetricSign', versionName, options, (operations, passed) =>
      operations.asymmetricSign(request, passed),
    )
    const arrived = 'data' in message ? reply.verifiedDataCrc32c : reply.verifiedDigestCrc32c
    if (!arrived || !isIntact(reply.signature, reply.signatureCrc32c)) throw corrupted('AsymmetricSign')
    assertOf('AsymmetricSign', versionName, reply.name)
    return reply.signature
  }

  /** In PEM. */
  async getPublicKey(versionName: string, options: CallOptions): Promise<string> {
    const reply = await this.#send('GetPublicKey', versionName, options, (operations, passed) =>
      operations.getPublicKey({ name: versionName }, passed),
    )
    if (!isIntact(Buffer.from(reply.pem), reply.pemCrc32c)) throw corrupted('GetPublicKey')
    assertOf('GetPublicKey', versionName, reply.name)
    return reply.pem
  }

  async #send<T>(
    operation: string,
    name: string,
    options: CallOptions,
    call: (operations: GcpOperations, passed: GcpCallOptions) => GcpCall<T>,
    kek?: KekRef,
  ): Promise<T> {
    const { signal, deadline } = options
    const timeout = deadline === undefined ? TIMEOUT_MS : Math.min(TIMEOUT_MS, deadline - this.#clock.now())
    // Not sent: gax takes a time of 0 for none, and waits for half a minute.
    if (timeout <= 0) throw vendorError('timeout', { provider: 'gcp', operation, status: 'DEADLINE_EXCEEDED' })
    const headers = headersOf(`name=${encodeURIComponent(name)}`, options)
    const of = kek ? 'ciphertext' : 'request'
    let cancel: (() => void) | undefined
    try {
      const operations = await operationsOf(this.#client)
      signal?.throwIfAborted()
      const sent = call(operations, { timeout, retry: null, otherArgs: { headers } })
      cancel = () => sent.cancel()
      signal?.addEventListener('abort', cancel, { once: true })
      const [reply] = await reported(operation, of, options, () => sent)
      return reply
    } catch (error) {
      // Before anything else: what the SDK makes of an abort is of no interest.
      signal?.throwIfAborted()
      const { failure, status } = gcpFailureOf(error, of)
      throw vendorError(failure, { provider: 'gcp', operation, status, kek })
    } finally {
      if (cancel) signal?.removeEventListener('abort', cancel)
    }
  }
}

/** A reply says which version it is of. */
function assertOf(operation: string, asked: string, answered: string): void {
  const [key = '', version] = asked.split('/cryptoKeyVersions/')
  if (versionIn(key, answered) === version) return
  throw vendorError('misconfigured', { provider: 'gcp', operation, status: 'for another key version' })
}

/** Compared as text: gRPC brings a 64-bit integer as such. */
function isIntact(bytes: Uint8Array, checksum: { readonly value?: unknown } | null | undefined): boolean {
  return String(checksum?.value) === String(crc32c(bytes))
}

function corrupted(operation: string, kek?: KekRef) {
  const status = 'a checksum that does not fit'
  return vendorError('network', { provider: 'gcp', operation, status, kek })
}
