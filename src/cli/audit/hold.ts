import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { type LegalHold, liftHold, listHolds, placeHold } from '../../audit/index.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { onSchema } from '../on-database.js'
import { printJson, printLine, tell } from '../terminal.js'
import { instantOf } from './query-options.js'

export function defineHold(command: Command): void {
  withConfiguration(command.command('place'))
    .description('keep what was recorded in a time, whatever its age')
    .requiredOption('--from <when>', 'an instant such as 2026-05-01')
    .requiredOption('--to <when>', 'likewise; not included')
    .requiredOption('--reason <text>', 'why; it is shown to whoever looks')
    .action(place)
  withConfiguration(command.command('lift'))
    .argument('<id>', 'of a hold')
    .description('let it go again')
    .requiredOption('--reason <text>', 'why')
    .action(lift)
  withConfiguration(command.command('list', { isDefault: true }))
    .description('list holds, also those that were lifted')
    .option('--json', 'print JSON')
    .action(list)
}

interface PlaceOptions extends ConfiguredOptions {
  readonly from: string
  readonly to: string
  readonly reason: string
}

async function place(options: PlaceOptions): Promise<void> {
  const now = new Date()
  const [from, to] = [instantOf('--from', options.from, now), instantOf('--to', options.to, now)]
  await onSchema(options, async (client) => {
    printLine(lineOf(await placeHold(client, { from, to, reason: options.reason })))
  })
}

async function lift(id: string, options: ConfiguredOptions & { readonly reason: string }): Promise<void> {
  await onSchema(options, async (client) => printLine(lineOf(await liftHold(client, id, options.reason))))
}

async function list(options: ConfiguredOptions & { readonly json?: true }): Promise<void> {
  await onSchema(options, async (client) => {
    const holds = await listHolds(client)
    if (options.json) return printJson(holds)
    for (const hold of holds) printLine(lineOf(hold))
    if (holds.length === 0) tell('no holds')
  })
}

function lineOf({ id, from, to, reason, placedBy, lifted }: LegalHold): string {
  const end = lifted ? `  lifted by ${lifted.by}: ${lifted.reason}` : ''
  return escaped(`${id}  ${from.toISOString()}  ${to.toISOString()}  ${placedBy}: ${reason}${end}`)
}
