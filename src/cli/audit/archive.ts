import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { verifyArchive } from '../../audit/index.js'
import { recordReview } from '../../audit/review/record-review.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { onSchema } from '../on-database.js'
import { Progress, standardError } from '../progress.js'
import { paint, printJson, printLine } from '../terminal.js'

export function defineArchive(command: Command): void {
  withConfiguration(command.command('verify'))
    .argument('<file>', 'one that "retain" wrote')
    .description('read an archive to its end, make rows of it without storing them, and compare them with the log')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when it is not what was archived.')
    .action(verify)
}

async function verify(file: string, options: ConfiguredOptions & { readonly json?: true }): Promise<void> {
  await onSchema(options, async (client) => {
    using progress = new Progress(standardError(), undefined)
    const verified = await verifyArchive(client, file, (count) => progress.advance(count, 'rows'))
    progress.end()
    const { rows, table, sha256, problems } = verified
    // The restore test that assessors ask for.
    await recordReview(client, 'archive-verify', { table, rows, sha256, problems: problems.length })
    if (problems.length > 0) process.exitCode = EXIT.findings
    if (options.json) return printJson(verified)
    for (const problem of problems) printLine(`${paint('red', '✗')} ${escaped(problem)}`)
    if (problems.length === 0) printLine(`${paint('green', '✓')} ${rows} rows of ${table}, SHA-256 ${sha256}`)
  })
}
