import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileLogger, type Logger } from 'typeorm'
import { LoggerFactory } from 'typeorm/logger/LoggerFactory.js'
import type { Surface } from '../surface.js'
import { printedBy } from './printed-by.js'

const METHODS = ['logQuery', 'logQueryError', 'logQuerySlow', 'logSchemaBuild', 'logMigration', 'log'] as const

/** One logger for a DataSource that passes everything on to each logger that TypeORM has. One of them wants `DEBUG=typeorm:*`. */
export function typeormLoggers(folder: string): Surface & { readonly logger: Logger } {
  const file = join(folder, 'typeorm.log')
  const named = ['advanced-console', 'simple-console', 'formatted-console', 'debug'] as const
  const kinds: Readonly<Record<string, Logger>> = {
    ...Object.fromEntries(named.map((kind) => [kind, new LoggerFactory().create(kind, 'all')])),
    // It takes the path as one below the root of the application.
    file: new FileLogger('all', { logPath: `${'../'.repeat(30)}${file.slice(1)}` }),
  }
  const texts = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, [] as string[]]))
  const passOn =
    (method: (typeof METHODS)[number]) =>
    (...args: unknown[]) => {
      for (const [kind, logger] of Object.entries(kinds)) {
        texts[kind]!.push(printedBy(() => (logger[method] as (...args: unknown[]) => unknown)(...args)))
      }
    }
  return {
    logger: Object.fromEntries(METHODS.map((method) => [method, passOn(method)])) as unknown as Logger,
    show: () => undefined,
    places() {
      texts.file!.push(readFileSync(file, 'utf8'))
      return Object.entries(texts).map(([kind, text]) => ({ where: `TypeORM's ${kind} logger`, text: text.join('') }))
    },
  }
}
