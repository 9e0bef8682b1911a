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
  const context: Record<string, string> = {}
  for (const name of Object.keys(binding.context)) {
    // A declared "waxseal-row" would stand for a row that is not bound.
    if (!PAIR_NAME.test(name)) {
      throw new ConfigurationError(
        `"${binding.entity}": the name of a pair must match ${PAIR_NAME.source}, found "${name}"`,
      )
    }
    context[name] = binding.context[name] as string
  }
  context['waxseal-entity'] = binding.entity
  context['waxseal-envelope'] = envelopeId
  if (binding.row !== undefined) context['waxseal-row'] = binding.row
  return context
}

/** A copy that no caller can change later: what was checked for one binding must not be taken for another. */
export function copyOfBinding({ entity, row, context }: EnvelopeBinding): EnvelopeBinding {
  return { entity, ...(row !== undefined && { row }), context: { ...context } }
}

export function sameBinding(a: EnvelopeBinding, b: EnvelopeBinding): boolean {
  if (a === b) return true
  const names = Object.keys(a.context)
  return (
    a.entity === b.entity &&
    a.row === b.row &&
    names.length === Object.keys(b.context).length &&
    names.every((name) => Object.hasOwn(b.context, name) && a.context[name] === b.context[name])
  )
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
