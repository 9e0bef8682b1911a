import { LRUCache } from 'lru-cache'
import type { DataSource } from 'typeorm'
import { PlaintextRefusedError } from '../errors.js'
import { protectedEntityOf } from './protected-entity.js'

const OPERATOR = String.raw`(?:=|<>|!=|<=|>=|<|>|~~?\*?|!~|(?:NOT\s+)?(?:I?LIKE|IN|BETWEEN|SIMILAR)\b|IS\s+(?:NOT\s+)?DISTINCT\b)`
const STATEMENT = /^\s*(?:WITH|SELECT|UPDATE|DELETE)\b/i

/** What TypeORM puts between a query and its parameters to look it up in a query cache. */
const CACHED_PARAMETERS = ' -- PARAMETERS: '

/** Long lists of keys give texts that do not come back. */
const LONGEST_REMEMBERED = 10_000

interface Table {
  readonly name: string
  readonly columns: string
}

/**
 * Refuses statements that compare an encrypted column: a string predicate such as `where("c.password = :p")` would send
 * the plaintext as its parameter, and a query cache would store it, to find nothing. Reads the SQL text, since TypeORM
 * offers no other sight of it: made to catch mistakes, not somebody who hides one.
 */
export class PredicateRule {
  readonly #dataSource: DataSource
  /** An ORM sends the same texts over and over, and reading one takes longer than looking it up. */
  readonly #passed = new LRUCache<string, true>({ max: 1_000 })
  #tables: readonly Table[] | undefined

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource
  }

  check(query: string, parameters: readonly unknown[] = []): void {
    this.#checkText(query)
    // A query cache is asked first, with the query that it may hold, and its parameters, as one parameter.
    if (!this.#dataSource.queryResultCache) return
    for (const parameter of parameters) {
      const end = typeof parameter === 'string' ? parameter.indexOf(CACHED_PARAMETERS) : -1
      if (end > 0) this.#checkText((parameter as string).slice(0, end))
    }
  }

  #checkText(query: string): void {
    // Entity metadata is there once the DataSource is initialised.
    this.#tables ??= this.#dataSource.isInitialized ? tablesOf(this.#dataSource) : undefined
    if (!this.#tables || this.#passed.has(query) || !STATEMENT.test(query)) return
    for (const table of this.#tables) if (query.includes(table.name)) this.#checkTable(query, table)
    if (query.length <= LONGEST_REMEMBERED) this.#passed.set(query, true)
  }

  #checkTable(query: string, { name, columns }: Table): void {
    const aliases = [...query.matchAll(new RegExp(`"?\\b${escapeRegExp(name)}"?(?:\\s+(?:AS\\s+)?"?(\\w+)"?)?`, 'gi'))]
    const owners = [name, ...aliases.flatMap(([, alias]) => (alias ? [alias] : []))].map(escapeRegExp).join('|')
    const column = `(?:"?(?:${owners})"?\\s*\\.\\s*|(?<![.\\w"]))"?(?:${columns})"?(?![\\w"])`
    // What is assigned is not compared; the field's own rules look at it.
    const compared = /^\s*UPDATE\b/i.test(query) ? query.replace(/^[\s\S]*?\bWHERE\b/i, '') : query
    const predicate = new RegExp(`${column}\\)?\\s*${OPERATOR}|${OPERATOR}\\s*\\(?${column}`, 'i')
    if (!predicate.test(compared)) return
    throw new PlaintextRefusedError(
      `a condition on an encrypted column of "${name}": equal plaintexts have different ciphertexts, so it would find nothing ` +
        'and send the plaintext; only IS NULL and IS NOT NULL can be asked',
    )
  }
}

function tablesOf(dataSource: DataSource): Table[] {
  const columns = new Map<string, string[]>()
  for (const metadata of dataSource.entityMetadatas) {
    const names = protectedEntityOf(metadata)?.fields.map(({ column }) => column.databaseName) ?? []
    if (names.length > 0) columns.set(metadata.tableName, [...(columns.get(metadata.tableName) ?? []), ...names])
  }
  return [...columns].map(([name, of]) => ({ name, columns: [...new Set(of)].map(escapeRegExp).join('|') }))
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
