import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { KmsSigningKey } from '../../src/audit/integrity/kms-signer.js'
import type { SigningAlgorithm } from '../../src/audit/integrity/signature-type.js'
import { ConfigurationError } from '../../src/errors.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { textOptions } from '../../src/kms/text-options.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AwsSigning } from './client.js'
import { kmsOf } from './connect.js'
import { correlate } from './correlation.js'
import { exchange } from './exchange.js'
import { isKeyArn, storedIdOf } from './key-arn.js'

/** A key of the usage SIGN_VERIFY and the spec ECC_NIST_EDWARDS25519 or ECC_NIST_P256, by its ARN: an alias can be pointed elsewhere. */
export async function connectAwsSigningKey(section: Readonly<Record<string, unknown>>): Promise<KmsSigningKey> {
  const { key, ...endpoint } = textOptions('aws', section, ['key', 'region', 'endpoint', 'fips'])
  if (key === undefined || !isKeyArn(key)) {
    throw new ConfigurationError(
      'provider "aws": a key that signs is named by its ARN: expected "key" to be arn:…:key/…',
    )
  }
  return new AwsSigningKey(await kmsOf(key, endpoint), key)
}

class AwsSigningKey implements KmsSigningKey {
  readonly kek: KekRef
  readonly #client: AwsSigning
  readonly #arn: string

  constructor(client: AwsSigning, arn: string) {
    correlate(client)
    this.kek = { provider: 'aws', id: storedIdOf(arn), version: '' }
    this.#client = client
    this.#arn = arn
  }

  async publicKey(options: CallOptions): Promise<KeyObject> {
    const request = { KeyId: this.#arn }
    const reply = await exchange('GetPublicKey', options, (passed) => this.#client.getPublicKey(request, passed))
    const key = Buffer.from(this.#of('GetPublicKey', reply.KeyId, reply.PublicKey))
    return createPublicKey({ key, format: 'der', type: 'spki' })
  }

  async sign(text: Uint8Array, algorithm: SigningAlgorithm, options: CallOptions): Promise<Uint8Array> {
    const request = { KeyId: this.#arn, ...messageOf(text, algorithm) }
    const reply = await exchange('Sign', options, (passed) => this.#client.sign(request, passed), this.kek)
    return this.#of('Sign', reply.KeyId, reply.Signature)
  }

  #of(operation: string, keyId: string | undefined, part: Uint8Array | undefined): Uint8Array {
    if (keyId === this.#arn && part) return part
    const status = part ? 'for another key' : 'an incomplete reply'
    throw vendorError('misconfigured', { provider: 'aws', operation, status })
  }
}

/** Ed25519 hashes the text itself, with the key; of ECDSA only the digest goes out. */
function messageOf(text: Uint8Array, algorithm: SigningAlgorithm) {
  if (algorithm === 'ed25519') {
    return { Message: text, MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' } as const
  }
  const digest = createHash('sha256').update(text).digest()
  return { Message: digest, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' } as const
}
