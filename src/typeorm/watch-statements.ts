import type { DataSource, QueryRunner } from 'typeorm'
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js'
import { checked } from './settled.js'

/** Throws for a statement that must not be sent. */
export type StatementCheck = (query: string, parameters: readonly unknown[]) => void

/** What TypeORM puts between a query and its parameters to look it up in a query cache. */
const CACHED_PARAMETERS = ' -- PARAMETERS: '

const watched = new WeakSet<QueryResultCache>()

/**
 * Has every statement of a DataSource checked before TypeORM does anything with it. Its hook before a query comes after its
 * logger and after the look-up in a query cache, both of which are given the parameters, and not at all before a stream.
 */
export function watchStatements(dataSource: DataSource, check: StatementCheck): void {
  const { createQueryRunner } = dataSource
  dataSource.createQueryRunner = (mode) => watchRunner(createQueryRunner.call(dataSource, mode), check)
}

function watchRunner(runner: QueryRunner, check: StatementCheck): QueryRunner {
  for (const name of ['query', 'stream'] as const) {
    const send = (runner[name] as (...args: unknown[]) => Promise<never>).bind(runner)
    runner[name] = (query: string, parameters?: unknown, ...rest: unknown[]): Promise<never> =>
      checked(() => check(query, Array.isArray(parameters) ? parameters : [])) ?? send(query, parameters, ...rest)
  }
  return runner
}

/** As `watchStatements`, of a query that is looked up in the cache. The cache is made by TypeORM, at times anew. */
export function watchCache({ queryResultCache: cache }: DataSource, check: StatementCheck): void {
  if (!cache || watched.has(cache)) return
  watched.add(cache)
  const look = cache.getFromCache.bind(cache)
  cache.getFromCache = async (options, runner) => {
    const [query] = options.query?.split(CACHED_PARAMETERS, 1) ?? []
    if (query) check(query, [])
    return look(options, runner)
  }
}
