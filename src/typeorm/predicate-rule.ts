import { LRUCache } from 'lru-cache'
import type { DataSource } from 'typeorm'
import { PlaintextRefusedError } from '../errors.js'
import { ComparedColumns, type ComparedTable, comparingPartOf } from './compared-columns.js'
import { type ProtectedField, protectedEntityOf } from './protected-entity.js'
import { schemaOf } from './protected-tables.js'

/** Long lists of keys give texts that do not come back. */
const LONGEST_REMEMBERED = 10_000

/**
 * Refuses statements that compare an encrypted column: a string predicate such as `where("c.password = :p")` would send
 * the plaintext as its parameter, and a query cache would store it, to find nothing. Reads the SQL text, since TypeORM
 * offers no other sight of it: made to catch mistakes, not somebody who hides one.
 */
export class PredicateRule {
  readonly #dataSource: DataSource
  /** An ORM sends the same texts over and over, and reading one takes longer than looking it up. */
  readonly #passed = new LRUCache<string, true>({ max: 1_000 })
  #tables: ReadonlyMap<string, ComparedColumns> | undefined

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource
  }

  check(query: string): void {
    // Entity metadata is there once the DataSource is initialised.
    this.#tables ??= this.#dataSource.isInitialized ? tablesOf(this.#dataSource) : undefined
    if (!this.#tables || this.#passed.has(query)) return
    const compared = comparingPartOf(query)
    if (compared !== undefined) this.#refuseIn(compared, this.#tables)
    if (query.length <= LONGEST_REMEMBERED) this.#passed.set(query, true)
  }

  #refuseIn(compared: string, tables: ReadonlyMap<string, ComparedColumns>): void {
    for (const [name, columns] of tables) {
      if (!columns.areIn(compared)) continue
      throw new PlaintextRefusedError(
        `a condition on an encrypted column of ${name}: equal plaintexts have different ciphertexts, so it would find ` +
          'nothing and send the plaintext; only IS NULL and IS NOT NULL can be asked',
      )
    }
  }
}

/** The one beside which a field is adopted too: what finds a row there finds nothing once the adoption is over. */
function columnsOf({ column, adoption }: ProtectedField): string[] {
  return adoption ? [column.databaseName, adoption.source] : [column.databaseName]
}

/** By their qualified names. */
function tablesOf(dataSource: DataSource): Map<string, ComparedColumns> {
  const tables = new Map<string, ComparedTable>()
  for (const metadata of dataSource.entityMetadatas) {
    const columns = protectedEntityOf(metadata)?.fields.flatMap(columnsOf) ?? []
    if (columns.length === 0) continue
    const schema = schemaOf(metadata, dataSource)
    const name = metadata.tableName
    const key = `"${schema}"."${name}"`
    tables.set(key, { schema, name, columns: [...new Set([...(tables.get(key)?.columns ?? []), ...columns])] })
  }
  return new Map([...tables].map(([key, table]) => [key, new ComparedColumns(table)]))
}
