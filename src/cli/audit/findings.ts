import { userInfo } from 'node:os'
import { type Command, Option } from 'commander'
import { severities } from '../../audit/alerts/due-alerts.js'
import { acknowledgeFindings } from '../../audit/findings/acknowledge-findings.js'
import type { FindingFilters } from '../../audit/findings/finding-filters.js'
import { readFindings, type StoredFinding } from '../../audit/findings/read-findings.js'
import { type FindingKind, findingKinds, type Severity } from '../../audit/reconciliation/finding.js'
import { recordReview } from '../../audit/review/record-review.js'
import { ConfigurationError } from '../../errors.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { onSchema } from '../on-database.js'
import { paint, printJson, printLine, tell } from '../terminal.js'
import { wholeNumber } from '../whole-number.js'
import { findingLines } from './finding-lines.js'
import { assertProviderOf } from './providers-in-use.js'
import { instantOf } from './query-options.js'

const LIMIT = 100

export function defineFindings(command: Command): void {
  withConfiguration(withFilters(command))
    .description('list what the reconciliation found, the newest first')
    .option('--open', 'only what is neither acknowledged nor resolved')
    .option('--limit <findings>', `at most so many (default: ${LIMIT})`, wholeNumber)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 where one of them is open. docs/reconciliation.md')
    .action(list)
}

export function defineAcknowledge(command: Command): void {
  withConfiguration(
    withFilters(command.argument('[finding...]', 'ids; without them, the open ones that the filters find')),
  )
    .description('write down, for good, why findings are as they should be')
    .requiredOption('--reason <text>', 'why, for whoever reads it in a year')
    .option('--dry-run', 'list them, and write nothing down')
    .option('--json', 'print JSON')
    .action(acknowledge)
}

/** Which findings. All of it must hold. */
function withFilters(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'what was found').choices(findingKinds))
    .addOption(new Option('--severity <severity>', 'how grave').choices(severities))
    .option('--provider <name>', 'in whose trail')
    .option('--key <kek>', 'the id of a KEK')
    .option('--principal <name>', 'who did it, as the trail names him')
    .option('--from <when>', 'when it happened: an instant such as 2026-05-01, or how long ago, such as 7d')
    .option('--to <when>', 'likewise; not included')
}

interface FilterFlags {
  readonly kind?: FindingKind
  readonly severity?: Severity
  readonly provider?: string
  readonly key?: string
  readonly principal?: string
  readonly from?: string
  readonly to?: string
}

function filtersOf({ kind, severity, provider, key, principal, from, to }: FilterFlags): FindingFilters {
  const now = new Date()
  const given = {
    ...{ kind, severity, provider, key, principal },
    from: from === undefined ? undefined : instantOf('--from', from, now),
    to: to === undefined ? undefined : instantOf('--to', to, now),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

interface ListOptions extends ConfiguredOptions, FilterFlags {
  readonly open?: true
  readonly limit?: number
  readonly json?: true
}

async function list(options: ListOptions): Promise<void> {
  const { open = false, limit = LIMIT, json } = options
  const filters = filtersOf(options)
  const findings = await onSchema(options, async (client, configuration) => {
    await assertProviderOf(client, configuration, filters)
    await recordReview(client, 'findings', { open, limit, ...filters })
    return readFindings(client, { ...filters, open, limit })
  })
  if (findings.some(({ status }) => status === 'open')) process.exitCode = EXIT.findings
  if (json) return printJson(findings)
  printFindings(findings)
  if (findings.length === 0) tell(open ? 'no finding is open' : 'no findings')
  if (findings.length === limit) tell(`only the newest ${limit} were looked for: --limit`)
}

interface AcknowledgeOptions extends ConfiguredOptions, FilterFlags {
  readonly reason: string
  readonly dryRun?: true
  readonly json?: true
}

async function acknowledge(ids: readonly string[], options: AcknowledgeOptions): Promise<void> {
  const { reason, dryRun = false, json } = options
  const filters = filtersOf(options)
  if (ids.length > 0 && Object.keys(filters).length > 0) {
    throw new ConfigurationError('expected ids of findings or filters such as --kind, found both')
  }
  const findings = await onSchema(options, async (client, configuration) => {
    await assertProviderOf(client, configuration, filters)
    const which = ids.length > 0 ? { ids } : filters
    return acknowledgeFindings(client, which, { reason, who: userInfo().username, dryRun })
  })
  if (json) return printJson(findings)
  if (dryRun) printFindings(findings)
  else for (const { id } of findings) printLine(`${paint('green', '✓')} ${id}: acknowledged`)
  tell(
    `${findings.length} findings ${dryRun ? 'would be acknowledged; nothing was written down' : 'were acknowledged'}`,
  )
}

function printFindings(findings: readonly StoredFinding[]): void {
  for (const finding of findings) for (const line of findingLines(finding)) printLine(line)
}
