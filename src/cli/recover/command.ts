import type { Command } from 'commander'
import { RecoveryProvider } from '../../../providers/offline/recovery-provider.js'
import { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { ConfigurationError } from '../../errors.js'
import { type ConfiguredOptions, loadTables, tablesOn, withConfiguration } from '../configured.js'
import { withDatabase } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { printJson, tell } from '../terminal.js'
import { wholeNumber } from '../whole-number.js'
import { rowsOfTables } from './database-rows.js'
import { openExport } from './exported-rows.js'
import { NOWHERE, openOutput } from './plaintext-output.js'
import { readText } from './read-text.js'
import { type Recovery, recoverRows } from './recover-rows.js'
import type { SourceRow } from './recovered-row.js'
import { recoveryPassphrase } from './recovery-passphrase.js'

interface Options extends ConfiguredOptions {
  readonly key: string
  readonly output?: string
  readonly dryRun?: true
  readonly batchSize: number
  readonly json?: true
}

export function define(command: Command): void {
  withConfiguration(
    command
      .argument('[export]', 'file of rows, one in JSON on each line; without it, the configured tables of the database')
      .requiredOption('--key <file>', 'the private half of the recovery key')
      .option('--output <file>', 'new file for the plaintext, which only you can read; - for standard output')
      .option('--dry-run', 'open every row and write nothing'),
  )
    .option('--batch-size <rows>', 'of the database: rows per query', wholeNumber, 100)
    .option('--json', 'print what was opened and what was not as JSON')
    .addHelpText(
      'after',
      '\nThe passphrase: WAXSEAL_RECOVERY_PASSPHRASE, else the first line of standard input. The database: "database" of the' +
        '\nconfiguration, WAXSEAL_DATABASE_URL or DATABASE_URL; it is only read. Asks no KMS.' +
        '\nExit code 4 when a row did not open; the others are written. docs/key-management.md',
    )
    .action(recover)
}

async function recover(file: string | undefined, options: Options): Promise<void> {
  assertOptions(file, options)
  const provider = new RecoveryProvider(await readText(options.key), await recoveryPassphrase())
  const cipher = new EnvelopeCipher({ provider, cache: false })
  const from = async (rows: AsyncIterable<SourceRow>) => {
    const output = options.output === undefined ? NOWHERE : await openOutput(options.output)
    try {
      return await recoverRows(rows, cipher, output, tell)
    } catch (error) {
      tell('ended early: what was written is a part of the rows; begin again with a new file')
      throw error
    } finally {
      await output.close()
    }
  }
  report(await (file === undefined ? fromDatabase(options, from) : from(await openExport(file))), options)
}

function assertOptions(file: string | undefined, { output, dryRun, json, config, dataSource }: Options): void {
  if ((output === undefined) === (dryRun === undefined)) {
    throw new ConfigurationError('expected --output or --dry-run, found both or neither')
  }
  if (output === '-' && json) {
    throw new ConfigurationError('expected --json or --output -, found both: each is standard output; name a file')
  }
  if (file !== undefined && (config ?? dataSource) !== undefined) {
    throw new ConfigurationError('expected an export or a configuration with a database, found both; leave one out')
  }
}

async function fromDatabase(options: Options, recoverFrom: (rows: AsyncIterable<SourceRow>) => Promise<Recovery>) {
  const setup = await loadTables(options)
  return withDatabase(setup.configuration, setup.dataSource, async (client) => {
    await client.query('SET default_transaction_read_only = on')
    return recoverFrom(rowsOfTables(client, await tablesOn(client, setup), options.batchSize))
  })
}

function report({ opened, shredded, failed }: Recovery, { json }: Options): void {
  if (failed.length > 0) process.exitCode = EXIT.refused
  if (json) printJson({ opened, shredded, failed })
  const gone = shredded > 0 ? `, ${shredded} shredded` : ''
  tell(`${opened} rows opened${gone}, ${failed.length} not`)
}
