import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { DecryptionError, KekNotAcceptedError } from '../../../src/errors.js'
import type { KmsOperation } from '../../../src/kms/call-ledger.js'
import { canonicalContext, type EncryptionContext } from '../../../src/kms/context.js'
import { DataKey } from '../../../src/kms/data-key.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from '../../../src/kms/provider.js'
import { generateThenWrap, unwrapThenWrap } from '../../../src/kms/strategies.js'

type Around = <T>(operation: KmsOperation, call: () => Promise<T>, options: CallOptions) => Promise<T>

/** A KMS in this process: real AES-256-GCM, numbered versions of one KEK, the context as AAD, every call noted. */
export class SmallKms implements KmsProvider {
  readonly calls: KmsOperation[] = []
  /** Stands between a call and its answer: tests refuse, hang, delay or answer something else here. */
  around: Around = (_operation, call) => call()
  /** As AWS's Encrypt: the reference of a wrap does not say which version it used. */
  hidesVersion = false
  readonly #versions = [randomBytes(32)]

  constructor(
    readonly name = 'small',
    readonly kekId = 'kek-a',
  ) {}

  /** A new version of the KEK; the old ones still unwrap. */
  rotate(): void {
    this.#versions.push(randomBytes(32))
  }

  currentKek(_context: EncryptionContext, options: CallOptions = {}): Promise<KekRef> {
    return this.#call('currentKek', options, async () => this.#kek(this.#versions.length))
  }

  generateDataKey(context: EncryptionContext, options: CallOptions = {}): Promise<GeneratedDataKey> {
    const wrap = async (dataKey: DataKey) => this.#wrap(dataKey, context)
    return this.#call('generateDataKey', options, () => generateThenWrap({ wrap }, context))
  }

  wrap(dataKey: DataKey, context: EncryptionContext, options: CallOptions = {}): Promise<WrappedDataKey> {
    return this.#call('wrap', options, async () => this.#wrap(dataKey, context))
  }

  async unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options: CallOptions = {}): Promise<DataKey> {
    this.#pin(wrapped)
    return this.#call('unwrap', options, async () => this.#unwrap(wrapped, context))
  }

  async rewrap(
    wrapped: WrappedDataKey,
    context: EncryptionContext,
    options: CallOptions = {},
  ): Promise<WrappedDataKey> {
    this.#pin(wrapped)
    const wrap = async (dataKey: DataKey) => this.#wrap(dataKey, context)
    const unwrap = async () => this.#unwrap(wrapped, context)
    return this.#call('rewrap', options, () => unwrapThenWrap({ wrap, unwrap }, wrapped, context))
  }

  #call<T>(operation: KmsOperation, options: CallOptions, answer: () => Promise<T>): Promise<T> {
    this.calls.push(operation)
    options.onReply?.({ status: operation })
    return this.around(operation, answer, options)
  }

  #pin({ kek }: WrappedDataKey): void {
    if (kek.id !== this.kekId) throw new KekNotAcceptedError('not the KEK of this KMS', { kek })
  }

  #kek(version: number): KekRef {
    return { provider: this.name, id: this.kekId, version: this.hidesVersion ? '' : String(version) }
  }

  #wrap(dataKey: DataKey, context: EncryptionContext): WrappedDataKey {
    const version = this.#versions.length
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#versions[version - 1]!, iv, { authTagLength: 16 })
    cipher.setAAD(canonicalContext(context))
    const ciphertext = dataKey.withBytes((bytes) => cipher.update(bytes))
    cipher.final()
    const bytes = Buffer.concat([Buffer.from([version]), iv, ciphertext, cipher.getAuthTag()])
    return { kek: this.#kek(version), bytes }
  }

  #unwrap({ bytes, kek }: WrappedDataKey, context: EncryptionContext): DataKey {
    const key = this.#versions[bytes[0]! - 1]
    if (!key || bytes.length !== 61 || (kek.version !== '' && kek.version !== String(bytes[0]))) {
      throw new DecryptionError(undefined, { kek })
    }
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 13), { authTagLength: 16 })
    decipher.setAAD(canonicalContext(context))
    decipher.setAuthTag(bytes.subarray(45))
    const plaintext = decipher.update(bytes.subarray(13, 45))
    try {
      decipher.final()
    } catch {
      throw new DecryptionError(undefined, { kek })
    }
    return DataKey.adopt(plaintext)
  }
}

/** Never answers. */
export const hang = <T>(): Promise<T> => new Promise<T>(() => undefined)
