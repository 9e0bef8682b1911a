import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { makeReport, parsePeriod, type ReportDefinition, renderings, reports } from '../../audit/index.js'
import { recordReview } from '../../audit/review/record-review.js'
import { protectedTablesOf } from '../../config/protected-tables.js'
import { ConfigurationError } from '../../errors.js'
import { type ConfiguredOptions, tablesOn, withConfiguration } from '../configured.js'
import { onSchema } from '../on-database.js'
import { print, printLine } from '../terminal.js'
import { writePrivately } from '../write-privately.js'
import { sourcesOf } from './sources.js'

export function define(command: Command): void {
  withConfiguration(command.argument('<name>', 'of the report; "list" names them all'))
    .option('--period <period>', 'such as 2026, 2026-Q3, 2026-09, 2026-07-01..2026-09-30 or 90d (default: 90d)')
    .option('--format <format>', `${Object.keys(renderings).join(', ')} (default: json)`)
    .option('--output <file>', 'a new file, instead of standard output')
    .option('--who <name>', 'for the header (default: the user of the process)')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly period?: string
  readonly format?: string
  readonly output?: string
  readonly who?: string
}

async function run(name: string, options: Options): Promise<void> {
  if (name === 'list') return listReports()
  const definition = reports.find((report) => report.name === name)
  if (!definition) throw new ConfigurationError(`no report "${name}": expected one of ${namesOf(reports)}`)
  const format = options.format ?? 'json'
  const render = Object.hasOwn(renderings, format) && renderings[format as keyof typeof renderings]
  if (!render) {
    throw new ConfigurationError(`--format: expected one of ${Object.keys(renderings).join(', ')}, found "${format}"`)
  }
  const now = new Date()
  const period = parsePeriod(options.period ?? '90d', now)
  const report = await onSchema(options, async (client, configuration) => {
    const tables = async () => tablesOn(client, await protectedTablesOf(configuration, options.dataSource))
    const sources = sourcesOf(client, configuration, { tables, now })
    // What a reviewer looks at is written down as well, before he sees it.
    const detail = { report: name, from: period.from.toISOString(), to: period.to.toISOString() }
    await recordReview(client, 'report', detail)
    return makeReport(definition, sources, period, options.who ?? userInfo().username)
  })
  const text = render(report)
  if (options.output === undefined) print(text)
  else await writePrivately(options.output, text)
}

function listReports(): void {
  for (const { number, name, title } of reports) printLine(`${number.padEnd(4)}${name.padEnd(18)}${title}`)
}

const namesOf = (definitions: readonly ReportDefinition[]) => definitions.map(({ name }) => name).join(', ')
