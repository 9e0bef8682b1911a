import type { EncryptionContext } from '../../src/kms/context.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AwsKeyMetadata, AwsKms } from './client.js'
import { correlate } from './correlation.js'
import { exchange } from './exchange.js'

/**
 * The operations of AWS KMS that are used, each one request: replies are reported, checked for the key that was asked for,
 * and failures become errors of ours.
 */
export class AwsCalls {
  readonly #client: AwsKms
  readonly #grantTokens: string[]

  constructor(client: AwsKms, grantTokens: string[]) {
    correlate(client)
    this.#client = client
    this.#grantTokens = grantTokens
  }

  async describeKey(key: string, options: CallOptions): Promise<AwsKeyMetadata> {
    const request = { KeyId: key, GrantTokens: this.#grantTokens }
    const reply = await exchange('DescribeKey', options, (passed) => this.#client.describeKey(request, passed))
    return reply.KeyMetadata ?? {}
  }

  async generateDataKey(keyArn: string, context: EncryptionContext, options: CallOptions) {
    const request = {
      KeyId: keyArn,
      KeySpec: 'AES_256' as const,
      EncryptionContext: context,
      GrantTokens: this.#grantTokens,
    }
    const reply = await exchange('GenerateDataKey', options, (passed) => this.#client.generateDataKey(request, passed))
    const complete = this.#complete('GenerateDataKey', reply.KeyId === keyArn, reply.Plaintext, reply.CiphertextBlob)
    return { plaintext: complete[0], ciphertext: complete[1], version: reply.KeyMaterialId }
  }

  async encrypt(keyArn: string, plaintext: Uint8Array, context: EncryptionContext, options: CallOptions) {
    const request = {
      KeyId: keyArn,
      Plaintext: plaintext,
      EncryptionContext: context,
      GrantTokens: this.#grantTokens,
    }
    const reply = await exchange('Encrypt', options, (passed) => this.#client.encrypt(request, passed))
    return this.#complete('Encrypt', reply.KeyId === keyArn, reply.CiphertextBlob)[0]
  }

  async decrypt(
    keyArn: string,
    ciphertext: Uint8Array,
    context: EncryptionContext,
    options: CallOptions,
    kek?: KekRef,
  ) {
    const request = {
      KeyId: keyArn,
      CiphertextBlob: ciphertext,
      EncryptionContext: context,
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
      GrantTokens: this.#grantTokens,
    }
    const reply = await exchange('Decrypt', options, (passed) => this.#client.decrypt(request, passed), kek)
    const [plaintext] = this.#complete('Decrypt', reply.KeyId === keyArn, reply.Plaintext)
    return { plaintext, version: reply.KeyMaterialId }
  }

  async reEncrypt(
    keys: { readonly source: string; readonly destination: string },
    ciphertext: Uint8Array,
    context: EncryptionContext,
    options: CallOptions,
    kek: KekRef,
  ) {
    const request = {
      CiphertextBlob: ciphertext,
      SourceKeyId: keys.source,
      SourceEncryptionContext: context,
      DestinationKeyId: keys.destination,
      DestinationEncryptionContext: context,
      GrantTokens: this.#grantTokens,
    }
    const reply = await exchange('ReEncrypt', options, (passed) => this.#client.reEncrypt(request, passed), kek)
    const isOfKeys = reply.SourceKeyId === keys.source && reply.KeyId === keys.destination
    return {
      ciphertext: this.#complete('ReEncrypt', isOfKeys, reply.CiphertextBlob)[0],
      version: reply.DestinationKeyMaterialId,
      sourceVersion: reply.SourceKeyMaterialId,
    }
  }

  /** The parts of a reply, all there and of the key that was asked for. Parts that are not returned are zeroed. */
  #complete<T extends readonly (Uint8Array | undefined)[]>(operation: string, isOfKey: boolean, ...parts: T) {
    if (isOfKey && parts.every((part) => part !== undefined)) return parts as { [I in keyof T]: Uint8Array }
    for (const part of parts) part?.fill(0)
    const status = isOfKey ? 'an incomplete reply' : 'for another key'
    throw vendorError('misconfigured', { provider: 'aws', operation, status })
  }
}
