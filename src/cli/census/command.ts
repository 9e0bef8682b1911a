import type { Command } from 'commander'
import { census, estimateOf, type TableCensus, type TableEstimate } from '../../census/index.js'
import { describeKek, type KekRef } from '../../kms/provider.js'
import type { ProtectedTable, Queryable } from '../../postgres/index.js'
import { type ConfiguredOptions, chosenTables, loadTables, tablesOn, withConfiguration } from '../configured.js'
import { withDatabase } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { printJson, printLine, tell } from '../terminal.js'
import { addPair } from '../value-options.js'
import { type Standing, standingsOf } from './kek-standing.js'
import { censusLines, estimateLines } from './report.js'

export function define(command: Command): void {
  withConfiguration(command)
    .option('--entity <name...>', 'only tables of these entities (default: all)')
    .option(
      '--context <name=value>',
      'where each tenant has a KEK: whose it is, such as tenant=…; again for each',
      addPair,
    )
    .option('--quick', 'estimate by the index of the guard, in milliseconds, instead of a scan of each table')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 for rows that are not as they should be. docs/retirement.md')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly entity?: readonly string[]
  readonly context?: Readonly<Record<string, string>>
  readonly quick?: true
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  const setup = await loadTables(options)
  const count = options.quick ? estimate : census
  const found = await withDatabase(setup.configuration, setup.dataSource, async (client) => {
    await client.query('SET default_transaction_read_only = on')
    return count(client, chosenTables(await tablesOn(client, setup), options.entity))
  })
  const { of, problem } = await standingsOf(setup.configuration, found.flatMap(keksOf), options.context ?? {})
  if (problem !== undefined) tell(`waxseal: which KEKs are current is not known: ${problem}`)
  const standing = (kek: KekRef): Standing => of.get(describeKek(kek)) ?? 'unknown'
  const ok = found.every((table) => isAsItShouldBe(table) && keksOf(table).every((kek) => standing(kek) !== 'unlisted'))
  if (!ok) process.exitCode = EXIT.findings
  if (options.json)
    return printJson({ ok, exact: !options.quick, tables: found.map((table) => judged(table, standing)) })
  for (const table of found) {
    const lines = 'sets' in table ? estimateLines(table, standing) : censusLines(table, standing)
    for (const line of lines) printLine(line)
  }
}

async function estimate(client: Queryable, tables: readonly ProtectedTable[]): Promise<TableEstimate[]> {
  const found: TableEstimate[] = []
  for (const table of tables) found.push(await estimateOf(client, table))
  return found
}

function keksOf(table: TableCensus | TableEstimate): readonly KekRef[] {
  return 'sets' in table ? table.sets.flatMap(({ keks }) => keks ?? []) : table.keks.map(({ kek }) => kek)
}

function isAsItShouldBe(table: TableCensus | TableEstimate): boolean {
  if ('sets' in table) return table.sets.every(({ keks }) => keks !== null)
  return (
    table.undecodable === 0 && table.fields.every(({ counts }) => Object.values(counts).every((rows) => rows === 0))
  )
}

/** As data, with what the configuration makes of each KEK. */
function judged(table: TableCensus | TableEstimate, standing: (kek: KekRef) => Standing): object {
  const judge = (kek: KekRef) => ({ ...kek, standing: standing(kek) })
  if ('sets' in table) {
    return { ...table, sets: table.sets.map(({ keks, rows }) => ({ keks: keks?.map(judge) ?? null, rows })) }
  }
  return { ...table, keks: table.keks.map(({ kek, ...rest }) => ({ kek: judge(kek), ...rest })) }
}
