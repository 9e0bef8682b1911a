import type { DataSource } from 'typeorm'
import { ConfigurationError } from '../errors.js'
import type { EncryptionOptions } from './encryption-options.js'
import { protectedEntityOf } from './protected-entity.js'

/**
 * The expected pairs of an operation, with their names checked: a misspelt one would expect nothing of any row, and
 * nobody would notice.
 */
export function expectedContextOf(
  dataSource: DataSource,
  { expectedContext }: EncryptionOptions,
): (() => Readonly<Record<string, string>> | undefined) | undefined {
  if (!expectedContext) return undefined
  let declared: ReadonlySet<string> | undefined
  return () => {
    const expected = expectedContext()
    declared ??= namesOf(dataSource)
    for (const name of Object.keys(expected ?? {})) {
      if (declared.has(name)) continue
      throw new ConfigurationError(
        `expectedContext: no entity declares the context "${name}"; declared are ${[...declared].join(', ') || 'none'}`,
      )
    }
    return expected
  }
}

function namesOf(dataSource: DataSource): ReadonlySet<string> {
  const protections = dataSource.entityMetadatas.flatMap((metadata) => protectedEntityOf(metadata) ?? [])
  return new Set(protections.flatMap(({ context }) => context.map(({ name }) => name)))
}
