import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { KmsSigningKey } from '../../src/audit/integrity/kms-signer.js'
import type { SigningAlgorithm } from '../../src/audit/integrity/signature-type.js'
import { ConfigurationError } from '../../src/errors.js'
import { systemClock } from '../../src/kms/clock.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { GcpCalls } from './calls.js'
import type { GcpMessage } from './client.js'
import { connectGcpClient } from './connect.js'
import { crc32c } from './crc32c.js'
import { parseVersionName } from './key-name.js'

/**
 * A CryptoKeyVersion of the purpose ASYMMETRIC_SIGN and the algorithm EC_SIGN_ED25519 or EC_SIGN_P256_SHA256, with the options of
 * the provider but for `previousKeys`. Named with its version: such a key has no primary one.
 */
export async function connectGcpSigningKey(section: Readonly<Record<string, unknown>>): Promise<KmsSigningKey> {
  const { client, key: versionName, previousKeys } = await connectGcpClient(section)
  if (previousKeys.length > 0) {
    throw new ConfigurationError('provider "gcp": a key that signs has no "previousKeys"; see "formerKeys"')
  }
  const { key: id, version } = parseVersionName(versionName) ?? {}
  if (id === undefined || version === undefined) {
    throw new ConfigurationError(
      'provider "gcp": a key that signs is named with its version: expected "key" to be ' +
        'projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/1',
    )
  }
  return new GcpSigningKey(new GcpCalls(client, systemClock), versionName, { provider: 'gcp', id, version })
}

class GcpSigningKey implements KmsSigningKey {
  readonly kek: KekRef
  readonly #calls: GcpCalls
  readonly #versionName: string

  constructor(calls: GcpCalls, versionName: string, kek: KekRef) {
    this.kek = kek
    this.#calls = calls
    this.#versionName = versionName
  }

  async publicKey(options: CallOptions): Promise<KeyObject> {
    return createPublicKey(await this.#calls.getPublicKey(this.#versionName, options))
  }

  sign(text: Uint8Array, algorithm: SigningAlgorithm, options: CallOptions): Promise<Uint8Array> {
    return this.#calls.asymmetricSign(this.#versionName, messageOf(text, algorithm), options)
  }
}

/** Ed25519 hashes the text itself, with the key; of ECDSA only the digest goes out. */
function messageOf(text: Uint8Array, algorithm: SigningAlgorithm): GcpMessage {
  if (algorithm === 'ed25519') return { data: text, dataCrc32c: { value: crc32c(text) } }
  const sha256 = createHash('sha256').update(text).digest()
  return { digest: { sha256 }, digestCrc32c: { value: crc32c(sha256) } }
}
