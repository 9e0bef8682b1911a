import { resolve } from 'node:path'
import type { WhenUnavailable } from '../audit/ledger/ledger-options.js'
import { openLedger } from '../audit/ledger/open-ledger.js'
import type { PostgresLedger } from '../audit/ledger/postgres-ledger.js'
import { ConfigurationError } from '../errors.js'
import { assertKnown } from '../kms/options.js'
import type { Configuration } from './configuration.js'
import { type LoadedConfiguration, loadConfiguration, validateConfiguration } from './load-configuration.js'

export interface LedgerConnectOptions {
  /** Instead of a file or the environment. */
  readonly configuration?: Configuration
  /** The configuration file, where it is not the `waxseal.config.*` of the working directory. */
  readonly file?: string
}

/**
 * The ledger of `audit.ledger` in the configuration, for whoever wants its statistics: `connectCipher({ ledger })`. Without
 * it `connectCipher` opens that ledger by itself, and closes it with the cipher.
 */
export async function connectLedger(options: LedgerConnectOptions = {}): Promise<PostgresLedger> {
  assertKnown('connectLedger', options, ['configuration', 'file'])
  const { configuration, file } = options
  const loaded = configuration
    ? validateConfiguration(configuration)
    : await loadConfiguration(file === undefined ? {} : { file })
  const ledger = await openConfiguredLedger(loaded)
  if (ledger) return ledger
  throw new ConfigurationError(`${loaded.source}: expected "audit.ledger", found nothing; {} is enough`)
}

/** Undefined where the configuration has none. */
export async function openConfiguredLedger(configuration: LoadedConfiguration): Promise<PostgresLedger | undefined> {
  const { audit, database, source, folder } = configuration
  if (!audit?.ledger) return undefined
  const { database: own, journal, connections, whenUnavailable, actors, label } = audit.ledger
  const connection = own ?? database
  if (connection === undefined) {
    // That of a DataSource is of no use here: its file is often what calls us.
    throw new ConfigurationError(
      `${source}: "audit.ledger" needs "database", a Postgres URL, beside it or inside of it; or set WAXSEAL_DATABASE_URL`,
    )
  }
  return openLedger({
    connection,
    ...(journal !== undefined && { journal: resolve(folder, journal) }),
    ...(connections !== undefined && { connections }),
    // A member that is there and undefined is refused: it would be neither.
    ...(whenUnavailable && { whenUnavailable: whenUnavailable as Partial<WhenUnavailable> }),
    ...(actors && { actors }),
    ...(label !== undefined && { label }),
  })
}
