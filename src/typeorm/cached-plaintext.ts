import type { DataSource } from 'typeorm'
import { PlaintextRefusedError } from '../errors.js'
import { type Mode, modeOf } from './mode.js'
import { protectedEntityOf } from './protected-entity.js'

/**
 * Refuses a query cache for what may be plaintext: it would keep a copy that no adoption encrypts. By the quoted names of
 * table and column, as TypeORM writes them into each query that it caches.
 */
export function refuseCachedPlaintext(dataSource: DataSource, mode: Mode, query: string): void {
  if (!mode.readsPlaintext) return
  for (const metadata of dataSource.entityMetadatas) {
    const fields = protectedEntityOf(metadata)?.fields ?? []
    if (!query.includes(`"${metadata.tableName}"`) || !modeOf(mode, fields).readsPlaintext) continue
    const isRead = fields.some(({ column, adoption }) => query.includes(`"${adoption?.source ?? column.databaseName}"`))
    if (!isRead) continue
    throw new PlaintextRefusedError(
      `${metadata.name}: in the mode ${mode.name} a query cache would keep plaintext; leave "cache" out for queries of encrypted columns`,
    )
  }
}
