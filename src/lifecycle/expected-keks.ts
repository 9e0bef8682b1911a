import type { EnvelopeBinding } from '../envelope/binding.js'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { describeKek, type KekRef } from '../kms/provider.js'

interface Expectation {
  readonly binding: EnvelopeBinding
  readonly keks: readonly KekRef[]
}

/** Tenants with KEKs of their own, at most. The KMS is asked about each. */
const MOST = 100
/** Of no credential; a KEK that belongs to a tenant is none of its. */
const ANY_BINDING: EnvelopeBinding = { entity: 'waxseal-doctor', context: {} }

/**
 * The KEKs that the next wraps will be under, as the providers say: for one binding of each set of KEKs that was used lately,
 * so that a rotation in the KMS is seen by a process that wraps nothing. A forecast; what is exact is `PublishedKeks`.
 */
export class ExpectedKeks {
  readonly #cipher: Pick<EnvelopeCipher, 'currentKeks'>
  readonly #sets = new Map<string, Expectation>([['', { binding: ANY_BINDING, keks: [] }]])

  constructor(cipher: Pick<EnvelopeCipher, 'currentKeks'>) {
    this.#cipher = cipher
  }

  use(keks: readonly KekRef[], binding: EnvelopeBinding): void {
    const name = nameOf(keks)
    // The one used last stands last.
    this.#sets.delete(name)
    this.#sets.set(name, { binding, keks })
    const oldest = this.#sets.size > MOST && this.#sets.keys().next().value
    if (typeof oldest === 'string') this.#sets.delete(oldest)
  }

  /** Asks the providers anew. Where one does not answer, what it said before is kept. */
  async ask(): Promise<readonly KekRef[]> {
    await Promise.all(
      [...this.#sets].map(async ([name, { binding }]) => {
        const keks = await this.#cipher.currentKeks(binding).catch(() => undefined)
        if (!keks || nameOf(keks) === name) return
        this.#sets.delete(name)
        this.#sets.set(nameOf(keks), { binding, keks })
      }),
    )
    return [...this.#sets.values()].flatMap(({ keks }) => keks)
  }
}

function nameOf(keks: readonly KekRef[]): string {
  return keks.map(describeKek).join(' ')
}
