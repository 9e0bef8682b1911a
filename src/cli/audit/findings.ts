import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { acknowledgeFinding } from '../../audit/findings/acknowledge-finding.js'
import { readFindings } from '../../audit/findings/read-findings.js'
import { recordReview } from '../../audit/review/record-review.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { onSchema } from '../on-database.js'
import { paint, printJson, printLine, tell } from '../terminal.js'
import { wholeNumber } from '../whole-number.js'
import { findingLines } from './finding-lines.js'

const LIMIT = 100

export function defineFindings(command: Command): void {
  withConfiguration(command)
    .description('list what the reconciliation found, the newest first')
    .option('--open', 'only what is neither acknowledged nor resolved')
    .option('--limit <findings>', `at most so many (default: ${LIMIT})`, wholeNumber)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 where one of them is open. docs/reconciliation.md')
    .action(list)
}

export function defineAcknowledge(command: Command): void {
  withConfiguration(command.argument('<finding>', 'its id'))
    .description('write down, for good, why a finding is as it should be')
    .requiredOption('--reason <text>', 'why, for whoever reads it in a year')
    .action(acknowledge)
}

interface Options extends ConfiguredOptions {
  readonly open?: true
  readonly limit?: number
  readonly json?: true
}

async function list(options: Options): Promise<void> {
  const { open = false, limit = LIMIT, json } = options
  const findings = await onSchema(options, async (client) => {
    await recordReview(client, 'findings', { open, limit })
    return readFindings(client, { open, limit })
  })
  if (findings.some(({ status }) => status === 'open')) process.exitCode = EXIT.findings
  if (json) return printJson(findings)
  for (const finding of findings) for (const line of findingLines(finding)) printLine(line)
  if (findings.length === 0) tell(open ? 'no finding is open' : 'no findings')
  if (findings.length === limit) tell(`only the newest ${limit} were looked for: --limit`)
}

async function acknowledge(finding: string, options: ConfiguredOptions & { readonly reason: string }): Promise<void> {
  const { reason } = options
  await onSchema(options, (client) => acknowledgeFinding(client, finding, { reason, who: userInfo().username }))
  printLine(`${paint('green', '✓')} ${finding}: acknowledged`)
}
