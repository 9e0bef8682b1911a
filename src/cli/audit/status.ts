import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { readMirrorStatus, type SourceStatus } from '../../audit/mirror/mirror-status.js'
import { describeSource } from '../../audit/mirror/trail-source.js'
import { assertSchema } from '../../lifecycle/index.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { onDatabase } from '../on-database.js'
import { printJson, printLine } from '../terminal.js'

interface Options extends ConfiguredOptions {
  readonly json?: true
}

export function defineStatus(command: Command): void {
  withConfiguration(command)
    .description('how far each audit trail is mirrored, and what speaks against relying on it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when something of a trail is not as it should be. docs/audit.md')
    .action(status)
}

async function status(options: Options): Promise<void> {
  const { sources, audit } = await onDatabase(options, async (client, configuration) => {
    await assertSchema(client)
    return { sources: await readMirrorStatus(client), audit: configuration.audit }
  })
  const missing = (audit?.trails ?? [])
    .filter(({ provider, reader }) => !sources.some((each) => each.provider === provider && each.reader === reader))
    .map(({ provider, reader }) => `${provider}/${reader}`)
  if (missing.length > 0 || sources.some(({ problems }) => problems.length > 0)) process.exitCode = EXIT.findings
  if (options.json) return printJson({ sources, missing })
  for (const name of missing) printLine(`✗ ${name}: never mirrored; run waxseal audit mirror`)
  for (const line of sources.flatMap(statusLines)) printLine(escaped(line))
}

function statusLines(source: SourceStatus): string[] {
  const { readAt, lagMs, coveredTo, gaps, posture, problems } = source
  const facts = [
    readAt && lagMs !== null ? `read ${Math.round(lagMs / 1_000)} s ago` : 'never read to its end',
    coveredTo && `covered to ${coveredTo.toISOString()}`,
    posture && `posture of ${posture.checkedAt.toISOString()} ${posture.ok ? 'ok' : 'not ok'}`,
  ]
  return [
    `${problems.length > 0 ? '✗' : '✓'} ${describeSource(source)}: ${facts.filter(Boolean).join(', ')}`,
    ...problems.map((problem) => `  ${problem}`),
    ...gaps.map(({ from, to }) => `  not covered: ${from.toISOString()} – ${to.toISOString()}`),
  ]
}
