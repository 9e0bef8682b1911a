import type { EncryptionContext } from '../../src/kms/context.js'
import type { CallOptions, KekRef, KmsReply } from '../../src/kms/provider.js'
import { ciphertextOf, contextOf, type RewrapInput, type VaultCalls } from './calls.js'
import type { TransitCiphertext } from './ciphertext.js'
import { failureOf } from './errors.js'
import { errorOf, incomplete, type VaultData } from './exchange.js'
import type { KeyPath } from './key-path.js'

/** OpenBao refuses a request of more than 1,000 strings (`max_request_json_strings`); an item has 6, names included. */
const MAX_BATCH = 150

interface Waiting {
  readonly input: RewrapInput
  readonly kek: KekRef
  readonly options: CallOptions
  readonly succeed: (ciphertext: TransitCiphertext) => void
  readonly fail: (reason: unknown) => void
}

/** Makes one request of the rewraps of one tick. Each is settled by its own result: one that fails fails alone. */
export class RewrapQueue {
  readonly #calls: VaultCalls
  readonly #key: KeyPath
  #waiting: Waiting[] = []
  /** Never twice the same, so that a result of another batch is told from one of this. */
  #references = 0

  constructor(calls: VaultCalls, key: KeyPath) {
    this.#calls = calls
    this.#key = key
  }

  add(ciphertext: string, context: EncryptionContext, kek: KekRef, options: CallOptions): Promise<TransitCiphertext> {
    const input = { ciphertext, context: contextOf(context), reference: String(++this.#references) }
    if (this.#waiting.length === 0) setImmediate(() => this.#flush())
    return new Promise((succeed, fail) => {
      this.#waiting.push({ input, kek, options, succeed, fail })
    })
  }

  #flush(): void {
    const all = this.#waiting
    this.#waiting = []
    for (let start = 0; start < all.length; start += MAX_BATCH) void this.#send(all.slice(start, start + MAX_BATCH))
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const wanted = batch.filter(({ options, fail }) => {
      if (options.signal?.aborted) fail(options.signal.reason)
      return !options.signal?.aborted
    })
    if (wanted.length === 0) return
    const { signal, release } = whileWanted(wanted)
    const replies: KmsReply[] = []
    const tellOfLast = () => {
      for (const reply of replies.slice(-1)) for (const { options } of wanted) options.onReply?.(reply)
    }
    const onReply = (reply: KmsReply) => {
      tellOfLast()
      replies.push(reply)
    }
    try {
      const inputs = wanted.map(({ input }) => input)
      const results = await this.#calls.rewrap(this.#key, inputs, { signal, onReply })
      const reply = replies.at(-1) as KmsReply
      for (const [index, result] of results.entries()) settle(wanted[index] as Waiting, result, reply)
    } catch (error) {
      tellOfLast()
      for (const { fail } of wanted) fail(error)
    } finally {
      release()
    }
  }
}

function settle({ kek, options, succeed, fail }: Waiting, result: VaultData, reply: KmsReply): void {
  const call = { operation: 'rewrap', kek }
  const failure = result['error'] === undefined ? undefined : failureOf(400, result['error'])
  // One request for all of them, and each result has a status of its own.
  options.onReply?.({ ...reply, status: failure?.status ?? 'ok' })
  const ciphertext = ciphertextOf(result)
  if (failure) fail(errorOf(failure, call))
  else if (ciphertext) succeed(ciphertext)
  else fail(incomplete(call))
}

/** Who gives up is told at once. The request ends when nobody waits for it any more. */
function whileWanted(batch: readonly Waiting[]): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  let left = batch.length
  const releases = batch.flatMap(({ options: { signal }, fail }) => {
    if (!signal) return []
    const onAbort = () => {
      fail(signal.reason)
      if (--left === 0) controller.abort(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    return [() => signal.removeEventListener('abort', onAbort)]
  })
  const release = () => {
    for (const each of releases) each()
  }
  return { signal: controller.signal, release }
}
