import { ConfigurationError, DecryptionError } from '../errors.js'
import type { EncryptionContext } from '../kms/context.js'

/** What an envelope is bound to, apart from its own id. */
export interface EnvelopeBinding {
  /** The logical name of the entity. */
  readonly entity: string
  /** The primary key, where it is bound: one value as it is, several as a JSON array of strings. */
  readonly row?: string
  /** The declared pairs, such as `{ tenant: '…' }`. */
  readonly context: Readonly<Record<string, string>>
}

/** Names that a declared pair may have. `waxseal-` is ours, `aws:` does not match anyway. */
export const PAIR_NAME = /^(?!waxseal-)[a-z0-9-]+$/

/** The only place where the encryption context of an envelope is made. Must not change. */
export function encryptionContextOf(binding: EnvelopeBinding, envelopeId: string): EncryptionContext {
  for (const name of Object.keys(binding.context)) {
    // A declared "waxseal-row" would stand for a row that is not bound.
    if (!PAIR_NAME.test(name)) {
      throw new ConfigurationError(
        `"${binding.entity}": the name of a pair must match ${PAIR_NAME.source}, found "${name}"`,
      )
    }
  }
  const own = { 'waxseal-entity': binding.entity, 'waxseal-envelope': envelopeId }
  const row = binding.row === undefined ? {} : { 'waxseal-row': binding.row }
  return { ...binding.context, ...own, ...row }
}

/** The spelling of a primary key in a binding: one column as it is, several as a JSON array in the declared order. */
export function rowOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] as string) : JSON.stringify(values)
}

/**
 * Refuses a credential of another tenant. Made for a mistake in the application's queries, so it runs before any call to
 * a KMS and says no more than a forged row would be told.
 */
export function assertExpectedContext(
  binding: EnvelopeBinding,
  expected: Readonly<Record<string, string>> | undefined,
): void {
  for (const [name, value] of Object.entries(expected ?? {})) {
    // A pair that the entity does not declare says nothing about whose row it is.
    if (Object.hasOwn(binding.context, name) && binding.context[name] !== value) throw new DecryptionError()
  }
}
