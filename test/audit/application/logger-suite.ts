import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import type { AuditLoggerOptions } from '../../../src/audit/application/audit-logger-options.js'
import { openAuditLogger } from '../../../src/audit/application/open-audit-logger.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'

type Row = Readonly<Record<string, unknown>>

/** A database of the audit for the tests of one file, and loggers that write into it. */
export function loggerSuite() {
  let database: FreshDatabase | undefined
  /** The last transaction before the test. */
  let before = '0'
  beforeAll(async () => {
    database = await databaseWithSchema()
  })
  afterAll(() => database?.drop())
  beforeEach(async () => {
    before = String((await query('SELECT pg_current_xact_id()::text AS id'))[0]!.id)
  })

  async function query(text: string): Promise<Row[]> {
    return (await database!.client.query(text)).rows
  }

  return {
    get database() {
      return database!
    },
    query,
    /** The test closes it. */
    logger: (options: Partial<AuditLoggerOptions> = {}) =>
      openAuditLogger({ connection: database!.url, onProblem: () => undefined, ...options }),
    /** What was stored since the test began. */
    events: () => query(`SELECT * FROM waxseal.application_event WHERE written_in > '${before}'::xid8`),
    /** Nothing can be stored until it is called again. */
    away: (isAway: boolean) =>
      query(`ALTER TABLE waxseal.${isAway ? 'application_event RENAME TO away' : 'away RENAME TO application_event'}`),
  }
}

/** Lets whatever is under way go on until it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate()
}
