import type { EnvelopeBinding } from '../envelope/binding.js'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { WrappedMetadata } from '../envelope/metadata.js'
import { metadataFromJson } from '../envelope/metadata-codec.js'
import { ConfigurationError } from '../errors.js'
import { type KekRef, sameKek } from '../kms/provider.js'
import type { KekSet } from '../postgres/kek-sets.js'
import { bindingOf, type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { StoredRow } from '../postgres/stored-row.js'

export interface Staleness {
  readonly table: ProtectedTable
  readonly cipher: Pick<EnvelopeCipher, 'currentKeks'>
  /** Whether rows of one table may have different current KEKs. */
  readonly kekPerContext: boolean
}

/**
 * The sets that may hold stale rows. Where all rows have the same current KEKs, a set of just those is not looked into. Where
 * the KEK depends on the context, a set may be current for one row and stale for the next: each row is asked.
 */
export async function staleSets(sets: readonly KekSet[], staleness: Staleness): Promise<KekSet[]> {
  const { table, cipher, kekPerContext } = staleness
  const stale: KekSet[] = []
  let current: readonly KekRef[] | undefined
  for (const set of sets) {
    const sample = readSample(table, set.sample)
    if (sample === 'empty') continue
    if (sample === 'unreadable' || kekPerContext) {
      stale.push(set)
      continue
    }
    const { metadata, binding } = sample
    const keks = await cipher.currentKeks(binding)
    if (current && !sameKeks(current, keks)) throw severalKeks(table)
    current = keks
    if (
      isUnknown(metadata) ||
      !sameKeks(
        metadata.wraps.map(({ kek }) => kek),
        keks,
      )
    )
      stale.push(set)
  }
  return stale
}

export interface Sample {
  readonly metadata: WrappedMetadata
  readonly binding: EnvelopeBinding
}

/** `empty` without wraps. What cannot be read is looked into, so that its rows are reported. */
export function readSample(table: ProtectedTable, { metadata, bound }: StoredRow): Sample | 'empty' | 'unreadable' {
  try {
    const decoded = metadataFromJson(JSON.parse(metadata))
    return decoded.state === 'wrapped' ? { metadata: decoded, binding: bindingOf(table, bound) } : 'empty'
  } catch {
    return 'unreadable'
  }
}

/** A version that the KMS did not tell may be an old one. */
export function isUnknown({ wraps }: WrappedMetadata): boolean {
  return wraps.some(({ kek }) => kek.version === '')
}

export function sameKeks(a: readonly KekRef[], b: readonly KekRef[]): boolean {
  return a.length === b.length && a.every((kek) => b.some((other) => sameKek(kek, other)))
}

function severalKeks(table: ProtectedTable): ConfigurationError {
  return new ConfigurationError(
    `table ${qualifiedName(table)}: expected one current KEK for all rows, found that it depends on the encryption context; ` +
      'set kekPerContext: true, so that each row is asked',
  )
}
