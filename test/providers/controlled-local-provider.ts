import { randomBytes } from 'node:crypto'
import { LocalProvider } from '../../providers/local/index.js'
import { KekUnavailableError } from '../../src/errors.js'
import type { KmsOperation } from '../../src/kms/call-ledger.js'
import type { EncryptionContext } from '../../src/kms/context.js'
import type { DataKey } from '../../src/kms/data-key.js'
import type { CallOptions, KekRef, KmsProvider, WrappedDataKey } from '../../src/kms/provider.js'
import { generateThenWrap, unwrapThenWrap } from '../../src/kms/strategies.js'
import { FaultPlan, faults, type KmsProviderControl, ManualClock } from '../../src/testing/index.js'

/**
 * A `LocalProvider` that can be rotated, disabled and made to fail. It has no KMS, so what a KMS would do stands between the
 * suite and the provider: a fault instead of the answer. A call counts as one to the KMS when the provider used a key for
 * it (which it reports to `onReply`) or when a fault took its place.
 */
export class ControlledLocalProvider implements KmsProvider {
  readonly name = 'local'
  readonly #keys = [randomBytes(32)]
  readonly #plan = new FaultPlan()
  readonly #unavailable = new Set<string>()
  #local = this.#configure()
  #calls: KmsOperation[] = []

  readonly control: KmsProviderControl = {
    newKekVersion: async () => {
      this.#keys.push(randomBytes(32))
      this.#local = this.#configure()
    },
    disable: async ({ version }) => void this.#unavailable.add(version),
    destroy: async ({ version }) => void this.#unavailable.add(version),
    deny: async () => this.#plan.inject(faults.deny()),
    throttle: async () => this.#plan.inject(faults.throttle()),
    failWithServerError: async () => this.#plan.inject(faults.failWithServerError()),
    hang: async () => this.#plan.inject(faults.hang()),
    vendorCalls: () => this.#calls,
  }

  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    return this.#around('currentKek', options, (passed) => this.#local.currentKek(context, passed))
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions) {
    return generateThenWrap(this, context, options)
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    this.#assertAvailable(await this.#local.currentKek(context))
    return this.#around('wrap', options, (passed) => this.#local.wrap(dataKey, context, passed))
  }

  unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    return this.#around('unwrap', options, (passed) => {
      this.#assertAvailable(wrapped.kek)
      return this.#local.unwrap(wrapped, context, passed)
    })
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return unwrapThenWrap(this, wrapped, context, options)
  }

  async #around<T>(operation: KmsOperation, options: CallOptions = {}, call: (options: CallOptions) => Promise<T>) {
    const onReply: CallOptions['onReply'] = (reply) => {
      this.#calls.push(operation)
      options.onReply?.(reply)
    }
    const passed = { ...options, onReply }
    const fault = this.#plan.take(operation)
    return fault?.transport
      ? fault.transport({ operation, options: passed, clock: new ManualClock() }, call)
      : call(passed)
  }

  #assertAvailable(kek: KekRef): void {
    if (this.#unavailable.has(kek.version)) throw new KekUnavailableError('the KEK version is not available', { kek })
  }

  #configure(): LocalProvider {
    const keys = Object.fromEntries(this.#keys.map((bytes, index) => [index + 1, Buffer.from(bytes)]))
    return new LocalProvider({ keys, currentKey: this.#keys.length })
  }
}
