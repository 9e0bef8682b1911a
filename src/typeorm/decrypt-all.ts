import type { EntityMetadata, ObjectLiteral, Repository } from 'typeorm'
import { ConfigurationError, CredentialShreddedError, isWaxsealError, type WaxsealError } from '../errors.js'
import { decryptLoaded } from './decrypt-on-load.js'
import { decryptValue, isEncryptedValue } from './encrypted-value.js'
import { type Operation, startOperation } from './operation.js'
import { type ProtectedEntity, protectedEntityOf } from './protected-entity.js'
import { metadataOf } from './stored-envelope.js'
import { type SubscriberSetup, subscriberOf } from './subscriber.js'

export interface DecryptedRow<E> {
  /** The entity that was passed, its transparent fields decrypted in place. */
  readonly row: E
  /** The plaintext of every loaded field by property path, lazy ones too. Empty when the row could not be read. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly error?: WaxsealError
}

/**
 * Decrypts entities that were loaded by a path without our hooks (a mapped join, `callListeners(false)`), and the lazy
 * fields of any: one batch, bounded in concurrency and time. What a row was loaded without is fetched, in one query for
 * each 1,000 rows. A row that cannot be read, or is shredded, says so in its own `error`.
 */
export async function decryptAll<E extends ObjectLiteral>(
  repository: Repository<E>,
  rows: readonly E[],
): Promise<DecryptedRow<E>[]> {
  const setup = subscriberOf(repository.manager.connection).setup()
  await fetchMissing(repository, rows)
  const operation = startOperation(setup)
  const decrypted = await Promise.allSettled(
    rows.map(async (row) => {
      try {
        return { row, fields: await decryptRow(setup, repository.metadata, row, operation) }
      } catch (error) {
        if (isWaxsealError(error)) return { row, fields: {}, error }
        throw error
      }
    }),
  )
  // Not at the first that fails: the others would go on changing entities of a caller who has been told the end.
  return decrypted.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

async function decryptRow(
  setup: SubscriberSetup,
  metadata: EntityMetadata,
  row: object,
  operation: Operation,
): Promise<Record<string, unknown>> {
  const protection = protectedEntityOf(metadata.findInheritanceMetadata(row))
  if (!protection) return {}
  const stored = metadataOf(protection.metadata.getEntityValue(row))
  if (stored.state === 'shredded') {
    throw new CredentialShreddedError(`${protection.entity}: the credential was shredded (receipt ${stored.receipt})`)
  }
  await decryptLoaded({ ...setup, onUnreadable: 'throw' }, metadata, row, () => operation)
  const fields = await Promise.all(
    protection.fields.map(async ({ column }): Promise<[string, unknown]> => {
      const value = column.getEntityValue(row)
      return [column.propertyPath, isEncryptedValue(value) ? await decryptValue(value, operation) : value]
    }),
  )
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
}

/** Envelopes and bound columns of rows that were loaded without them. */
async function fetchMissing<E extends ObjectLiteral>(repository: Repository<E>, rows: readonly E[]): Promise<void> {
  const { metadata } = repository
  const incomplete = rows.filter((row) => missingColumns(metadata, row).length > 0)
  if (incomplete.length === 0) return
  const keys = incomplete.map((row) => {
    const key = metadata.getEntityIdMap(row)
    if (key) return key
    throw new ConfigurationError(
      `${metadata.name}: decryptAll() needs entities that were loaded with their primary key`,
    )
  })
  const found = new Map<string, E>()
  for (let start = 0; start < keys.length; start += KEYS_OF_A_QUERY) {
    const query = repository.createQueryBuilder('credential').callListeners(false).withDeleted()
    const rows = await query.whereInIds(keys.slice(start, start + KEYS_OF_A_QUERY)).getMany()
    for (const row of rows) found.set(spellKey(metadata, row), row)
  }
  for (const row of incomplete) {
    const loaded = found.get(spellKey(metadata, row))
    for (const column of loaded ? missingColumns(metadata, row) : []) {
      column.setEntityValue(row, column.getEntityValue(loaded as E))
    }
  }
}

/** Postgres takes 65,535 parameters, and a key can have several columns. */
const KEYS_OF_A_QUERY = 1_000

/** The same for a number and for the text that the database returns in its place. */
function spellKey({ primaryColumns }: EntityMetadata, row: object): string {
  return JSON.stringify(primaryColumns.map((column) => String(column.getEntityValue(row))))
}

function missingColumns(metadata: EntityMetadata, row: object) {
  const protection: ProtectedEntity | undefined = protectedEntityOf(metadata.findInheritanceMetadata(row))
  if (!protection) return []
  const needed = [protection.metadata, ...protection.bound.map(({ column }) => column)]
  return needed.filter((column) => column.getEntityValue(row) === undefined)
}
