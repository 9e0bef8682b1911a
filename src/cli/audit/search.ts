import type { Command } from 'commander'
import { countAudit, searchAudit } from '../../audit/index.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { onSchema } from '../on-database.js'
import { printJson, printLine, tell } from '../terminal.js'
import { wholeNumber } from '../whole-number.js'
import { assertProviderOf } from './providers-in-use.js'
import { type QueryFlags, queryOf, withQuery } from './query-options.js'
import { heading, recordLine } from './record-lines.js'

interface Options extends ConfiguredOptions, QueryFlags {
  readonly limit?: number
  readonly cursor?: string
  readonly json?: true
}

export function defineSearch(command: Command): void {
  withConfiguration(withQuery(command))
    .description('find records of trails, ledger and application, the newest first')
    .option('--limit <records>', 'of a page (default: 50, at most 1000)', wholeNumber)
    .option('--cursor <text>', 'of the next page, as the page before printed it')
    .option('--json', 'print JSON')
    .action(search)
}

async function search(options: Options): Promise<void> {
  const query = queryOf(options)
  const { limit, cursor, json } = options
  await onSchema(options, async (client, configuration) => {
    await assertProviderOf(client, configuration, query)
    const page = await searchAudit(client, query, { ...(limit !== undefined && { limit }), ...(cursor && { cursor }) })
    const window = { from: page.from, to: page.to }
    const total = await countAudit(client, { ...query, ...window })
    if (json) return printJson({ ...page, total })
    if (page.records.length > 0) printLine(heading)
    for (const record of page.records) printLine(recordLine(record))
    const count = `${total.isMore ? 'more than ' : ''}${total.count.toLocaleString('en')}`
    tell(`${page.records.length} of ${count} from ${page.from.toISOString()} to ${page.to.toISOString()}`)
    if (page.cursor !== undefined) tell(`the next page: the same with --cursor ${page.cursor}`)
  })
}
