import { DecryptionError, KekNotAcceptedError } from '../errors.js'
import type { KmsOperation } from '../kms/call-ledger.js'
import { type Clock, systemClock } from '../kms/clock.js'
import type { EncryptionContext } from '../kms/context.js'
import { DATA_KEY_BYTES, DataKey } from '../kms/data-key.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, KmsReply, WrappedDataKey } from '../kms/provider.js'
import { FakeKms } from './fake-kms.js'
import { FaultPlan } from './fault-plan.js'
import type { Fault, KmsAnswer } from './faults.js'

export interface FaultyProviderOptions {
  /** Default `fake`. */
  readonly name?: string
  /** The id of its KEK. Default `fake-kek`. */
  readonly kekId?: string
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

/** One call as it reached the fake KMS. */
export interface FakeCall {
  readonly operation: KmsOperation
  readonly context: EncryptionContext
  readonly at: number
  readonly callToken?: string
}

/**
 * A provider with a KMS of its own in memory, which goes wrong on command: `provider.faults.inject(throttle())`. It counts
 * calls, rewraps natively, and rotates, disables and destroys through `provider.kms`.
 *
 * It pins the KEK as every provider must, and believes what its KMS answers as none should: so what stands above it can be
 * tested with wrong answers.
 */
export class FaultyProvider implements KmsProvider {
  readonly name: string
  readonly kms: FakeKms
  readonly faults = new FaultPlan()
  readonly #clock: Clock
  #calls: FakeCall[] = []
  #requests = 0

  constructor(options: FaultyProviderOptions = {}) {
    this.name = options.name ?? 'fake'
    this.kms = new FakeKms(options.kekId ?? 'fake-kek')
    this.#clock = options.clock ?? systemClock
  }

  /** Calls that reached the KMS, those that it refused and those that hang included. */
  get calls(): readonly FakeCall[] {
    return this.#calls
  }

  clearCalls(): void {
    this.#calls = []
  }

  async currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    return this.#kekOf(await this.#send('currentKek', context, options, () => ({})))
  }

  async generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    const answer = await this.#send('generateDataKey', context, options, () => {
      const dataKey = DataKey.generate()
      return dataKey.withBytes((bytes) => ({ plaintext: Buffer.from(bytes), wrapped: this.kms.wrap(bytes, context) }))
    })
    return { dataKey: DataKey.adopt(answer.plaintext!), wrapped: this.#wrappedOf(answer) }
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    const wrap = () => dataKey.withBytes((bytes) => ({ wrapped: this.kms.wrap(bytes, context) }))
    return this.#wrappedOf(await this.#send('wrap', context, options, wrap))
  }

  async unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    const { version } = this.#pin(wrapped.kek)
    if (wrapped.bytes.length === 0) throw new DecryptionError(undefined, { kek: wrapped.kek })
    const answer = await this.#send('unwrap', context, options, () => ({
      kekVersion: version,
      plaintext: this.kms.unwrap(version, wrapped.bytes, context),
    }))
    return DataKey.adopt(answer.plaintext!)
  }

  async rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    const { version } = this.#pin(wrapped.kek)
    const answer = await this.#send('rewrap', context, options, () => {
      const plaintext = this.kms.unwrap(version, wrapped.bytes, context)
      if (plaintext.length !== DATA_KEY_BYTES) throw new TypeError('fake KMS: not a data key')
      return { wrapped: this.kms.wrap(plaintext, context) }
    })
    return this.#wrappedOf(answer)
  }

  #pin(kek: KekRef): KekRef {
    if (kek.provider === this.name && kek.id === this.kms.id) return kek
    throw new KekNotAcceptedError(`provider "${this.name}": expected the KEK ${this.kms.id}, found another`, { kek })
  }

  async #send(
    operation: KmsOperation,
    context: EncryptionContext,
    options: CallOptions = {},
    serve: () => Partial<KmsAnswer>,
  ): Promise<KmsAnswer> {
    options.signal?.throwIfAborted()
    const { callToken } = options
    this.#calls.push({ operation, context, at: this.#clock.now(), ...(callToken !== undefined && { callToken }) })
    const requestId = `fake-${++this.#requests}`
    const fault = this.faults.take(operation)
    const send = async ({ onReply }: CallOptions) =>
      reply({ operation, requestId }, onReply, () => ({ ...this.#usedKek(), ...serve() }))
    const answer = await transport(fault, { operation, options, clock: this.#clock }, send)
    return fault?.answer ? fault.answer(answer) : answer
  }

  #usedKek(): KmsAnswer {
    return { kekId: this.kms.id, kekVersion: this.kms.currentVersion }
  }

  #kekOf(answer: KmsAnswer): KekRef {
    return { provider: this.name, id: answer.kekId, version: answer.kekVersion }
  }

  #wrappedOf(answer: KmsAnswer): WrappedDataKey {
    return { kek: this.#kekOf(answer), bytes: answer.wrapped! }
  }
}

function transport<T>(
  fault: Fault | undefined,
  call: Parameters<NonNullable<Fault['transport']>>[0],
  send: (options: CallOptions) => Promise<T>,
): Promise<T> {
  return fault?.transport ? fault.transport(call, send) : send(call.options)
}

/** Serves, and reports a reply in either case. */
function reply<T>(known: Omit<KmsReply, 'status'>, onReply: CallOptions['onReply'], serve: () => T): T {
  let status = 'Refused'
  try {
    const answer = serve()
    status = 'OK'
    return answer
  } finally {
    onReply?.({ ...known, status })
  }
}
