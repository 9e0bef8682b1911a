import type { Command } from 'commander'
import {
  changeRun,
  listRuns,
  type Run,
  type RunChange,
  type RunReport,
  readFailures,
  readReport,
} from '../jobs/index.js'
import type { Queryable } from '../postgres/queryable.js'
import { type ConfiguredOptions, withConfiguration } from './configured.js'
import { onSchema } from './on-database.js'
import { paint, printJson, printLine } from './terminal.js'

export function define(command: Command): void {
  withConfiguration(command.command('list', { isDefault: true }))
    .description('list those that are open, and the last that ended')
    .option('--json', 'print JSON')
    .action(list)
  withConfiguration(command.command('failures'))
    .argument('<run>', 'its id')
    .description('list the rows that a run could not handle')
    .option('--json', 'print JSON')
    .action(failures)
  for (const [change, what] of Object.entries(CHANGES) as [RunChange, string][]) {
    withConfiguration(command.command(change))
      .argument('<run>', 'its id')
      .description(what)
      .action((id: string, options: ConfiguredOptions) => alter(id, change, options))
  }
}

const CHANGES: Record<RunChange, string> = {
  pause: 'let whoever works on a run stop after the batch at hand',
  resume: 'let a run that was paused go on, when its command is run again',
  cancel: 'end a run; what it has done stays done',
}

interface Options extends ConfiguredOptions {
  readonly json?: true
}

async function list(options: Options): Promise<void> {
  await onRuns(options, async (client) => {
    const found = []
    for (const run of await listRuns(client)) found.push({ ...run, ...(await readReport(client, run.id)) })
    if (options.json) return printJson(found)
    for (const run of found) printLine(lineOf(run))
  })
}

async function failures(id: string, options: Options): Promise<void> {
  await onRuns(options, async (client) => {
    const found = await readFailures(client, id)
    if (options.json) return printJson(found)
    for (const { primaryKey, code, message } of found) printLine(`${primaryKey.join(', ')}  ${code}  ${message}`)
  })
}

async function alter(id: string, change: RunChange, options: ConfiguredOptions): Promise<void> {
  await onRuns(options, async (client) => {
    const { kind, table, state } = await changeRun(client, id, change)
    printLine(`${paint('green', '✓')} ${kind} of ${table}: ${state}`)
  })
}

function onRuns<T>(options: ConfiguredOptions, use: (client: Queryable) => Promise<T>): Promise<T> {
  return onSchema(options, async (client) => {
    return use(client)
  })
}

function lineOf(run: Run & RunReport): string {
  const { id, kind, entity, state, startedAt, startedBy, counts, failed, journal } = run
  const counted = Object.entries({ ...counts, ...(failed > 0 && { failed }) }).map(([name, rows]) => `${rows} ${name}`)
  const begun = `${startedAt.toISOString()}  ${startedBy}`
  return `${id}  ${state.padEnd(9)}  ${kind} ${entity}  ${begun}  ${counted.join(', ')}${journal ? '  journal open' : ''}`.trimEnd()
}
