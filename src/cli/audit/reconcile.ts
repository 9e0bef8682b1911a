import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { readFindings } from '../../audit/findings/read-findings.js'
import { type ReconcileOptions, reconcileTrails } from '../../audit/reconciliation/storage/reconcile-trails.js'
import { knownTrails } from '../../config/known-trails.js'
import { ConfigurationError } from '../../errors.js'
import { systemClock } from '../../kms/clock.js'
import { pause } from '../../kms/pause.js'
import { assertSchema } from '../../lifecycle/index.js'
import type { Queryable } from '../../postgres/queryable.js'
import { storedEnvelopes, unreadTables } from '../../postgres/stored-envelopes.js'
import {
  type ConfiguredOptions,
  type ConfiguredTables,
  loadTables,
  tablesOn,
  withConfiguration,
} from '../configured.js'
import { withDatabase } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { interruptible } from '../interruptible.js'
import { Progress, type ProgressScreen, standardError } from '../progress.js'
import { paint, printJson, printJsonLine, printLine, tell } from '../terminal.js'
import { alert } from './alert.js'
import { dayLine, findingLine } from './finding-lines.js'
import { trailsInUse, withoutTrailLine } from './trails-in-use.js'
import { trailsWithoutKeys } from './trails-without-keys.js'

const SILENCE: ProgressScreen = { terminal: undefined, line: () => undefined }
const EVERY_MS = 60_000

interface Options extends ConfiguredOptions {
  readonly provider?: string
  readonly from?: string
  readonly to?: string
  readonly follow?: true
  readonly dryRun?: true
  readonly json?: true
}

export function defineReconcile(command: Command): void {
  withConfiguration(command)
    .description('account for every event of the mirrored trails by an attempt of the ledger')
    .option('--provider <name>', 'only trails of this provider (default: all)')
    .option('--from <day>', 'days that are settled too, from this one, in UTC (default: what is not settled)')
    .option('--to <day>', 'up to this one, included (default: that of --from)')
    .option('--follow', 'once a minute, until SIGTERM or Ctrl-C')
    .option('--dry-run', 'say what would be found, and store nothing')
    .option('--json', 'print JSON; with --follow an object a line for each pass')
    .addHelpText(
      'after',
      '\nExit code 1 while a finding is open, or a provider that is called has no trail. docs/reconciliation.md',
    )
    .action((options: Options) => interruptible((signal) => run(options, signal)))
}

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const days = daysOf(options)
  const setup = await loadTables(options)
  await withDatabase(setup.configuration, setup.dataSource, async (client) => {
    await assertSchema(client)
    do {
      await pass(client, setup, options, days, signal).catch((error) => {
        // What a pass that was interrupted had not come to, the next one does.
        if (!options.follow || !signal.aborted) throw error
      })
      if (options.follow) await pause(EVERY_MS, systemClock, signal).catch(() => undefined)
    } while (options.follow && !signal.aborted)
  })
}

async function pass(
  client: Queryable,
  setup: ConfiguredTables,
  options: Options,
  days: ReconcileOptions['days'],
  signal: AbortSignal,
): Promise<void> {
  const { configuration } = setup
  const { principals = [], keys = [] } = configuration.audit ?? {}
  const keks = keys.map(({ id }) => id)
  const { provider, follow, dryRun = false, json = false } = options
  const tables = await tablesOn(client, setup)
  // Each minute another bar says nothing: the lines of the days do.
  const screen = follow ? SILENCE : standardError()
  let progress: Progress | undefined
  let scope = ''
  const elsewhere: string[] = []
  const { trails, withoutTrail } = await trailsInUse(client, knownTrails(configuration.audit), provider)
  const reports = await reconcileTrails(client, {
    ...{ trails, principals, keks },
    storedEnvelopes: (connection, ids) => storedEnvelopes(connection, tables, ids),
    dryRun,
    signal,
    ...(days && { days }),
    onFinding: (finding, place) => tell(findingLine(finding, place)),
    onDays: (place, days) => {
      progress?.end()
      progress = new Progress(screen, days)
      scope = escaped(`days of ${place.provider} ${place.scope}`)
    },
    onElsewhere: (place) => elsewhere.push(escaped(`${place.provider} ${place.scope}`)),
    onDay: () => progress?.advance(1, scope),
  }).finally(() => progress?.end())
  const alerts = dryRun ? [] : await alert(client, configuration, signal)
  const hasFindings = dryRun
    ? reports.some(({ findings }) => findings.length > 0)
    : (await readFindings(client, { open: true, limit: 1 })).length > 0
  const isFine = !hasFindings && withoutTrail.length === 0
  // Before anything is printed: a reader that has seen enough ends the process.
  process.exitCode = isFine ? EXIT.ok : EXIT.findings
  const withoutKeys = await trailsWithoutKeys(client, trails, keks)
  const unread = await unreadTables(client, tables)
  const result = { ok: isFine, withoutTrail, withoutKeys, unreadTables: unread, elsewhere, days: reports, alerts }
  for (const place of elsewhere) tell(`${place}: another process reconciles it now, and it was left out`)
  if (json && follow) printJsonLine(result)
  else if (json) printJson(result)
  else {
    for (const name of withoutTrail) printLine(`${paint('red', '✗')} ${escaped(withoutTrailLine(name))}`)
    for (const report of reports) printLine(dayLine(report))
    for (const name of withoutKeys) tell(escaped(withoutKeysLine(name)))
    for (const name of unread) tell(escaped(unreadLine(name)))
    if (reports.length + elsewhere.length === 0 && !follow)
      tell('nothing to reconcile: no day has records that are not settled')
    if (hasFindings && !dryRun) tell('findings are open: "waxseal audit findings --open" lists them')
  }
}

function withoutKeysLine(provider: string): string {
  return `${provider}: the ledger names no KEK of it, and its trail none of audit.keys: its events count as uses of keys of others`
}

function unreadLine(table: string): string {
  return `${table}: this role may not read its metadata, so uses of envelopes that no row has are not looked for: GRANT SELECT on that column`
}

const DAY = /^\d{4}-\d\d-\d\d$/

function daysOf({ from, to }: Options): ReconcileOptions['days'] {
  if (from === undefined && to === undefined) return undefined
  for (const [option, day] of [
    ['--from', from],
    ['--to', to ?? from],
  ] as const) {
    const isDay = day !== undefined && DAY.test(day) && !Number.isNaN(Date.parse(day))
    if (!isDay)
      throw new ConfigurationError(`${option}: expected a day such as 2026-11-26, found "${day ?? 'nothing'}"`)
  }
  const days = { from: from as string, to: to ?? (from as string) }
  if (days.from <= days.to) return days
  throw new ConfigurationError(`--to: expected no day before --from, which is ${days.from}, found ${days.to}`)
}
