import type { Command } from 'commander'
import { cipherOf } from '../../config/connect-cipher.js'
import { secondsOf } from '../../lifecycle/duration.js'
import { assertSchema } from '../../lifecycle/index.js'
import { type ConfiguredOptions, chosenTables, loadTables, tablesOn, withConfiguration } from '../configured.js'
import { withDatabase } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { kekPerContextOf } from '../rotate/kek-per-context.js'
import { printJson, printLine } from '../terminal.js'
import { readStatus, type Status } from './status.js'
import { statusLines } from './status-lines.js'

export function define(command: Command): void {
  withConfiguration(command)
    .option('--entity <name...>', 'only tables of these entities (default: all)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when a rotation is overdue. docs/rotation.md')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly entity?: readonly string[]
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  const setup = await loadTables(options)
  const { configuration, dataSource } = setup
  const every = configuration.rotation?.every
  await using cipher = await cipherOf(configuration)
  const status = await withDatabase(configuration, dataSource, async (client): Promise<Status> => {
    await assertSchema(client)
    const tables = chosenTables(await tablesOn(client, setup), options.entity)
    const everySeconds = every === undefined ? undefined : secondsOf(every)
    return readStatus(client, { tables, cipher, kekPerContext: kekPerContextOf(configuration), everySeconds })
  })
  if (status.tables.some(({ overdue }) => overdue)) process.exitCode = EXIT.findings
  if (options.json) return printJson(status)
  for (const line of statusLines(status)) printLine(line)
}
