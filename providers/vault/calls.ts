import type { EncryptionContext } from '../../src/kms/context.js'
import { canonicalContext } from '../../src/kms/context.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { parseCiphertext, type TransitCiphertext } from './ciphertext.js'
import type { VaultClient, VaultReply, VaultRequest } from './client.js'
import { contentOf, errorOf, exchange, incomplete, type VaultCall, type VaultData } from './exchange.js'
import type { KeyPath } from './key-path.js'
import type { VaultLogin } from './login.js'

/** Makes Vault refuse to create a key, which `encrypt` does for a missing one: it looks at the type only then. */
const EXISTING_KEY_ONLY = 'existing-key-only'

export interface RewrapInput {
  readonly ciphertext: string
  readonly context: string
  /** Comes back with the result. */
  readonly reference: string
}

export interface TransitKey {
  readonly name?: unknown
  readonly type?: unknown
  readonly derived?: unknown
  readonly convergent_encryption?: unknown
  readonly supports_encryption?: unknown
  readonly supports_decryption?: unknown
  readonly latest_version?: unknown
  readonly deletion_allowed?: unknown
  readonly exportable?: unknown
  readonly allow_plaintext_backup?: unknown
  readonly soft_deleted?: unknown
  readonly auto_rotate_period?: unknown
  /** By version; of a key pair with `public_key`. */
  readonly keys?: unknown
}

/** The operations of the transit engine that are used, each one request, again with a new token where the first had ended. */
export class VaultCalls {
  readonly #client: VaultClient
  readonly #login: VaultLogin

  constructor(client: VaultClient, login: VaultLogin) {
    this.#client = client
    this.#login = login
  }

  async readKey({ mount, name }: KeyPath, options: CallOptions): Promise<TransitKey> {
    return this.#data({ method: 'GET', path: `${mount}/keys/${name}` }, { operation: 'keys' }, options)
  }

  async generateDataKey({ mount, name }: KeyPath, context: EncryptionContext, options: CallOptions) {
    const call = { operation: 'datakey/plaintext' }
    const body = { bits: 256, context: contextOf(context) }
    const data = await this.#data({ method: 'POST', path: `${mount}/${call.operation}/${name}`, body }, call, options)
    const [ciphertext, plaintext] = [ciphertextOf(data), bytesOf(data['plaintext'])]
    if (ciphertext && plaintext) return { ciphertext, plaintext }
    plaintext?.fill(0)
    throw incomplete(call)
  }

  async encrypt({ mount, name }: KeyPath, plaintext: Uint8Array, context: EncryptionContext, options: CallOptions) {
    const call = { operation: 'encrypt' }
    const encoded = Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length).toString('base64')
    const body = { plaintext: encoded, context: contextOf(context), type: EXISTING_KEY_ONLY }
    const data = await this.#data({ method: 'POST', path: `${mount}/encrypt/${name}`, body }, call, options)
    const ciphertext = ciphertextOf(data)
    if (ciphertext) return ciphertext
    throw incomplete(call)
  }

  async decrypt(
    { mount, name }: KeyPath,
    ciphertext: string,
    context: EncryptionContext,
    options: CallOptions,
    kek: KekRef,
  ): Promise<Uint8Array> {
    const call = { operation: 'decrypt', kek }
    const body = { ciphertext, context: contextOf(context) }
    const data = await this.#data({ method: 'POST', path: `${mount}/decrypt/${name}`, body }, call, options)
    const plaintext = bytesOf(data['plaintext'])
    if (plaintext) return plaintext
    throw incomplete(call)
  }

  /**
   * One request for all. A result for each input, in its place: `ciphertext`, or `error` in Vault's words. `rewrap` takes no
   * `associated_data`, in Vault and in OpenBao: only what is bound by `context` can be rewrapped.
   */
  async rewrap({ mount, name }: KeyPath, inputs: readonly RewrapInput[], options: CallOptions): Promise<VaultData[]> {
    const call = { operation: 'rewrap' }
    const body = { batch_input: inputs }
    const data = await this.#data({ method: 'POST', path: `${mount}/rewrap/${name}`, body }, call, options)
    const results = data['batch_results'] as (VaultData | null)[] | undefined
    const isComplete = Array.isArray(results) && results.length === inputs.length
    if (!isComplete) throw incomplete(call)
    if (results.some((result, index) => result?.['reference'] !== inputs[index]?.reference)) {
      throw errorOf({ failure: 'misconfigured', status: 'in another order than it was asked' }, call)
    }
    return results as VaultData[]
  }

  /** By the latest version of a key pair. Ed25519 takes no notice of the hash; ECDSA is answered in DER. */
  async sign({ mount, name }: KeyPath, text: Uint8Array, options: CallOptions, kek: KekRef): Promise<Uint8Array> {
    const call = { operation: 'sign', kek }
    const body = {
      input: Buffer.from(text).toString('base64'),
      ...{ hash_algorithm: 'sha2-256', prehashed: false, marshaling_algorithm: 'asn1' },
    }
    const data = await this.#data({ method: 'POST', path: `${mount}/sign/${name}`, body }, call, options)
    const [, encoded] = /^vault:v\d+:(.+)$/.exec(String(data['signature'])) ?? []
    const signature = bytesOf(encoded)
    if (signature) return signature
    throw incomplete(call)
  }

  /** What the identity may do at each path. */
  async capabilities(
    paths: readonly string[],
    options: CallOptions,
  ): Promise<Readonly<Record<string, readonly string[]>>> {
    const call = { operation: 'sys/capabilities-self' }
    const data = await this.#data({ method: 'POST', path: call.operation, body: { paths } }, call, options)
    return data as Readonly<Record<string, readonly string[]>>
  }

  /** Something else that Vault knows, such as a policy. */
  async read(path: string, options: CallOptions): Promise<VaultData> {
    return this.#data({ method: 'GET', path: encodedPath(path) }, { operation: path }, options)
  }

  /** The names below a path. Vault's audit log has it with a slash. */
  async list(path: string, options: CallOptions): Promise<VaultData> {
    const call = { operation: `list ${path}/` }
    return this.#data({ method: 'GET', path: `${encodedPath(path)}?list=true` }, call, options)
  }

  async #data(request: VaultRequest, call: VaultCall, options: CallOptions): Promise<VaultData> {
    const send = (token: string): Promise<VaultReply> => exchange(this.#client, { ...request, token }, call, options)
    const token = await this.#login.token(options)
    const reply = await send(token)
    if (reply.status !== 403 || !(await this.#login.replaces(token, options))) return contentOf(reply, call)
    return contentOf(await send(await this.#login.token(options)), call)
  }
}

function encodedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

export function contextOf(context: EncryptionContext): string {
  return canonicalContext(context).toString('base64')
}

/** Of a reply; both places that name the version have to say the same. */
export function ciphertextOf(data: VaultData): TransitCiphertext | undefined {
  const ciphertext = parseCiphertext(data['ciphertext'])
  // Older servers name it in the ciphertext only.
  const { key_version: version = Number(ciphertext?.version) } = data
  return ciphertext && String(version) === ciphertext.version ? ciphertext : undefined
}

function bytesOf(base64: unknown): Buffer | undefined {
  return typeof base64 === 'string' && base64 !== '' ? Buffer.from(base64, 'base64') : undefined
}
