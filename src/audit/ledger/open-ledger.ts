import { randomUUID } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import { assertOptions } from '../../kms/options.js'
import { backgroundClock } from '../../lifecycle/background-clock.js'
import { LedgerDatabase } from './ledger-database.js'
import { FAIL_CLOSED, type LedgerOptions, OPTIONS } from './ledger-options.js'
import { LedgerStore } from './ledger-store.js'
import { PostgresLedger } from './postgres-ledger.js'
import { warn } from './warn.js'

/**
 * A ledger on Postgres for `connectCipher({ ledger })`. One that cannot be reached is no reason not to start: the journal has
 * the rows, or `whenUnavailable` decides. Rejects with `ConfigurationError` where the tables are missing (`waxseal schema
 * install`) or not for this role (`waxseal audit grants`).
 */
export async function openLedger(options: LedgerOptions): Promise<PostgresLedger> {
  assertOptions('openLedger', options, OPTIONS)
  const { connection, connections = 2, journal, label, actors = 'count', clock = backgroundClock } = options
  if (connection === undefined) throw new ConfigurationError('openLedger: the option "connection" is missing')
  const report = options.onProblem ?? warn
  const writer = { id: randomUUID(), label }
  const database = await LedgerDatabase.create(connection, connections, writer.id)
  const store = new LedgerStore({ writer, database, connections, journal, report, clock })
  try {
    await store.start()
  } catch (error) {
    await database.close()
    throw error
  }
  const whenUnavailable = { ...FAIL_CLOSED, ...options.whenUnavailable }
  return new PostgresLedger(writer.id, store, { whenUnavailable, actors, report, clock })
}
