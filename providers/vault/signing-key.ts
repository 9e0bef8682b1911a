import { createPublicKey, type KeyObject } from 'node:crypto'
import type { KmsSigningKey } from '../../src/audit/integrity/kms-signer.js'
import type { SigningAlgorithm } from '../../src/audit/integrity/signature-type.js'
import { ConfigurationError } from '../../src/errors.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import type { Upkeep } from '../../src/kms/upkeep.js'
import { VaultCalls } from './calls.js'
import { connectVaultClient } from './connect.js'
import { type KeyPath, parseKeyPath, storedIdOf } from './key-path.js'

/** A transit key of the type `ed25519` or `ecdsa-p256`, with the options of the provider but for `previousKeys`. */
export async function connectVaultSigningKey(
  section: Readonly<Record<string, unknown>>,
  upkeep?: Upkeep,
): Promise<KmsSigningKey> {
  const { client, login, key, previousKeys = [] } = await connectVaultClient(section, upkeep)
  if (previousKeys.length > 0) {
    throw new ConfigurationError('provider "vault": a key that signs has no "previousKeys"; see "formerKeys"')
  }
  return new VaultSigningKey(new VaultCalls(client, login), parseKeyPath('key', key), client.namespace)
}

class VaultSigningKey implements KmsSigningKey {
  readonly kek: KekRef
  readonly #calls: VaultCalls
  readonly #key: KeyPath

  constructor(calls: VaultCalls, key: KeyPath, namespace: string) {
    this.kek = { provider: 'vault', id: storedIdOf(namespace, key), version: '' }
    this.#calls = calls
    this.#key = key
  }

  async publicKey(options: CallOptions): Promise<KeyObject> {
    const { keys, latest_version: latest } = await this.#calls.readKey(this.#key, options)
    const version = (keys as Readonly<Record<string, { readonly public_key?: unknown }>> | undefined)?.[String(latest)]
    const publicKey = publicKeyOf(version?.public_key)
    if (publicKey) return publicKey
    throw new ConfigurationError(
      `provider "vault": the key "${this.kek.id}" does not sign; expected the type ed25519 or ecdsa-p256`,
    )
  }

  sign(text: Uint8Array, _algorithm: SigningAlgorithm, options: CallOptions): Promise<Uint8Array> {
    return this.#calls.sign(this.#key, text, options, this.kek)
  }
}

/** PEM, but for Ed25519: base64 of its 32 bytes. */
function publicKeyOf(text: unknown): KeyObject | undefined {
  if (typeof text !== 'string') return undefined
  try {
    if (text.startsWith('-----BEGIN')) return createPublicKey(text)
    const x = Buffer.from(text, 'base64').toString('base64url')
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  } catch {
    return undefined
  }
}
