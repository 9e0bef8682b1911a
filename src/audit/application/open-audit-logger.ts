import { randomUUID } from 'node:crypto'
import { backgroundClock } from '../../lifecycle/background-clock.js'
import { LedgerDatabase } from '../ledger/ledger-database.js'
import { LedgerStore } from '../ledger/ledger-store.js'
import { warn } from '../ledger/warn.js'
import { AuditLogger } from './audit-logger.js'
import { type AuditLoggerOptions, assertLoggerOptions } from './audit-logger-options.js'

/**
 * A logger on Postgres. One that cannot be reached is no reason not to start: events wait, in the journal where there is one.
 * Rejects with `ConfigurationError` where the tables are missing (`waxseal schema install`) or not for this role
 * (`waxseal audit grants`).
 */
export async function openAuditLogger(options: AuditLoggerOptions): Promise<AuditLogger> {
  assertLoggerOptions(options)
  const { connection, journal, label, clock = backgroundClock, onProblem: report = warn } = options
  const writer = { id: randomUUID(), label }
  const database = await LedgerDatabase.create(connection, 1, writer.id)
  const store = new LedgerStore({ writer, database, connections: 1, journal, report, clock })
  try {
    await store.start()
  } catch (error) {
    await database.close()
    throw error
  }
  return new AuditLogger(writer.id, store, options)
}
