import { createHash, type KeyObject } from 'node:crypto'
import type { KmsSigningKey } from '../../src/audit/integrity/kms-signer.js'
import type { SigningAlgorithm } from '../../src/audit/integrity/signature-type.js'
import { ConfigurationError } from '../../src/errors.js'
import { derOf } from '../../src/kms/ecdsa-signature.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { textOptions } from '../../src/kms/text-options.js'
import { AzureCalls } from './calls.js'
import type { AzureClient } from './client.js'
import { connectVault } from './connect.js'
import { isKeyName, kekIdOf } from './key-names.js'
import { SIGNATURE_BYTES } from './stored-wrap.js'
import { publicKeyOf } from './wrap-signatures.js'

const OPTIONS = ['vaultUrl', 'key', 'tenantId', 'clientId', 'caFile', 'tokenFile'] as const
/** The vault then takes the newest: a signature of another one is not kept. */
const NEWEST = ''

/** An EC key of the curve P-256 by its name, in `vaultUrl`, with credentials as of the provider. */
export async function connectAzureSigningKey(section: Readonly<Record<string, unknown>>): Promise<KmsSigningKey> {
  const { vaultUrl, key, ...credentials } = textOptions('azure', section, OPTIONS)
  if (key === undefined || !isKeyName(key)) {
    throw new ConfigurationError('provider "azure": expected "key" to be the name of an EC P-256 key in the vault')
  }
  return new AzureSigningKey(await connectVault(vaultUrl, credentials), key)
}

class AzureSigningKey implements KmsSigningKey {
  readonly kek: KekRef
  readonly #calls: AzureCalls
  readonly #name: string

  constructor(client: AzureClient, name: string) {
    this.kek = { provider: 'azure', id: kekIdOf(client.vaultUrl, name), version: '' }
    this.#calls = new AzureCalls(client)
    this.#name = name
  }

  async publicKey(options: CallOptions): Promise<KeyObject> {
    return publicKeyOf(this.#name, await this.#calls.getKey(this.#name, undefined, options))
  }

  async sign(text: Uint8Array, algorithm: SigningAlgorithm, options: CallOptions): Promise<Uint8Array> {
    if (algorithm !== 'ecdsa-p256') {
      throw new ConfigurationError(
        `provider "azure": neither Key Vault nor Managed HSM signs with ${algorithm}; expected "verifierKey" to be that of an EC P-256 key`,
      )
    }
    const digest = createHash('sha256').update(text).digest()
    const signature = await this.#calls.sign({ name: this.#name, version: NEWEST, kek: this.kek }, digest, options)
    if (signature.length === SIGNATURE_BYTES) return derOf(signature)
    throw new ConfigurationError(`provider "azure": the signing key "${this.#name}" made no ES256 signature`)
  }
}
