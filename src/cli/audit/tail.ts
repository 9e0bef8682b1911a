import type { Command } from 'commander'
import { type ReviewRecord, searchAudit, tailRecords } from '../../audit/index.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { interruptible } from '../interruptible.js'
import { onSchema } from '../on-database.js'
import { printJsonLine, printLine } from '../terminal.js'
import { assertProviderOf } from './providers-in-use.js'
import { type FilterFlags, filtersOf, withFilters } from './query-options.js'
import { recordLine } from './record-lines.js'

interface Options extends ConfiguredOptions, FilterFlags {
  readonly follow?: true
  readonly json?: true
}

const LAST = 20

export function defineTail(command: Command): void {
  withConfiguration(withFilters(command))
    .description('print the last records, the newest below')
    .option('--follow', 'and those that come, until SIGTERM or Ctrl-C')
    .option('--json', 'print an object for each record')
    .action(tail)
}

/** The last ones, the newest below, and with `--follow` what comes after them. */
async function tail(options: Options): Promise<void> {
  const query = filtersOf(options)
  const printRecord = options.json ? printJsonLine : (record: ReviewRecord) => printLine(recordLine(record))
  const print = (records: readonly ReviewRecord[]) => records.forEach(printRecord)
  await onSchema(options, async (client, configuration) => {
    await assertProviderOf(client, configuration, query)
    const { records } = await searchAudit(client, query, { limit: LAST })
    print([...records].reverse())
    if (!options.follow) return
    await interruptible(async (signal) => {
      for await (const batch of tailRecords(client, query, { signal })) print(batch)
    })
  })
}
