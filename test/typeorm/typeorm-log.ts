import { inspect } from 'node:util'
import type { Logger } from 'typeorm'

/** TypeORM's logger at every level, with everything that it was told, printed in the ways in which loggers print. */
export class TypeormLog implements Logger {
  #lines: string[] = []

  get text(): string {
    return this.#lines.join('\n')
  }

  clear(): void {
    this.#lines = []
  }

  logQuery(query: string, parameters?: unknown): void {
    this.#write('query', query, parameters)
  }

  logQueryError(error: unknown, query: string, parameters?: unknown): void {
    this.#write('query error', error, query, parameters)
  }

  logQuerySlow(time: number, query: string, parameters?: unknown): void {
    this.#write('slow query', time, query, parameters)
  }

  logSchemaBuild(message: string): void {
    this.#write('schema', message)
  }

  logMigration(message: string): void {
    this.#write('migration', message)
  }

  log(level: string, message: unknown): void {
    this.#write(level, message)
  }

  #write(...parts: unknown[]): void {
    this.#lines.push(JSON.stringify(parts), inspect(parts, { depth: 10, maxStringLength: null, showHidden: true }))
  }
}
